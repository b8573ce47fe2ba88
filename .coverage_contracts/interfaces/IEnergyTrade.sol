// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IMeterRegistry} from "./IMeterRegistry.sol";

/**
 * @title Sell your roof's sunshine to the house next door
 * @notice A prosumer lists an offer, a consumer buys part of it, the payment waits in escrow, the meter's signed
 * readings pay the seller for what was delivered, and the rest goes back to the buyer. No one, the operator included,
 * can touch money in escrow by any other way than these.
 *
 * Units, everywhere in this file:
 * - energy is in milliwatt-hours (`…MilliWh`); a `register` is a meter's cumulative energy over its life;
 * - money is in base units of the token (10^-18 NWT);
 * - `pricePerKWh` is base units per kilowatt-hour, and `payment = milliWh * pricePerKWh / 1_000_000`, rounded down;
 * - time is Unix seconds.
 *
 * An offer's id counts from 1. A trade's id carries its offer's: `offerId * 1_000_000 + n`, the n-th purchase of that
 * offer, n from 1.
 *
 * The life of a trade: `purchase` (or one `transferAndCall` of the token) opens it; any number of `settle` calls pay
 * for new deliveries; the last reading, or a full delivery, or `refund` closes it. What the escrow held for a trade
 * equals, to the last base unit, what the seller was paid plus what the buyer got back.
 */
interface IEnergyTrade is IMeterRegistry {
    /// @notice How far a trade's life has come. The record of a closed trade is deleted; its events remain.
    enum TradeStatus {
        Unknown,
        Open,
        Closed
    }

    /// @notice A standing promise to sell.
    struct Offer {
        address meter;
        /// What can still be bought; 0 when sold out, withdrawn, bought 999,999 times, or its meter sells no more.
        uint64 remainingMilliWh;
        /// The least that one purchase may take, unless it takes all that remains.
        uint64 smallestOrderMilliWh;
        uint256 pricePerKWh;
        /// Seconds from a purchase to its trade's deadline.
        uint64 deliveryWindow;
    }

    /// @notice What a purchase opened. Quantities are zero once it is closed.
    struct Trade {
        uint256 offerId;
        address meter;
        address seller;
        address buyer;
        uint64 orderedMilliWh;
        /// Settled so far.
        uint64 deliveredMilliWh;
        /// Base units still in escrow for it.
        uint256 escrow;
        uint64 deadline;
        TradeStatus status;
    }

    /**
     * @notice What a meter says of a trade. Both quantities are cumulative, so a lost reading loses no energy, and
     * readings of different trades may arrive in any order.
     *
     * The meter signs it as EIP-712 typed data together with what makes the trade this one and no other: its buyer, its
     * quantity and its deadline. An id alone does not: after a reset or a reorganisation of the chain another purchase
     * can have it. These three are not brought along: the contract takes them from its own record.
     */
    struct Reading {
        uint256 tradeId;
        /// Energy delivered for this trade, from its beginning.
        uint64 deliveredMilliWh;
        /// The meter's register when it signed.
        uint64 registerMilliWh;
        /// True when nothing more will be delivered: the trade closes and the rest goes back.
        bool isFinal;
    }

    // ---------------------------------------------------------------- events

    event OfferListed(
        uint256 indexed offerId,
        address indexed meter,
        address indexed prosumer,
        uint64 milliWh,
        uint256 pricePerKWh,
        uint64 deliveryWindow,
        uint64 smallestOrderMilliWh
    );
    /// @param remainingMilliWh what was taken off the market
    event OfferWithdrawn(uint256 indexed offerId, uint64 remainingMilliWh);
    /// @param payment base units put in escrow
    event TradeOpened(
        uint256 indexed tradeId,
        uint256 indexed offerId,
        address indexed buyer,
        uint64 milliWh,
        uint256 payment,
        uint64 deadline
    );
    /**
     * @param deliveredMilliWh cumulative for the trade
     * @param paid to the seller by this settlement, base units
     * @param refunded to the buyer by this settlement, base units; only when it closes the trade
     */
    event TradeSettled(
        uint256 indexed tradeId,
        uint64 deliveredMilliWh,
        uint64 registerMilliWh,
        uint256 paid,
        uint256 refunded,
        bool isClosed
    );
    /// @notice Closed without a final reading. @param refunded to the buyer, base units
    event TradeRefunded(uint256 indexed tradeId, uint256 refunded);

