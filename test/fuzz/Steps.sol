// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IERC1363Receiver} from "@openzeppelin/contracts/interfaces/IERC1363Receiver.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IEnergyToken} from "../../contracts/interfaces/IEnergyToken.sol";
import {IEnergyTrade} from "../../contracts/interfaces/IEnergyTrade.sol";
import {IMeterRegistry} from "../../contracts/interfaces/IMeterRegistry.sol";
import {cheats} from "./Cheats.sol";
import {Draws} from "./Draws.sol";
import {Model} from "./Model.sol";

/// @notice An account that takes no ether.
contract Closed {}

/**
 * @notice The calls that forge strings together. Each draws its caller and arguments, often foolish ones, from `seed`;
 * asks the model what must come of it; makes the real call; and compares the answer and every record it could touch.
 */
contract Steps is Draws {
    /// So many at a time: enough for every kind of quarrel, few enough to meet each again.
    uint256 private constant MANY_TRADES = 12;
    bytes32 private constant OPERATOR = keccak256("OPERATOR_ROLE");

    constructor() {
        // The first two sell, the next four buy and bring readings, the last takes no ether.
        for (uint256 key = 1; key < 7; ++key) _actors.push(cheats.addr(key));
        _actors.push(address(new Closed()));
        for (uint256 i = 0; i < _actors.length; ++i) {
            cheats.deal(_actors[i], 10 ** 24);
            model.endow(_actors[i], 10 ** 24, _actors[i].code.length > 0);
        }
        cheats.warp(_now);
        _step = "begin";
        // The deployer is no operator until it says so.
        _begin(_meterAt(1), _actors[0]);
        _try(
            _admin,
            shop,
            abi.encodeCall(IAccessControl.grantRole, (OPERATOR, _admin)),
            abi.encodeCall(Model.grantOperator, (_admin, _admin))
        );
        for (_meterCount = 0; _meterCount < 3; ++_meterCount)
            _begin(_meterAt(_meterCount + 1), _actors[_meterCount % 2]);
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
                    : _meterAt(_meterCount + 1);
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
        if (model.meterOf(_meterAt(_meterCount + 1)).prosumer != address(0)) ++_meterCount;
    }

    function decommission(uint256 seed) external step("decommission", seed) {
        address meter = _meter();
        uint256 tradeId = _tradeAtBoundary(meter);
        _endMeter(meter, IMeterRegistry.decommission.selector, Model.decommission.selector, tradeId);
    }

    function retire(uint256 seed) external step("retire", seed) {
        address meter = _meter();
        uint256 tradeId = _tradeAtBoundary(meter);
        _endMeter(meter, IMeterRegistry.retire.selector, Model.retire.selector, tradeId);
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
        uint256 maximum =
            _below(10) == 0
                ? _oneOf(0, payment - (payment == 0 ? 0 : 1), payment + 1, 2 ** 256 - 1)
                : payment;
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
        if (_below(6) == 0) _travelTo(model.tradeOf(reading.tradeId).deadline + GRACE);
        _settle(reading, signature);
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
        // To the second from which anyone may; seldom to the deadline, which opens nothing.
        if (_below(3) == 0) _travelTo(model.tradeOf(tradeId).deadline + (_below(4) == 0 ? 0 : GRACE));
        _refund(tradeId);
    }

    function wait(uint256 seed) external step("wait", seed) {
        _now += _below(10) == 0 ? _below(3_000_000) : _below(120);
        cheats.warp(_now);
    }

    /// Another token and another shop, which nobody uses.
    function deploy(uint256 seed) external step("deploy", seed) {
        // Seldom: their code is read from a file.
        if (_below(4) != 0) return;
        if (_below(4) == 0) {
            bytes memory values = abi.encode(_below(2) * SUPPLY, _below(2));
            _tryDeployment(_tokenCode, values, abi.encodePacked(Model.deployToken.selector, values));
            return;
        }
        uint256 grace =
            _below(2) == 0 ? _oneOf(59, 60, 61, 0) : _oneOf(2_592_000, 2_592_001, 86_400, 2 ** 64 - 1);
        bytes memory arguments = abi.encode(token, grace);
        _tryDeployment(_shopCode, arguments, abi.encodePacked(Model.deployTrade.selector, arguments));
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
        for (uint256 key = 1; key <= _meterCount + 1; ++key) _checkMeter(_meterAt(key));
        for (uint256 id = 1; id <= model.offerCount(); ++id) {
            _checkOffer(id);
            for (uint256 n = 0; n <= model.tradesOf(id) + 1; ++n) _checkTrade(id * 1_000_000 + n);
        }
    }

    // ---------------------------------------------------------------- what several steps do

    function _begin(address meter, address prosumer) private {
        IMeterRegistry.Signature memory consent = _sign(
            _keyOf(meter),
            model.consentDigest(prosumer, 1000, 0)
        );
        _try(
            _admin,
            shop,
            abi.encodeCall(IMeterRegistry.commission, (meter, prosumer, 1000, consent)),
            abi.encodeCall(Model.commission, (_admin, meter, prosumer, 1000, consent))
        );
    }

    /// Then its trade, at this very second, by whoever gets there first.
    function _endMeter(address meter, bytes4 call, bytes4 prediction, uint256 tradeId) private {
        // Seldom: without meters there is no market.
        address caller = _below(12) == 0 ? _admin : _anyone();
        _try(
            caller,
            shop,
            abi.encodeWithSelector(call, meter),
            abi.encodeWithSelector(prediction, caller, meter)
        );
        _checkMeter(meter);
        if (_below(2) == 0) return;
        _step = "after an end";
        if (_below(2) == 0) _refund(tradeId);
        (IEnergyTrade.Reading memory reading, IMeterRegistry.Signature memory signature) = _readingOf(
            tradeId
        );
        _settle(reading, signature);
    }

    /// By anyone; one in four by the trade's own buyer.
    function _settle(IEnergyTrade.Reading memory reading, IMeterRegistry.Signature memory signature) private {
        address buyer = model.tradeOf(reading.tradeId).buyer;
        _try(
            buyer != address(0) && _below(4) == 0 ? buyer : _anyone(),
            shop,
            abi.encodeCall(IEnergyTrade.settle, (reading, signature)),
            abi.encodeCall(Model.settle, (reading, signature))
        );
        _checkTrade(reading.tradeId);
    }

    function _refund(uint256 tradeId) private {
        address seller = model.tradeOf(tradeId).seller;
        address caller = seller == address(0) || _below(4) != 0 ? _anyone() : seller;
        _try(
            caller,
            shop,
            abi.encodeCall(IEnergyTrade.refund, (tradeId)),
            abi.encodeCall(Model.refund, (caller, tradeId))
        );
        _checkTrade(tradeId);
    }
}
