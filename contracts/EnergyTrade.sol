// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC1363Receiver} from "@openzeppelin/contracts/interfaces/IERC1363Receiver.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MeterRegistry} from "./MeterRegistry.sol";
import {IEnergyTrade} from "./interfaces/IEnergyTrade.sol";

/// @notice See `IEnergyTrade`.
contract EnergyTrade is IEnergyTrade, MeterRegistry, IERC1363Receiver {
    using SafeERC20 for IERC20;

    // Every record is one storage slot. What a trade shares with its offer is read from the offer.

    /// What of an offer never changes, and is all that a settlement reads of it.
    struct Terms {
        address meter;
        uint96 pricePerKWh;
    }

    struct Stock {
        uint32 remainingMilliWh;
        uint32 deliveryWindow;
        uint32 tradeCount;
        uint32 smallestOrderMilliWh;
    }

    struct TradeRecord {
        address buyer;
        uint32 orderedMilliWh;
        uint32 deliveredMilliWh;
        uint32 deadline;
    }

    /// @inheritdoc IEnergyTrade
    uint64 public constant MIN_DELIVERY_WINDOW = 60 seconds;
    /// @inheritdoc IEnergyTrade
    uint64 public constant MAX_DELIVERY_WINDOW = 30 days;
    /// @inheritdoc IEnergyTrade
    // Named as the two bounds beside it, which are constants.
    // solhint-disable-next-line immutable-vars-naming
    uint64 public immutable GRACE_PERIOD;

    uint64 private constant MIN_GRACE_PERIOD = 1 minutes;
    uint64 private constant MAX_GRACE_PERIOD = 30 days;
    uint256 private constant TRADES_PER_OFFER = 1_000_000;
    bytes32 private constant READING_TYPEHASH = keccak256(
        "Reading(uint256 tradeId,address buyer,uint64 orderedMilliWh,uint64 deadline,"
        "uint64 deliveredMilliWh,uint64 registerMilliWh,bool isFinal)"
    );

    /// @inheritdoc IEnergyTrade
    IERC20 public immutable token;
    /// @inheritdoc IEnergyTrade
    uint256 public offerCount;

    /// By offer id.
    mapping(uint256 => Terms) private _terms;
    /// By offer id.
    mapping(uint256 => Stock) internal _stocks;
    /// By trade id.
    mapping(uint256 => TradeRecord) private _trades;

    /// @param token_ an `EnergyToken` @param gracePeriod see `GRACE_PERIOD`
    constructor(IERC20 token_, uint64 gracePeriod) {
        if (gracePeriod < MIN_GRACE_PERIOD || gracePeriod > MAX_GRACE_PERIOD)
            revert InvalidGracePeriod(gracePeriod, MIN_GRACE_PERIOD, MAX_GRACE_PERIOD);
        token = token_;
        GRACE_PERIOD = gracePeriod;
    }

    // ---------------------------------------------------------------- the seller

    /// @inheritdoc IEnergyTrade
    function listOffer(
        address meter,
        uint64 milliWh,
        uint256 pricePerKWh,
        uint64 deliveryWindow,
        uint64 smallestOrderMilliWh
    ) external returns (uint256 offerId) {
        address prosumer = _sellerOf(meter);
        if (prosumer == address(0)) revert MeterNotCommissioned(meter);
        if (msg.sender != prosumer) revert NotProsumer(meter, msg.sender);
        if (milliWh == 0 || milliWh > type(uint32).max) revert InvalidQuantity(milliWh);
        if (pricePerKWh == 0 || pricePerKWh > type(uint96).max) revert InvalidPrice(pricePerKWh);
        if (deliveryWindow < MIN_DELIVERY_WINDOW || deliveryWindow > MAX_DELIVERY_WINDOW)
            revert InvalidDeliveryWindow(deliveryWindow, MIN_DELIVERY_WINDOW, MAX_DELIVERY_WINDOW);
        if (smallestOrderMilliWh == 0 || smallestOrderMilliWh > milliWh)
            revert InvalidSmallestOrder(smallestOrderMilliWh, milliWh);

        offerId = ++offerCount;
        _terms[offerId] = Terms(meter, uint96(pricePerKWh));
        _stocks[offerId] = Stock(uint32(milliWh), uint32(deliveryWindow), 0, uint32(smallestOrderMilliWh));
        emit OfferListed(
            offerId,
            meter,
            prosumer,
            milliWh,
            pricePerKWh,
            deliveryWindow,
            smallestOrderMilliWh
        );
    }

    /// @inheritdoc IEnergyTrade
    function withdrawOffer(uint256 offerId) external {
        address meter = _terms[offerId].meter;
        address prosumer = _sellerOf(meter);
        uint64 remaining = _stocks[offerId].remainingMilliWh;
        if (remaining == 0 || prosumer == address(0)) revert OfferNotOpen(offerId);
        if (msg.sender != prosumer) revert NotProsumer(meter, msg.sender);
        _stocks[offerId].remainingMilliWh = 0;
        emit OfferWithdrawn(offerId, remaining);
    }

    // ---------------------------------------------------------------- the buyer

    /// @inheritdoc IEnergyTrade
    function purchase(
        uint256 offerId,
        uint64 milliWh,
        uint256 maxPayment
    ) external returns (uint256 tradeId) {
        uint256 payment;
        (tradeId, payment) = _open(msg.sender, offerId, milliWh);
        if (payment > maxPayment) revert PaymentExceedsMaximum(offerId, payment, maxPayment);
        token.safeTransferFrom(msg.sender, address(this), payment);
    }

    /// @notice The purchase by `transferAndCall`: `data` is `abi.encode(uint256 offerId, uint64 milliWh)`.
    function onTransferReceived(
        address,
        address from,
        uint256 value,
        bytes calldata data
    ) external returns (bytes4) {
        if (msg.sender != address(token)) revert WrongToken(msg.sender);
        if (data.length != 64) revert InvalidPurchaseData(data);
        (uint256 offerId, uint256 milliWh) = abi.decode(data, (uint256, uint256));
        (, uint256 payment) = _open(from, offerId, milliWh);
        if (value != payment) revert WrongPayment(offerId, payment, value);
        return IERC1363Receiver.onTransferReceived.selector;
    }

    // ---------------------------------------------------------------- anyone

    /// @inheritdoc IEnergyTrade
    function settle(Reading calldata reading, Signature calldata signature) external {
        (address seller, uint256 paid) = _settle(reading, signature);
        _pay(seller, paid);
    }

    /// @inheritdoc IEnergyTrade
    function settleMany(Reading[] calldata readings, Signature[] calldata signatures) external {
        if (readings.length != signatures.length) revert LengthMismatch(readings.length, signatures.length);
        // Neighbouring readings of one seller are paid in one transfer: 3,000 gas less for each.
        address payee;
        uint256 due;
        for (uint256 i = 0; i < readings.length; ++i) {
            (address seller, uint256 paid) = _settle(readings[i], signatures[i]);
            if (seller != payee) {
                _pay(payee, due);
                (payee, due) = (seller, 0);
            }
            due += paid;
        }
        _pay(payee, due);
    }

    /// @inheritdoc IEnergyTrade
    function refund(uint256 tradeId) external {
        TradeRecord storage trade = _openTrade(tradeId);
        Terms storage terms = _terms[tradeId / TRADES_PER_OFFER];
        address seller = _prosumerOf(terms.meter);
        if (msg.sender != seller && seller != address(0)) {
            uint256 refundableAt = trade.deadline + GRACE_PERIOD;
            if (block.timestamp < refundableAt) revert RefundTooEarly(tradeId, refundableAt);
        }
        address buyer = trade.buyer;
        uint256 refunded = _escrow(trade, terms.pricePerKWh);
        delete _trades[tradeId];
        emit TradeRefunded(tradeId, refunded);
        _pay(buyer, refunded);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IEnergyTrade
    function paymentFor(uint64 milliWh, uint96 pricePerKWh) public pure returns (uint256) {
        unchecked {
            return (uint256(milliWh) * pricePerKWh) / 1_000_000; // 64 + 96 bits fit
        }
    }

    /// @inheritdoc IEnergyTrade
    function hashReading(
        Reading calldata reading,
        address buyer,
        uint64 orderedMilliWh,
        uint64 deadline
    ) public view returns (bytes32) {
        return
            _hashTypedDataV4(
                keccak256(
                    abi.encode(
                        READING_TYPEHASH,
                        reading.tradeId,
                        buyer,
                        orderedMilliWh,
                        deadline,
                        reading.deliveredMilliWh,
                        reading.registerMilliWh,
                        reading.isFinal
                    )
                )
            );
    }

    /// @inheritdoc IEnergyTrade
    function offerOf(uint256 offerId) external view returns (Offer memory) {
        Terms memory terms = _terms[offerId];
        Stock memory stock = _stocks[offerId];
        bool isSold = _sellerOf(terms.meter) != address(0) && stock.tradeCount < TRADES_PER_OFFER - 1;
        return
            Offer({
                meter: terms.meter,
                remainingMilliWh: isSold ? stock.remainingMilliWh : 0,
                smallestOrderMilliWh: stock.smallestOrderMilliWh,
                pricePerKWh: terms.pricePerKWh,
                deliveryWindow: stock.deliveryWindow
            });
    }

    /// @inheritdoc IEnergyTrade
    function tradeOf(uint256 tradeId) public view returns (Trade memory) {
        uint256 offerId = tradeId / TRADES_PER_OFFER;
        uint256 n = tradeId % TRADES_PER_OFFER;
        Trade memory none;
        if (n == 0 || n > _stocks[offerId].tradeCount) return none;

        Terms memory terms = _terms[offerId];
        TradeRecord storage trade = _trades[tradeId];
        return
            Trade({
                offerId: offerId,
                meter: terms.meter,
                seller: _prosumerOf(terms.meter),
                buyer: trade.buyer,
                orderedMilliWh: trade.orderedMilliWh,
                deliveredMilliWh: trade.deliveredMilliWh,
                escrow: _escrow(trade, terms.pricePerKWh),
                deadline: trade.deadline,
                status: trade.buyer == address(0) ? TradeStatus.Closed : TradeStatus.Open
            });
    }

    // ---------------------------------------------------------------- inside

    /// Paid to the token itself, money would be for sale again.
    function _canSpend(address prosumer) internal view override returns (bool) {
        return super._canSpend(prosumer) && prosumer != address(token);
    }

    /// Opens a trade; the caller takes `payment` from the buyer.
    function _open(
        address buyer,
        uint256 offerId,
        uint256 milliWh
    ) private returns (uint256 tradeId, uint256 payment) {
        Terms storage terms = _terms[offerId];
        Stock storage stock = _stocks[offerId];
        address seller = _sellerOf(terms.meter);
        uint256 remaining = stock.remainingMilliWh;
        if (remaining == 0 || seller == address(0)) revert OfferNotOpen(offerId);
        if (buyer == seller) revert BuyerIsSeller(offerId, buyer);
        if (milliWh > remaining) revert OfferExceeded(offerId, milliWh, remaining);
        if (milliWh < stock.smallestOrderMilliWh && milliWh != remaining) {
            if (milliWh == 0) revert InvalidQuantity(milliWh);
            revert OrderTooSmall(offerId, milliWh, stock.smallestOrderMilliWh);
        }
        payment = paymentFor(uint64(milliWh), terms.pricePerKWh);
        // Without this, anyone could open trades in another's name: ERC-1363's `transferFromAndCall` of nothing needs
        // no allowance, and says whose tokens they would have been.
        if (payment == 0) revert PaymentTooSmall(offerId, milliWh);

        // The offer is there and holds `milliWh`: from here nothing can overflow.
        unchecked {
            uint256 n = stock.tradeCount + 1;
            if (n == TRADES_PER_OFFER) revert OfferExhausted(offerId);
            uint256 deadline = block.timestamp + stock.deliveryWindow;
            stock.remainingMilliWh = uint32(remaining - milliWh);
            stock.tradeCount = uint32(n);
            tradeId = offerId * TRADES_PER_OFFER + n;
            TradeRecord storage trade = _trades[tradeId];
            trade.buyer = buyer;
            trade.orderedMilliWh = uint32(milliWh);
            trade.deadline = uint32(deadline);
            emit TradeOpened(tradeId, offerId, buyer, uint64(milliWh), payment, uint64(deadline));
        }
    }

    /// Settles one reading and pays the buyer's part; the caller pays `paid` to the seller.
    function _settle(
        Reading calldata reading,
        Signature calldata signature
    ) private returns (address seller, uint256 paid) {
        uint256 tradeId = reading.tradeId;
        TradeRecord storage trade = _openTrade(tradeId);
        address buyer = trade.buyer;
        uint64 ordered = trade.orderedMilliWh;
        Terms storage terms = _terms[tradeId / TRADES_PER_OFFER];
        address meter = terms.meter;
        seller = _requireProsumer(meter);
        {
            address signer = _signerOf(hashReading(reading, buyer, ordered, trade.deadline), signature);
            if (signer != meter) revert ReadingNotByMeter(tradeId, meter, signer);
        }

        uint64 delivered = reading.deliveredMilliWh;
        uint64 settled = trade.deliveredMilliWh;
        if (delivered > ordered) revert ReadingExceedsOrder(tradeId, delivered, ordered);
        if (delivered < settled || (delivered == settled && !reading.isFinal))
            revert ReadingNotNew(tradeId, delivered, settled);

        // settled <= delivered <= ordered, and so are their payments: differences of them sum up exactly.
        unchecked {
            _count(meter, delivered - settled, reading.registerMilliWh);
            uint96 price = terms.pricePerKWh;
            uint256 earned = paymentFor(delivered, price);
            paid = earned - paymentFor(settled, price);
            bool isFulfilled = delivered == ordered;
            bool isClosed = isFulfilled || reading.isFinal;
            uint256 refunded = isFulfilled || !isClosed ? 0 : paymentFor(ordered, price) - earned;
            if (isClosed) delete _trades[tradeId];
            else trade.deliveredMilliWh = uint32(delivered);
            emit TradeSettled(tradeId, delivered, reading.registerMilliWh, paid, refunded, isClosed);
            _pay(buyer, refunded);
        }
    }

    function _pay(address to, uint256 amount) private {
        if (amount != 0) token.safeTransfer(to, amount);
    }

    function _openTrade(uint256 tradeId) private view returns (TradeRecord storage trade) {
        trade = _trades[tradeId];
        if (trade.buyer == address(0)) revert TradeNotOpen(tradeId);
    }

    /// Base units in escrow for an open trade.
    function _escrow(TradeRecord storage trade, uint96 pricePerKWh) private view returns (uint256) {
        return
            paymentFor(trade.orderedMilliWh, pricePerKWh) - paymentFor(trade.deliveredMilliWh, pricePerKWh);
    }
}
