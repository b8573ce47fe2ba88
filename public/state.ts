/**
 * Everything the page shows is in one value, and every change of it is an `Action` through one pure function. Facts
 * about money come from the server's snapshot and changes, never from a promise of a wallet.
 */
import type { ConfigView } from "../common/api";
import type {
  BusView,
  ChainView,
  HomeView,
  MeterView,
  NetworkView,
  OfferView,
  SampleView,
  Snapshot,
  StreetHouseView,
  TradeView,
} from "../common/events";
import { ids } from "./ids";
import type { Notice } from "./notices";
import type { TransactionRecord } from "./transactions";
import type { NonceAhead } from "./wallet/wallet-chain";

export interface WalletChoice {
  uuid: string;
  name: string;
  rdns: string;
  /** A data: URL, from the wallet itself. */
  icon: string;
}

export interface WalletState {
  found: WalletChoice[];
  /** The lab wallet may still come: that there is none is not known yet. */
  isSearching: boolean;
  /** `locked`: it shows no account for now, and is followed until it does. */
  status: "none" | "connecting" | "connected" | "locked";
  /** Of the connected one. */
  name: string;
  rdns: string;
  account: string | null;
  chainId: number | null;
  /** It said that it has lost its node. */
  isOffline: boolean;
  /** It sees another chain of this id, or one that is no more. */
  isOnOldChain: boolean;
}

export interface Balances {
  wei: bigint;
  tokens: bigint;
}

/** What one action of the user is waiting for: the simulation, or the wallet's window. */
export type Phase = "checking" | "wallet";

export type Theme = "auto" | "light" | "dark";

/** A purchase between the click and its hash: its timeline starts here. Wallets queue several windows. */
export interface PurchaseDraft {
  /** Of its card. */
  id: string;
  /** Who buys; another account chosen meanwhile has no part in it. */
  account: string;
  offerId: bigint;
  milliWh: bigint;
  payment: bigint;
}

export interface ChartPoint {
  atMs: number;
  watts: number;
  panelWatts: number | null;
}

export interface PageState {
  config:
    | { status: "loading" }
    | { status: "failed"; isWithoutContracts: boolean }
    | {
        status: "ready";
        view: ConfigView;
        /** Tells this chain from one that was begun anew under the same id. */
        chain: string;
      };
  server: "connecting" | "online" | "lost";
  offers: Record<string, OfferView>;
  trades: Record<string, TradeView>;
  meters: Record<string, MeterView>;
  /** The houses that this server runs, by their meters, in its order. */
  homes: Record<string, HomeView>;
  /** Every house, by its meter, those of this server first. */
  street: Record<string, StreetHouseView>;
  /** For the chart, oldest first; the newest sample is always in `meters[…].lastSample`. */
  history: Record<string, ChartPoint[]>;
  chain: ChainView | null;
  /** Between servers; null without one. */
  bus: BusView | null;
  /** Every node; null until the server has asked them. */
  network: NetworkView | null;
  hasSnapshot: boolean;
  /** How many there were. */
  snapshots: number;
  /** `version` of the configuration that counts, by the newest snapshot. */
  configVersion: string | null;
  /** Names of the page's script: as the server would serve it now, and as it runs here. */
  scripts: { served: string | null; own: string | null };
  /** The page is open on another machine than the one that serves it, where 127.0.0.1 is somebody else. */
  isElsewhere: boolean;
  wallet: WalletState;
  balances: Balances | null;
  transactions: TransactionRecord[];
  nonceAhead: NonceAhead | null;
  busy: Record<string, Phase>;
  purchases: PurchaseDraft[];
  /** Of the last action; the standing ones are computed, see `notices.ts`. */
  notice: Notice | null;
  ui: {
    language: "en" | "ko";
    theme: Theme;
    /** Text in the inputs, by id. */
    drafts: Record<string, string>;
    isChooserOpen: boolean;
    /** The notice whose longer help is unfolded. */
    help: string | null;
    /** The meter of the house that was chosen in this tab. */
    house: string | null;
    /** Closed trades beyond the newest few are on show too. */
    areAllTradesShown: boolean;
    /** A trade or transaction named by the address bar. */
    target: string | null;
  };
  nowMs: number;
}

