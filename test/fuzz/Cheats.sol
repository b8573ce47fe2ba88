// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice What of forge's cheatcodes is used here (https://getfoundry.sh/reference/cheatcodes/overview).
interface Cheats {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    /// @notice Sets the time, Unix seconds.
    function warp(uint256 timestamp) external;
    /// @notice Makes the next call come from `caller`.
    function prank(address caller) external;
    /// @notice Sets an account's wei.
    function deal(address account, uint256 balance) external;
    /// @notice Forgets the events of before.
    function recordLogs() external;
    /// @notice Those since the last question.
    function getRecordedLogs() external returns (Log[] memory);
    function addr(uint256 key) external pure returns (address);
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    /// @notice Deploys what forge has compiled of `contracts/`, or a file of that form, so that this folder is not
    /// compiled anew with it.
    function getCode(string calldata artifact) external view returns (bytes memory creationCode);
    function deployCode(string calldata artifact, bytes calldata arguments) external returns (address);
    function envOr(string calldata name, string calldata fallback_) external view returns (string memory);
    function writeLine(string calldata path, string calldata line) external;
    function toString(bytes calldata value) external pure returns (string memory);
    function toString(uint256 value) external pure returns (string memory);
}

Cheats constant cheats = Cheats(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
