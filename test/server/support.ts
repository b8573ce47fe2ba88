/** A server without a chain and without an Arduino: events are written by hand, samples come when told to. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChainClock } from "../../chain/chain-clock";
import type { ChainEvent } from "../../chain/chain-event";
import type { ReadingSigner } from "../../chain/readings";
import type { BlockHeader } from "../../chain/sink";
import type { HomeSettings } from "../../common/home";
import type { HouseFigures } from "../../common/house";
import type { Log } from "../../common/log";
import type {
  Meter,
  MeterFirmware,
  Metering,
  MeterSample,
  MeterStatus,
  RegisterStart,
  RelayPosition,
} from "../../common/meter";
import type { Home } from "../../home/home";
import { Homes } from "../../home/homes";
import { SecondSigner } from "../../home/second-signer";
import { Store } from "../../server/store";
import { Today } from "../../server/today";
import { Views } from "../../server/views";
import type { WebParts } from "../../server/web";

export const METER = "0x00000000000000000000000000000000000000aA";
export const OTHER_METER = "0x00000000000000000000000000000000000000Ab";
export const PROSUMER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
export const OTHER_PROSUMER = "0x90F79bf6EB2c4f870365E785982E1f101E93b906";
export const BUYER = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
/** What the settings say of the home in these tests. */
export const HOME: HomeSettings = {
  name: "House 1",
  account: PROSUMER,
  meter: { kind: "simulated", port: null, firmware: null, calibration: "", keyFile: "meter-key.json" },
  receivingMeter: null,
  house: null,
};
export const PRICE = 120n * 10n ** 18n;
export const START_MS = Date.UTC(2026, 10, 22, 12);
export const HOUR_MS = 3_600_000;
export const SILENT_AFTER_MS = 75_000;

export const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} };

export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "neighborwatt-test-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

type WithoutPlace<E> = E extends ChainEvent ? Omit<E, "block" | "blockHash" | "txHash" | "logIndex"> : never;
/** An event without its place, or with a transaction of its own naming. */
export type Happening = WithoutPlace<ChainEvent> & { txHash?: string };

export const commissioned = (meter = METER, prosumer = PROSUMER): Happening => ({
  name: "MeterCommissioned",
  meter,
  prosumer,
  baselineMilliWh: 0n,
});
export const listed = (offerId: bigint, milliWh = 1000n, meter = METER): Happening => ({
  name: "OfferListed",
  offerId,
  meter,
  prosumer: PROSUMER,
  milliWh,
  pricePerKWh: PRICE,
  deliveryWindow: 3600n,
  smallestOrderMilliWh: 1n,
});
export const opened = (
  tradeId: bigint,
  milliWh: bigint,
  more: { deadlineAtMs?: number; txHash?: string } = {},
): Happening => ({
  name: "TradeOpened",
  tradeId,
  offerId: tradeId / 1_000_000n,
  buyer: BUYER,
  milliWh,
  payment: (milliWh * PRICE) / 1_000_000n,
  deadline: BigInt(Math.floor((more.deadlineAtMs ?? START_MS + HOUR_MS) / 1000)),
  txHash: more.txHash ?? `0xbuy${tradeId}`,
});
export const settled = (
  tradeId: bigint,
  deliveredMilliWh: bigint,
  registerMilliWh: bigint,
  isClosed: boolean,
): Happening => ({
  name: "TradeSettled",
  tradeId,
  deliveredMilliWh,
  registerMilliWh,
  paid: (deliveredMilliWh * PRICE) / 1_000_000n,
  refunded: 0n,
  isClosed,
});
export const refunded = (tradeId: bigint): Happening => ({ name: "TradeRefunded", tradeId, refunded: 1n });

/** Seals blocks and tells the store of them, as the follower does with everything confirmed at once. */
export class HandChain {
  private readonly blocks: { header: BlockHeader; events: ChainEvent[] }[] = [];
  /** Distinguishes the blocks of two branches. */
  branch = "a";

  private atS = START_MS / 1000;

  constructor(
    private readonly store: Store,
    /** True time; the host's clock may be off. */
    private readonly clock: { ms: number } = { ms: START_MS },
  ) {}

  /** The same chain, told to the server's next life. */
  toldTo(store: Store, clock = this.clock): HandChain {
    const chain = new HandChain(store, clock);
    chain.blocks.push(...this.blocks);
    chain.atS = this.atS;
    chain.branch = this.branch;
    return chain;
  }

  get head(): BlockHeader {
    return this.blocks.at(-1)!.header;
  }

