// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC1363Receiver} from "@openzeppelin/contracts/interfaces/IERC1363Receiver.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IEnergyTrade} from "./interfaces/IEnergyTrade.sol";

/// @notice See `IEnergyTrade`.
contract EnergyTrade is IEnergyTrade, IERC1363Receiver, AccessControl, EIP712 {
    using SafeERC20 for IERC20;

    // Every record is one storage slot; what a trade shares with its offer is read from the offer.

    struct MeterRecord {
        address prosumer;
        uint48 soldMilliWh;
        uint48 registerMilliWh;
    }

    /// What of an offer never changes, and is all that a settlement reads of it.
    struct Terms {
        address meter;
        uint96 pricePerKWh;
    }

    struct Stock {
        uint32 remainingMilliWh;
        uint32 deliveryWindow;
        uint32 tradeCount;
    }

    struct TradeRecord {
        address buyer;
        uint32 orderedMilliWh;
        uint32 deliveredMilliWh;
        uint32 deadline;
    }

    /// @inheritdoc IEnergyTrade
    bytes32 public constant OPERATOR_ROLE = keccak256("OPERATOR_ROLE");
    /// @inheritdoc IEnergyTrade
    uint64 public constant MIN_DELIVERY_WINDOW = 60 seconds;
    /// @inheritdoc IEnergyTrade
    uint64 public constant MAX_DELIVERY_WINDOW = 30 days;
    /// @inheritdoc IEnergyTrade
    uint64 public constant GRACE_PERIOD = 10 minutes;

    uint256 private constant TRADES_PER_OFFER = 1_000_000;
    bytes32 private constant READING_TYPEHASH =
        keccak256("Reading(uint256 tradeId,uint64 deliveredMilliWh,uint64 registerMilliWh,bool isFinal)");

    /// @inheritdoc IEnergyTrade
    IERC20 public immutable token;
    /// @inheritdoc IEnergyTrade
    uint256 public offerCount;

    mapping(address meter => MeterRecord) private _meters;
    mapping(address meter => bool) private _isDecommissioned;
    mapping(uint256 offerId => Terms) private _terms;
    mapping(uint256 offerId => Stock) private _stocks;
    mapping(uint256 tradeId => TradeRecord) private _trades;

    /// @dev The deployer names the operators.
    constructor(IERC20 token_) EIP712("neighborwatt", "1") {
        token = token_;
        _grantRole(DEFAULT_ADMIN_ROLE, msg.sender);
    }

    // ---------------------------------------------------------------- the operator

    /// @inheritdoc IEnergyTrade
    function commission(address meter, address prosumer) external onlyRole(OPERATOR_ROLE) {
        if (meter == address(0)) revert InvalidMeter(meter);
        // Paid to this contract, money would be in no trade's escrow and lost.
        if (prosumer == address(0) || prosumer == address(this)) revert InvalidProsumer(prosumer);
        if (_meters[meter].prosumer != address(0) || _isDecommissioned[meter]) revert MeterAlreadyKnown(meter);
        _meters[meter].prosumer = prosumer;
        emit MeterCommissioned(meter, prosumer);
    }

    /// @inheritdoc IEnergyTrade
    function decommission(address meter) external onlyRole(OPERATOR_ROLE) {
        _prosumerOf(meter);
        delete _meters[meter].prosumer;
        _isDecommissioned[meter] = true;
        emit MeterDecommissioned(meter);
    }

    // ---------------------------------------------------------------- the seller

    /// @inheritdoc IEnergyTrade
    function listOffer(
        address meter,
        uint64 milliWh,
        uint256 pricePerKWh,
        uint64 deliveryWindow
    ) external returns (uint256 offerId) {
        address prosumer = _prosumerOf(meter);
        if (msg.sender != prosumer) revert NotProsumer(meter, msg.sender);
        if (milliWh == 0 || milliWh > type(uint32).max) revert InvalidQuantity(milliWh);
        if (pricePerKWh == 0 || pricePerKWh > type(uint96).max) revert InvalidPrice(pricePerKWh);
        if (deliveryWindow < MIN_DELIVERY_WINDOW || deliveryWindow > MAX_DELIVERY_WINDOW)
            revert InvalidDeliveryWindow(deliveryWindow, MIN_DELIVERY_WINDOW, MAX_DELIVERY_WINDOW);

        offerId = ++offerCount;
        _terms[offerId] = Terms(meter, uint96(pricePerKWh));
        _stocks[offerId] = Stock(uint32(milliWh), uint32(deliveryWindow), 0);
        emit OfferListed(offerId, meter, prosumer, milliWh, pricePerKWh, deliveryWindow);
    }

    /// @inheritdoc IEnergyTrade
    function withdrawOffer(uint256 offerId) external {
        address meter = _terms[offerId].meter;
        address prosumer = _meters[meter].prosumer;
        uint64 remaining = _stocks[offerId].remainingMilliWh;
        if (remaining == 0 || prosumer == address(0)) revert OfferNotOpen(offerId);
        if (msg.sender != prosumer) revert NotProsumer(meter, msg.sender);
        _stocks[offerId].remainingMilliWh = 0;
        emit OfferWithdrawn(offerId, remaining);
    }

    // ---------------------------------------------------------------- the buyer

    /// @inheritdoc IEnergyTrade
    function purchase(uint256 offerId, uint64 milliWh) external returns (uint256 tradeId) {
        uint256 payment;
        (tradeId, payment) = _open(msg.sender, offerId, milliWh);
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
    function settle(Reading calldata reading, bytes calldata signature) external {
        (address seller, uint256 paid) = _settle(reading, signature);
        _pay(seller, paid);
    }

    /// @inheritdoc IEnergyTrade
    function settleMany(Reading[] calldata readings, bytes[] calldata signatures) external {
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
        TradeRecord memory trade = _openTrade(tradeId);
        Terms memory terms = _terms[tradeId / TRADES_PER_OFFER];
        address seller = _meters[terms.meter].prosumer;
        if (msg.sender != seller && seller != address(0)) {
            uint256 refundableAt = trade.deadline + GRACE_PERIOD;
            if (block.timestamp < refundableAt) revert RefundTooEarly(tradeId, refundableAt);
        }
        uint256 refunded = _escrow(trade, terms.pricePerKWh);
        delete _trades[tradeId];
        emit TradeRefunded(tradeId, refunded);
        _pay(trade.buyer, refunded);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IEnergyTrade
    function hashReading(Reading calldata reading) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(READING_TYPEHASH, reading)));
    }

    /// @inheritdoc IEnergyTrade
    function paymentFor(uint256 milliWh, uint256 pricePerKWh) public pure returns (uint256) {
        return (milliWh * pricePerKWh) / 1_000_000;
    }

    /// @inheritdoc IEnergyTrade
    function meterOf(address meter) external view returns (Meter memory) {
        MeterRecord memory record = _meters[meter];
        MeterStatus status = record.prosumer != address(0) ? MeterStatus.Commissioned : _isDecommissioned[meter]
            ? MeterStatus.Decommissioned
            : MeterStatus.Unknown;
        return Meter(record.prosumer, record.soldMilliWh, record.registerMilliWh, status);
    }

    /// @inheritdoc IEnergyTrade
    function offerOf(uint256 offerId) external view returns (Offer memory) {
        Terms memory terms = _terms[offerId];
        Stock memory stock = _stocks[offerId];
        bool isSold = _meters[terms.meter].prosumer != address(0);
        return Offer(terms.meter, isSold ? stock.remainingMilliWh : 0, terms.pricePerKWh, stock.deliveryWindow);
    }

    /// @inheritdoc IEnergyTrade
    function tradeOf(uint256 tradeId) external view returns (Trade memory) {
        uint256 offerId = tradeId / TRADES_PER_OFFER;
        uint256 n = tradeId % TRADES_PER_OFFER;
        Trade memory none;
        if (n == 0 || n > _stocks[offerId].tradeCount) return none;

        Terms memory terms = _terms[offerId];
        TradeRecord memory trade = _trades[tradeId];
        return
            Trade({
                offerId: offerId,
                meter: terms.meter,
                seller: _meters[terms.meter].prosumer,
                buyer: trade.buyer,
                orderedMilliWh: trade.orderedMilliWh,
                deliveredMilliWh: trade.deliveredMilliWh,
                escrow: _escrow(trade, terms.pricePerKWh),
                deadline: trade.deadline,
                status: trade.buyer == address(0) ? TradeStatus.Closed : TradeStatus.Open
            });
    }

    // ---------------------------------------------------------------- inside

    /// Opens a trade; the caller takes `payment` from the buyer.
    function _open(
        address buyer,
        uint256 offerId,
        uint256 milliWh
    ) private returns (uint256 tradeId, uint256 payment) {
        Terms memory terms = _terms[offerId];
        Stock memory stock = _stocks[offerId];
        address seller = _meters[terms.meter].prosumer;
        if (stock.remainingMilliWh == 0 || seller == address(0)) revert OfferNotOpen(offerId);
        if (buyer == seller) revert BuyerIsSeller(offerId, buyer);
        if (milliWh == 0) revert InvalidQuantity(milliWh);
        if (milliWh > stock.remainingMilliWh) revert OfferExceeded(offerId, milliWh, stock.remainingMilliWh);
        if (stock.tradeCount == TRADES_PER_OFFER - 1) revert OfferExhausted(offerId);
        payment = paymentFor(milliWh, terms.pricePerKWh);
        if (payment == 0) revert PaymentTooSmall(offerId, milliWh);

        uint32 ordered = uint32(milliWh);
        uint32 deadline = uint32(block.timestamp) + stock.deliveryWindow;
        stock.remainingMilliWh -= ordered;
        tradeId = offerId * TRADES_PER_OFFER + ++stock.tradeCount;
        _stocks[offerId] = stock;
        _trades[tradeId] = TradeRecord(buyer, ordered, 0, deadline);
        emit TradeOpened(tradeId, offerId, buyer, ordered, payment, deadline);
    }

    /// Settles one reading and pays the buyer's part; the caller pays `paid` to the seller.
    function _settle(
        Reading calldata reading,
        bytes calldata signature
    ) private returns (address seller, uint256 paid) {
        uint256 tradeId = reading.tradeId;
        TradeRecord memory trade = _openTrade(tradeId);
        Terms memory terms = _terms[tradeId / TRADES_PER_OFFER];
        seller = _prosumerOf(terms.meter);
        (address signer, , ) = ECDSA.tryRecover(hashReading(reading), signature);
        if (signer != terms.meter) revert ReadingNotByMeter(tradeId, terms.meter, signer);

        uint64 delivered = reading.deliveredMilliWh;
        if (delivered > trade.orderedMilliWh)
            revert ReadingExceedsOrder(tradeId, delivered, trade.orderedMilliWh);
        if (delivered < trade.deliveredMilliWh || (delivered == trade.deliveredMilliWh && !reading.isFinal))
            revert ReadingNotNew(tradeId, delivered, trade.deliveredMilliWh);
        _count(terms.meter, uint32(delivered) - trade.deliveredMilliWh, reading.registerMilliWh);

        uint256 escrowBefore = _escrow(trade, terms.pricePerKWh);
        trade.deliveredMilliWh = uint32(delivered);
        uint256 escrowAfter = _escrow(trade, terms.pricePerKWh);
        paid = escrowBefore - escrowAfter;
        if (reading.isFinal || delivered == trade.orderedMilliWh) {
            delete _trades[tradeId];
            emit TradeSettled(tradeId, uint64(delivered), reading.registerMilliWh, paid, escrowAfter, true);
            _pay(trade.buyer, escrowAfter);
        } else {
            _trades[tradeId].deliveredMilliWh = uint32(delivered);
            emit TradeSettled(tradeId, uint64(delivered), reading.registerMilliWh, paid, 0, false);
        }
    }

    /// Adds to what a meter has sold, which its highest register must cover.
    function _count(address meter, uint32 newMilliWh, uint64 registerMilliWh) private {
        if (registerMilliWh > type(uint48).max) revert RegisterTooLarge(meter, registerMilliWh);
        MeterRecord memory record = _meters[meter];
        record.soldMilliWh += newMilliWh;
        if (registerMilliWh > record.registerMilliWh) record.registerMilliWh = uint48(registerMilliWh);
        if (record.soldMilliWh > record.registerMilliWh)
            revert EnergyNotMetered(meter, record.soldMilliWh, record.registerMilliWh);
        _meters[meter] = record;
    }

    function _pay(address to, uint256 amount) private {
        if (amount != 0) token.safeTransfer(to, amount);
    }

    function _prosumerOf(address meter) private view returns (address prosumer) {
        prosumer = _meters[meter].prosumer;
        if (prosumer == address(0)) revert MeterNotCommissioned(meter);
    }

    function _openTrade(uint256 tradeId) private view returns (TradeRecord memory trade) {
        trade = _trades[tradeId];
        if (trade.buyer == address(0)) revert TradeNotOpen(tradeId);
    }

    /// Base units in escrow. A difference of two payments, so that what leaves it sums up exactly.
    function _escrow(TradeRecord memory trade, uint256 pricePerKWh) private pure returns (uint256) {
        return paymentFor(trade.orderedMilliWh, pricePerKWh) - paymentFor(trade.deliveredMilliWh, pricePerKWh);
    }
}
