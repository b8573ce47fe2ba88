// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IERC1363} from "@openzeppelin/contracts/interfaces/IERC1363.sol";
import {IERC1363Receiver} from "@openzeppelin/contracts/interfaces/IERC1363Receiver.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IEnergyToken} from "../../contracts/interfaces/IEnergyToken.sol";
import {IEnergyTrade} from "../../contracts/interfaces/IEnergyTrade.sol";
import {IMeterRegistry} from "../../contracts/interfaces/IMeterRegistry.sol";
import {cheats} from "./Cheats.sol";
import {Model} from "./Model.sol";

/// @notice An account that takes no ether.
contract Closed {}

/**
 * @notice The calls that forge strings together. Each draws its caller and arguments, often foolish ones, from `seed`;
 * asks the model what must come of it; makes the real call; and compares the answer and every record it could touch.
 */
contract Steps {
    error AnswersDiffer(
        string step,
        bytes call,
        bool willSucceed,
        bytes predicted,
        bool succeeded,
        bytes answer
    );
    error RecordsDiffer(string step, bytes expected, bytes found);
    error NumbersDiffer(string what, uint256 expected, uint256 found);

    uint256 private constant SUPPLY = 10 ** 27;
    uint256 private constant RATE = 1000;
    /// So many at a time: enough for every kind of quarrel, few enough to meet each again.
    uint256 private constant MANY_TRADES = 12;
    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    bytes32 private constant OPERATOR = keccak256("OPERATOR_ROLE");

    address public immutable token;
    address public immutable shop;
    Model public immutable model;
    address private immutable _admin;

    /// The first two sell, the next four buy and bring readings, the last takes no ether.
    address[] private _actors;
    uint256 private _now = 1_800_000_000;
    uint256 private _dice;
    /// Keys of the meters known count from 0x101.
    uint256 private _meterCount = 3;
    string private _step;
    /// By step and how it ended: the selector of its refusal, or zero.
    mapping(bytes32 => uint256) private _outcomes;
    bytes32[] private _outcomeKeys;
    mapping(bytes32 => string) private _outcomeNames;

    constructor() {
        _admin = address(this);
        token = cheats.deployCode("EnergyToken.sol:EnergyToken", abi.encode(SUPPLY, RATE));
        shop = cheats.deployCode("EnergyTrade.sol:EnergyTrade", abi.encode(token, uint64(600)));
        model = new Model(token, shop, _admin, SUPPLY, RATE);
        for (uint256 key = 1; key < 7; ++key) _actors.push(cheats.addr(key));
        _actors.push(address(new Closed()));
        for (uint256 i = 0; i < _actors.length; ++i) {
            cheats.deal(_actors[i], 10 ** 24);
            model.endow(_actors[i], 10 ** 24, _actors[i].code.length > 0);
        }
        cheats.warp(_now);
        _step = "begin";
        // The deployer is no operator until it says so.
        _commission(cheats.addr(0x101), _actors[0]);
        _try(
            _admin,
            shop,
            abi.encodeCall(IAccessControl.grantRole, (OPERATOR, _admin)),
            abi.encodeCall(Model.grantOperator, (_admin, _admin))
        );
        for (uint256 key = 1; key < 4; ++key) _commission(cheats.addr(0x100 + key), _actors[key % 2]);
        for (uint256 i = 2; i < _actors.length; ++i)
            _tryWithValue(
                _actors[i],
                10 ** 23,
                token,
                "",
                abi.encodeCall(Model.buyTokens, (_actors[i], 10 ** 23))
            );
    }

    /// A step begins where the last one's time ended.
    modifier step(string memory name, uint256 seed) {
        _step = name;
        _dice = seed;
        cheats.warp(_now);
        _;
        _checkMoney();
    }

    // ---------------------------------------------------------------- the operator

    function commission(uint256 seed) external step("commission", seed) {
        address caller = _below(8) == 0 ? _anyone() : _admin;
        address meter =
            _below(20) == 0
                ? address(0)
                : _below(3) == 0
                    ? _meter()
                    : cheats.addr(0x101 + _meterCount);
        address prosumer = _actors[_below(10) == 0 ? _below(_actors.length) : _below(2)];
        if (_below(20) == 0)
            prosumer =
                _below(3) == 0
                    ? address(0)
                    : _below(2) == 0
                        ? shop
                        : token;
        uint64 baseline = uint64(
            _below(20) == 0
                ? _oneOf(2 ** 40 - 1, 2 ** 40, 2 ** 64 - 1, 0)
                : _below(2) == 0
                    ? 0
                    : _below(10 ** 6)
        );
        uint256 nonce = _below(12) == 0 ? 1 : 0;
        IMeterRegistry.Signature memory consent = _sign(
            _below(12) == 0 ? 0xee : _keyOf(meter),
            model.consentDigest(_below(20) == 0 ? caller : prosumer, baseline, nonce)
        );
        if (meter == address(0) && _below(2) == 0) consent = IMeterRegistry.Signature(0, 0);
        _try(
            caller,
            shop,
            abi.encodeCall(IMeterRegistry.commission, (meter, prosumer, baseline, consent)),
            abi.encodeCall(Model.commission, (caller, meter, prosumer, baseline, consent))
        );
        _checkMeter(meter);
        if (model.meterOf(cheats.addr(0x101 + _meterCount)).prosumer != address(0)) ++_meterCount;
    }

    function decommission(uint256 seed) external step("decommission", seed) {
        // Seldom: without meters there is no market.
        address caller = _below(6) == 0 ? _admin : _anyone();
        address meter = _meter();
        _try(
            caller,
            shop,
            abi.encodeCall(IMeterRegistry.decommission, (meter)),
            abi.encodeCall(Model.decommission, (caller, meter))
        );
        _checkMeter(meter);
    }

    function retire(uint256 seed) external step("retire", seed) {
        address caller = _below(6) == 0 ? _admin : _anyone();
        address meter = _meter();
        _try(
            caller,
            shop,
            abi.encodeCall(IMeterRegistry.retire, (meter)),
            abi.encodeCall(Model.retire, (caller, meter))
        );
        _checkMeter(meter);
    }

    function appoint(uint256 seed) external step("appoint", seed) {
        address caller = _below(4) == 0 ? _anyone() : _admin;
        address account = _below(3) == 0 ? _anyone() : _admin;
        bool isGranted = _below(6) != 0;
        _try(
            caller,
            shop,
            isGranted
                ? abi.encodeCall(IAccessControl.grantRole, (OPERATOR, account))
                : abi.encodeCall(IAccessControl.revokeRole, (OPERATOR, account)),
            isGranted
                ? abi.encodeCall(Model.grantOperator, (caller, account))
                : abi.encodeCall(Model.revokeOperator, (caller, account))
        );
    }

    // ---------------------------------------------------------------- the seller

    function list(uint256 seed) external step("list", seed) {
        address meter = _meter();
        address seller = model.meterOf(meter).prosumer;
        address caller = seller == address(0) || _below(10) == 0 ? _anyone() : seller;
        uint64 milliWh = uint64(
            _below(12) == 0 ? _oneOf(0, 1, 2 ** 32 - 1, 2 ** 32) : 1 + _below(_below(2) == 0 ? 5000 : 100_000)
        );
        uint256 price = _below(2 ** 30) * 10 ** _below(13);
        if (_below(12) == 0) price = _oneOf(0, 1, 2 ** 96 - 1, 2 ** 96);
        uint64 window = uint64(
            _below(12) == 0
                ? (
                    _below(2) == 0
                        ? _oneOf(59, 60, 2_592_000, 2_592_001)
                        : _oneOf(0, 2 ** 32, 2 ** 64 - 1, 61)
                )
                : 60 + _below(600)
        );
        uint64 smallest = uint64(_below(3) == 0 ? 1 + _below(200) : 1);
        if (_below(12) == 0) smallest = uint64(_oneOf(0, milliWh, uint256(milliWh) + 1, 2 ** 32 + 1));
        _try(
            caller,
            shop,
            abi.encodeCall(IEnergyTrade.listOffer, (meter, milliWh, price, window, smallest)),
            abi.encodeCall(Model.listOffer, (caller, meter, milliWh, price, window, smallest))
        );
        _checkOffer(model.offerCount());
        _checkOffer(model.offerCount() + 1);
    }

    function withdraw(uint256 seed) external step("withdraw", seed) {
        uint256 offerId = _offer();
        address seller = model.meterOf(model.offerOf(offerId).meter).prosumer;
        address caller = seller == address(0) || _below(3) != 0 ? _anyone() : seller;
        _try(
            caller,
            shop,
            abi.encodeCall(IEnergyTrade.withdrawOffer, (offerId)),
            abi.encodeCall(Model.withdrawOffer, (caller, offerId))
        );
        _checkOffer(offerId);
    }

    // ---------------------------------------------------------------- the buyer

    function buy(uint256 seed) external step("buy", seed) {
        if (model.openCount() >= MANY_TRADES && _below(8) != 0) return;
        (uint256 offerId, uint256 milliWh, uint256 payment) = _order();
        address caller = _buyer();
        if (_below(10) == 0) payment = _below(2) == 0 ? payment + 1 : payment / 2;
        bytes memory data = abi.encode(offerId, milliWh);
        if (_below(20) == 0) data = abi.encodePacked(data, uint8(0));
        else if (_below(20) == 0) data = abi.encodePacked(data, uint256(0));
        else if (_below(20) == 0) data = abi.encodePacked(offerId);
        _try(
            caller,
            token,
            abi.encodeWithSignature("transferAndCall(address,uint256,bytes)", shop, payment, data),
            abi.encodeCall(Model.transferAndCall, (caller, payment, data))
        );
        _checkOffer(offerId);
        _checkNewest(offerId);
    }

    function buyByAllowance(uint256 seed) external step("buy by allowance", seed) {
        if (model.openCount() >= MANY_TRADES && _below(8) != 0) return;
        (uint256 offerId, uint256 milliWh, uint256 payment) = _order();
        address caller = _buyer();
        uint256 allowance = payment;
        uint256 maximum = _below(10) == 0 ? _oneOf(0, payment / 2, payment + 1, 2 ** 256 - 1) : payment;
        if (_below(10) == 0)
            allowance = _oneOf(0, payment - (payment == 0 ? 0 : 1), payment + 1, 2 ** 256 - 1);
        _try(
            caller,
            token,
            abi.encodeCall(IERC20.approve, (shop, allowance)),
            abi.encodeCall(Model.approve, (caller, allowance))
        );
        _try(
            caller,
            shop,
            abi.encodeCall(IEnergyTrade.purchase, (offerId, uint64(milliWh), maximum)),
            abi.encodeCall(Model.purchase, (caller, offerId, uint64(milliWh), maximum))
        );
        _checkOffer(offerId);
        _checkNewest(offerId);
        _same("allowance", model.allowanceOf(caller), IERC20(token).allowance(caller, shop));
    }

    /// In another's name, with nothing: for nothing no allowance is asked.
    function buyForAnother(uint256 seed) external step("buy for another", seed) {
        (uint256 offerId, uint256 milliWh, ) = _order();
        address victim = _buyer();
        bytes memory data = abi.encode(offerId, milliWh);
        bool isDirect = _below(2) == 0;
        address caller = _anyone();
        if (isDirect)
            _try(
                caller,
                shop,
                abi.encodeCall(IERC1363Receiver.onTransferReceived, (victim, victim, 0, data)),
                abi.encodeCall(Model.onTransferReceived, (caller))
            );
        else
            _try(
                caller,
                token,
                abi.encodeWithSignature(
                    "transferFromAndCall(address,address,uint256,bytes)",
                    victim,
                    shop,
                    0,
                    data
                ),
                abi.encodeCall(Model.transferAndCall, (victim, 0, data))
            );
        _checkOffer(offerId);
        _checkNewest(offerId);
    }

    // ---------------------------------------------------------------- anyone

    function settle(uint256 seed) external step("settle", seed) {
        (IEnergyTrade.Reading memory reading, IMeterRegistry.Signature memory signature) = _signedReading();
        _try(
            _anyone(),
            shop,
            abi.encodeCall(IEnergyTrade.settle, (reading, signature)),
            abi.encodeCall(Model.settle, (reading, signature))
        );
        _checkTrade(reading.tradeId);
    }

    function settleMany(uint256 seed) external step("settle many", seed) {
        uint256 count = _below(4);
        IEnergyTrade.Reading[] memory readings = new IEnergyTrade.Reading[](count);
        IMeterRegistry.Signature[] memory signatures = new IMeterRegistry.Signature[](
            _below(20) == 0 ? _below(5) : count
        );
        for (uint256 i = 0; i < count; ++i) {
            IMeterRegistry.Signature memory signature;
            (readings[i], signature) = _signedReading();
            if (i < signatures.length) signatures[i] = signature;
        }
        _try(
            _anyone(),
            shop,
            abi.encodeCall(IEnergyTrade.settleMany, (readings, signatures)),
            abi.encodeCall(Model.settleMany, (readings, signatures))
        );
        for (uint256 i = 0; i < count; ++i) _checkTrade(readings[i].tradeId);
    }

    function refund(uint256 seed) external step("refund", seed) {
        uint256 tradeId = _trade();
        address seller = model.tradeOf(tradeId).seller;
        address caller = seller == address(0) || _below(4) != 0 ? _anyone() : seller;
        // Around the second from which anyone may.
        if (_below(3) == 0) _travelTo(model.tradeOf(tradeId).deadline + 600);
        _try(
            caller,
            shop,
            abi.encodeCall(IEnergyTrade.refund, (tradeId)),
            abi.encodeCall(Model.refund, (caller, tradeId))
        );
        _checkTrade(tradeId);
    }

    function wait(uint256 seed) external step("wait", seed) {
        _now += _below(10) == 0 ? _below(3_000_000) : _below(120);
        cheats.warp(_now);
    }

    // ---------------------------------------------------------------- the token

    function buyTokens(uint256 seed) external step("buy tokens", seed) {
        address caller = _anyone();
        uint256 amount = _below(3) == 0 ? _below(1000) : 10 ** _below(24);
        if (_below(40) == 0) amount = model.tokensOf(token) / RATE + _below(2);
        if (amount > caller.balance) amount = caller.balance;
        _tryWithValue(caller, amount, token, "", abi.encodeCall(Model.buyTokens, (caller, amount)));
    }

    function redeem(uint256 seed) external step("redeem", seed) {
        address caller = _anyone();
        uint256 tokens = _below(3) == 0 ? RATE - 1 + _below(3) : 10 ** _below(26) + _below(10 ** 6);
        if (_below(12) == 0) tokens = model.tokensOf(caller) + _below(2);
        _try(
            caller,
            token,
            abi.encodeCall(IEnergyToken.redeem, (tokens)),
            abi.encodeCall(Model.redeem, (caller, tokens))
        );
    }

    function give(uint256 seed) external step("give", seed) {
        address caller = _anyone();
        address to = _below(6) == 0 ? (_below(2) == 0 ? shop : token) : _anyone();
        uint256 tokens = _below(12) == 0 ? model.tokensOf(caller) + _below(2) : _below(10 ** 18);
        _try(
            caller,
            token,
            abi.encodeCall(IERC20.transfer, (to, tokens)),
            abi.encodeCall(Model.transfer, (caller, to, tokens))
        );
    }

    // ---------------------------------------------------------------- at the end of a life

    /// @notice Compares everything there ever was.
    function audit() external {
        _step = "audit";
        _same("offers", model.offerCount(), IEnergyTrade(shop).offerCount());
        for (uint256 key = 1; key <= _meterCount + 1; ++key) _checkMeter(cheats.addr(0x100 + key));
        for (uint256 id = 1; id <= model.offerCount(); ++id) {
            _checkOffer(id);
            for (uint256 n = 0; n <= model.tradesOf(id) + 1; ++n) _checkTrade(id * 1_000_000 + n);
        }
    }

    /// @notice Adds how often each step ended how to `FUZZ_OUTCOMES`, a file, where that is set.
    function writeOutcomes() external {
        string memory file = cheats.envOr("FUZZ_OUTCOMES", "");
        if (bytes(file).length == 0) return;
        string memory lines;
        for (uint256 i = 0; i < _outcomeKeys.length; ++i) {
            bytes32 key = _outcomeKeys[i];
            lines = string.concat(lines, _outcomeNames[key], " ", cheats.toString(_outcomes[key]), ";");
        }
        cheats.writeLine(file, lines);
    }

    // ---------------------------------------------------------------- what is drawn

    function _commission(address meter, address prosumer) private {
        uint64 baseline = 1000;
        IMeterRegistry.Signature memory consent = _sign(
            _keyOf(meter),
            model.consentDigest(prosumer, baseline, 0)
        );
        _try(
            _admin,
            shop,
            abi.encodeCall(IMeterRegistry.commission, (meter, prosumer, baseline, consent)),
            abi.encodeCall(Model.commission, (_admin, meter, prosumer, baseline, consent))
        );
    }

    function _below(uint256 n) private returns (uint256) {
        _dice = uint256(keccak256(abi.encode(_dice)));
        return _dice % n;
    }

    function _oneOf(uint256 a, uint256 b, uint256 c, uint256 d) private returns (uint256) {
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

    function _anyone() private returns (address) {
        return _actors[_below(_actors.length)];
    }

    function _buyer() private returns (address) {
        return _actors[_below(10) == 0 ? _below(_actors.length) : 2 + _below(4)];
    }

    function _meter() private returns (address) {
        if (_below(20) == 0) return cheats.addr(0x101 + _below(_meterCount + 1));
        return cheats.addr(0x100 + _meterCount - _below(3));
    }

    /// Mostly one of the newest.
    function _offer() private returns (uint256) {
        uint256 count = model.offerCount();
        if (count == 0 || _below(20) == 0) return _below(count + 2);
        return count - _below(count < 6 ? count : 6);
    }

    function _order() private returns (uint256 offerId, uint256 milliWh, uint256 payment) {
        offerId = _offer();
        IEnergyTrade.Offer memory offer = model.offerOf(offerId);
        milliWh = _below(8) == 0 ? offer.remainingMilliWh + _below(2) : _below(800);
        payment = (milliWh * offer.pricePerKWh) / 1_000_000;
    }

    /// Mostly an open one.
    function _trade() private returns (uint256) {
        uint256 count = model.openCount();
        if (count == 0 || _below(10) == 0) return _offer() * 1_000_000 + _below(4);
        return model.openIds(_below(count));
    }

    /// As its meter would sign it, or as a faulty meter or a thief would.
    function _signedReading()
        private
        returns (IEnergyTrade.Reading memory reading, IMeterRegistry.Signature memory signature)
    {
        uint256 id = _trade();
        IEnergyTrade.Trade memory trade = model.tradeOf(id);
        IMeterRegistry.Meter memory meter = model.meterOf(trade.meter);
        uint256 rest = trade.orderedMilliWh - trade.deliveredMilliWh;
        uint256 fresh = _below(4) == 0 ? rest : _below(rest + 1);
        uint256 delivered = trade.deliveredMilliWh + fresh;
        uint256 register = meter.soldMilliWh + fresh;
        if (_below(3) == 0) register += _below(1000);
        if (meter.registerMilliWh > register && _below(2) == 0) register = meter.registerMilliWh;
        if (_below(8) == 0) delivered = _foolish(trade.deliveredMilliWh, trade.orderedMilliWh);
        if (_below(12) == 0) register = register == 0 ? 0 : register - 1;
        if (_below(100) == 0) register = _oneOf(2 ** 40 - 1, 2 ** 40, 2 ** 64 - 1, 0);
        reading = IEnergyTrade.Reading(id, uint64(delivered), uint64(register), _below(4) == 0);
        signature = _signature(trade.meter, reading);
    }

    function _foolish(uint256 delivered, uint256 ordered) private returns (uint256) {
        if (_below(2) == 0) return _oneOf(delivered, delivered == 0 ? 0 : delivered - 1, ordered + 1, 0);
        return _oneOf(ordered, 2 ** 32 + delivered + 1, 2 ** 64 - 1, _below(2 * ordered + 1));
    }

    function _signature(
        address meter,
        IEnergyTrade.Reading memory reading
    ) private returns (IMeterRegistry.Signature memory) {
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
    function _keyOf(address meter) private view returns (uint256) {
        for (uint256 key = 0x101; key <= 0x101 + _meterCount; ++key)
            if (cheats.addr(key) == meter) return key;
        return 1;
    }

    function _sign(uint256 key, bytes32 digest) private pure returns (IMeterRegistry.Signature memory) {
        (uint8 v, bytes32 r, bytes32 s) = cheats.sign(key, digest);
        return IMeterRegistry.Signature(r, v == 28 ? bytes32(uint256(s) | (2 ** 255)) : s);
    }

    /// To a second around `time`, never back.
    function _travelTo(uint256 time) private {
        time = time + _below(3) - 1;
        if (time > _now) _now = time;
        cheats.warp(_now);
    }

    // ---------------------------------------------------------------- what is compared

    function _try(address caller, address target, bytes memory call, bytes memory prediction) private {
        _tryWithValue(caller, 0, target, call, prediction);
    }

    function _tryWithValue(
        address caller,
        uint256 value,
        address target,
        bytes memory call,
        bytes memory prediction
    ) private {
        (bool willSucceed, bytes memory predicted) = address(model).call(prediction);
        cheats.prank(caller);
        (bool succeeded, bytes memory answer) = target.call{value: value}(call);
        if (willSucceed != succeeded || keccak256(predicted) != keccak256(answer))
            revert AnswersDiffer(_step, call, willSucceed, predicted, succeeded, answer);
        bytes4 selector = succeeded ? bytes4(0) : bytes4(answer);
        bytes32 key = keccak256(abi.encode(_step, selector));
        if (_outcomes[key]++ > 0) return;
        _outcomeKeys.push(key);
        _outcomeNames[key] = string.concat(_step, " ", cheats.toString(abi.encodePacked(selector)));
    }

    function _checkMeter(address meter) private view {
        _sameRecords(abi.encode(model.meterOf(meter)), abi.encode(IEnergyTrade(shop).meterOf(meter)));
    }

    function _checkOffer(uint256 id) private view {
        _sameRecords(abi.encode(model.offerOf(id)), abi.encode(IEnergyTrade(shop).offerOf(id)));
    }

    /// With its offer and meter.
    function _checkTrade(uint256 id) private view {
        IEnergyTrade.Trade memory trade = model.tradeOf(id);
        _sameRecords(abi.encode(trade), abi.encode(IEnergyTrade(shop).tradeOf(id)));
        _checkOffer(trade.offerId);
        _checkMeter(trade.meter);
    }

    /// The newest trade of an offer, and that there is none after it.
    function _checkNewest(uint256 offerId) private view {
        uint256 count = model.tradesOf(offerId);
        _checkTrade(offerId * 1_000_000 + count);
        _checkTrade(offerId * 1_000_000 + count + 1);
    }

    /// Who has what, to the last base unit and wei; and what must hold whatever the model says.
    function _checkMoney() private view {
        for (uint256 i = 0; i < _actors.length; ++i) {
            address actor = _actors[i];
            _same("tokens", model.tokensOf(actor), IERC20(token).balanceOf(actor));
            _same("wei", model.weiOf(actor), actor.balance);
        }
        uint256 held = IERC20(token).balanceOf(shop);
        _same("escrow", model.owed() + model.strayed(), held);
        _same("the token's own", model.tokensOf(token), IERC20(token).balanceOf(token));
        _same("the token's wei", model.weiOf(token), token.balance);
        uint256 circulation = IEnergyToken(payable(token)).circulation();
        _same("circulation", SUPPLY - model.tokensOf(token), circulation);
        if (token.balance * RATE < circulation)
            revert NumbersDiffer("ether for all", circulation, token.balance * RATE);
    }

    function _same(string memory what, uint256 expected, uint256 found) private pure {
        if (expected != found) revert NumbersDiffer(what, expected, found);
    }

    function _sameRecords(bytes memory expected, bytes memory found) private view {
        if (keccak256(expected) != keccak256(found)) revert RecordsDiffer(_step, expected, found);
    }
}
