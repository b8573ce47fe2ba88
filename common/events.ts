/**
 * The whole Socket.IO protocol: a snapshot on connecting, then changes. One way: a page cannot move money or the
 * relay through it. Energy, money and ids are decimal strings, addresses are checksummed.
 */
import type { Address } from "./address";
import type { MeterFault, MeterFirmware, MeterState, RelayPosition } from "./meter";

export type DecimalString = string;

export interface OfferView {
  offerId: DecimalString;
  meter: Address;
  prosumer: Address;
  /** As listed. */
  milliWh: DecimalString;
  /** Still to be bought; 0 unless the offer is open. */
  remainingMilliWh: DecimalString;
  /** The least that one purchase may take, unless it takes all that remains. */
  smallestOrderMilliWh: DecimalString;
  /** Token base units per kWh. */
  pricePerKWh: DecimalString;
  /** Seconds from purchase to the trade's deadline. */
  deliveryWindowS: number;
  /** `exhausted`: bought 999,999 times, which is as often as one offer can be. */
  status: "open" | "soldOut" | "withdrawn" | "exhausted" | "meterRetired" | "meterDecommissioned";
  listedBlock: number;
}

/**
 * `sealed`: in a block, waiting for confirmations. `queued`: confirmed, another trade of the meter is first.
 * `delivering`: the relay is closed for it (or waits for the meter). `settling`: the final reading is signed and on its
 * way to the chain. `settled` and `refunded` are final, and come from the chain alone.
 */
export type TradeStatus = "sealed" | "queued" | "delivering" | "settling" | "settled" | "refunded";

/**
 * Why nothing flows for a trade that is `queued` or `delivering`, or one that is `settling` is not settled (`refused`:
 * by the chain, for good; the buyer gets the rest back after the grace). `otherTrade`: one bought earlier is first. `noFlow`:
 * the relay is closed for it, and the load takes nothing (or the battery gives nothing). `retry`: so it was for a while,
 * the next trade went first, and it is tried again at `untilMs` of the chain's time. `meter`: no fresh sample.
 * `deadline`: its time is over, which a confirmed block has yet to say. `chain`: the chain is not read to its head.
 * `commission`: the meter's key does not count. `halted`: this server delivers nothing, `MeterView.halt` says why.
 */
export interface TradeWait {
  reason:
    | "otherTrade"
    | "noFlow"
    | "retry"
    | "meter"
    | "deadline"
    | "chain"
    | "commission"
    | "halted"
    | "refused";
  untilMs: number | null;
}

export interface SettlementView {
  txHash: string;
  block: number;
  deliveredMilliWh: DecimalString;
  paid: DecimalString;
  refunded: DecimalString;
  isClosed: boolean;
}

export interface TradeView {
  tradeId: DecimalString;
  offerId: DecimalString;
  meter: Address;
  seller: Address;
  buyer: Address;
  status: TradeStatus;
  milliWh: DecimalString;
  pricePerKWh: DecimalString;
  /** In escrow when the trade was opened. */
  payment: DecimalString;
  /** Metered for this trade so far, ahead of what is settled. */
  deliveredMilliWh: DecimalString;
  /** Settled on chain so far. */
  settledMilliWh: DecimalString;
  paid: DecimalString;
  refunded: DecimalString;
  deadlineAtMs: number;
  opened: { txHash: string; block: number; sealer: Address | null; atMs: number };
  confirmations: number;
  confirmationsNeeded: number;
  /** Null while energy flows for it, and where this server cannot know. */
  wait: TradeWait | null;
  deliveryStartedAtMs: number | null;
  deliveryEndedAtMs: number | null;
  settlements: SettlementView[];
}

export interface SampleView {
  meter: Address;
  atMs: number;
  volts: number;
  amperes: number;
  watts: number;
  panelWatts: number | null;
  registerMilliWh: DecimalString;
  relay: RelayPosition;
}

/** A trade of this meter was settled by a reading that this server has not signed: another server has its key. */
export interface HaltView {
  tradeId: DecimalString;
  block: number;
  txHash: string;
}

export interface MeterView {
  meter: Address;
  prosumer: Address;
  state: MeterState;
  detail: string;
  /** What its wiring shows that no sound wiring can; null when nothing. */
  fault: MeterFault | null;
  /** This server delivers nothing any more; null while that is not so. */
  halt: HaltView | null;
  relay: RelayPosition;
  /** Null before the Arduino's first connection, and for a meter of another server. */
  firmware: MeterFirmware | null;
  /** Energy to the neighbour since local midnight of the server. */
  todayMilliWh: DecimalString;
  lastSample: SampleView | null;
}

/** `silent`: the node answers, and no block has come for longer than the network's sealer ever pauses. */
export interface ChainView {
  state: "following" | "silent" | "nodeLost" | "rebuilding" | "noContracts";
  detail: string;
  head: { block: number; atMs: number; sealer: Address | null } | null;
  /** The last block whose events are in this snapshot. */
  followedBlock: number;
}

/** One node of the network, as it answers the server itself. */
export interface NodeView {
  name: string;
  /** `wrongChain`: it answers, and serves another chain than ours. */
  state: "answers" | "silent" | "wrongChain";
  /** Why it is not as it should be, in English; empty when it is. */
  detail: string;
  /** What it does not say is null, in all of these. */
  head: { block: number; hash: string; atMs: number } | null;
  peers: number | null;
  /** Transactions that wait in its pool for a block. */
  pending: number | null;
  isSealing: boolean | null;
}

/** A call of one of our contracts, decoded by its ABI. */
export interface CallView {
  txHash: string;
  from: Address;
  contract: "EnergyToken" | "EnergyTrade";
  /** As in the ABI; `receive` for plain ether. */
  name: string;
  /** By the ABI's names; a struct's and a purchase's inner ones as well. ether in wei. */
  args: { name: string; value: string }[];
  /** False: the contract refused. */
  isDone: boolean;
}

export interface BlockView {
  block: number;
  hash: string;
  atMs: number;
  sealer: Address | null;
  /** All of them, ours and others'. */
  transactionCount: number;
  /** Of our contracts, in order, the first few of them. */
  calls: CallView[];
  callCount: number;
}

export interface NetworkView {
  /** In the order of the setting CHAIN_NODES. */
  nodes: NodeView[];
  sealers: Address[];
  /** Seconds between two blocks; null where blocks have no clique seal. */
  periodS: number | null;
  /** The last ones, newest first. */
  blocks: BlockView[];
}

export interface Snapshot {
  offers: OfferView[];
  trades: TradeView[];
  meters: MeterView[];
  chain: ChainView;
  /** Null until the nodes have been asked: that is done only while somebody looks. */
  network: NetworkView | null;
  /** `version` of the `/api/config` that counts now; null while there is none. */
  configVersion: string | null;
  /** Name of the page's script as the server would serve it now; null while the page is not built. */
  pageScript: string | null;
}

export interface ServerToClientEvents {
  snapshot(snapshot: Snapshot): void;
  offer(offer: OfferView): void;
  trade(trade: TradeView): void;
  meter(meter: MeterView): void;
  /** Volatile: a reader that falls behind loses old samples, never trades. */
  sample(sample: SampleView): void;
  chain(chain: ChainView): void;
  network(network: NetworkView): void;
  /** `version` of the `/api/config` that counts from now on. */
  config(version: string): void;
}

/** Nothing: reading needs no request, and nothing here may move money or the relay. */
export type ClientToServerEvents = Record<never, never>;
