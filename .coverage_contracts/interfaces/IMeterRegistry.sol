// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/**
 * @title The meters whose signatures count
 * @notice The operator trusts a meter, and names the prosumer who sells what it measures. A meter is an address: its
 * key lies in the machine that the meter is wired to, and signs. The registry counts, for each meter, how much energy it
 * has sold, and holds that against the highest register it has signed, so that no energy is sold twice.
 *
 * Units: energy is in milliwatt-hours (`…MilliWh`); a `register` is a meter's cumulative energy over its life, and
 * never goes back.
 *
 * A meter's life has two ends:
 * - `retire` is the usual one: nothing more can be listed or bought, what was bought is still delivered and paid.
 * - `decommission` is for a stolen or faulty key: from that moment no signature of it counts. What it had delivered
 *   and not yet settled is lost to the prosumer, since nobody can tell those readings from forged ones.
 *
 * Whoever holds `DEFAULT_ADMIN_ROLE`, at first the deployer, names the operators and can make itself one.
 */
interface IMeterRegistry {
    /// @notice How far a meter's life has come. A key that has left `Commissioned` never comes back to it.
    enum MeterStatus {
        Unknown,
        Commissioned,
        Retired,
        Decommissioned
    }

    /// @notice A meter: an address whose key signs readings.
    struct Meter {
        /// Who sells what this meter measures; zero once decommissioned.
        address prosumer;
        /// Its baseline and the energy settled for all of its trades since. Never exceeds `registerMilliWh`.
        uint64 soldMilliWh;
        /// Highest register it has signed; at first its baseline.
        uint64 registerMilliWh;
        MeterStatus status;
    }

    /// @notice A signature in 64 bytes, as ERC-2098 has it: `vs` is `s` with the recovery bit on top.
    struct Signature {
        bytes32 r;
        bytes32 vs;
    }

    // ---------------------------------------------------------------- events

    /// @param baselineMilliWh the register it began with, of which nothing can be sold
    event MeterCommissioned(address indexed meter, address indexed prosumer, uint64 baselineMilliWh);
    event MeterRetired(address indexed meter);
    event MeterDecommissioned(address indexed meter);

    // ---------------------------------------------------------------- errors

    /// @notice Thrown by `retire`, by listing and by a settlement for a meter that is not in the state it must be in:
    /// it was never commissioned, or is retired (no listing, no second retirement), or decommissioned (nothing at all).
    error MeterNotCommissioned(address meter);
    /// @notice Thrown by `commission`: the meter is commissioned now, or was once. A key never comes back.
    error MeterAlreadyKnown(address meter);
    /// @notice Thrown by `commission` for a prosumer that could never spend what it is paid: zero, this contract or the
    /// token.
    error InvalidProsumer(address prosumer);
    /// @notice Thrown by `commission`: somebody else signed the consent, or other values (then `signer` is any address).
    error ConsentNotByMeter(address meter, address signer);
    /// @notice Thrown when the caller is not the prosumer who sells what the meter measures.
    error NotProsumer(address meter, address caller);
    /// @notice Thrown by `commission` and by a settlement for a register of 2^40 mWh (1.1 GWh) or more.
    error RegisterTooLarge(address meter, uint256 registerMilliWh);
    /// @notice Thrown by a settlement when the same energy would be sold twice: the meter's highest register does not
    /// cover what it would have sold.
    error EnergyNotMetered(address meter, uint256 soldMilliWh, uint256 registerMilliWh);

    // ---------------------------------------------------------------- the operator

    /**
     * @notice Trusts `meter`'s signatures and names who sells its energy. Operator only.
     * @param baselineMilliWh the meter's register now; what it measured before cannot be sold here
     * @param consent by the meter itself over `hashCommission(prosumer, baselineMilliWh, nonces(meter))`
     */
    function commission(
        address meter,
        address prosumer,
        uint64 baselineMilliWh,
        Signature calldata consent
    ) external;

    /// @notice Ends a commissioned meter's selling: no listing, no purchase. Its open trades go on as they would have:
    /// readings count, and a refund waits for the deadline and the grace. Operator only.
    function retire(address meter) external;

    /// @notice Trusts `meter`, commissioned or retired, no more, at once and for good: for a stolen key. Its open trades
    /// are refundable at once; what was delivered for them and not settled is not paid. Operator only.
    function decommission(address meter) external;

    // ---------------------------------------------------------------- views

    function meterOf(address meter) external view returns (Meter memory);

    /// @notice The EIP-712 digest that a meter signs to be commissioned: type
    /// `Commission(address prosumer,uint64 baselineMilliWh,uint256 nonce)`, domain name "neighborwatt", version "2".
    function hashCommission(
        address prosumer,
        uint64 baselineMilliWh,
        uint256 nonce
    ) external view returns (bytes32);

    /// @notice Who may commission, retire and decommission meters; `DEFAULT_ADMIN_ROLE` grants it, to itself as well.
    function OPERATOR_ROLE() external view returns (bytes32);
}
