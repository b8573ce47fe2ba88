import { deployUnlessThere } from "./deploy-unless-there";

const EnergyToken = artifacts.require("EnergyToken");
const EnergyTrade = artifacts.require("EnergyTrade");

export = async (deployer: Truffle.Deployer) => {
  const token = await EnergyToken.deployed();
  await deployUnlessThere(
    deployer,
    EnergyTrade,
    [token.address],
    async (trade) => (await trade.token()) === token.address,
  );
};