  seal(...happenings: Happening[]): { header: BlockHeader; events: ChainEvent[] } {
    const block = (this.blocks.at(-1)?.header.block ?? 0) + 1;
    const hash = `0xblock${block}${this.branch}`;
    const parentHash = this.blocks.at(-1)?.header.hash ?? "0xgenesis";
    this.atS = Math.max(this.atS, Math.floor(this.clock.ms / 1000));
    const header = { block, hash, parentHash, atS: this.atS, sealer: null };
    const events = happenings.map((happening, logIndex) => ({
      txHash: `0xtx${block}${this.branch}${logIndex}`,
      ...happening,
      block,
      blockHash: hash,
      logIndex,
    })) as ChainEvent[];
    this.blocks.push({ header, events });
    return { header, events };
  }

  /** Seals and confirms a block. */
  confirm(...happenings: Happening[]): void {
    const { header, events } = this.seal(...happenings);
    this.store.ledger.apply({ headers: [header], events, through: header });
    this.follow();
  }

  /** As a server reads what was sealed before it started: all of it is confirmed, and the head is said at the end. */
  catchUp(...blocks: { header: BlockHeader; events: ChainEvent[] }[]): void {
    for (const { header, events } of blocks)
      this.store.ledger.apply({ headers: [header], events, through: header });
    this.follow();
  }

  /** Says that everything up to the head has been read. */
  follow(): void {
    this.store.ledger.preview([], [], this.head);
    this.store.ledger.nodeState("following", "test");
  }

  /** The chain goes another way after `block`. */
  reorganise(block: number, branch: string): void {
    this.blocks.splice(block);
    this.branch = branch;
    this.store.ledger.rollback(block);
  }
}

/** A meter whose energy is poured by the test. Flows only while the relay is closed, as the real one. */
export class HandMeter implements Meter {
  status: MeterStatus = { state: "stopped", detail: "test", atMs: 0 };
  relay: RelayPosition = "open";
  registerMilliWh: bigint;
  firmware: MeterFirmware | null = null;
  trips = 0;
  affirmations = 0;
  /** Every command, in order. */
  readonly commands: RelayPosition[] = [];
  private readonly onSamples = new Set<(sample: MeterSample) => void>();
  private readonly onStatuses = new Set<(status: MeterStatus) => void>();

  constructor(
    private readonly clock: { nowMs(): number },
    start: RegisterStart | null,
  ) {
    this.registerMilliWh = start?.registerMilliWh ?? 0n;
  }

  async connect(): Promise<void> {
    this.say("online");
  }
  async disconnect(): Promise<void> {
    this.setRelay("open");
    this.say("stopped");
  }
  setRelay(position: RelayPosition): void {
    this.relay = position;
    this.commands.push(position);
  }
  affirm(): void {
    this.affirmations++;
  }
  raiseRegister(toMilliWh: bigint): void {
    if (toMilliWh > this.registerMilliWh) this.registerMilliWh = toMilliWh;
  }
  onSample(listener: (sample: MeterSample) => void): () => void {
    this.onSamples.add(listener);
    return () => this.onSamples.delete(listener);
  }
  onStatus(listener: (status: MeterStatus) => void): () => void {
    this.onStatuses.add(listener);
    return () => this.onStatuses.delete(listener);
  }
  say(state: MeterStatus["state"], fault: MeterStatus["fault"] = null): void {
    this.status = { state, detail: `test ${state}`, fault, atMs: this.clock.nowMs() };
    for (const listener of this.onStatuses) listener(this.status);
  }
  /** A sample of a load that takes nothing. */
  idle(): void {
    this.sample(0n, false);
  }
  /** A sample, after `milliWh` have flowed if the relay lets them. */
  sample(milliWh = 0n, isDrawing = true): void {
    if (this.relay === "closed") this.registerMilliWh += milliWh;
    const isFlowing = this.relay === "closed" && isDrawing;
    const sample: MeterSample = {
      atMs: this.clock.nowMs(),
      volts: 6.2,
      amperes: isFlowing ? 0.4 : 0,
      watts: isFlowing ? 2.48 : 0,
      panelWatts: 3,
      registerMilliWh: this.registerMilliWh,
      registerRestMicroJoule: 7n,
      relay: this.relay,
    };
    for (const listener of this.onSamples) listener(sample);
  }
}

export const handSigner = (meter = METER): ReadingSigner => ({
  meter,
  sign: ({ tradeId, deliveredMilliWh, registerMilliWh, isFinal }) =>
    `0x${[tradeId, deliveredMilliWh, registerMilliWh, isFinal].join("-")}`,
});

/** `ms` is the true time, which is the steady clock and the chain's; the host's clock is off by `hostOffMs`. */
export interface HandClock {
  ms: number;
  hostOffMs: number;
  nowMs(): number;
  steadyMs(): number;
}

export interface Stand {
  clock: HandClock;
  store: Store;
  chain: HandChain;
  homes: Homes;
  /** Of the first home, as are `meter` and what `tick` measures. */
  home: Home;
  meter: HandMeter;
  /** In the order of the homes. */
  meters: HandMeter[];
  views: Views;
  failures: Error[];
  wakes: number;
  configVersion: string | null;
  /** Errors and warnings of delivery, as they were logged: `error …`. */
  told: string[];
  /** What the node says of the signature in a transaction's calldata. */
  signatureIn(txHash: string, tradeId: bigint): Promise<string | null>;
  /** Lets time pass and takes a sample of each meter. */
  tick(ms: number, ...milliWh: bigint[]): void;
  stop(): Promise<void>;
}

