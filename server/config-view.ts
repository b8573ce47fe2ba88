/** What `GET /api/config` says, and the version by which a page notices that it says something else. */
import { createHash } from "node:crypto";
import type { DeployedContracts } from "../chain";
import { sameAddress } from "../common/address";
import type { ConfigView } from "../common/api";
import { TOKENS_PER_ETHER } from "../common/lab";
import { bigintsAsText } from "../common/wire";
import type { Config } from "./config";
import type { Ledger } from "./store/ledger";

type Settings = Pick<
  Config,
  | "network"
  | "chainId"
  | "publicRpcUrl"
  | "hasRpcDoor"
  | "confirmations"
  | "gridTariffPerKWh"
  | "feedInPerKWh"
  | "simDayMinutes"
  | "isLab"
>;

/** Null while the contracts, or the chain that they are on, are not known. */
export function configView(
  config: Settings,
  deployed: DeployedContracts | null,
  ledger: Pick<Ledger, "chainIdentity" | "confirmed">,
): ConfigView | null {
  const identity = ledger.chainIdentity();
  // Just found, the store still being made ready for them: a moment later it is.
  if (!deployed || !identity || !sameAddress(identity.trade, deployed.trade)) return null;
  const { gracePeriodS, ...contracts } = deployed;
  const view = {
    network: config.network,
    chainId: config.chainId,
    chainName: `neighborwatt ${config.network}`,
    genesisHash: identity.genesisHash,
    rpcUrl: config.publicRpcUrl,
    hasRpcDoor: config.hasRpcDoor,
    contracts,
    tokensPerEther: TOKENS_PER_ETHER,
    confirmationsNeeded: config.confirmations,
    gracePeriodS,
    gridTariffPerKWh: config.gridTariffPerKWh,
    feedInPerKWh: config.feedInPerKWh,
    sunDayMinutes: config.simDayMinutes,
    labWallet: config.isLab,
    faucet: config.isLab,
    meters: ledger.confirmed
      .meters()
      .filter(({ status }) => status === "commissioned")
      .map(({ meter, prosumer }) => ({ meter, prosumer })),
  };
  return {
    ...view,
    version: createHash("sha256").update(JSON.stringify(view, bigintsAsText)).digest("hex").slice(0, 16),
  };
}
