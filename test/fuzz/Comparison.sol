// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IEnergyToken} from "../../contracts/interfaces/IEnergyToken.sol";
import {IEnergyTrade} from "../../contracts/interfaces/IEnergyTrade.sol";
import {Cheats, cheats} from "./Cheats.sol";
import {Model} from "./Model.sol";

/// @notice Token, shop and model side by side: makes a call of each and reverts where answer, events or records differ.
abstract contract Comparison {
    error AnswersDiffer(
        string step,
        bytes call,
        bool willSucceed,
        bytes predicted,
        bool succeeded,
        bytes answer
    );
    error EventsDiffer(string step, bytes call);
    error RecordsDiffer(string step, bytes expected, bytes found);
    error NumbersDiffer(string what, uint256 expected, uint256 found);

    uint256 internal constant SUPPLY = 10 ** 27;
    uint256 internal constant RATE = 1000;
    /// Seconds.
    uint256 internal constant GRACE = 600;

    address public immutable token;
    address public immutable shop;
    Model public immutable model;
    address internal immutable _admin;

    /// Whose money is compared after each step.
    address[] internal _actors;
    string internal _step;
    /// Artifacts, by their names or paths.
    string internal _tokenCode;
    string internal _shopCode;
    /// By step and how it ended: the selector of its refusal, or zero.
    mapping(bytes32 => uint256) private _outcomes;
    bytes32[] private _outcomeKeys;
    mapping(bytes32 => string) private _outcomeNames;

    constructor() {
        _admin = address(this);
        // `npm run mutants` has others, each with a fault.
        _tokenCode = cheats.envOr("FUZZ_TOKEN", "EnergyToken.sol:EnergyToken");
        _shopCode = cheats.envOr("FUZZ_TRADE", "EnergyTrade.sol:EnergyTrade");
        token = cheats.deployCode(_tokenCode, abi.encode(SUPPLY, RATE));
        shop = cheats.deployCode(_shopCode, abi.encode(token, uint64(GRACE)));
        model = new Model(token, shop, _admin, SUPPLY, RATE, GRACE);
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

    function _try(address caller, address target, bytes memory call, bytes memory prediction) internal {
        _tryWithValue(caller, 0, target, call, prediction);
    }

    /// Deploys another one; of its answer only a refusal is compared.
    function _tryDeployment(
        string memory artifact,
        bytes memory arguments,
        bytes memory prediction
    ) internal {
        (bool willSucceed, bytes memory predicted) = address(model).call(prediction);
        bytes memory code = abi.encodePacked(cheats.getCode(artifact), arguments);
        address deployed;
        bytes memory answer;
        assembly ("memory-safe") {
            deployed := create(0, add(code, 32), mload(code))
            answer := mload(0x40)
            mstore(answer, returndatasize())
            returndatacopy(add(answer, 32), 0, returndatasize())
            mstore(0x40, add(answer, and(add(returndatasize(), 63), not(31))))
        }
        bool succeeded = deployed != address(0);
        if (willSucceed != succeeded || keccak256(predicted) != keccak256(answer))
            revert AnswersDiffer(_step, arguments, willSucceed, predicted, succeeded, answer);
        _note(succeeded ? bytes4(0) : bytes4(answer));
    }

    function _tryWithValue(
        address caller,
        uint256 value,
        address target,
        bytes memory call,
        bytes memory prediction
    ) internal {
        cheats.recordLogs();
        (bool willSucceed, bytes memory predicted) = address(model).call(prediction);
        bytes32 expected = _newEvents();
        cheats.prank(caller);
        (bool succeeded, bytes memory answer) = target.call{value: value}(call);
        if (willSucceed != succeeded || keccak256(predicted) != keccak256(answer))
            revert AnswersDiffer(_step, call, willSucceed, predicted, succeeded, answer);
        // Also what a refused call had emitted is recorded.
        if (succeeded && _newEvents() != expected) revert EventsDiffer(_step, call);
        _note(succeeded ? bytes4(0) : bytes4(answer));
    }

    function _note(bytes4 selector) private {
        bytes32 key = keccak256(abi.encode(_step, selector));
        if (_outcomes[key]++ > 0) return;
        _outcomeKeys.push(key);
        _outcomeNames[key] = string.concat(_step, " ", cheats.toString(abi.encodePacked(selector)));
    }

    /// A hash of the events since the last question, without those that OpenZeppelin's code emits.
    function _newEvents() private returns (bytes32 hash) {
        Cheats.Log[] memory logs = cheats.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32 kind = logs[i].topics[0];
            if (kind == IERC20.Transfer.selector || kind == IERC20.Approval.selector) continue;
            if (kind == IAccessControl.RoleGranted.selector || kind == IAccessControl.RoleRevoked.selector)
                continue;
            hash = keccak256(abi.encode(hash, logs[i].topics, logs[i].data));
        }
    }

    function _checkMeter(address meter) internal view {
        _same("nonce", model.nonces(meter), IERC20Permit(shop).nonces(meter));
        _sameRecords(abi.encode(model.meterOf(meter)), abi.encode(IEnergyTrade(shop).meterOf(meter)));
    }

    function _checkOffer(uint256 id) internal view {
        _sameRecords(abi.encode(model.offerOf(id)), abi.encode(IEnergyTrade(shop).offerOf(id)));
    }

    /// With its offer and meter.
    function _checkTrade(uint256 id) internal view {
        IEnergyTrade.Trade memory trade = model.tradeOf(id);
        _sameRecords(abi.encode(trade), abi.encode(IEnergyTrade(shop).tradeOf(id)));
        _checkOffer(trade.offerId);
        _checkMeter(trade.meter);
    }

    /// The newest trade of an offer, and that there is none after it.
    function _checkNewest(uint256 offerId) internal view {
        uint256 count = model.tradesOf(offerId);
        _checkTrade(offerId * 1_000_000 + count);
        _checkTrade(offerId * 1_000_000 + count + 1);
    }

    /// Who has what, to the last base unit and wei; and what must hold whatever the model says.
    function _checkMoney() internal view {
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

    function _same(string memory what, uint256 expected, uint256 found) internal pure {
        if (expected != found) revert NumbersDiffer(what, expected, found);
    }

    function _sameRecords(bytes memory expected, bytes memory found) internal view {
        if (keccak256(expected) != keccak256(found)) revert RecordsDiffer(_step, expected, found);
    }
}