/** Everything but chain, Arduino and pages, on a folder that may be used again after `stop` (or without it). */
export async function startStand(
  folder: string,
  options: {
    atMs?: number;
    settleIntervalMs?: number;
    journalIntervalMs?: number;
    noFlowMs?: number;
    /** The meters of as many homes. */
    meters?: string[];
    signers?: ReadingSigner[];
    receiving?: Metering;
    house?: { figures(): HouseFigures };
    /** By default turns are taken by hand, after each word of a meter or of the chain. */
    after?: (ms: number, action: () => void) => () => void;
  } = {},
): Promise<Stand> {
  const clock: HandClock = {
    ms: options.atMs ?? START_MS,
    hostOffMs: 0,
    nowMs: () => clock.ms + clock.hostOffMs,
    steadyMs: () => clock.ms - START_MS,
  };
  const store = Store.open(folder, quiet);
  const addresses = options.meters ?? [METER];
  const meters = addresses.map((address) => new HandMeter(clock, store.journal.registerOf(address)));
  const meter = meters[0]!;
  const failures: Error[] = [];
  const chainClock = new ChainClock(SILENT_AFTER_MS);
  const told: string[] = [];
  const log: Log = {
    ...quiet,
    warn: (words) => told.push(`warn ${words}`),
    error: (words) => told.push(`error ${words}`),
  };
  const logOf = () => log;
  const homes: Homes = new Homes({
    homes: addresses.map((address, i) => ({
      settings: { ...HOME, name: `House ${i + 1}` },
      meter: meters[i]!,
      receiving: options.receiving ?? null,
      house: options.house ?? null,
      signer: options.signers?.[i] ?? handSigner(address),
    })),
    store,
    clock: { ...clock, after: options.after ?? (() => () => {}) },
    chainClock,
    log,
    logOf,
    rules: {
      settleIntervalMs: options.settleIntervalMs ?? 900_000,
      maxSampleAgeMs: 2000,
      noFlowMs: options.noFlowMs ?? 60_000,
      journalIntervalMs: options.journalIntervalMs ?? 1000,
    },
    readingsSigned: () => {
      stand.wakes++;
    },
    failed: (error) => failures.push(error),
  });
  const secondSigner = new SecondSigner({
    store,
    homes,
    signatureIn: (txHash, tradeId) => stand.signatureIn(txHash, tradeId),
    log,
    logOf,
  });
  const today = new Today(store.history, clock);
  const views = new Views({
    ledger: store.ledger,
    homes,
    confirmationsNeeded: 2,
    refusedForGood: () => store.settlements.refusedForGood(),
    isChainSilent: () => chainClock.isSilent(clock.steadyMs()),
    todayMilliWh: (home) => today.milliWh(home),
    network: () => null,
    configVersion: () => stand.configVersion,
    pageScript: () => null,
  });
  const stand: Stand = {
    clock,
    store,
    chain: new HandChain(store, clock),
    homes,
    home: homes.all()[0]!,
    meter,
    meters,
    views,
    failures,
    wakes: 0,
    configVersion: null,
    told,
    signatureIn: async () => null,
    tick(ms, ...milliWh) {
      clock.ms += ms;
      for (const [i, one] of meters.entries()) one.sample(milliWh[i] ?? 0n);
    },
    async stop() {
      await homes.stop();
      await secondSigner.stop();
      await store.stop();
    },
  };
  await secondSigner.start();
  await homes.start();
  const byHand = () => {
    if (!options.after) homes.turn();
  };
  store.ledger.onChange({ marketChanged() {}, marketReplaced() {}, chainChanged: byHand });
  for (const one of meters) {
    one.onSample(byHand);
    one.onStatus(byHand);
    await one.connect();
    one.sample();
  }
  return stand;
}

/** A web side of this stand on a free port; its page is not built. */
export function webParts(stand: Stand, more: Partial<WebParts> = {}): WebParts {
  return {
    host: "127.0.0.1",
    port: 0,
    views: stand.views,
    ledger: stand.store.ledger,
    homes: stand.homes,
    settlements: stand.store.settlements,
    journal: stand.store.journal,
    history: stand.store.history,
    nowMs: stand.clock.nowMs,
    settlementTrouble: () => null,
    configView: () => null,
    network: async () => ({ nodes: [], sealers: [], periodS: null, blocks: [] }),
    pageDir: "/nonexistent",
    rpcUrl: null,
    publicRpcUrl: "http://192.168.1.5:8545",
    log: quiet,
    requestsPerMinute: 1_000_000,
    ...more,
  };
}
