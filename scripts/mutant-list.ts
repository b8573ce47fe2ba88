/** Faults that somebody could make in the contracts; `npm run mutants` sees whether the tests notice each. */
export interface Mutant {
  name: string;
  contract: "EnergyTrade" | "MeterRegistry" | "EnergyToken";
  /** Stands once in the source. */
  original: string;
  replacement: string;
}

const of =
  (contract: Mutant["contract"]) =>
  ([name, original, replacement]: [string, string, string]): Mutant => ({
    name,
    contract,
    original,
    replacement,
  });

const trade: [string, string, string][] = [
  ["the shortest grace is refused", "gracePeriod < MIN_GRACE_PERIOD", "gracePeriod <= MIN_GRACE_PERIOD"],
  ["the longest grace is refused", "gracePeriod > MAX_GRACE_PERIOD", "gracePeriod >= MAX_GRACE_PERIOD"],
  ["the shortest window is 61 s", "MIN_DELIVERY_WINDOW = 60 seconds", "MIN_DELIVERY_WINDOW = 61 seconds"],
  ["the longest window is 31 days", "MAX_DELIVERY_WINDOW = 30 days", "MAX_DELIVERY_WINDOW = 31 days"],
  [
    "anyone lists",
    "if (msg.sender != prosumer) revert NotProsumer(meter, msg.sender);\n        if (milliWh == 0",
    "if (milliWh == 0",
  ],
  [
    "an offer of nothing",
    "if (milliWh == 0 || milliWh > type(uint32).max)",
    "if (milliWh > type(uint32).max)",
  ],
  ["the largest offer is refused", "milliWh > type(uint32).max", "milliWh >= type(uint32).max"],
  ["an offer beyond 32 bits", "milliWh > type(uint32).max", "milliWh > type(uint40).max"],
  [
    "a price of nothing",
    "if (pricePerKWh == 0 || pricePerKWh > type(uint96).max)",
    "if (pricePerKWh > type(uint96).max)",
  ],
  ["the highest price is refused", "pricePerKWh > type(uint96).max", "pricePerKWh >= type(uint96).max"],
  ["a price beyond 96 bits", "pricePerKWh > type(uint96).max", "pricePerKWh > type(uint128).max"],
  [
    "the shortest window is refused",
    "deliveryWindow < MIN_DELIVERY_WINDOW",
    "deliveryWindow <= MIN_DELIVERY_WINDOW",
  ],
  [
    "the longest window is refused",
    "deliveryWindow > MAX_DELIVERY_WINDOW",
    "deliveryWindow >= MAX_DELIVERY_WINDOW",
  ],
  [
    "a smallest order of nothing",
    "smallestOrderMilliWh == 0 || smallestOrderMilliWh > milliWh",
    "smallestOrderMilliWh > milliWh",
  ],
  [
    "the whole offer as smallest order is refused",
    "smallestOrderMilliWh > milliWh",
    "smallestOrderMilliWh >= milliWh",
  ],
  ["a smallest order above the offer", " || smallestOrderMilliWh > milliWh", ""],
  [
    "the smallest order is forgotten",
    "uint32(deliveryWindow), 0, uint32(smallestOrderMilliWh)",
    "uint32(deliveryWindow), 0, 1",
  ],
  ["offers count from 0", "offerId = ++offerCount", "offerId = offerCount++"],
  [
    "anyone withdraws",
    "if (msg.sender != prosumer) revert NotProsumer(meter, msg.sender);\n        _stocks",
    "_stocks",
  ],
  [
    "an empty offer is withdrawn",
    "if (remaining == 0 || prosumer == address(0))",
    "if (prosumer == address(0))",
  ],
  ["a withdrawn offer is still sold", "_stocks[offerId].remainingMilliWh = 0;", ""],
  [
    "a retired meter's offer is withdrawn",
    "address meter = _terms[offerId].meter;\n        address prosumer = _sellerOf(meter)",
    "address meter = _terms[offerId].meter;\n        address prosumer = _prosumerOf(meter)",
  ],
  [
    "maxPayment is ignored",
    "if (payment > maxPayment) revert PaymentExceedsMaximum(offerId, payment, maxPayment);",
    "",
  ],
  ["exactly maxPayment is refused", "payment > maxPayment", "payment >= maxPayment"],
  ["a purchase takes nothing", "token.safeTransferFrom(msg.sender, address(this), payment);", ""],
  ["any token pays", "if (msg.sender != address(token)) revert WrongToken(msg.sender);", ""],
  ["longer call data is taken", "data.length != 64", "data.length < 64"],
  ["shorter call data is taken", "data.length != 64", "data.length > 64"],
  ["too much is paid", "value != payment", "value < payment"],
  ["too little is paid", "value != payment", "value > payment"],
  [
    "lists of other lengths",
    "if (readings.length != signatures.length) revert LengthMismatch(readings.length, signatures.length);",
    "",
  ],
  ["the next seller gets the sum", "(payee, due) = (seller, 0)", "payee = seller"],
  [
    "the last seller is not paid",
    "due += paid;\n        }\n        _pay(payee, due);",
    "due += paid;\n        }",
  ],
  ["only the last reading is paid", "due += paid", "due = paid"],
  [
    "a settlement is not paid",
    "_settle(reading, signature);\n        _pay(seller, paid);",
    "_settle(reading, signature);\n        if (paid == 1) _pay(seller, paid);",
  ],
  [
    "the seller must wait for a refund",
    "msg.sender != seller && seller != address(0)",
    "seller != address(0)",
  ],
  [
    "a decommissioned meter's trade must wait",
    "msg.sender != seller && seller != address(0)",
    "msg.sender != seller",
  ],
  [
    "a retired meter's trade is refunded at once",
    "address seller = _prosumerOf(terms.meter)",
    "address seller = _sellerOf(terms.meter)",
  ],
  ["refunds without grace", "trade.deadline + GRACE_PERIOD", "trade.deadline + 0 * GRACE_PERIOD"],
  ["a refund one second late", "block.timestamp < refundableAt", "block.timestamp <= refundableAt"],
  ["a refund one second early", "block.timestamp < refundableAt", "block.timestamp + 1 < refundableAt"],
  [
    "a refund to the caller",
    "address buyer = trade.buyer;\n        uint256 refunded",
    "address buyer = msg.sender;\n        uint256 refunded",
  ],
  ["a refund is made twice", "delete _trades[tradeId];\n        emit TradeRefunded", "emit TradeRefunded"],
  [
    "a refund puts the rest back on sale",
    "delete _trades[tradeId];\n        emit TradeRefunded",
    "_stocks[tradeId / TRADES_PER_OFFER].remainingMilliWh += trade.orderedMilliWh - trade.deliveredMilliWh;\n        delete _trades[tradeId];\n        emit TradeRefunded",
  ],
  [
    "payments rounded up",
    "return (uint256(milliWh) * pricePerKWh) / 1_000_000;",
    "return (uint256(milliWh) * pricePerKWh + 999_999) / 1_000_000;",
  ],
  [
    "the trade is not signed",
    "                        reading.tradeId,",
    "                        uint256(0),",
  ],
  ["the buyer is not signed", "                        buyer,", "                        address(0),"],
  [
    "the order is not signed",
    "                        orderedMilliWh,",
    "                        uint64(0),",
  ],
  ["the deadline is not signed", "                        deadline,", "                        uint64(0),"],
  [
    "the energy is not signed",
    "                        reading.deliveredMilliWh,",
    "                        uint64(0),",
  ],
  [
    "the register is not signed",
    "                        reading.registerMilliWh,",
    "                        uint64(0),",
  ],
  ["the end is not signed", "                        reading.isFinal", "                        false"],
  [
    "a retired meter's offer looks open",
    "bool isSold = _sellerOf(terms.meter)",
    "bool isSold = _prosumerOf(terms.meter)",
  ],
  ["a trade that never was", "n > _stocks[offerId].tradeCount", "n > _stocks[offerId].tradeCount + 1"],
  ["money for the token itself", " && prosumer != address(token)", ""],
  [
    "a retired meter sells",
    "address seller = _sellerOf(terms.meter);\n        uint256 remaining",
    "address seller = _prosumerOf(terms.meter);\n        uint256 remaining",
  ],
  ["a seller buys of itself", "if (buyer == seller) revert BuyerIsSeller(offerId, buyer);", ""],
  ["the last of an offer is refused", "milliWh > remaining", "milliWh >= remaining"],
  [
    "the smallest order is refused",
    "milliWh < stock.smallestOrderMilliWh &&",
    "milliWh <= stock.smallestOrderMilliWh &&",
  ],
  [
    "orders below the smallest",
    "milliWh < stock.smallestOrderMilliWh &&",
    "milliWh + 1 < stock.smallestOrderMilliWh &&",
  ],
  ["a small rest cannot be bought", " && milliWh != remaining", ""],
  ["purchases for nothing", "if (payment == 0) revert PaymentTooSmall(offerId, milliWh);", ""],
  ["the stock never shrinks", "uint32(remaining - milliWh)", "uint32(remaining)"],
  [
    "the deadline a second late",
    "block.timestamp + stock.deliveryWindow",
    "block.timestamp + stock.deliveryWindow + 1",
  ],
  [
    "a retired meter's readings are refused",
    "seller = _requireProsumer(meter);",
    "seller = _sellerOf(meter);\n        if (seller == address(0)) revert MeterNotCommissioned(meter);",
  ],
  [
    "a reading refused because the buyer brings it",
    "seller = _requireProsumer(meter);",
    "seller = _requireProsumer(meter);\n        if (msg.sender == buyer) revert TradeNotOpen(tradeId);",
  ],
  [
    "readings refused after the deadline",
    "seller = _requireProsumer(meter);",
    "seller = _requireProsumer(meter);\n        if (block.timestamp > trade.deadline) revert TradeNotOpen(tradeId);",
  ],
  [
    "readings refused in the last second of the grace",
    "seller = _requireProsumer(meter);",
    "seller = _requireProsumer(meter);\n        if (block.timestamp == trade.deadline + GRACE_PERIOD - 1) revert TradeNotOpen(tradeId);",
  ],
  [
    "readings refused after the grace",
    "seller = _requireProsumer(meter);",
    "seller = _requireProsumer(meter);\n        if (block.timestamp >= trade.deadline + GRACE_PERIOD) revert TradeNotOpen(tradeId);",
  ],
  [
    "anyone signs readings",
    "if (signer != meter) revert ReadingNotByMeter(tradeId, meter, signer);",
    "if (signer == address(0)) revert ReadingNotByMeter(tradeId, meter, signer);",
  ],
  ["more than ordered", "delivered > ordered", "delivered > ordered + 1"],
  ["all that was ordered is refused", "delivered > ordered", "delivered >= ordered"],
  ["the same reading again", "delivered == settled && !reading.isFinal", "false"],
  ["a final reading of nothing new is refused", " && !reading.isFinal", ""],
  ["all is counted again", "_count(meter, delivered - settled,", "_count(meter, delivered,"],
  ["all is paid again", "paid = earned - paymentFor(settled, price);", "paid = earned;"],
  ["a final reading closes nothing", "isFulfilled || reading.isFinal;", "isFulfilled;"],
  ["a whole delivery leaves it open", "isFulfilled || reading.isFinal;", "reading.isFinal;"],
];

