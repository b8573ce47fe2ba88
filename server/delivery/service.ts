/** Delivery at work: brings the plan together with the meter, the journal and the meter's key. */

import type { ReadingSigner } from "../../chain/readings";
import type { BlockHeader } from "../../chain/sink";
import type { Address } from "../../common/address";
import type { HaltView, TradeWait } from "../../common/events";
import { type Log, messageOf } from "../../common/log";
import type {
  Meter,
  MeterFirmware,
  MeterSample,
  MeterStatus,
  RegisterStart,
  RelayPosition,
} from "../../common/meter";
import type { Clock, Service } from "../../common/service";
import { formatDecimal } from "../../common/units";
import { type MarketTrade, signaturesCount } from "../../market/types";
import { type ChainClock, noBlockSince } from "../chain-clock";
import type { Store } from "../store";
import { type HistoryPoint, SecondMeans } from "../store/history";
import { countingFrom } from "./correction";
import {
  type DeliveryPlan,
  type DeliveryRecord,
  type DeliveryRules,
  deliveredSoFar,
  deliveryKey,
  least,
  type OpenTrade,
  planDelivery,
} from "./plan";

export interface DeliveryParts {
  store: Store;
  /** Its register must start where `store.journal` says. */
  meter: Meter;
  signer: ReadingSigner;
  clock: Clock;
  chainClock: ChainClock;
  log: Log;
  rules: DeliveryRules;
  /** Bounds what a crash can lose: maximum power times this. */
  journalIntervalMs: number;
  /** New signed readings wait for the chain. */
  readingsSigned(): void;
  /** Delivery cannot go on (the disk is full, say). The relay is open already. */
  failed(error: Error): void;
}

export interface DeliveryListener {
  tradesChanged(tradeIds: bigint[]): void;
  meterChanged(): void;
  sampled(sample: MeterSample): void;
}

const inWh = (milliWh: bigint): string => `${formatDecimal(milliWh, 3)} Wh`;

/** How often deadlines and the samples' age are looked at when nothing else happens. */
const TICK_MS = 250;

export class DeliveryService implements Service {
  lastSample: MeterSample | null = null;
  status: MeterStatus = { state: "stopped", detail: "not started", atMs: 0 };
  wanted: RelayPosition = "open";
  /** Why nothing is delivered any more, until this process ends; null while that is not so. */
  halted: HaltView | null = null;
  /** When the register was last known to stand where it stands, ms since 1970. */
  meteredAtMs = 0;

  private register: RegisterStart = { registerMilliWh: 0n, registerRestMicroJoule: 0n };
  /** What the register stands above the meter's own, after the journal was lost: see `raiseRegister`. */
  private lift = 0n;
  private records = new Map<string, DeliveryRecord>();
  private trades: OpenTrade[] = [];
  /** The records that may still change; the rest are history. */
  private working = new Map<string, DeliveryRecord>();
  /** On the steady clock, both. */
  private journaledAtMs = Number.NEGATIVE_INFINITY;
  private sampledAtMs: number | null = null;
  private quietMs = 0;
  private served: OpenTrade | null = null;
  private waits: DeliveryPlan["waits"] = new Map();
  private readonly means = new SecondMeans();
  private readonly listeners: DeliveryListener[] = [];
  private readonly unsubscribe: (() => void)[] = [];
  private ticker: NodeJS.Timeout | undefined;
  private isCommissioned: boolean | null = null;
  private isSilent = false;
  private isRunning = false;

  constructor(private readonly parts: DeliveryParts) {}

  get address(): Address {
    return this.parts.signer.meter;
  }

  get registerMilliWh(): bigint {
    return this.register.registerMilliWh;
  }

  /** What runs on the Arduino; null before its first connection. */
  get firmware(): MeterFirmware | null {
    return this.parts.meter.firmware;
  }

  /** How often the relay has opened by itself. */
  get trips(): number {
    return this.parts.meter.trips;
  }

  onChange(listener: DeliveryListener): void {
    this.listeners.push(listener);
  }

