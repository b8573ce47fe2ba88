// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC1363} from "@openzeppelin/contracts/token/ERC20/extensions/ERC1363.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {IEnergyToken} from "./interfaces/IEnergyToken.sol";

/// @notice See `IEnergyToken`.
contract EnergyToken is IEnergyToken, ERC1363, ERC20Permit {
    /// @inheritdoc IEnergyToken
    uint256 public immutable tokensPerEther;

    /// @param supply base units, all of them for sale @param rate see `tokensPerEther`
    constructor(uint256 supply, uint256 rate) ERC20("neighborwatt", "NWT") ERC20Permit("neighborwatt") {
        if (rate == 0) revert InvalidRate(rate);
        tokensPerEther = rate;
        _mint(address(this), supply);
    }

    /// @inheritdoc IEnergyToken
    receive() external payable {
        if (msg.value == 0) revert NoEtherSent();
        uint256 tokens = msg.value * tokensPerEther;
        uint256 available = balanceOf(address(this));
        if (tokens > available) revert SupplyExhausted(tokens, available);
        _transfer(address(this), msg.sender, tokens);
        emit TokensSold(msg.sender, msg.value, tokens);
    }

    /// @inheritdoc IEnergyToken
    function redeem(uint256 tokens) external {
        uint256 etherPaid = tokens / tokensPerEther;
        if (etherPaid == 0) revert RedemptionTooSmall(tokens);
        _transfer(msg.sender, address(this), tokens);
        emit TokensRedeemed(msg.sender, tokens, etherPaid);
        Address.sendValue(payable(msg.sender), etherPaid);
    }

    /// @inheritdoc IEnergyToken
    function circulation() external view returns (uint256) {
        return totalSupply() - balanceOf(address(this));
    }
}
