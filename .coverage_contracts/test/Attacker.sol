// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @notice For tests: an account that is a contract. Calls whatever it is told, several calls in one transaction, and
/// again from inside when ether or tokens reach it.
contract Attacker {
    struct Call {
        address target;
        uint256 value;
        bytes data;
    }

    Call[] private _onEther;
    /// @notice How many of the calls made from inside succeeded.
    uint256 public reentered;
    /// @notice How often ether arrived.
    uint256 public receipts;

    receive() external payable {
        ++receipts;
        // Once: the attack is the second entry, not an endless loop.
        if (receipts > 1) return;
        for (uint256 i = 0; i < _onEther.length; ++i) {
            Call memory next = _onEther[i];
            (bool success, ) = next.target.call{value: next.value}(next.data);
            if (success) ++reentered;
        }
    }

    /// @notice Sets what is called from inside `receive`.
    function prepare(Call[] calldata calls) external {
        delete _onEther;
        for (uint256 i = 0; i < calls.length; ++i) _onEther.push(calls[i]);
    }

    /// @notice All or none, with the reason of the first that fails.
    function execute(Call[] calldata calls) external payable {
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool success, bytes memory reason) = calls[i].target.call{value: calls[i].value}(calls[i].data);
            Address.verifyCallResult(success, reason);
        }
    }
}
