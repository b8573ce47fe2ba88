/**
 * The whole Socket.IO protocol: a snapshot on connecting, then changes. A page says which house it shows and whose
 * trades are its own (`Look`), and nothing else: it cannot move money or the relay through this. It is told of the whole
 * street in brief, of its house in full, of its own trades and of every offer; `/api` has the rest. The views are what is
 * meant; what is sent is `Wire` of it. Addresses are checksummed.
 */
import type { Address } from "./address";
import type { MeterKind } from "./home";
import type { HouseFigures } from "./house";
import type {
  MeterFault,
  MeterFirmware,
  MeterSample,
  MeterState,
  ReceivedSample,
  RelayPosition,
} from "./meter";
import type { Wire } from "./wire";

/** An offer as the chain's events make it. */
export interface OfferFacts {
  offerId: bigint;
  meter: Address;
  prosumer: Address;
  /** As listed. */
  milliWh: bigint;
  /** Still to be bought. */
  remainingMilliWh: bigint;
  /** The least that one purchase may take, unless it takes all that remains. */
  smallestOrderMilliWh: bigint;
  /** Token base units per kWh. */
  pricePerKWh: bigint;
  /** Seconds from purchase to the trade's deadline. */
  deliveryWindowS: number;
  listedBlock: number;
}

/** `remainingMilliWh` is 0 unless the offer is open. */
export interface OfferView extends OfferFacts {
  /** `exhausted`: bought 999,999 times, which is as often as one offer can be. */
  status: "open" | "soldOut" | "withdrawn" | "exhausted" | "meterRetired" | "meterDecommissioned";
}

/**
 * `sealed`: in a block, waiting for confirmations. `confirmed`: by the chain, and open; the meter is elsewhere, and what
 * its server delivers is known here only as far as a bus brings it. `queued`: confirmed, another trade of the meter is first. `delivering`:
 * the relay is closed for it (or waits for the meter). `settling`: the final reading is signed and on its way to the
 * chain. `settled` and `refunded` are final, and come from the chain alone.
 */
export const TRADE_STATUSES = [
  "sealed",
  "confirmed",
  "queued",
  "delivering",
  "settling",
  "settled",
  "refunded",
] as const;
export type TradeStatus = (typeof TRADE_STATUSES)[number];

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
  deliveredMilliWh: bigint;
  paid: bigint;
  refunded: bigint;
  isClosed: boolean;
}

/** A trade as the chain's events make it. */
export interface TradeFacts {
  tradeId: bigint;
  offerId: bigint;
  meter: Address;
  seller: Address;
  buyer: Address;
  milliWh: bigint;
  pricePerKWh: bigint;
  /** In escrow when the trade was opened. */
  payment: bigint;
  /** Settled on chain so far. */
  settledMilliWh: bigint;
  paid: bigint;
  refunded: bigint;
  deadlineAtMs: number;
  opened: { txHash: string; block: number; sealer: Address | null; atMs: number };
  settlements: SettlementView[];
}

export interface TradeView extends TradeFacts {
  status: TradeStatus;
  /** Metered for this trade so far, ahead of what is settled. */
  deliveredMilliWh: bigint;
  confirmations: number;
  confirmationsNeeded: number;
  /** Null while energy flows for it, and where this server cannot know. */
  wait: TradeWait | null;
  deliveryStartedAtMs: number | null;
  deliveryEndedAtMs: number | null;
}

export interface SampleView extends Omit<MeterSample, "registerRestMicroJoule"> {
  meter: Address;
}

/**
 * Why a home delivers nothing any more, until the server is started again. `secondSigner`: a trade of its meter was
 * settled by a reading that this server has not signed, so another server has its key. `fault`: its meter or its key
 * failed in a way that nothing was prepared for; `detail` says how, in English.
 */
export type HaltView =
  | { reason: "secondSigner"; tradeId: bigint; block: number; txHash: string }
  | { reason: "fault"; detail: string };

/**
 * `elsewhere`: a meter of another server. What only that server knows of it is null, unless it has said it lately on the
 * bus; `detail` says how the meter is then.
 */
