import { TOKEN_SUPPLY, TOKENS_PER_ETHER } from "../common/lab";
import { BASE_UNITS } from "../common/units";
import { deployUnlessThere } from "./deploy-unless-there";

const EnergyToken = artifacts.require("EnergyToken");

export = async (deployer: Truffle.Deployer) => {
  const supply = (TOKEN_SUPPLY * BASE_UNITS).toString();
  const rate = TOKENS_PER_ETHER.toString();
  await deployUnlessThere(
    deployer,
    EnergyToken,
    [supply, rate],
    async (token) =>
      (await token.totalSupply()).toString() === supply && (await token.tokensPerEther()).toString() === rate,
  );
};