    // ---------------------------------------------------------------- errors

    /// @notice Thrown by the constructor for a grace below 1 minute or above 30 days.
    error InvalidGracePeriod(uint256 gracePeriod, uint256 minimum, uint256 maximum);
    /// @notice Thrown by a listing or purchase of nothing, and by a listing of more than 2^32-1 mWh.
    error InvalidQuantity(uint256 milliWh);
    /// @notice Thrown by `listOffer` for a price of 0, or of more than 2^96-1.
    error InvalidPrice(uint256 pricePerKWh);
    /// @notice Thrown by `listOffer` for a window outside its bounds, all in seconds.
    error InvalidDeliveryWindow(uint256 deliveryWindow, uint256 minimum, uint256 maximum);
    /// @notice Thrown by `listOffer` for a smallest order of 0, or of more than the offer.
    error InvalidSmallestOrder(uint256 smallestOrderMilliWh, uint256 milliWh);
    /// @notice Thrown by a purchase and by `withdrawOffer`: the offer was never listed, is sold out or withdrawn, or
    /// its meter sells no more.
    error OfferNotOpen(uint256 offerId);
    /// @notice Thrown by a purchase of more than what remains.
    error OfferExceeded(uint256 offerId, uint256 requestedMilliWh, uint256 remainingMilliWh);
    /// @notice Thrown by a purchase below the offer's smallest order that does not take all that remains.
    error OrderTooSmall(uint256 offerId, uint256 requestedMilliWh, uint256 smallestOrderMilliWh);
    /// @notice Thrown by a purchase: one offer can be bought at most 999,999 times. List a new one.
    error OfferExhausted(uint256 offerId);
    /// @notice Thrown by a purchase by the offer's own prosumer.
    error BuyerIsSeller(uint256 offerId, address buyer);
    /// @notice Thrown by a purchase that costs less than one base unit.
    error PaymentTooSmall(uint256 offerId, uint256 milliWh);
    /// @notice Thrown by `purchase` when the quantity costs more than the buyer allows.
    error PaymentExceedsMaximum(uint256 offerId, uint256 payment, uint256 maxPayment);
    /// @notice Thrown by a purchase by `transferAndCall` that brings another sum than the quantity costs.
    error WrongPayment(uint256 offerId, uint256 expected, uint256 received);
    /// @notice Thrown by `onTransferReceived` when another contract than the token calls it.
    error WrongToken(address caller);
    /// @notice Thrown by `transferAndCall`, which takes `abi.encode(uint256 offerId, uint64 milliWh)`, 64 bytes exactly.
    error InvalidPurchaseData(bytes data);
    /// @notice Thrown by a settlement or refund: the trade was never opened, or is closed.
    error TradeNotOpen(uint256 tradeId);
    /// @notice Thrown by a settlement: somebody else signed, or the meter signed other values or for another purchase
    /// (then `signer` is any address), or it is no signature at all (then it is zero).
    error ReadingNotByMeter(uint256 tradeId, address meter, address signer);
    /// @notice Thrown by a settlement whose reading goes backwards, or says nothing new and is not final.
    error ReadingNotNew(uint256 tradeId, uint256 deliveredMilliWh, uint256 settledMilliWh);
    /// @notice Thrown by a settlement of more than was bought.
    error ReadingExceedsOrder(uint256 tradeId, uint256 deliveredMilliWh, uint256 orderedMilliWh);
    /// @notice Thrown by `settleMany` for lists of different lengths.
    error LengthMismatch(uint256 readings, uint256 signatures);
    /// @notice Thrown by `refund` while only the seller may. @param refundableAt Unix seconds from when anyone may
    error RefundTooEarly(uint256 tradeId, uint256 refundableAt);

