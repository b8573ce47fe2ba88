// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Steps} from "./Steps.sol";

/// @notice What forge runs: lives of one market, each a string of random steps (`Steps`), with an audit at its end.
contract MarketTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    Steps private _steps;

    function setUp() external {
        _steps = new Steps();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_steps);
    }

    /// The more often a step stands here, the more often it is taken.
    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[26] memory steps = [
            Steps.buy.selector,
            Steps.buyByAllowance.selector,
            Steps.buyForAnother.selector,
            Steps.settle.selector,
            Steps.settleMany.selector,
            Steps.refund.selector,
            Steps.wait.selector,
            Steps.deploy.selector,
            Steps.list.selector,
            Steps.withdraw.selector,
            Steps.commission.selector,
            Steps.decommission.selector,
            Steps.retire.selector,
            Steps.appoint.selector,
            Steps.buyTokens.selector,
            Steps.redeem.selector,
            Steps.give.selector,
            Steps.buy.selector,
            Steps.buy.selector,
            Steps.buyByAllowance.selector,
            Steps.settle.selector,
            Steps.settle.selector,
            Steps.settle.selector,
            Steps.settleMany.selector,
            Steps.list.selector,
            Steps.list.selector
        ];
        bytes4[] memory selectors = new bytes4[](steps.length);
        for (uint256 i = 0; i < steps.length; ++i) selectors[i] = steps[i];
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_steps), selectors);
    }

    /// Each step compares by itself and reverts where model and contracts differ.
    function invariant_everyAnswerAndEveryRecordIsTheModels() external view {}

    function afterInvariant() external {
        _steps.audit();
        _steps.writeOutcomes();
    }
}
