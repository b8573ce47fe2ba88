// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice For tests: a token as some old ones are, which answers false and does not revert when it moves nothing.
contract SilentToken {
    /// @notice What the next transfers answer.
    bool public answer;

    function setAnswer(bool answer_) external {
        answer = answer_;
    }

    function transfer(address, uint256) external view returns (bool) {
        return answer;
    }

    function transferFrom(address, address, uint256) external view returns (bool) {
        return answer;
    }
}
