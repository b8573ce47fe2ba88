// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IEnergyToken} from "../interfaces/IEnergyToken.sol";
import {IEnergyTrade} from "../interfaces/IEnergyTrade.sol";

/// @notice For tests: everything the invariants need, in one call.
contract Audit {
    /// @return held base units the trade contract holds
    /// @return owed base units that `tradeIds` still have in escrow
    /// @return oversold how many of `meters` have sold more than their register shows
    /// @return etherMissing wei the token contract lacks to redeem everything in circulation
    function audit(
        IEnergyTrade trade,
        address[] calldata meters,
        uint256[] calldata tradeIds
    ) external view returns (uint256 held, uint256 owed, uint256 oversold, uint256 etherMissing) {
        IERC20 erc20 = trade.token();
        held = erc20.balanceOf(address(trade));
        for (uint256 i = 0; i < tradeIds.length; ++i) owed += trade.tradeOf(tradeIds[i]).escrow;
        for (uint256 i = 0; i < meters.length; ++i) {
            IEnergyTrade.Meter memory meter = trade.meterOf(meters[i]);
            if (meter.soldMilliWh > meter.registerMilliWh) ++oversold;
        }
        IEnergyToken token = IEnergyToken(payable(address(erc20)));
        uint256 needed = token.circulation() / token.tokensPerEther();
        etherMissing = needed > address(token).balance ? needed - address(token).balance : 0;
    }
}
