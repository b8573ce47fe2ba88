// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IMeterRegistry} from "./interfaces/IMeterRegistry.sol";

/// @notice See `IMeterRegistry`.
abstract contract MeterRegistry is IMeterRegistry, AccessControl, EIP712, Nonces {
    /// One storage slot.
    struct MeterRecord {
        address prosumer;
        MeterStatus status;
        uint40 soldMilliWh;
        uint40 registerMilliWh;
    }

    /// @inheritdoc IMeterRegistry
    bytes32 public constant OPERATOR_ROLE = keccak256("OPERATOR_ROLE");

    bytes32 private constant COMMISSION_TYPEHASH = keccak256(
        "Commission(address prosumer,uint64 baselineMilliWh,uint256 nonce)"
    );

    /// By meter.
    mapping(address => MeterRecord) private _meters;

    /// @dev The deployer names the operators.
    constructor() EIP712("neighborwatt", "2") {
        _grantRole(DEFAULT_ADMIN_ROLE, msg.sender);
    }

    /// @inheritdoc IMeterRegistry
    function commission(
        address meter,
        address prosumer,
        uint64 baselineMilliWh,
        Signature calldata consent
    ) external onlyRole(OPERATOR_ROLE) {
        if (!_canSpend(prosumer)) revert InvalidProsumer(prosumer);
        if (_meters[meter].status != MeterStatus.Unknown) revert MeterAlreadyKnown(meter);
        if (baselineMilliWh > type(uint40).max) revert RegisterTooLarge(meter, baselineMilliWh);
        address signer = _signerOf(hashCommission(prosumer, baselineMilliWh, _useNonce(meter)), consent);
        // Nobody signs for the zero address: it is what a malformed signature recovers to.
        if (signer != meter || meter == address(0)) revert ConsentNotByMeter(meter, signer);
        uint40 baseline = uint40(baselineMilliWh);
        _meters[meter] = MeterRecord(prosumer, MeterStatus.Commissioned, baseline, baseline);
        emit MeterCommissioned(meter, prosumer, baselineMilliWh);
    }

    /// @inheritdoc IMeterRegistry
    function retire(address meter) external onlyRole(OPERATOR_ROLE) {
        if (_sellerOf(meter) == address(0)) revert MeterNotCommissioned(meter);
        _meters[meter].status = MeterStatus.Retired;
        emit MeterRetired(meter);
    }

    /// @inheritdoc IMeterRegistry
    function decommission(address meter) external onlyRole(OPERATOR_ROLE) {
        _requireProsumer(meter);
        MeterRecord storage record = _meters[meter];
        record.prosumer = address(0);
        record.status = MeterStatus.Decommissioned;
        emit MeterDecommissioned(meter);
    }

    /// @inheritdoc IMeterRegistry
    function meterOf(address meter) public view returns (Meter memory) {
        MeterRecord memory record = _meters[meter];
        return Meter(record.prosumer, record.soldMilliWh, record.registerMilliWh, record.status);
    }

    /// @inheritdoc IMeterRegistry
    function hashCommission(
        address prosumer,
        uint64 baselineMilliWh,
        uint256 nonce
    ) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(COMMISSION_TYPEHASH, prosumer, baselineMilliWh, nonce)));
    }

    /// Whether money paid to `prosumer` can ever be spent: at this contract it would be in no trade's escrow and lost.
    function _canSpend(address prosumer) internal view virtual returns (bool) {
        return prosumer != address(0) && prosumer != address(this);
    }

    /// Adds to what a meter has sold, which its highest register must cover.
    function _count(address meter, uint256 newMilliWh, uint256 register) internal {
        if (register > type(uint40).max) revert RegisterTooLarge(meter, register);
        MeterRecord storage record = _meters[meter];
        uint256 sold = record.soldMilliWh + newMilliWh;
        if (register < record.registerMilliWh) register = record.registerMilliWh;
        if (sold > register) revert EnergyNotMetered(meter, sold, register);
        record.soldMilliWh = uint40(sold);
        record.registerMilliWh = uint40(register);
    }

    /// The prosumer of a meter whose signatures count: commissioned or retired.
    function _requireProsumer(address meter) internal view returns (address prosumer) {
        prosumer = _meters[meter].prosumer;
        if (prosumer == address(0)) revert MeterNotCommissioned(meter);
    }

    /// The same; zero for any other meter.
    function _prosumerOf(address meter) internal view returns (address) {
        return _meters[meter].prosumer;
    }

    /// The prosumer of a meter that sells: commissioned. Zero for any other.
    function _sellerOf(address meter) internal view returns (address) {
        MeterRecord storage record = _meters[meter];
        return record.status == MeterStatus.Commissioned ? record.prosumer : address(0);
    }

    /// Who signed a digest; zero when it is no signature.
    function _signerOf(bytes32 digest, Signature calldata signature) internal pure returns (address signer) {
        (signer, , ) = ECDSA.tryRecover(digest, signature.r, signature.vs);
    }
}