  async start(): Promise<void> {
    const { meter, store, clock } = this.parts;
    this.register = store.journal.registerOf(this.address) ?? this.register;
    // What flowed last before a crash is in no row of the history: it belongs to the day it flowed on.
    const seenAtMs = store.journal.registerSeenAtMs(this.address) ?? clock.nowMs();
    store.history.markStart(this.address, seenAtMs, this.registerMilliWh);
    this.meteredAtMs = seenAtMs;
    this.isRunning = true;
    meter.setRelay("open");
    store.ledger.onChange({
      marketChanged: (touched) => {
        const market = store.ledger.confirmed;
        const isMine = [...touched.trades].some((tradeId) => market.trade(tradeId)?.meter === this.address);
        if (isMine || touched.meters.has(this.address)) this.guarded(() => this.marketChanged());
      },
      marketReplaced: () =>
        this.guarded(() => {
          this.records = store.journal.records();
          this.marketChanged();
        }),
      chainChanged: () => this.guarded(() => this.step()),
    });
    this.unsubscribe.push(
      meter.onSample((sample) => this.guarded(() => this.sampled(sample))),
      meter.onStatus((status) => this.guarded(() => this.statusChanged(status))),
    );
    this.guarded(() => {
      this.records = store.journal.records();
      this.readTrades();
      this.statusChanged(meter.status);
    });
    this.ticker = setInterval(() => this.guarded(() => this.step()), TICK_MS);
  }

  async stop(): Promise<void> {
    if (!this.isRunning) return;
    clearInterval(this.ticker);
    for (const forget of this.unsubscribe.splice(0)) forget();
    this.isRunning = false;
    this.parts.meter.setRelay("open");
    try {
      this.save([], [], this.means.finish());
    } catch (error) {
      this.parts.log.error(`what was metered last is not stored: ${messageOf(error)}`);
    }
  }

  /** Opens the relay for good: only a new start delivers again. */
  halt(why: HaltView): void {
    this.halted = why;
    this.guarded(() => this.step());
    this.tell((listener) => listener.meterChanged());
  }

  /** How far a trade has got; null when this meter has nothing to do with it. */
  progressOf(trade: MarketTrade): { record: DeliveryRecord; deliveredMilliWh: bigint } | null {
    const record = this.records.get(deliveryKey({ tradeId: trade.tradeId, openingTx: trade.opened.txHash }));
    if (!record) return null;
    return { record, deliveredMilliWh: least(deliveredSoFar(record, this.registerMilliWh), trade.milliWh) };
  }

  /** The confirmed trade whose turn it is; null when there is none. */
  servedTradeId(): bigint | null {
    return this.served?.tradeId ?? null;
  }

  /** Why nothing flows for an open trade of this meter; null when that is not so. */
  waitOf(trade: MarketTrade): TradeWait | null {
    return this.waits.get(deliveryKey({ tradeId: trade.tradeId, openingTx: trade.opened.txHash })) ?? null;
  }

  /** Age of the newest sample, ms; null before the first. */
  sampleAgeMs(): number | null {
    return this.sampledAtMs === null ? null : this.parts.clock.steadyMs() - this.sampledAtMs;
  }

  private sampled(raw: MeterSample): void {
    if (raw.registerMilliWh + this.lift < this.registerMilliWh)
      this.raiseRegister(this.registerMilliWh - raw.registerMilliWh, "the meter began below it");
    const sample = { ...raw, registerMilliWh: raw.registerMilliWh + this.lift };
    this.register = sample;
    this.lastSample = sample;
    this.meteredAtMs = sample.atMs;
    this.countQuiet(sample);
    const second = this.means.add(sample);
    this.step(second);
    this.tell((listener) => listener.sampled(sample));
    const active = [...this.working.values()].find((record) => record.sinceRegisterMilliWh !== null);
    if (active) this.tell((listener) => listener.tradesChanged([active.tradeId]));
  }

  /** Time without samples is not time without current: only what lies between two samples counts. */
  private countQuiet(sample: MeterSample): void {
    const ageMs = this.sampleAgeMs() ?? 0;
    this.sampledAtMs = this.parts.clock.steadyMs();
    if (this.wanted === "open" || sample.watts > 0) this.quietMs = 0;
    else this.quietMs += Math.min(ageMs, this.parts.rules.maxSampleAgeMs);
  }

  private statusChanged(status: MeterStatus): void {
    this.report(status);
    this.status = status;
    // A sample from before a loss says nothing about now.
    if (status.state !== "online") this.sampledAtMs = null;
    this.step();
    this.tell((listener) => listener.meterChanged());
  }