export const initialState: PageState = {
  config: { status: "loading" },
  server: "connecting",
  offers: {},
  trades: {},
  meters: {},
  homes: {},
  street: {},
  history: {},
  chain: null,
  bus: null,
  network: null,
  hasSnapshot: false,
  snapshots: 0,
  configVersion: null,
  scripts: { served: null, own: null },
  isElsewhere: false,
  wallet: {
    found: [],
    isSearching: true,
    status: "none",
    name: "",
    rdns: "",
    account: null,
    chainId: null,
    isOffline: false,
    isOnOldChain: false,
  },
  balances: null,
  transactions: [],
  nonceAhead: null,
  busy: {},
  purchases: [],
  notice: null,
  ui: {
    language: "en",
    theme: "auto",
    drafts: {},
    isChooserOpen: false,
    help: null,
    house: null,
    areAllTradesShown: false,
    target: null,
  },
  nowMs: 0,
};

export type Action =
  | { type: "config"; config: PageState["config"] }
  | { type: "server"; server: PageState["server"] }
  | { type: "snapshot"; snapshot: Snapshot }
  | { type: "offer"; offer: OfferView }
  | { type: "trade"; trade: TradeView }
  | { type: "meter"; meter: MeterView }
  | { type: "home"; home: HomeView }
  | { type: "street"; houses: StreetHouseView[] }
  | { type: "sample"; sample: SampleView }
  | { type: "history"; meter: string; points: ChartPoint[] }
  | { type: "chain"; chain: ChainView }
  | { type: "bus"; bus: BusView }
  | { type: "network"; network: NetworkView }
  | { type: "configVersion"; version: string }
  | { type: "walletFound"; choice: WalletChoice }
  | { type: "wallet"; change: Partial<Omit<WalletState, "found">> }
  | { type: "balances"; balances: Balances | null }
  | { type: "transactions"; transactions: TransactionRecord[] }
  | { type: "transaction"; transaction: TransactionRecord }
  /** Of one that is in the list under `hash`; no news of one that is not, since another account's is on show by now. */
  | { type: "transactionChange"; hash: string; transaction: TransactionRecord }
  | { type: "nonceAhead"; nonceAhead: NonceAhead | null }
  | { type: "busy"; what: string; phase: Phase | null }
  | { type: "purchaseBegun"; purchase: PurchaseDraft }
  | { type: "purchaseEnded"; id: string }
  | { type: "notice"; notice: Notice | null }
  | { type: "ui"; change: Partial<PageState["ui"]> }
  | { type: "draft"; id: string; text: string }
  | { type: "tick"; nowMs: number };

/** The chart shows five minutes, two points a second at most. */
export const HISTORY_MS = 5 * 60_000;
const HISTORY_STEP_MS = 500;

/** In order, none older than the chart shows, none nearer to the one before than it can draw. */
function withPoints(history: readonly ChartPoint[] = [], more: readonly ChartPoint[]): ChartPoint[] {
  const all = [...history, ...more].sort((a, b) => a.atMs - b.atMs);
  const oldest = (all.at(-1)?.atMs ?? 0) - HISTORY_MS;
  let lastAtMs = Number.NEGATIVE_INFINITY;
  return all.filter(({ atMs }) => {
    if (atMs <= oldest || atMs - lastAtMs < HISTORY_STEP_MS) return false;
    lastAtMs = atMs;
    return true;
  });
}

const withHistory = (state: PageState, meter: string, points: readonly ChartPoint[]): PageState => ({
  ...state,
  history: { ...state.history, [meter]: withPoints(state.history[meter], points) },
});

const byId = <T>(list: T[], id: (item: T) => bigint | string): Record<string, T> =>
  Object.fromEntries(list.map((item) => [id(item), item]));

/** Same hash: the newer word replaces the older, in its place. */
const withTransaction = (list: TransactionRecord[], one: TransactionRecord): TransactionRecord[] =>
  list.some((old) => old.hash === one.hash)
    ? list.map((old) => (old.hash === one.hash ? one : old))
    : [one, ...list];

/** What one account has typed of its own money says nothing to the next. */
function withoutAmounts(drafts: Record<string, string>): Record<string, string> {
  const { [ids.redeemAmount]: _redeem, [ids.buyTokensAmount]: _buy, ...others } = drafts;
  return others;
}