    // ---------------------------------------------------------------- the seller

    /**
     * @notice Offers `milliWh` of a meter's energy. Caller: the meter's prosumer.
     * @param milliWh 1 to 2^32-1 (4.29 MWh)
     * @param pricePerKWh 1 to 2^96-1
     * @param deliveryWindow `MIN_DELIVERY_WINDOW` to `MAX_DELIVERY_WINDOW` seconds
     * @param smallestOrderMilliWh 1 (any quantity can be bought) to `milliWh` (all or nothing); the last remainder can
     * be bought whole even where it is less
     */
    function listOffer(
        address meter,
        uint64 milliWh,
        uint256 pricePerKWh,
        uint64 deliveryWindow,
        uint64 smallestOrderMilliWh
    ) external returns (uint256 offerId);

    /// @notice Takes what remains of an offer off the market; trades already opened go on. Caller: the prosumer.
    function withdrawOffer(uint256 offerId) external;

    // ---------------------------------------------------------------- the buyer

    /**
     * @notice Buys `milliWh` of an offer with an allowance given to this contract before. The same purchase in one
     * transaction: `token.transferAndCall(trade, payment, abi.encode(offerId, milliWh))` with
     * `payment = paymentFor(milliWh, pricePerKWh)` exactly.
     * @param maxPayment base units that the buyer is ready to pay at most
     */
    function purchase(uint256 offerId, uint64 milliWh, uint256 maxPayment) external returns (uint256 tradeId);

    // ---------------------------------------------------------------- anyone

    /**
     * @notice Pays the seller for what is new in a signed reading; closes the trade when the reading is final or the
     * order is fulfilled, and returns the rest to the buyer. Anyone may bring it: the signature is what counts.
     * @param signature by the trade's meter over `hashReading` of the reading and the trade's buyer, quantity, deadline
     */
    function settle(Reading calldata reading, Signature calldata signature) external;

    /// @notice Settles several in one transaction: all or none.
    function settleMany(Reading[] calldata readings, Signature[] calldata signatures) external;

    /**
     * @notice Closes a trade and pays the buyer what was not settled. By the seller at any time; by anyone when the
     * deadline and `GRACE_PERIOD` have passed, or at once when the meter is decommissioned.
     */
    function refund(uint256 tradeId) external;

    // ---------------------------------------------------------------- views

    /// @notice The EIP-712 digest that a meter signs for a trade of this buyer, quantity and deadline: type
    /// `Reading(uint256 tradeId,address buyer,uint64 orderedMilliWh,uint64 deadline,uint64 deliveredMilliWh,uint64
    /// registerMilliWh,bool isFinal)` (one line, one space after each type), domain name "neighborwatt", version "2".
    function hashReading(
        Reading calldata reading,
        address buyer,
        uint64 orderedMilliWh,
        uint64 deadline
    ) external view returns (bytes32);

    /// @notice What `milliWh` cost, base units, rounded down.
    function paymentFor(uint64 milliWh, uint96 pricePerKWh) external pure returns (uint256);

    function offerOf(uint256 offerId) external view returns (Offer memory);

    function tradeOf(uint256 tradeId) external view returns (Trade memory);

    /// @notice How many offers were ever listed; their ids are 1 to this.
    function offerCount() external view returns (uint256);

    /// @notice The money: an `EnergyToken`.
    function token() external view returns (IERC20);

    /// @notice Shortest time from purchase to deadline, seconds.
    function MIN_DELIVERY_WINDOW() external view returns (uint64);

    /// @notice Longest time from purchase to deadline, seconds.
    function MAX_DELIVERY_WINDOW() external view returns (uint64);

    /// @notice Seconds after the deadline that are kept for the last reading, before anyone may refund: long enough for
    /// an outage of the meter, its server or the chain. Fixed at deployment, 1 minute to 30 days.
    function GRACE_PERIOD() external view returns (uint64);
}
