/** The HTTP answers the page and other programs read. Money, energy and ids are decimal strings. */
import type { Address, DecimalString } from "./events";

/** `GET /api/config` */
export interface ConfigView {
  network: "embedded" | "geth";
  chainId: number;
  chainName: string;
  /** Where a wallet reaches the chain: the browser's own RPC address. */
  rpcUrl: string;
  contracts: { token: Address; trade: Address };
  tokensPerEther: DecimalString;
  confirmationsNeeded: number;
  /** What the grid asks, token base units per kWh, for comparison beside an offer. */
  gridTariffPerKWh: DecimalString;
  /** True on the embedded chain only. */
  labWallet: boolean;
  meters: { meter: Address; prosumer: Address }[];
}

/** Every refusal, whatever the route. `code` is stable, `message` is for people. */
export interface ErrorView {
  error: { code: string; message: string };
}

/** A reading a meter signed, as `EnergyTrade.settle` takes it. `GET /api/trades/:id` lists them as `readings`. */
export interface SignedReadingView {
  tradeId: DecimalString;
  deliveredMilliWh: DecimalString;
  registerMilliWh: DecimalString;
  isFinal: boolean;
  signature: string;
  signedAtMs: number;
}