/** A replacement that is in the list itself, from another tab, takes the place of both. */
function withChange(
  list: TransactionRecord[],
  hash: string,
  changed: TransactionRecord,
): TransactionRecord[] {
  const before = list.find((one) => one.hash === hash);
  if (!before || before.account !== changed.account) return list;
  return list
    .filter((one) => one === before || one.hash !== changed.hash)
    .map((one) => (one === before ? changed : one));
}

function withSampleOfMeter(state: PageState, sample: SampleView): PageState {
  const meter = state.meters[sample.meter];
  return {
    ...withHistory(state, sample.meter, [sample]),
    meters: meter
      ? { ...state.meters, [sample.meter]: { ...meter, relay: sample.relay, lastSample: sample } }
      : state.meters,
  };
}

export function reduce(state: PageState, action: Action): PageState {
  switch (action.type) {
    case "config":
      return { ...state, config: action.config };
    case "server":
      return { ...state, server: action.server };
    case "snapshot": {
      const { offers, trades, meters, homes, street, chain, bus, network, configVersion, pageScript } =
        action.snapshot;
      return {
        ...state,
        hasSnapshot: true,
        snapshots: state.snapshots + 1,
        offers: byId(offers, (offer) => offer.offerId),
        trades: byId(trades, (trade) => trade.tradeId),
        meters: byId(meters, (meter) => meter.meter),
        homes: byId(homes, (home) => home.meter),
        street: byId(street, (house) => house.meter),
        chain,
        bus,
        network,
        configVersion,
        scripts: { ...state.scripts, served: pageScript },
      };
    }
    case "offer":
      return { ...state, offers: { ...state.offers, [String(action.offer.offerId)]: action.offer } };
    case "trade":
      return { ...state, trades: { ...state.trades, [String(action.trade.tradeId)]: action.trade } };
    case "meter":
      return { ...state, meters: { ...state.meters, [action.meter.meter]: action.meter } };
    case "street":
      return { ...state, street: { ...state.street, ...byId(action.houses, (house) => house.meter) } };
    case "home":
      return { ...state, homes: { ...state.homes, [action.home.meter]: action.home } };
    case "sample":
      return withSampleOfMeter(state, action.sample);
    case "history":
      return withHistory(state, action.meter, action.points);
    case "chain":
      return { ...state, chain: action.chain };
    case "bus":
      return { ...state, bus: action.bus };
    case "network":
      return { ...state, network: action.network };
    case "configVersion":
      return { ...state, configVersion: action.version };
    case "walletFound": {
      const others = state.wallet.found.filter((choice) => choice.uuid !== action.choice.uuid);
      return { ...state, wallet: { ...state.wallet, found: [...others, action.choice] } };
    }
    case "wallet": {
      const wallet = { ...state.wallet, ...action.change };
      const isOther = wallet.account !== state.wallet.account;
      const isSame = !isOther && wallet.chainId === state.wallet.chainId;
      const ui =
        isOther && state.wallet.account ? { ...state.ui, drafts: withoutAmounts(state.ui.drafts) } : state.ui;
      return { ...state, wallet, ui, balances: isSame ? state.balances : null };
    }
    case "balances":
      return { ...state, balances: action.balances };
    case "transactions":
      return { ...state, transactions: action.transactions };
    case "transaction":
      return { ...state, transactions: withTransaction(state.transactions, action.transaction) };
    case "nonceAhead":
      return { ...state, nonceAhead: action.nonceAhead };
    case "transactionChange":
      return { ...state, transactions: withChange(state.transactions, action.hash, action.transaction) };
    case "busy": {
      const { [action.what]: _, ...others } = state.busy;
      return { ...state, busy: action.phase ? { ...others, [action.what]: action.phase } : others };
    }
    case "purchaseBegun":
      return { ...state, purchases: [action.purchase, ...state.purchases] };
    case "purchaseEnded":
      return { ...state, purchases: state.purchases.filter(({ id }) => id !== action.id) };
    case "notice":
      return { ...state, notice: action.notice };
    case "ui":
      return { ...state, ui: { ...state.ui, ...action.change } };
    case "draft":
      return {
        ...state,
        ui: { ...state.ui, drafts: { ...state.ui.drafts, [action.id]: action.text } },
      };
    case "tick":
      return { ...state, nowMs: action.nowMs };
  }
}
