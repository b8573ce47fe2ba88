/** The HTTP answers the page and other programs read: `Wire` of these types. */
import type { Address } from "./address";
import type { HomeView, MeterView, OfferView, SampleView, Snapshot, TradeView } from "./events";
import { wireReader } from "./wire";

/** `GET /api/config` */
export interface ConfigView {
  network: "embedded" | "geth";
  chainId: number;
  chainName: string;
  /** Changes with anything else in here; each snapshot names the one that counts. */
  version: string;
  /** Hash of block 0: together with `contracts` it tells this chain from one that was begun anew under the same id. */
  genesisHash: string;
  /** Where a wallet reaches the chain: the browser's own RPC address. */
  rpcUrl: string;
  /** True where the page reads the chain at `/rpc` of this server. */
  hasRpcDoor: boolean;
  contracts: { token: Address; trade: Address };
  tokensPerEther: bigint;
  confirmationsNeeded: number;
  /** Seconds from a trade's deadline until anyone may give the buyer back what was not delivered. */
  gracePeriodS: number;
  /** What the grid asks, token base units per kWh, for comparison beside an offer. */
  gridTariffPerKWh: bigint;
  /** What the grid pays for energy that is fed into it, token base units per kWh. */
  feedInPerKWh: bigint;
  /** Minutes that a day of the simulated sun takes. */
  sunDayMinutes: number;
  /** True on a lab's chain only. */
  labWallet: boolean;
  /** True where the well-known lab accounts hold play ether: the page may give some to a newcomer's own wallet. */
  faucet: boolean;
  meters: { meter: Address; prosumer: Address }[];
}

/** Every refusal, whatever the route. `code` is stable, `message` is for people. */
export interface ErrorView {
  error: { code: string; message: string };
}

/** A reading a meter signed, as `EnergyTrade.settle` takes it. `GET /api/trades/:id` lists them as `readings`. */
export interface SignedReadingView {
  tradeId: bigint;
  deliveredMilliWh: bigint;
  registerMilliWh: bigint;
  isFinal: boolean;
  /** 64 bytes (ERC-2098): r, then s with the recovery bit on top. */
  signature: string;
  signedAtMs: number;
}

/** `GET /api/homes`, in the order of the settings: those of this server. */
export interface HomeListView {
  homes: HomeView[];
}

/** `GET /api/meters`: those of this server's homes first, then those of other servers. */
export interface MeterListView {
  meters: MeterView[];
}

/** `GET /api/offers`, newest first. */
export interface OfferListView {
  offers: OfferView[];
}

/** `GET /api/trades?status=&party=&offset=&limit=`, newest first. */
export interface TradePageView {
  trades: TradeView[];
  /** How many there are in all with this filter. */
  total: number;
  offset: number;
  limit: number;
}

/** `GET /api/trades/:id` */
export interface TradeDetailView {
  trade: TradeView;
  /** Everything its meter signed for it, oldest first; of a meter elsewhere the newest, where a bus has brought it. */
  readings: SignedReadingView[];
}

/** `GET /api/meters/:id/readings?from=&to=&step=&format=`: what the meter measured, means over `stepS`. */
export interface MeterHistoryView {
  meter: Address;
  fromMs: number;
  toMs: number;
  stepS: number;
  points: MeterHistoryPoint[];
}

export interface MeterHistoryPoint {
  /** Beginning of the span. */
  atMs: number;
  volts: number;
  amperes: number;
  watts: number;
  panelWatts: number | null;
  /** At the end of the span. */
  registerMilliWh: bigint;
}

/** Everything that a page reads from the server. */
type Read =
  | ConfigView
  | MeterHistoryView
  | Snapshot
  | OfferView
  | TradeView
  | MeterView
  | HomeView
  | SampleView;

/** What the server has sent, as what it meant. @throws TypeError naming the field that is no quantity */
export const fromWire = wireReader<Read>({
  offerId: true,
  tradeId: true,
  milliWh: true,
  remainingMilliWh: true,
  smallestOrderMilliWh: true,
  deliveredMilliWh: true,
  settledMilliWh: true,
  todayMilliWh: true,
  registerMilliWh: true,
  gridImportMilliWh: true,
  gridExportMilliWh: true,
  pricePerKWh: true,
  gridTariffPerKWh: true,
  feedInPerKWh: true,
  tokensPerEther: true,
  payment: true,
  paid: true,
  refunded: true,
});
