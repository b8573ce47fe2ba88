// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {EnergyTrade} from "../EnergyTrade.sol";
import {IEnergyToken} from "../interfaces/IEnergyToken.sol";

/// @notice For tests: an `EnergyTrade` that tells what its invariants need in one call, and whose offers can be bought
/// 999,999 times without buying them 999,999 times.
contract TradeHarness is EnergyTrade {
    constructor(IERC20 token_, uint64 gracePeriod) EnergyTrade(token_, gracePeriod) {}

    function setTradeCount(uint256 offerId, uint32 tradeCount) external {
        _stocks[offerId].tradeCount = tradeCount;
    }

    /// @return held base units this contract holds
    /// @return owed base units that `tradeIds` still have in escrow
    /// @return oversold how many of `meters` have sold more than their register shows
    /// @return etherMissing wei the token contract lacks to redeem everything in circulation
    function audit(
        address[] calldata meters,
        uint256[] calldata tradeIds
    ) external view returns (uint256 held, uint256 owed, uint256 oversold, uint256 etherMissing) {
        held = token.balanceOf(address(this));
        for (uint256 i = 0; i < tradeIds.length; ++i) owed += tradeOf(tradeIds[i]).escrow;
        for (uint256 i = 0; i < meters.length; ++i) {
            Meter memory meter = meterOf(meters[i]);
            if (meter.soldMilliWh > meter.registerMilliWh) ++oversold;
        }
        IEnergyToken seller = IEnergyToken(payable(address(token)));
        uint256 needed = seller.circulation() / seller.tokensPerEther();
        etherMissing = needed > address(seller).balance ? needed - address(seller).balance : 0;
    }
}
