// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;
function c_0xddaf9270(bytes32 c__0xddaf9270) pure {}


import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC1363} from "@openzeppelin/contracts/token/ERC20/extensions/ERC1363.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {IEnergyToken} from "./interfaces/IEnergyToken.sol";

/// @notice See `IEnergyToken`.
contract EnergyToken is IEnergyToken, ERC1363, ERC20Permit {
function c_0x1dc657ac(bytes32 c__0x1dc657ac) internal pure {}

    /// @inheritdoc IEnergyToken
    uint256 public immutable tokensPerEther;

    /// @param supply base units, all of them for sale @param rate see `tokensPerEther`
    constructor(uint256 supply, uint256 rate) ERC20("neighborwatt", "NWT") ERC20Permit("neighborwatt") {c_0x1dc657ac(0x4dda0bf005e708f0b8be639ef51e746252daa8bb0b672c74bcec631d60fa3ade); /* function */ 

c_0x1dc657ac(0xd36d4932b42a1a5d12225fa1d3673ef7b33bfd5f8dba5db258ccfb6342428d94); /* line */ 
        c_0x1dc657ac(0x94c4796e4bcd62918c8eae069ee2bb548035c172f9d6b9bc2ab85c28a914e50f); /* statement */ 
if (rate == 0) {c_0x1dc657ac(0xe448c7702ef2163992f5c91c77fddebe4664af74945223a5151d3f027dec5ab1); /* branch */ 
revert InvalidRate(rate);}else { c_0x1dc657ac(0x46f3f5113d17d28b33c57990f97da8db3d076daa41dffab63b3d3a18bf453533); /* branch */ 
}
c_0x1dc657ac(0x3c3d97b691d1f44c5015d5f4b68b1a11f38946de8bec87b41a4f66511372d55e); /* line */ 
        c_0x1dc657ac(0xdb4a3ff75c6078ae2bcb0793dfb1de4a34a3ba1cd7d7f45564a1b662cddf792e); /* statement */ 
tokensPerEther = rate;
c_0x1dc657ac(0x2c132704530d8cc6d93a2f3bc2d8f0dce9cf91d7e025fbf0f344d03b472dcb6a); /* line */ 
        c_0x1dc657ac(0xe828d62e0d8abbe6bf7c945b51b1abd20e68816faf5d83f71fe535fe61216d3f); /* statement */ 
_mint(address(this), supply);
    }

    /// @inheritdoc IEnergyToken
    receive() external payable {
c_0x1dc657ac(0x06426757043491918e0046158db2b7962db09c035c8db902467013d5c6a5cf64); /* line */ 
        if (msg.value == 0) {c_0x1dc657ac(0x2b9398f8cc623438af0ecdc767dc6b25d2e127b005735ea2ccae30e758f005d6); /* branch */ 
revert NoEtherSent();}else { c_0x1dc657ac(0x4770f2db92433a0252ecb09756eae93f92ad410102186f1a761443e530775a24); /* branch */ 
}
c_0x1dc657ac(0x1007671215bea35b89a7eb583e62119d8f6c41fce7244d28fb544f6926766f1b); /* line */ 
        uint256 tokens = msg.value * tokensPerEther;
c_0x1dc657ac(0x8fec45bc0be60e75ae8967eb9b513f8b420c136151bd08ba585267eb0f162812); /* line */ 
        uint256 available = balanceOf(address(this));
c_0x1dc657ac(0xae7785698822984122a83c4f5a1a7f58c2954d9e8d06beae1fa6d67fc66daf12); /* line */ 
        if (tokens > available) {c_0x1dc657ac(0x653256a5cc514c3c0864de66ea2b21bc4a8af4b601cf51ced2a0c210ce4b7d7b); /* branch */ 
revert SupplyExhausted(tokens, available);}else { c_0x1dc657ac(0xd62e8b87929e8ceef2ff7978f574704bfddf0ad92895ba003af12f1bd83cb4bd); /* branch */ 
}
c_0x1dc657ac(0xe131389b1dfb6d626eec3e45e3cd0b03fe3024d6e7d10c7481ec43a12f21b475); /* line */ 
        _transfer(address(this), msg.sender, tokens);
c_0x1dc657ac(0x826d9aac613d0311ceb046f5d3e23f97aed0e6814907970788b966547e80cd2a); /* line */ 
        emit TokensSold(msg.sender, msg.value, tokens);
    }

    /// @inheritdoc IEnergyToken
    function redeem(uint256 tokens) external {c_0x1dc657ac(0x242a74780a86c05f499b4beb1b90f606183dcbeeb8ae7653a01dbb6bc34768ed); /* function */ 

c_0x1dc657ac(0x634cd37b4758d13c3510df8af8d3076c34b39b07d3b6004cf9a405d3c4f6e4ad); /* line */ 
        c_0x1dc657ac(0xc675d1a66ce9d075290ca450406bd918a7454b8a52b8657beb1fa185410d56c0); /* statement */ 
uint256 etherPaid = tokens / tokensPerEther;
c_0x1dc657ac(0xe26970c476f9d3c72cdcbe125f085b5cfbf94d661373197c3c87b62d5cbae61e); /* line */ 
        c_0x1dc657ac(0x4ca505d5fd283e8a6936f9eff8ffb3a73dedd0d5ac38062c4fd371a50004fcc0); /* statement */ 
if (etherPaid == 0) {c_0x1dc657ac(0x83cd8133a1f0f79530789bb01c25bc7e20db02877af17a5c500c0197ad76b915); /* branch */ 
revert RedemptionTooSmall(tokens);}else { c_0x1dc657ac(0xf86e5a914f984a3d446d24d5eb0ff6369947739e7dd474064fb4215d8d60e88c); /* branch */ 
}
c_0x1dc657ac(0x16be1fa632db21760497028cb384e138537ba8ef2362b4ce4ef8e8a15324e2f9); /* line */ 
        c_0x1dc657ac(0x1b5cc4fa47ea0afb896da38bf54b6622feeea7ee21ef6122a1d9ed5d0087b8e6); /* statement */ 
_transfer(msg.sender, address(this), tokens);
c_0x1dc657ac(0x8b06e53af8a230980f7cf186b68025bd597dbd5e51bbf3f55614ea6016d88e14); /* line */ 
        c_0x1dc657ac(0x3de6c8a10c5396b58b9ea077a3a97b480d978d0ffa510562802af1e4ef0bb2d6); /* statement */ 
emit TokensRedeemed(msg.sender, tokens, etherPaid);
c_0x1dc657ac(0x7931dcfe8278f90e9853cb41ba6935f7793dbfd87867cf14bd0751206c9f8b34); /* line */ 
        c_0x1dc657ac(0x4595c22440ae3d39d9606b00e36e00d6d758395e7546a59946b2cdd41b85b8be); /* statement */ 
Address.sendValue(payable(msg.sender), etherPaid);
    }

    /// @inheritdoc IEnergyToken
    function circulation() external view returns (uint256) {c_0x1dc657ac(0xda442b60535825edab7e0ddc81dbd9897adee5dccef4056a7b8b265f8eea3f58); /* function */ 

c_0x1dc657ac(0x517caab349a39ceb697f3baab629b59f90b43f1cab9a6dedf5943d5ba2ef98ee); /* line */ 
        c_0x1dc657ac(0xb0d18cbd944cc72f01efe9b051c5fe61f1b7cc26c11fc996c39f5d722eef0764); /* statement */ 
return totalSupply() - balanceOf(address(this));
    }
}