const registry: [string, string, string][] = [
  [
    "the deployer is operator from the start",
    "_grantRole(DEFAULT_ADMIN_ROLE, msg.sender);",
    "_grantRole(DEFAULT_ADMIN_ROLE, msg.sender);\n        _grantRole(OPERATOR_ROLE, msg.sender);",
  ],
  [
    "anyone commissions",
    "Signature calldata consent\n    ) external onlyRole(OPERATOR_ROLE)",
    "Signature calldata consent\n    ) external",
  ],
  [
    "anyone retires",
    "function retire(address meter) external onlyRole(OPERATOR_ROLE)",
    "function retire(address meter) external",
  ],
  [
    "anyone decommissions",
    "function decommission(address meter) external onlyRole(OPERATOR_ROLE)",
    "function decommission(address meter) external",
  ],
  [
    "a meter comes back",
    "if (_meters[meter].status != MeterStatus.Unknown) revert MeterAlreadyKnown(meter);",
    "",
  ],
  [
    "the highest baseline is refused",
    "baselineMilliWh > type(uint40).max",
    "baselineMilliWh >= type(uint40).max",
  ],
  ["the nonce is always 1", "_useNonce(meter))", "_useNonce(meter) + 1)"],
  ["consent of anyone", "signer != meter || meter == address(0)", "meter == address(0)"],
  ["the zero address is a meter", "signer != meter || meter == address(0)", "signer != meter"],
  [
    "sold starts at nothing",
    "MeterStatus.Commissioned, baseline, baseline",
    "MeterStatus.Commissioned, 0, baseline",
  ],
  [
    "the register starts at nothing",
    "MeterStatus.Commissioned, baseline, baseline",
    "MeterStatus.Commissioned, baseline, 0",
  ],
  ["retiring decommissions", "status = MeterStatus.Retired", "status = MeterStatus.Decommissioned"],
  [
    "decommissioning retires",
    "record.status = MeterStatus.Decommissioned",
    "record.status = MeterStatus.Retired",
  ],
  ["a decommissioned meter keeps its prosumer", "record.prosumer = address(0);", ""],
  [
    "a decommissioned meter is forgotten",
    "record.prosumer = address(0);",
    "record.prosumer = address(0);\n        record.soldMilliWh = 0;\n        record.registerMilliWh = 0;",
  ],
  [
    "a retired meter cannot be decommissioned",
    "_requireProsumer(meter);\n        MeterRecord",
    "if (_sellerOf(meter) == address(0)) revert MeterNotCommissioned(meter);\n        MeterRecord",
  ],
  ["the prosumer is not signed", "COMMISSION_TYPEHASH, prosumer,", "COMMISSION_TYPEHASH, address(0),"],
  ["the baseline is not signed", "prosumer, baselineMilliWh, nonce)));", "prosumer, uint64(0), nonce)));"],
  [
    "the nonce is not signed",
    "prosumer, baselineMilliWh, nonce)));",
    "prosumer, baselineMilliWh, uint256(0))));",
  ],
  ["money for the shop itself", " && prosumer != address(this)", ""],
  ["the highest register is refused", "register > type(uint40).max", "register >= type(uint40).max"],
  [
    "a register that goes back",
    "if (register < record.registerMilliWh) register = record.registerMilliWh;",
    "",
  ],
  [
    "a register that goes back, not below what was sold",
    "record.registerMilliWh = uint40(register)",
    "record.registerMilliWh = uint40(register == record.registerMilliWh ? sold : register)",
  ],
  ["all that was metered cannot be sold", "sold > register", "sold >= register"],
  ["sold is not kept", "record.soldMilliWh = uint40(sold);", ""],
];

const tokens: [string, string, string][] = [
  ["a rate of nothing", "if (rate == 0) revert InvalidRate(rate);", ""],
  ["no ether is taken", "if (msg.value == 0) revert NoEtherSent();", ""],
  ["the last tokens cannot be bought", "tokens > available", "tokens >= available"],
  ["too little is redeemed", "if (etherPaid == 0) revert RedemptionTooSmall(tokens);", ""],
  ["redeemed tokens are kept", "_transfer(msg.sender, address(this), tokens);", ""],
  ["ether is not paid", "Address.sendValue(payable(msg.sender), etherPaid);", ""],
  ["circulation is the supply", "totalSupply() - balanceOf(address(this))", "totalSupply()"],
];

export const MUTANTS: Mutant[] = [
  ...trade.map(of("EnergyTrade")),
  ...registry.map(of("MeterRegistry")),
  ...tokens.map(of("EnergyToken")),
];
