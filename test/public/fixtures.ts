/** Values that tests of the page share: one house, one offer, one trade. */

import { checksumAddress } from "../../chain/checksum";
import type { Address } from "../../common/address";
import type { ConfigView } from "../../common/api";
import type {
  HomeView,
  MeterView,
  OfferView,
  SampleView,
  Snapshot,
  StreetHouseView,
  TradeView,
} from "../../common/events";
import { LAB_ACCOUNTS } from "../../common/lab";
import { initialState, type PageState } from "../../public/state";
import type { TransactionRecord } from "../../public/transactions";
import { LAB_RDNS } from "../../public/wallet/lab-id";
import { failure, type Provider } from "../../public/wallet/provider";

export const METER = "0xa7F16a13226b49258065215d6f1790ef4c97BcEC";
export const TOKEN = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
export const TRADE = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512";
export const TX_HASH = `0x${"ab".repeat(32)}`;
const NWT = 10n ** 18n;

export const config: ConfigView = {
  network: "embedded",
  chainId: 13370,
  chainName: "neighborwatt embedded",
  version: "1",
  genesisHash: `0x${"9e".repeat(32)}`,
  rpcUrl: "http://127.0.0.1:8545",
  // A scripted wallet then stands for the chain too.
  hasRpcDoor: false,
  contracts: { token: TOKEN, trade: TRADE },
  tokensPerEther: 1000n,
  confirmationsNeeded: 2,
  gracePeriodS: 600,
  gridTariffPerKWh: 180n * NWT,
  feedInPerKWh: 60n * NWT,
  sunDayMinutes: 10,
  labWallet: true,
  faucet: true,
  meters: [{ meter: METER, prosumer: LAB_ACCOUNTS.prosumer.address }],
};

export const CHAIN = `${config.genesisHash}/${TRADE}`;

export const offer: OfferView = {
  offerId: 1n,
  meter: METER,
  prosumer: LAB_ACCOUNTS.prosumer.address,
  milliWh: 500n,
  remainingMilliWh: 500n,
  smallestOrderMilliWh: 1n,
  pricePerKWh: 120n * NWT,
  deliveryWindowS: 3600,
  status: "open",
  listedBlock: 5,
};

export const trade: TradeView = {
  tradeId: 1000001n,
  offerId: 1n,
  meter: METER,
  seller: LAB_ACCOUNTS.prosumer.address,
  buyer: LAB_ACCOUNTS.consumer.address,
  status: "sealed",
  milliWh: 20n,
  pricePerKWh: offer.pricePerKWh,
  payment: 2400000000000000n,
  deliveredMilliWh: 0n,
  settledMilliWh: 0n,
  paid: 0n,
  refunded: 0n,
  deadlineAtMs: 3_600_000,
  opened: { txHash: TX_HASH, block: 9, sealer: null, atMs: 1_000 },
  confirmations: 1,
  confirmationsNeeded: 2,
  deliveryStartedAtMs: null,
  deliveryEndedAtMs: null,
  wait: null,
  settlements: [],
};

export const sample = (atMs: number, watts = 2.5): SampleView => ({
  meter: METER,
  atMs,
  volts: 6.2,
  amperes: 0.4,
  watts,
  panelWatts: 7,
  registerMilliWh: 4n,
  relay: watts > 0 ? "closed" : "open",
});

export const meter: MeterView = {
  meter: METER,
  prosumer: LAB_ACCOUNTS.prosumer.address,
  state: "online",
  detail: "",
  fault: null,
  halt: null,
  relay: "open",
  firmware: { name: "neighborwatt meter 1.0", opensByItself: true },
  todayMilliWh: 0n,
  lastSample: null,
};

export const home: HomeView = {
  name: "House 1",
  account: null,
  meter: METER,
  kind: "simulated",
  receiving: null,
  house: null,
};

export const streetHouse: StreetHouseView = {
  meter: METER,
  name: "House 1",
  kind: "simulated",
  prosumer: LAB_ACCOUNTS.prosumer.address,
  state: "online",
  watts: 0,
  roofW: 7,
  batteryCharge: null,
  sellsTo: null,
};

/** Address of the nth house of a made-up street; the first is `METER`. */
export const meterOf = (n: number): Address =>
  n === 1 ? METER : checksumAddress(`0xa${n.toString(16).padStart(39, "0")}`);

/** A street of `count` modelled houses: house 1 sells to house 2, house 3 to the consumer, and so on. */
export function streetOf(count: number): StreetHouseView[] {
  const prosumer = (n: number) =>
    n === 1 ? LAB_ACCOUNTS.prosumer.address : checksumAddress(`0xb${n.toString(16).padStart(39, "0")}`);
  return Array.from({ length: count }, (_, i) => {
    const n = i + 1;
    const isSelling = n % 2 === 1 && n < count;
    return {
      ...streetHouse,
      meter: meterOf(n),
      name: `House ${n}`,
      prosumer: prosumer(n),
      watts: isSelling ? 2.4 : 0,
      roofW: (n * 1.3) % 8,
      batteryCharge: (n * 0.17) % 1,
      sellsTo: isSelling ? (n === 3 ? LAB_ACCOUNTS.consumer.address : prosumer(n + 1)) : null,
    };
  });
}

export const snapshot: Snapshot = {
  configVersion: config.version,
  pageScript: null,
  offers: [offer],
  trades: [trade],
  meters: [meter],
  homes: [home],
  street: [streetHouse],
  chain: { state: "following", detail: "", head: { block: 10, atMs: 0, sealer: null }, followedBlock: 9 },
  bus: null,
  network: null,
};

export const record: TransactionRecord = {
  hash: TX_HASH,
  nonce: null,
  kind: "purchase",
  account: LAB_ACCOUNTS.consumer.address,
  sentAtMs: 1_000,
  details: { offerId: "1", milliWh: "20", tokens: "2400000000000000" },
  status: "pending",
  block: null,
  isConfirmed: false,
};

/** Everything in order: server, meter, chain, a connected wallet of the house next door. */
export const readyState: PageState = {
  ...initialState,
  config: { status: "ready", view: config, chain: CHAIN },
  server: "online",
  hasSnapshot: true,
  offers: { "1": offer },
  meters: { [METER]: meter },
  homes: { [METER]: home },
  street: { [METER]: streetHouse },
  chain: snapshot.chain,
  wallet: {
    isSearching: false,
    found: [{ uuid: "lab", name: "Lab wallet", rdns: LAB_RDNS, icon: "" }],
    status: "connected",
    name: "Lab wallet",
    rdns: LAB_RDNS,
    account: LAB_ACCOUNTS.consumer.address,
    chainId: 13370,
    isOffline: false,
    isOnOldChain: false,
  },
};

/** A provider that answers by a table and notes what it was asked; a function may throw what it likes. */
export function scripted(
  answers: Record<string, (params: readonly unknown[]) => unknown>,
): Provider & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async request({ method, params = [] }) {
      asked.push(method);
      const answer = answers[method];
      if (!answer) throw failure(4200, `no ${method}`);
      return answer(params);
    },
  };
}

/** Rejects as a wallet does: with a plain object. */
export const refuse =
  (code: number, message = "") =>
  (): never => {
    throw failure(code, message);
  };

/** A storage that forgets when the test ends. */
export function memoryStorage(): Storage {
  const items = new Map<string, string>();
  return {
    get length() {
      return items.size;
    },
    clear: () => items.clear(),
    getItem: (key) => items.get(key) ?? null,
    key: (index) => [...items.keys()][index] ?? null,
    removeItem: (key) => void items.delete(key),
    setItem: (key, value) => void items.set(key, value),
  };
}
