// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/**
 * @title The neighbourhood's money
 * @notice An ERC-20 token (NWT, 18 decimals) with ERC-1363 `transferAndCall` and ERC-2612 `permit`. The contract
 * issues its whole supply to itself when it is deployed; whoever sends ether to its address receives tokens at a fixed
 * rate, and whoever brings tokens back receives the ether. It has no owner.
 *
 * Always: ether held >= tokens in circulation / tokensPerEther.
 */
interface IEnergyToken {
    /// @param etherPaid wei @param tokens base units
    event TokensSold(address indexed buyer, uint256 etherPaid, uint256 tokens);
    /// @param tokens base units @param etherPaid wei
    event TokensRedeemed(address indexed holder, uint256 tokens, uint256 etherPaid);

    /// @notice Thrown by the constructor for a rate of 0.
    error InvalidRate(uint256 tokensPerEther);
    /// @notice Thrown by a plain transaction without ether: there is nothing to buy with.
    error NoEtherSent();
    /// @notice Thrown when ether comes and the contract has fewer tokens left than it would buy.
    error SupplyExhausted(uint256 requested, uint256 available);
    /// @notice Thrown by `redeem` for tokens that are worth less than one wei.
    error RedemptionTooSmall(uint256 tokens);

    /// @notice Sells tokens for the ether sent: `wei * tokensPerEther` base units.
    receive() external payable;

    /// @notice Takes `tokens` base units back and pays `tokens / tokensPerEther` wei, rounded down.
    function redeem(uint256 tokens) external;

    /// @notice Whole tokens for one ether, which is also base units for one wei.
    function tokensPerEther() external view returns (uint256);

    /// @notice Base units held by anyone but the contract itself.
    function circulation() external view returns (uint256);
}
