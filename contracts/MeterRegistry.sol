// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IEnergyTrade} from "./interfaces/IEnergyTrade.sol";

/// @notice The meters of `EnergyTrade`: whose signatures count, and how much energy each has metered and sold.
abstract contract MeterRegistry is IEnergyTrade, AccessControl, EIP712 {
    /// One storage slot.
    struct MeterRecord {
        address prosumer;
        uint48 soldMilliWh;
        uint48 registerMilliWh;
    }

    /// @inheritdoc IEnergyTrade
    bytes32 public constant OPERATOR_ROLE = keccak256("OPERATOR_ROLE");

    bytes32 private constant READING_TYPEHASH = keccak256(
        "Reading(uint256 tradeId,uint64 deliveredMilliWh,uint64 registerMilliWh,bool isFinal)"
    );

    /// By meter.
    mapping(address => MeterRecord) private _meters;
    /// By meter.
    mapping(address => bool) private _isDecommissioned;

    /// @dev The deployer names the operators.
    constructor() EIP712("neighborwatt", "1") {
        _grantRole(DEFAULT_ADMIN_ROLE, msg.sender);
    }

    /// @inheritdoc IEnergyTrade
    function commission(address meter, address prosumer) external onlyRole(OPERATOR_ROLE) {
        if (meter == address(0)) revert InvalidMeter(meter);
        // Paid to this contract, money would be in no trade's escrow and lost.
        if (prosumer == address(0) || prosumer == address(this)) revert InvalidProsumer(prosumer);
        if (_meters[meter].prosumer != address(0) || _isDecommissioned[meter])
            revert MeterAlreadyKnown(meter);
        _meters[meter].prosumer = prosumer;
        emit MeterCommissioned(meter, prosumer);
    }

    /// @inheritdoc IEnergyTrade
    function decommission(address meter) external onlyRole(OPERATOR_ROLE) {
        _requireProsumer(meter);
        delete _meters[meter].prosumer;
        _isDecommissioned[meter] = true;
        emit MeterDecommissioned(meter);
    }

    /// @inheritdoc IEnergyTrade
    function meterOf(address meter) public view returns (Meter memory) {
        MeterRecord memory record = _meters[meter];
        MeterStatus status =
            record.prosumer != address(0)
                ? MeterStatus.Commissioned
                : _isDecommissioned[meter]
                    ? MeterStatus.Decommissioned
                    : MeterStatus.Unknown;
        return Meter(record.prosumer, record.soldMilliWh, record.registerMilliWh, status);
    }

    /// @inheritdoc IEnergyTrade
    function hashReading(Reading calldata reading) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(READING_TYPEHASH, reading)));
    }

    /// Adds to what a meter has sold, which its highest register must cover.
    function _count(address meter, uint256 newMilliWh, uint256 register) internal {
        if (register > type(uint48).max) revert RegisterTooLarge(meter, register);
        MeterRecord storage record = _meters[meter];
        uint256 sold = record.soldMilliWh + newMilliWh;
        if (register < record.registerMilliWh) register = record.registerMilliWh;
        if (sold > register) revert EnergyNotMetered(meter, sold, register);
        record.soldMilliWh = uint48(sold);
        record.registerMilliWh = uint48(register);
    }

    function _requireSigned(Reading calldata reading, bytes calldata signature, address meter) internal view {
        address signer = _signerOf(reading, signature);
        if (signer != meter) revert ReadingNotByMeter(reading.tradeId, meter, signer);
    }

    function _requireProsumer(address meter) internal view returns (address prosumer) {
        prosumer = _meters[meter].prosumer;
        if (prosumer == address(0)) revert MeterNotCommissioned(meter);
    }

    /// Zero for a meter that is not commissioned.
    function _prosumerOf(address meter) internal view returns (address) {
        return _meters[meter].prosumer;
    }

    /// Who signed a reading; zero when nobody did.
    function _signerOf(
        Reading calldata reading,
        bytes calldata signature
    ) private view returns (address signer) {
        if (signature.length != 65) return address(0);
        (bytes32 r, bytes32 s, bytes1 v) = (
            bytes32(signature[:32]),
            bytes32(signature[32:64]),
            signature[64]
        );
        (signer, , ) = ECDSA.tryRecover(hashReading(reading), uint8(v), r, s);
    }
}
