// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Errors} from "@openzeppelin/contracts/utils/Errors.sol";
import {IEnergyToken} from "../../contracts/interfaces/IEnergyToken.sol";
import {IEnergyTrade} from "../../contracts/interfaces/IEnergyTrade.sol";
import {IMeterRegistry} from "../../contracts/interfaces/IMeterRegistry.sol";

/**
 * @notice Token and shop once more, in the plainest way: nothing packed, nothing deleted, no gas saved, no code of
 * theirs. Each function returns or reverts with the very bytes that the real call must answer with, and emits what the
 * shop and the sale of tokens must emit; a call that reverts changes nothing here either. Callers are an argument, since a real caller is an account.
 */
contract Model {
    struct MeterBook {
        address prosumer;
        uint256 sold;
        uint256 register;
        IMeterRegistry.MeterStatus status;
    }

    struct OfferBook {
        address meter;
        uint256 remaining;
        uint256 pricePerKWh;
        uint256 deliveryWindow;
        uint256 smallestOrder;
        uint256 trades;
    }

    struct TradeBook {
        uint256 offerId;
        address buyer;
        uint256 ordered;
        uint256 delivered;
        uint256 deadline;
        uint256 payment;
        uint256 paid;
        uint256 refunded;
        bool isOpen;
    }

    bytes32 private constant OPERATOR = keccak256("OPERATOR_ROLE");
    /// Half of the curve's order: a signature above it is another form of one below.
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    address public immutable token;
    address public immutable shop;
    address private immutable _admin;
    uint256 private immutable _rate;
    /// Seconds.
    uint256 private immutable _grace;

    mapping(address => bool) public isOperator;
    /// Refuses ether.
    mapping(address => bool) public refusesEther;
    mapping(address => uint256) public tokensOf;
    mapping(address => uint256) public weiOf;
    /// Given to the shop.
    mapping(address => uint256) public allowanceOf;
    mapping(address => MeterBook) private _meters;
    OfferBook[] private _offers;
    mapping(uint256 => TradeBook) private _trades;
    uint256[] public openIds;
    /// Base units that the open trades have in escrow.
    uint256 public owed;
    /// Base units sent to the shop that belong to no trade.
    uint256 public strayed;

    constructor(address token_, address shop_, address admin, uint256 supply, uint256 rate, uint256 grace) {
        (token, shop, _admin, _rate, _grace) = (token_, shop_, admin, rate, grace);
        tokensOf[token_] = supply;
    }

    // ---------------------------------------------------------------- the world

    function endow(address account, uint256 amount, bool refuses) external {
        weiOf[account] = amount;
        refusesEther[account] = refuses;
    }

    // ---------------------------------------------------------------- new ones

    function deployToken(uint256, uint256 rate) external pure {
        if (rate == 0) revert IEnergyToken.InvalidRate(rate);
    }

    function deployTrade(address, uint64 grace) external pure {
        if (grace < 60 || grace > 2_592_000) revert IEnergyTrade.InvalidGracePeriod(grace, 60, 2_592_000);
    }

    // ---------------------------------------------------------------- the token

    function buyTokens(address caller, uint256 amount) external {
        if (amount == 0) revert IEnergyToken.NoEtherSent();
        if (amount * _rate > tokensOf[token])
            revert IEnergyToken.SupplyExhausted(amount * _rate, tokensOf[token]);
        weiOf[caller] -= amount;
        weiOf[token] += amount;
        _move(token, caller, amount * _rate);
        emit IEnergyToken.TokensSold(caller, amount, amount * _rate);
    }

    function redeem(address caller, uint256 tokens) external {
        if (tokens < _rate) revert IEnergyToken.RedemptionTooSmall(tokens);
        _move(caller, token, tokens);
        if (refusesEther[caller]) revert Errors.FailedCall();
        weiOf[token] -= tokens / _rate;
        weiOf[caller] += tokens / _rate;
        emit IEnergyToken.TokensRedeemed(caller, tokens, tokens / _rate);
    }

    function transfer(address caller, address to, uint256 tokens) external returns (bool) {
        _move(caller, to, tokens);
        if (to == shop) strayed += tokens;
        return true;
    }

    function approve(address caller, uint256 tokens) external returns (bool) {
        allowanceOf[caller] = tokens;
        return true;
    }

    // ---------------------------------------------------------------- the operator

    function grantOperator(address caller, address account) external {
        _onlyAdmin(caller);
        isOperator[account] = true;
    }

    function revokeOperator(address caller, address account) external {
        _onlyAdmin(caller);
        isOperator[account] = false;
    }

    function commission(
        address caller,
        address meter,
        address prosumer,
        uint64 baseline,
        IMeterRegistry.Signature calldata consent
    ) external {
        _onlyOperator(caller);
        if (prosumer == address(0) || prosumer == shop || prosumer == token)
            revert IMeterRegistry.InvalidProsumer(prosumer);
        if (_meters[meter].status != IMeterRegistry.MeterStatus.Unknown)
            revert IMeterRegistry.MeterAlreadyKnown(meter);
        if (baseline >= 2 ** 40) revert IMeterRegistry.RegisterTooLarge(meter, baseline);
        // A meter is commissioned once: its nonce is 0.
        address signer = _signerOf(consentDigest(prosumer, baseline, 0), consent);
        if (meter == address(0) || signer != meter) revert IMeterRegistry.ConsentNotByMeter(meter, signer);
        _meters[meter] = MeterBook(prosumer, baseline, baseline, IMeterRegistry.MeterStatus.Commissioned);
        emit IMeterRegistry.MeterCommissioned(meter, prosumer, baseline);
    }

    function retire(address caller, address meter) external {
        _onlyOperator(caller);
        _sells(meter);
        _meters[meter].status = IMeterRegistry.MeterStatus.Retired;
        emit IMeterRegistry.MeterRetired(meter);
    }

    function decommission(address caller, address meter) external {
        _onlyOperator(caller);
        _counts(meter);
        _meters[meter].status = IMeterRegistry.MeterStatus.Decommissioned;
        _meters[meter].prosumer = address(0);
        emit IMeterRegistry.MeterDecommissioned(meter);
    }

    // ---------------------------------------------------------------- the seller

    function listOffer(
        address caller,
        address meter,
        uint64 milliWh,
        uint256 pricePerKWh,
        uint64 deliveryWindow,
        uint64 smallestOrder
    ) external returns (uint256) {
        _sells(meter);
        if (caller != _meters[meter].prosumer) revert IMeterRegistry.NotProsumer(meter, caller);
        if (milliWh == 0 || milliWh >= 2 ** 32) revert IEnergyTrade.InvalidQuantity(milliWh);
        if (pricePerKWh == 0 || pricePerKWh >= 2 ** 96) revert IEnergyTrade.InvalidPrice(pricePerKWh);
        if (deliveryWindow < 60 || deliveryWindow > 2_592_000)
            revert IEnergyTrade.InvalidDeliveryWindow(deliveryWindow, 60, 2_592_000);
        if (smallestOrder == 0 || smallestOrder > milliWh)
            revert IEnergyTrade.InvalidSmallestOrder(smallestOrder, milliWh);
        _offers.push(OfferBook(meter, milliWh, pricePerKWh, deliveryWindow, smallestOrder, 0));
        emit IEnergyTrade.OfferListed(
            _offers.length,
            meter,
            caller,
            milliWh,
            pricePerKWh,
            deliveryWindow,
            smallestOrder
        );
        return _offers.length;
    }

    function withdrawOffer(address caller, uint256 offerId) external {
        OfferBook storage offer = _openOffer(offerId);
        if (caller != _meters[offer.meter].prosumer) revert IMeterRegistry.NotProsumer(offer.meter, caller);
        emit IEnergyTrade.OfferWithdrawn(offerId, uint64(offer.remaining));
        offer.remaining = 0;
    }

    // ---------------------------------------------------------------- the buyer

    function purchase(
        address caller,
        uint256 offerId,
        uint64 milliWh,
        uint256 maxPayment
    ) external returns (uint256 tradeId) {
        uint256 payment;
        (tradeId, payment) = _open(caller, offerId, milliWh);
        if (payment > maxPayment) revert IEnergyTrade.PaymentExceedsMaximum(offerId, payment, maxPayment);
        if (allowanceOf[caller] < payment)
            revert IERC20Errors.ERC20InsufficientAllowance(shop, allowanceOf[caller], payment);
        if (allowanceOf[caller] != type(uint256).max) allowanceOf[caller] -= payment;
        _move(caller, shop, payment);
    }

    /// @notice `transferAndCall`, and `transferFromAndCall` of nothing, which takes no allowance.
    function transferAndCall(address from, uint256 tokens, bytes calldata data) external returns (bool) {
        _move(from, shop, tokens);
        if (data.length != 64) revert IEnergyTrade.InvalidPurchaseData(data);
        (uint256 offerId, uint256 milliWh) = abi.decode(data, (uint256, uint256));
        (, uint256 payment) = _open(from, offerId, milliWh);
        if (tokens != payment) revert IEnergyTrade.WrongPayment(offerId, payment, tokens);
        return true;
    }

    function onTransferReceived(address caller) external pure returns (bytes4) {
        revert IEnergyTrade.WrongToken(caller);
    }

    // ---------------------------------------------------------------- anyone

    function settle(
        IEnergyTrade.Reading calldata reading,
        IMeterRegistry.Signature calldata signature
    ) external {
        _settle(reading, signature);
    }

    function settleMany(
        IEnergyTrade.Reading[] calldata readings,
        IMeterRegistry.Signature[] calldata signatures
    ) external {
        if (readings.length != signatures.length)
            revert IEnergyTrade.LengthMismatch(readings.length, signatures.length);
        for (uint256 i = 0; i < readings.length; ++i) _settle(readings[i], signatures[i]);
    }

    function refund(address caller, uint256 tradeId) external {
        TradeBook storage trade = _trades[tradeId];
        if (!trade.isOpen) revert IEnergyTrade.TradeNotOpen(tradeId);
        MeterBook storage meter = _meters[_offers[trade.offerId - 1].meter];
        bool mayAnyone =
            meter.status == IMeterRegistry.MeterStatus.Decommissioned ||
                block.timestamp >= trade.deadline + _grace;
        if (!mayAnyone && caller != meter.prosumer)
            revert IEnergyTrade.RefundTooEarly(tradeId, trade.deadline + _grace);
        _close(tradeId);
        emit IEnergyTrade.TradeRefunded(tradeId, trade.refunded);
    }

    // ---------------------------------------------------------------- what views must answer

    function offerCount() external view returns (uint256) {
        return _offers.length;
    }

    /// @notice How many trades an offer has had.
    function tradesOf(uint256 offerId) external view returns (uint256) {
        return offerId == 0 || offerId > _offers.length ? 0 : _offers[offerId - 1].trades;
    }

    function openCount() external view returns (uint256) {
        return openIds.length;
    }

    /// @notice Of consents: a meter is commissioned once.
    function nonces(address meter) external view returns (uint256) {
        return _meters[meter].status == IMeterRegistry.MeterStatus.Unknown ? 0 : 1;
    }

    function meterOf(address meter) external view returns (IMeterRegistry.Meter memory) {
        MeterBook memory book = _meters[meter];
        return IMeterRegistry.Meter(book.prosumer, uint64(book.sold), uint64(book.register), book.status);
    }

    function offerOf(uint256 offerId) external view returns (IEnergyTrade.Offer memory none) {
        if (offerId == 0 || offerId > _offers.length) return none;
        OfferBook memory offer = _offers[offerId - 1];
        bool isSold = _meters[offer.meter].status == IMeterRegistry.MeterStatus.Commissioned;
        return
            IEnergyTrade.Offer(
                offer.meter,
                isSold ? uint64(offer.remaining) : 0,
                uint64(offer.smallestOrder),
                offer.pricePerKWh,
                uint64(offer.deliveryWindow)
            );
    }

    function tradeOf(uint256 tradeId) external view returns (IEnergyTrade.Trade memory trade) {
        TradeBook memory book = _trades[tradeId];
        if (book.offerId == 0) return trade;
        trade.offerId = book.offerId;
        trade.meter = _offers[book.offerId - 1].meter;
        trade.seller = _meters[trade.meter].prosumer;
        trade.status = book.isOpen ? IEnergyTrade.TradeStatus.Open : IEnergyTrade.TradeStatus.Closed;
        if (!book.isOpen) return trade;
        trade.buyer = book.buyer;
        trade.orderedMilliWh = uint64(book.ordered);
        trade.deliveredMilliWh = uint64(book.delivered);
        trade.escrow = book.payment - book.paid;
        trade.deadline = uint64(book.deadline);
    }

    /// @notice The EIP-712 digest of a reading, by the standard's own words.
    function digestOf(IEnergyTrade.Reading memory reading) public view returns (bytes32) {
        TradeBook memory trade = _trades[reading.tradeId];
        return
            _digest(
                keccak256(
                    abi.encode(
                        keccak256(
                            "Reading(uint256 tradeId,address buyer,uint64 orderedMilliWh,uint64 deadline,uint64 deliveredMilliWh,uint64 registerMilliWh,bool isFinal)"
                        ),
                        reading.tradeId,
                        trade.buyer,
                        trade.ordered,
                        trade.deadline,
                        reading.deliveredMilliWh,
                        reading.registerMilliWh,
                        reading.isFinal
                    )
                )
            );
    }

    /// @notice The EIP-712 digest of a meter's consent.
    function consentDigest(address prosumer, uint64 baseline, uint256 nonce) public view returns (bytes32) {
        bytes32 typehash = keccak256("Commission(address prosumer,uint64 baselineMilliWh,uint256 nonce)");
        return _digest(keccak256(abi.encode(typehash, prosumer, baseline, nonce)));
    }

    function _digest(bytes32 message) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("neighborwatt"),
                keccak256("2"),
                block.chainid,
                shop
            )
        );
        return keccak256(abi.encodePacked("\x19\x01", domain, message));
    }

    // ---------------------------------------------------------------- inside

    function _move(address from, address to, uint256 tokens) private {
        if (tokensOf[from] < tokens)
            revert IERC20Errors.ERC20InsufficientBalance(from, tokensOf[from], tokens);
        tokensOf[from] -= tokens;
        tokensOf[to] += tokens;
    }

    function _onlyAdmin(address caller) private view {
        if (caller != _admin) revert IAccessControl.AccessControlUnauthorizedAccount(caller, 0);
    }

    function _onlyOperator(address caller) private view {
        if (!isOperator[caller]) revert IAccessControl.AccessControlUnauthorizedAccount(caller, OPERATOR);
    }

    /// Its offers are open.
    function _sells(address meter) private view {
        if (_meters[meter].status != IMeterRegistry.MeterStatus.Commissioned)
            revert IMeterRegistry.MeterNotCommissioned(meter);
    }

    /// Its signatures count.
    function _counts(address meter) private view {
        IMeterRegistry.MeterStatus status = _meters[meter].status;
        if (status != IMeterRegistry.MeterStatus.Commissioned && status != IMeterRegistry.MeterStatus.Retired)
            revert IMeterRegistry.MeterNotCommissioned(meter);
    }

    function _openOffer(uint256 offerId) private view returns (OfferBook storage offer) {
        if (offerId == 0 || offerId > _offers.length) revert IEnergyTrade.OfferNotOpen(offerId);
        offer = _offers[offerId - 1];
        bool isSold = _meters[offer.meter].status == IMeterRegistry.MeterStatus.Commissioned;
        if (offer.remaining == 0 || !isSold) revert IEnergyTrade.OfferNotOpen(offerId);
    }

    function _open(
        address buyer,
        uint256 offerId,
        uint256 milliWh
    ) private returns (uint256 tradeId, uint256 payment) {
        OfferBook storage offer = _openOffer(offerId);
        if (buyer == _meters[offer.meter].prosumer) revert IEnergyTrade.BuyerIsSeller(offerId, buyer);
        if (milliWh > offer.remaining) revert IEnergyTrade.OfferExceeded(offerId, milliWh, offer.remaining);
        if (milliWh == 0) revert IEnergyTrade.InvalidQuantity(milliWh);
        if (milliWh < offer.smallestOrder && milliWh < offer.remaining)
            revert IEnergyTrade.OrderTooSmall(offerId, milliWh, offer.smallestOrder);
        payment = (milliWh * offer.pricePerKWh) / 1_000_000;
        if (payment == 0) revert IEnergyTrade.PaymentTooSmall(offerId, milliWh);
        offer.remaining -= milliWh;
        offer.trades += 1;
        tradeId = offerId * 1_000_000 + offer.trades;
        uint256 deadline = block.timestamp + offer.deliveryWindow;
        _trades[tradeId] = TradeBook(offerId, buyer, milliWh, 0, deadline, payment, 0, 0, true);
        openIds.push(tradeId);
        owed += payment;
        emit IEnergyTrade.TradeOpened(tradeId, offerId, buyer, uint64(milliWh), payment, uint64(deadline));
    }

    function _settle(
        IEnergyTrade.Reading calldata reading,
        IMeterRegistry.Signature calldata signature
    ) private {
        uint256 id = reading.tradeId;
        TradeBook storage trade = _trades[id];
        if (!trade.isOpen) revert IEnergyTrade.TradeNotOpen(id);
        OfferBook storage offer = _offers[trade.offerId - 1];
        _counts(offer.meter);
        address signer = _signerOf(digestOf(reading), signature);
        if (signer != offer.meter) revert IEnergyTrade.ReadingNotByMeter(id, offer.meter, signer);

        uint256 delivered = reading.deliveredMilliWh;
        if (delivered > trade.ordered) revert IEnergyTrade.ReadingExceedsOrder(id, delivered, trade.ordered);
        bool isNew = delivered > trade.delivered || (delivered == trade.delivered && reading.isFinal);
        if (!isNew) revert IEnergyTrade.ReadingNotNew(id, delivered, trade.delivered);
        _count(offer.meter, delivered - trade.delivered, reading.registerMilliWh);

        // What all of it is worth, less what was paid before: never a sum of rounded parts.
        uint256 paid = (delivered * offer.pricePerKWh) / 1_000_000 - trade.paid;
        trade.delivered = delivered;
        trade.paid += paid;
        owed -= paid;
        _move(shop, _meters[offer.meter].prosumer, paid);
        if (reading.isFinal || delivered == trade.ordered) _close(id);
        emit IEnergyTrade.TradeSettled(
            id,
            uint64(delivered),
            reading.registerMilliWh,
            paid,
            trade.refunded,
            !trade.isOpen
        );
    }

    function _count(address id, uint256 milliWh, uint256 register) private {
        if (register >= 2 ** 40) revert IMeterRegistry.RegisterTooLarge(id, register);
        MeterBook storage meter = _meters[id];
        uint256 highest = register > meter.register ? register : meter.register;
        if (meter.sold + milliWh > highest)
            revert IMeterRegistry.EnergyNotMetered(id, meter.sold + milliWh, highest);
        meter.sold += milliWh;
        meter.register = highest;
    }

    /// The rest goes back.
    function _close(uint256 tradeId) private {
        TradeBook storage trade = _trades[tradeId];
        trade.isOpen = false;
        trade.refunded = trade.payment - trade.paid;
        owed -= trade.refunded;
        _move(shop, trade.buyer, trade.refunded);
        for (uint256 i = 0; i < openIds.length; ++i) {
            if (openIds[i] != tradeId) continue;
            openIds[i] = openIds[openIds.length - 1];
            openIds.pop();
            return;
        }
    }

    function _signerOf(
        bytes32 digest,
        IMeterRegistry.Signature calldata signature
    ) private pure returns (address) {
        uint256 s = uint256(signature.vs) & (2 ** 255 - 1);
        if (s > HALF_ORDER) return address(0);
        return ecrecover(digest, uint256(signature.vs) >= 2 ** 255 ? 28 : 27, signature.r, bytes32(s));
    }
}