  /** Once per change: an attempt like the one before, a second later, is none. */
  private report({ state, detail, reason = detail, fault = null }: MeterStatus): void {
    const before = this.status;
    if (state === before.state && reason === (before.reason ?? before.detail)) return;
    const isWell = fault === null && (state === "online" || state === "stopped" || reason === detail);
    this.parts.log[isWell ? "info" : "warn"](`meter ${state}: ${detail}`);
  }

  private marketChanged(): void {
    this.readTrades();
    this.step();
    this.tell((listener) => listener.meterChanged());
  }

  private readTrades(): void {
    const market = this.parts.store.ledger.confirmed;
    this.trades = market.openTradesOf(this.address).map((trade) => ({
      tradeId: trade.tradeId,
      openingTx: trade.opened.txHash,
      buyer: trade.buyer,
      milliWh: trade.milliWh,
      settledMilliWh: trade.settledMilliWh,
      deadlineAtMs: trade.deadlineAtMs,
    }));
    const open = new Set(this.trades.map(deliveryKey));
    this.working = new Map(
      [...this.records].filter(([key, record]) => open.has(key) || record.sinceRegisterMilliWh !== null),
    );
    const onChain = market.meter(this.address)?.registerMilliWh ?? 0n;
    if (onChain > this.registerMilliWh) {
      const before = this.registerMilliWh;
      this.raiseRegister(onChain - before + this.lift, "the chain knows a higher one");
      const second = this.means.finish();
      const moved = countingFrom(this.working.values(), before, onChain);
      // In one transaction: a correction that is marked and not made would be marked twice.
      this.register = { ...this.register, registerMilliWh: onChain };
      const { store, clock } = this.parts;
      store.commit(() => {
        if (second) store.history.saveSecond(this.address, second, this.confirmedAtS());
        store.history.markCorrection(this.address, clock.nowMs(), before, onChain);
        store.journal.saveRegister(this.address, this.register, clock.nowMs());
        for (const record of moved) store.journal.saveRecord(record);
      });
      this.remember(moved);
    }
  }

  /**
   * The journal was lost or is older than the chain. What the meter sells next must be covered by a register above
   * every one it has signed, so it goes on from there.
   */
  private raiseRegister(lift: bigint, why: string): void {
    this.parts.log.warn(`register raised by ${inWh(lift - this.lift)}: ${why}`);
    this.lift = lift;
  }

  private step(second: HistoryPoint | null = null): void {
    const { store, clock, chainClock, rules, signer } = this.parts;
    const steadyMs = clock.steadyMs();
    const chain = store.ledger.position();
    chainClock.saw(chain.head, steadyMs);
    const nowMs = chainClock.nowMs(steadyMs) ?? clock.nowMs();
    const isCommissioned = signaturesCount(store.ledger.confirmed.meter(signer.meter));
    if (chain.isKnown) this.reportCommission(isCommissioned);
    this.reportSilence(chain.state === "following" && chainClock.isSilent(steadyMs), chain.head);
    const plan = planDelivery(
      {
        nowMs,
        latestMs: chainClock.isTicking(steadyMs) ? nowMs : Math.max(nowMs, clock.nowMs()),
        confirmedAtMs: (chain.confirmedAtS ?? 0) * 1000,
        isChainKnown: chain.isKnown,
        isCommissioned,
        isHalted: this.halted !== null,
        meter: {
          registerMilliWh: this.registerMilliWh,
          isOnline: this.status.state === "online",
          sampleAgeMs: this.sampleAgeMs(),
          quietMs: this.quietMs,
        },
        trades: this.trades,
        records: this.working,
      },
      rules,
    );
    const isEdge = plan.relay !== this.wanted;
    const isDue = this.lastSample !== null && steadyMs - this.journaledAtMs >= this.parts.journalIntervalMs;
    // Open first, store then; store first, close then: a crash in between gives away nothing.
    if (plan.relay === "open" && isEdge) this.setRelay(plan);
    if (isEdge || isDue || second || plan.changed.length > 0) this.save(plan.changed, plan.toSign, second);
    if (plan.relay === "closed" && isEdge) this.setRelay(plan);
    if (plan.toSign.length > 0) this.parts.readingsSigned();
    const moved = this.noteTurn(plan);
    const changed = [...new Set([...plan.changed.map(({ tradeId }) => tradeId), ...moved])];
    if (changed.length > 0) this.tell((listener) => listener.tradesChanged(changed));
    if (isEdge || changed.length > 0) this.tell((listener) => listener.meterChanged());
    // Only from here, when all of the turn is done and stored: a turn that hangs must let the relay open.
    this.parts.meter.affirm();
  }

