// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

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
interface IEnergyTrade {
    /// @notice How far a meter's life has come. `Decommissioned` is for good: its key is never trusted again.
    enum MeterStatus {
        Unknown,
        Commissioned,
        Decommissioned
    }

    /// @notice How far a trade's life has come. The record of a closed trade is deleted; its events remain.
    enum TradeStatus {
        Unknown,
        Open,
        Closed
    }

    /// @notice A meter: an address whose key signs readings.
    struct Meter {
        /// Who sells what this meter measures; zero once decommissioned.
        address prosumer;
        /// Sum of the energy settled for all of its trades. Never exceeds `registerMilliWh`.
        uint64 soldMilliWh;
        /// Highest register it has signed.
        uint64 registerMilliWh;
        MeterStatus status;
    }

    /// @notice A standing promise to sell.
    struct Offer {
        address meter;
        /// What can still be bought; 0 when sold out, withdrawn, or its meter is decommissioned.
        uint64 remainingMilliWh;
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
     * @notice What a meter signs, as EIP-712 typed data. Both quantities are cumulative, so a lost reading loses no
     * energy, and readings of different trades may arrive in any order.
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

    event MeterCommissioned(address indexed meter, address indexed prosumer);
    event MeterDecommissioned(address indexed meter);
    event OfferListed(
        uint256 indexed offerId,
        address indexed meter,
        address indexed prosumer,
        uint64 milliWh,
        uint256 pricePerKWh,
        uint64 deliveryWindow
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

    error MeterNotCommissioned(address meter);
    /// @notice It is commissioned now, or was once: a decommissioned key never comes back.
    error MeterAlreadyKnown(address meter);
    error InvalidMeter(address meter);
    error InvalidProsumer(address prosumer);
    error NotProsumer(address meter, address caller);
    error InvalidQuantity(uint256 milliWh);
    error InvalidPrice(uint256 pricePerKWh);
    error InvalidDeliveryWindow(uint256 deliveryWindow, uint256 minimum, uint256 maximum);
    error OfferNotOpen(uint256 offerId);
    error OfferExceeded(uint256 offerId, uint256 requestedMilliWh, uint256 remainingMilliWh);
    /// @notice One offer can be bought at most 999,999 times; list a new one.
    error OfferExhausted(uint256 offerId);
    error BuyerIsSeller(uint256 offerId, address buyer);
    /// @notice The quantity costs less than one base unit.
    error PaymentTooSmall(uint256 offerId, uint256 milliWh);
    error WrongPayment(uint256 offerId, uint256 expected, uint256 received);
    error WrongToken(address caller);
    /// @notice `transferAndCall` takes `abi.encode(uint256 offerId, uint64 milliWh)`.
    error InvalidPurchaseData(bytes data);
    error TradeNotOpen(uint256 tradeId);
    error ReadingNotByMeter(uint256 tradeId, address meter, address signer);
    /// @notice Goes backwards, or says nothing new.
    error ReadingNotNew(uint256 tradeId, uint256 deliveredMilliWh, uint256 settledMilliWh);
    error ReadingExceedsOrder(uint256 tradeId, uint256 deliveredMilliWh, uint256 orderedMilliWh);
    error RegisterTooLarge(address meter, uint256 registerMilliWh);
    /// @notice The same energy would be sold twice: the meter's register does not cover what it would have sold.
    error EnergyNotMetered(address meter, uint256 soldMilliWh, uint256 registerMilliWh);
    error LengthMismatch(uint256 readings, uint256 signatures);
    /// @param refundableAt Unix seconds from when anyone may
    error RefundTooEarly(uint256 tradeId, uint256 refundableAt);

    // ---------------------------------------------------------------- the operator

    /// @notice Trusts `meter`'s signatures and names who sells its energy. Operator only.
    function commission(address meter, address prosumer) external;

    /// @notice Trusts `meter` no more, for good. Its open trades are refundable at once. Operator only.
    function decommission(address meter) external;

    // ---------------------------------------------------------------- the seller

    /**
     * @notice Offers `milliWh` of a meter's energy. Caller: the meter's prosumer.
     * @param milliWh 1 to 2^32-1 (4.29 MWh)
     * @param pricePerKWh 1 to 2^96-1
     * @param deliveryWindow `MIN_DELIVERY_WINDOW` to `MAX_DELIVERY_WINDOW` seconds
     */
    function listOffer(
        address meter,
        uint64 milliWh,
        uint256 pricePerKWh,
        uint64 deliveryWindow
    ) external returns (uint256 offerId);

    /// @notice Takes what remains of an offer off the market; trades already opened go on. Caller: the prosumer.
    function withdrawOffer(uint256 offerId) external;

    // ---------------------------------------------------------------- the buyer

    /**
     * @notice Buys `milliWh` of an offer with an allowance given to this contract before. The same purchase in one
     * transaction: `token.transferAndCall(trade, payment, abi.encode(offerId, milliWh))` with
     * `payment = paymentFor(milliWh, pricePerKWh)` exactly.
     */
    function purchase(uint256 offerId, uint64 milliWh) external returns (uint256 tradeId);

    // ---------------------------------------------------------------- anyone

    /**
     * @notice Pays the seller for what is new in a signed reading; closes the trade when the reading is final or the
     * order is fulfilled, and returns the rest to the buyer. Anyone may bring it: the signature is what counts.
     * @param signature 65 bytes by the trade's meter over `hashReading(reading)`
     */
    function settle(Reading calldata reading, bytes calldata signature) external;

    /// @notice Settles several in one transaction: all or none.
    function settleMany(Reading[] calldata readings, bytes[] calldata signatures) external;

    /**
     * @notice Closes a trade and pays the buyer what was not settled. By the seller at any time; by anyone when the
     * deadline and `GRACE_PERIOD` have passed, or at once when the meter is decommissioned.
     */
    function refund(uint256 tradeId) external;

    // ---------------------------------------------------------------- views

    /// @notice The EIP-712 digest a meter signs. Domain: name "neighborwatt", version "1".
    function hashReading(Reading calldata reading) external view returns (bytes32);

    /// @notice What `milliWh` cost, base units, rounded down.
    function paymentFor(uint64 milliWh, uint96 pricePerKWh) external pure returns (uint256);

    function meterOf(address meter) external view returns (Meter memory);

    function offerOf(uint256 offerId) external view returns (Offer memory);

    function tradeOf(uint256 tradeId) external view returns (Trade memory);

    /// @notice How many offers were ever listed; their ids are 1 to this.
    function offerCount() external view returns (uint256);

    /// @notice The money: an `EnergyToken`.
    function token() external view returns (IERC20);

    /// @notice Who may commission and decommission meters; `DEFAULT_ADMIN_ROLE` grants it.
    function OPERATOR_ROLE() external view returns (bytes32);

    /// @notice Shortest time from purchase to deadline, seconds.
    function MIN_DELIVERY_WINDOW() external view returns (uint64);

    /// @notice Longest time from purchase to deadline, seconds.
    function MAX_DELIVERY_WINDOW() external view returns (uint64);

    /// @notice Seconds after the deadline that are kept for the last reading, before anyone may refund.
    function GRACE_PERIOD() external view returns (uint64);
}
