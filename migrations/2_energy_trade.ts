import { isLabChain } from "../common/lab";
import { deployUnlessThere } from "./deploy-unless-there";

const EnergyToken = artifacts.require("EnergyToken");
const EnergyTrade = artifacts.require("EnergyTrade");

/** Seconds: long enough for a night without the server. A lesson in a lab wants to see the end of it. */
const GRACE_PERIOD_S = 86_400;
const LAB_GRACE_PERIOD_S = 600;

/** GRACE_PERIOD_S, or by the chain: a day, and ten minutes where it is a lab's. The contract says what it may be. */
async function gracePeriodS(): Promise<string> {
  const chosen = process.env.GRACE_PERIOD_S;
  if (chosen === undefined) {
    const chainId = Number(await web3.eth.getChainId());
    return String(isLabChain(chainId) ? LAB_GRACE_PERIOD_S : GRACE_PERIOD_S);
  }
  if (!/^\d{1,9}$/.test(chosen) || Number(chosen) < 60 || Number(chosen) > 2_592_000)
    throw new Error(`GRACE_PERIOD_S=${chosen} cannot be used: 60 to 2592000 seconds.`);
  return chosen;
}

export = async (deployer: Truffle.Deployer) => {
  const gracePeriod = await gracePeriodS();
  const token = await EnergyToken.deployed();
  await deployUnlessThere(
    deployer,
    EnergyTrade,
    [token.address, gracePeriod],
    async (trade) =>
      (await trade.token()) === token.address && (await trade.GRACE_PERIOD()).toString() === gracePeriod,
  );
};