export interface MeterView {
  meter: Address;
  prosumer: Address;
  state: MeterState | "elsewhere";
  detail: string;
  /** What its wiring shows that no sound wiring can; null when nothing. */
  fault: MeterFault | null;
  /** Its home delivers nothing any more; null while that is not so. */
  halt: HaltView | null;
  /** Null where it is not known. */
  relay: RelayPosition | null;
  /** Null before the Arduino's first connection, and for a meter of another server. */
  firmware: MeterFirmware | null;
  /** Energy to the neighbour since local midnight of the server; null elsewhere. */
  todayMilliWh: bigint | null;
  lastSample: SampleView | null;
}

/** What a home's receiving meter shows: energy that arrives, for looking at. Nothing is sold by it. */
export interface ReceivingView {
  kind: MeterKind;
  state: MeterState;
  detail: string;
  fault: MeterFault | null;
  lastSample: Omit<ReceivedSample, "registerRestMicroJoule"> | null;
}

/** A home that this server runs. What its meter measures stands in its `MeterView`. */
export interface HomeView {
  name: string;
  /** Who sells what its meter measures; null where that is not set. */
  account: Address | null;
  meter: Address;
  /** Of its meter. */
  kind: MeterKind;
  /** What arrives at it; null without a receiving meter. */
  receiving: ReceivingView | null;
  /** Of a modelled one; nobody knows it of others. */
  house: HouseFigures | null;
}

/**
 * A house as its street sees it: what a drawing of the street needs, told once a second at most. Of a house of another
 * server all is null but who owns it.
 */
export interface StreetHouseView {
  meter: Address;
  name: string | null;
  kind: MeterKind | null;
  /** Who sells what its meter measures. */
  prosumer: Address;
  state: MeterView["state"];
  /** To the neighbour, W, to a tenth; null while nothing is measured. */
  watts: number | null;
  /** The roof gives, W, to a tenth; null while nothing is measured, and where no sensor for it is fitted. */
  roofW: number | null;
  /** Of its battery, 0 to 1, to a hundredth; null where nobody knows. */
  batteryCharge: number | null;
  /** Whose trade is delivered now; null while none is. */
  sellsTo: Address | null;
}

/** `silent`: the node answers, and no block has come for longer than the network's sealer ever pauses. */
export interface ChainView {
  state: "following" | "silent" | "nodeLost" | "rebuilding" | "noContracts";
  detail: string;
  head: { block: number; atMs: number; sealer: Address | null } | null;
  /** The last block whose events are in this snapshot. */
  followedBlock: number;
}

/** `away`: the broker does not answer; trading goes on, and what is elsewhere is not seen. */
export interface BusView {
  state: "connected" | "away";
  /** For people, in English; empty while all is as it should be. */
  detail: string;
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

/** What one page looks at. */
export interface Look {
  /** The meter of the house on show; null for the first of the street. */
  house: Address | null;
  /** Whose trades it is told of, beside those of the house on show; null for nobody's. */
  account: Address | null;
}

/** As one page looks at it. */
export interface Snapshot {
  offers: OfferView[];
  /** Of the account and of the house on show: all open ones, and of the closed ones the newest. */
  trades: TradeView[];
  /** Of the house on show; none where there is no such house. */
  meters: MeterView[];
  /** Of the house on show, where it is one of this server. */
  homes: HomeView[];
  /** Every house, those of this server first. */
  street: StreetHouseView[];
  chain: ChainView;
  /** How the bus between servers is; null without one. */
  bus: BusView | null;
  /** Null until the nodes have been asked: that is done only while somebody looks. */
  network: NetworkView | null;
  /** `version` of the `/api/config` that counts now; null while there is none. */
  configVersion: string | null;
  /** Name of the page's script as the server would serve it now; null while the page is not built. */
  pageScript: string | null;
}

/** What the server tells, by the name of the message. */
export interface News {
  snapshot: Snapshot;
  offer: OfferView;
  trade: TradeView;
  meter: MeterView;
  home: HomeView;
  /** The houses of the street that have changed. */
  street: StreetHouseView[];
  /** Volatile: a reader that falls behind loses old samples, never trades. */
  sample: SampleView;
  chain: ChainView;
  bus: BusView;
  network: NetworkView;
  /** `version` of the `/api/config` that counts from now on. */
  config: string;
}

export type ServerToClientEvents = { [Name in keyof News]: (news: Wire<News[Name]>) => void };

/**
 * `look`: another house is on show, or another account is connected; the answer is a snapshot. The first look is the
 * handshake's `auth`. Whoever sends anything else, or looks about too fast, is disconnected.
 */
export interface ClientToServerEvents {
  look: (look: Look) => void;
}
