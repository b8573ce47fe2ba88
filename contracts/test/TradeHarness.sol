// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {EnergyTrade} from "../EnergyTrade.sol";

/// @notice For tests: an offer bought 999,999 times, without buying it 999,999 times.
contract TradeHarness is EnergyTrade {
    constructor(IERC20 token_) EnergyTrade(token_) {}

    function setTradeCount(uint256 offerId, uint32 tradeCount) external {
        _stocks[offerId].tradeCount = tradeCount;
    }
}
