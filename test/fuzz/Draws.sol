// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IEnergyTrade} from "../../contracts/interfaces/IEnergyTrade.sol";
import {IMeterRegistry} from "../../contracts/interfaces/IMeterRegistry.sol";
import {cheats} from "./Cheats.sol";
import {Comparison} from "./Comparison.sol";

/// @notice What a step draws from its seed: who calls, of what, with which values, and when.
abstract contract Draws is Comparison {
    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    uint256 internal _now = 1_800_000_000;
    uint256 internal _dice;
    /// Meters commissioned so far, and the next: numbered from 1.
    uint256 internal _meterCount;
    mapping(uint256 => address) private _meters;
    mapping(address => uint256) private _keys;

    function _below(uint256 n) internal returns (uint256) {
        _dice = uint256(keccak256(abi.encode(_dice)));
        return _dice % n;
    }

    function _oneOf(uint256 a, uint256 b, uint256 c, uint256 d) internal returns (uint256) {
        uint256 n = _below(4);
        return
            n == 0
                ? a
                : n == 1
                    ? b
                    : n == 2
                        ? c
                        : d;
    }

    function _anyone() internal returns (address) {
        return _actors[_below(_actors.length)];
    }

    function _buyer() internal returns (address) {
        return _actors[_below(10) == 0 ? _below(_actors.length) : 2 + _below(4)];
    }

    /// The n-th meter. Its key is kept: deriving an address is the dearest thing here.
    function _meterAt(uint256 n) internal returns (address meter) {
        meter = _meters[n];
        if (meter != address(0)) return meter;
        meter = cheats.addr(0x100 + n);
        _meters[n] = meter;
        _keys[meter] = 0x100 + n;
    }

    /// Mostly one of the newest.
    function _meter() internal returns (address) {
        return _meterAt(_below(20) == 0 ? 1 + _below(_meterCount + 1) : _meterCount - _below(3));
    }

    /// Mostly one of the newest.
    function _offer() internal returns (uint256) {
        uint256 count = model.offerCount();
        if (count == 0 || _below(20) == 0) return _below(count + 2);
        return count - _below(count < 6 ? count : 6);
    }

    function _order() internal returns (uint256 offerId, uint256 milliWh, uint256 payment) {
        offerId = _offer();
        IEnergyTrade.Offer memory offer = model.offerOf(offerId);
        milliWh = _below(8) == 0 ? offer.remainingMilliWh + _below(2) : _below(800);
        // About the smallest order.
        if (_below(8) == 0)
            milliWh = offer.smallestOrderMilliWh + _below(3) - (offer.smallestOrderMilliWh == 0 ? 0 : 1);
        payment = (milliWh * offer.pricePerKWh) / 1_000_000;
    }

    /// Mostly an open one.
    function _trade() internal returns (uint256) {
        uint256 count = model.openCount();
        if (count == 0 || _below(10) == 0) return _offer() * 1_000_000 + _below(4);
        return model.openIds(_below(count));
    }

    /// An open trade of this meter, or any, at the last moments of its deadline or grace, or now.
    function _tradeAtBoundary(address meter) internal returns (uint256 id) {
        id = _trade();
        for (uint256 i = 0; i < model.openCount(); ++i)
            if (model.tradeOf(model.openIds(i)).meter == meter) id = model.openIds(i);
        if (_below(4) == 0) _travelTo(model.tradeOf(id).deadline + (_below(4) == 0 ? 0 : GRACE));
    }

    /// As its meter would sign it, or as a faulty meter or a thief would.
    function _signedReading()
        internal
        returns (IEnergyTrade.Reading memory, IMeterRegistry.Signature memory)
    {
        return _readingOf(_trade());
    }

    function _readingOf(
        uint256 id
    ) internal returns (IEnergyTrade.Reading memory reading, IMeterRegistry.Signature memory signature) {
        IEnergyTrade.Trade memory trade = model.tradeOf(id);
        IMeterRegistry.Meter memory meter = model.meterOf(trade.meter);
        uint256 rest = trade.orderedMilliWh - trade.deliveredMilliWh;
        uint256 fresh = _below(6) == 0 ? rest : _below(rest + 1);
        uint256 delivered = trade.deliveredMilliWh + fresh;
        uint256 register = meter.soldMilliWh + fresh;
        if (_below(3) == 0) register += _below(1000);
        if (meter.registerMilliWh > register && _below(2) == 0) register = meter.registerMilliWh;
        if (_below(8) == 0) delivered = _foolish(trade.deliveredMilliWh, trade.orderedMilliWh);
        if (_below(12) == 0) register = register == 0 ? 0 : register - 1;
        if (_below(100) == 0) register = _oneOf(2 ** 40 - 1, 2 ** 40, 2 ** 64 - 1, 0);
        reading = IEnergyTrade.Reading(id, uint64(delivered), uint64(register), _below(6) == 0);
        signature = _signature(trade.meter, reading);
    }

    function _foolish(uint256 delivered, uint256 ordered) internal returns (uint256) {
        if (_below(2) == 0) return _oneOf(delivered, delivered == 0 ? 0 : delivered - 1, ordered + 1, 0);
        return _oneOf(ordered, 2 ** 32 + delivered + 1, 2 ** 64 - 1, _below(2 * ordered + 1));
    }

    function _signature(
        address meter,
        IEnergyTrade.Reading memory reading
    ) internal returns (IMeterRegistry.Signature memory) {
        uint256 fault = _below(60);
        if (fault == 1) reading = IEnergyTrade.Reading(reading.tradeId + 1, 1, 1, false);
        IMeterRegistry.Signature memory signature = _sign(
            fault == 0 ? 0xee : _keyOf(meter),
            model.digestOf(reading)
        );
        // The other form of the same signature has no room for its recovery bit when `s` is above half: try it still.
        if (fault == 2) signature.vs = bytes32(ORDER - (uint256(signature.vs) & (2 ** 255 - 1)));
        if (fault == 3) signature.vs ^= bytes32(uint256(2 ** 255));
        if (fault == 4) signature = IMeterRegistry.Signature(0, 0);
        return signature;
    }

    /// Any other address has a key that is no meter's.
    function _keyOf(address meter) internal view returns (uint256) {
        return _keys[meter] == 0 ? 1 : _keys[meter];
    }

    function _sign(uint256 key, bytes32 digest) internal pure returns (IMeterRegistry.Signature memory) {
        (uint8 v, bytes32 r, bytes32 s) = cheats.sign(key, digest);
        return IMeterRegistry.Signature(r, v == 28 ? bytes32(uint256(s) | (2 ** 255)) : s);
    }

    /// To a second around `time`, never back.
    function _travelTo(uint256 time) internal {
        uint256 after_ = time + _below(3);
        if (after_ > _now + 1) _now = after_ - 1;
        cheats.warp(_now);
    }
}
