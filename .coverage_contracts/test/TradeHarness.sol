// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {EnergyTrade} from "../EnergyTrade.sol";

/// @notice For tests: an `EnergyTrade` whose offers can be bought 999,999 times without buying them 999,999 times.
contract TradeHarness is EnergyTrade {
    constructor(IERC20 token_, uint64 gracePeriod) EnergyTrade(token_, gracePeriod) {}

    function setTradeCount(uint256 offerId, uint32 tradeCount) external {
        _stocks[offerId].tradeCount = tradeCount;
    }
}