  /** Whose turn it is, and why the others wait. @returns the trades of which either changed, though no record did */
  private noteTurn(plan: DeliveryPlan): bigint[] {
    const keyOfTurn = (trade: OpenTrade | null) => (trade === null ? "" : deliveryKey(trade));
    const isTurn = keyOfTurn(plan.served) !== keyOfTurn(this.served);
    if (isTurn || plan.relay === "open") this.quietMs = 0;
    const before = this.waits;
    const moved = this.trades.filter((trade) => {
      const key = deliveryKey(trade);
      const [was, is] = [before.get(key), plan.waits.get(key)];
      return was?.reason !== is?.reason || was?.untilMs !== is?.untilMs;
    });
    const turns = isTurn ? [this.served, plan.served].filter((trade) => trade !== null) : [];
    this.served = plan.served;
    this.waits = plan.waits;
    return [...moved, ...turns].map(({ tradeId }) => tradeId);
  }

  /** Before the chain is known nothing is old enough to be forgotten. */
  private confirmedAtS(): number {
    return this.parts.store.ledger.position().confirmedAtS ?? 0;
  }

  private reportCommission(isCommissioned: boolean): void {
    if (isCommissioned === this.isCommissioned) return;
    this.isCommissioned = isCommissioned;
    if (isCommissioned) this.parts.log.info(`meter ${this.address} is commissioned`);
    else
      this.parts.log.warn(
        `meter ${this.address} is not commissioned: nobody can buy from it until the operator has done so (geth/README.md)`,
      );
  }

  private reportSilence(isSilent: boolean, head: BlockHeader | null): void {
    if (isSilent === this.isSilent || head === null) return;
    this.isSilent = isSilent;
    if (isSilent) this.parts.log.warn(noBlockSince(head));
    else this.parts.log.info(`blocks come again: block ${head.block}`);
  }

  private setRelay(plan: DeliveryPlan): void {
    this.wanted = plan.relay;
    this.parts.meter.setRelay(plan.relay);
    this.parts.log.info(`relay ${plan.reason}`);
  }

  /** Register, records, readings and the finished second, in one transaction. */
  private save(changed: DeliveryRecord[], toSign: DeliveryPlan["toSign"], second: HistoryPoint | null): void {
    const { store, signer, clock, log } = this.parts;
    const nowMs = clock.nowMs();
    const signed = toSign.map(({ openingTx, ...reading }) => ({
      ...reading,
      openingTx,
      meter: signer.meter,
      signature: signer.sign(reading),
      signedAtMs: nowMs,
    }));
    store.commit(() => {
      store.journal.saveRegister(signer.meter, this.register, nowMs);
      for (const record of changed) store.journal.saveRecord(record);
      for (const reading of signed) store.journal.saveReading(reading);
      if (second) store.history.saveSecond(signer.meter, second, this.confirmedAtS());
    });
    this.journaledAtMs = clock.steadyMs();
    this.remember(changed);
    for (const { tradeId, deliveredMilliWh, isFinal } of signed)
      log.info(
        `${isFinal ? "final reading" : "reading"} signed: trade ${tradeId}, ${inWh(deliveredMilliWh)}`,
      );
  }

  private remember(changed: DeliveryRecord[]): void {
    for (const record of changed) {
      this.records.set(deliveryKey(record), record);
      this.working.set(deliveryKey(record), record);
    }
  }

  /** A fault opens the relay and ends delivery: nothing may flow that cannot be accounted for. */
  private guarded(work: () => void): void {
    if (!this.isRunning) return;
    try {
      work();
    } catch (error) {
      this.isRunning = false;
      clearInterval(this.ticker);
      this.wanted = "open";
      try {
        this.parts.meter.setRelay("open");
      } finally {
        // Told in any case: what opening the relay complains of is not why delivery ends.
        this.parts.failed(error instanceof Error ? error : new Error(messageOf(error)));
      }
    }
  }

  private tell(what: (listener: DeliveryListener) => void): void {
    for (const listener of this.listeners) what(listener);
  }
}
