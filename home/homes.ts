/**
 * All homes of this server, at work. News are gathered for a moment; then one turn for all homes that they concern:
 *
 * 1. Each home plans. A relay that is to open opens at once and waits for nothing.
 * 2. The readings are signed.
 * 3. What must outlive a crash is stored, for all homes in one transaction.
 * 4. The relays that are to close close: a crash in between gives away nothing.
 * 5. The readings are on their way to the chain, and whoever listens is told.
 * 6. Only now, when all of a home's turn is done and stored, its meter gets the heartbeat: a turn that hangs must let
 *    the relays open.
 *
 * A home that fails (its meter, its key) is opened, halted and named, and the others go on. A store that fails stops
 * them all: nothing may flow that cannot be accounted for.
 */
import type { ChainClock } from "../chain/chain-clock";
import type { Address } from "../common/address";
import type { HaltView, HomeView, TradeWait } from "../common/events";
import { type Log, messageOf } from "../common/log";
import type { MeterSample, MeterStatus } from "../common/meter";
import type { DeliveryRecord } from "../common/records";
import type { Service, TimedClock } from "../common/service";
import { formatDecimal, least } from "../common/units";
import type { MarketTrade } from "../market/types";
import { Home, type HomeRules } from "./home";
import { type Entry, storeTogether } from "./keeping";
import { marketOf } from "./market-news";
import { Moments } from "./moments";
import type { HomeNews, HomePlan, Keep, Now } from "./news";
import { deliveredSoFar } from "./plan";
import { type HomeParts, Running } from "./running";
import type { HomesStore } from "./store";

/** How often deadlines and the samples' age are looked at when nothing else happens. */
export const TICK_MS = 250;
/** How long news are gathered for one turn. */
export const GATHER_MS = 20;
/**
 * A signature takes milliseconds, and the deadlines of two hundred trades may be one: what is not signed within this has
 * its turn after the others have had their heartbeat.
 */
const SIGNING_MS = 100;

export interface HomesParts {
  homes: readonly HomeParts[];
  store: HomesStore;
  clock: TimedClock;
  chainClock: ChainClock;
  log: Log;
  /** Of one home, by its name. */
  logOf(name: string): Log;
  rules: HomeRules;
  /** New signed readings wait for the chain. */
  readingsSigned(): void;
  /** Nothing can go on (the disk is full, say). Every relay is open already. */
  failed(error: Error): void;
  /** Whose turn it is at a home, before its relay closes; null when it is nobody's. */
  servedChanged?(home: Home, buyer: Address | null): void;
}

export interface HomesListener {
  tradesChanged(tradeIds: bigint[]): void;
  meterChanged(meter: Address): void;
  sampled(meter: Address, sample: MeterSample): void;
}

/** What one home stores. */
interface Keeping {
  one: Running;
  keep: Keep;
  signed?: Entry["signed"];
}

/** What one home does in a turn. */
interface Turn {
  one: Running;
  plan: HomePlan;
  signed: Entry["signed"];
}

const inWh = (milliWh: bigint): string => `${formatDecimal(milliWh, 3)} Wh`;

export class Homes implements Service {
  /** Turns taken since the start, and transactions that they needed: one a turn at most. */
  turns = 0;
  transactions = 0;
  private readonly running = new Map<Address, Running>();
  private readonly touched = new Set<Running>();
  private readonly listeners: HomesListener[] = [];
  private readonly moments: Moments;
  private cancelTurn: (() => void) | null = null;
  private cancelTick: (() => void) | null = null;
  private isRunning = false;

  constructor(private readonly parts: HomesParts) {
    const { store, clock, rules, logOf } = parts;
    this.moments = new Moments({ ...parts, ledger: store.ledger });
    for (const { settings, ...rest } of parts.homes) {
      const { meter } = rest.signer;
      const twin = this.running.get(meter)?.home.name;
      if (twin !== undefined)
        throw new Error(
          `"${twin}" and "${settings.name}" have the same meter key ${meter}: every home needs one of its own`,
        );
      const home = new Home({
        settings,
        meter,
        register: store.journal.registerOf(meter),
        // What flowed last before a crash is in no row of the history: it belongs to the day it flowed on.
        meteredAtMs: store.journal.registerSeenAtMs(meter) ?? clock.nowMs(),
        rules,
      });
      this.running.set(meter, new Running(home, rest, logOf(settings.name)));
    }
  }

  /** Null for a meter of another server. */
  of(meter: Address): Home | null {
    return this.running.get(meter)?.home ?? null;
  }

  /** In the order of the settings. */
  all(): Home[] {
    return [...this.running.values()].map(({ home }) => home);
  }

  onChange(listener: HomesListener): void {
    this.listeners.push(listener);
  }

  async start(): Promise<void> {
    const { store } = this.parts;
    this.isRunning = true;
    for (const one of this.running.values()) {
      const { home } = one;
      store.history.markStart(home.meter, home.meteredAtMs, home.registerMilliWh);
      this.careful(one, () => this.listenTo(one));
    }
    store.ledger.onChange({
      marketChanged: ({ trades, meters }) => {
        const concerned = new Set(meters);
        for (const tradeId of trades) {
          const trade = store.ledger.confirmed.trade(tradeId);
          if (trade) concerned.add(trade.meter);
        }
        this.marketChanged([...this.running.values()].filter(({ home }) => concerned.has(home.meter)));
      },
      marketReplaced: () => this.marketChanged([...this.running.values()], true),
      chainChanged: () => {
        this.touchAll();
        this.turnSoon();
      },
    });
    this.marketChanged([...this.running.values()], true);
    this.tick();
  }

  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.end();
    const { log } = this.parts;
    this.openAll();
    try {
      this.store([...this.running.values()].map((one) => ({ one, keep: one.home.lastToKeep() })));
    } catch (error) {
      log.error(`what was metered last is not stored: ${messageOf(error)}`);
    }
  }

  /** Opens a home's relay for good: only a new start delivers again. */
  halt(meter: Address, why: HaltView): void {
    const one = this.running.get(meter);
    if (!one) return;
    this.know(one, { about: "halt", why });
    this.turn();
    this.tell((listener) => listener.meterChanged(meter));
  }

  /** The home, with the figures of its house at this moment. */
  viewOf(home: Home): HomeView {
    const one = this.running.get(home.meter);
    if (one?.parts.house) {
      const figures = one.parts.house.figures();
      home.know({ about: "house", figures }, this.parts.clock.steadyMs());
    }
    return home.view();
  }

  /** How far a trade has got; null when no meter of this server has anything to do with it. */
  progressOf(trade: MarketTrade): { record: DeliveryRecord; deliveredMilliWh: bigint } | null {
    const home = this.of(trade.meter);
    if (home === null) return null;
    const { tradeId, opened } = trade;
    const record =
      home.recordOf({ tradeId, openingTx: opened.txHash }) ??
      this.parts.store.journal.recordOf(tradeId, opened.txHash);
    if (record === null) return null;
    return { record, deliveredMilliWh: least(deliveredSoFar(record, home.registerMilliWh), trade.milliWh) };
  }

  /** Why nothing flows for an open trade of these homes; null when that is not so. */
  waitOf({ meter, tradeId, opened }: MarketTrade): TradeWait | null {
    return this.of(meter)?.waitOf({ tradeId, openingTx: opened.txHash }) ?? null;
  }

  /** Age of a home's newest sample, ms; null before the first, and after a loss. */
  sampleAgeMs(home: Home): number | null {
    return home.sampleAgeMs(this.parts.clock.steadyMs());
  }

  /** Takes the turn of every home that news concern, now. */
  turn(): void {
    this.cancelTurn?.();
    this.cancelTurn = null;
    this.guarded(() => {
      this.turns++;
      const now = this.moments.now();
      const concerned = [...this.touched];
      this.touched.clear();
      const turns = concerned
        .map((one) => this.planned(one, now))
        .filter((turn) => turn !== null)
        .filter((turn) => this.isInTime(turn, now) && this.careful(turn.one, () => this.sign(turn)));
      this.store(this.toKeep(turns, now));
      if (turns.some(({ signed }) => signed.length > 0)) this.parts.readingsSigned();
      for (const turn of turns) this.careful(turn.one, () => this.finish(turn, now));
    });
  }

  /** 1. @returns null when the home failed */
  private planned(one: Running, now: Now): Turn | null {
    let turn: Turn | null = null;
    this.careful(one, () => {
      if (now.isChainKnown) one.reportCommission();
      const plan = one.home.plan(now);
      if (plan.raiseTo !== null) {
        one.log.warn(`register raised to ${inWh(plan.raiseTo)}: the meter stood below what is known of it`);
        one.parts.meter.raiseRegister(plan.raiseTo);
      }
      if (plan.isEdge && plan.relay === "open") this.setRelay(one, plan);
      turn = { one, plan, signed: [] };
    });
    return turn;
  }

  /** False: its relay is open by now where it must be, and all else of its turn comes in the next one. */
  private isInTime({ one, plan }: Turn, { steadyMs }: Now): boolean {
    const isSigning = (plan.keep?.toSign.length ?? 0) > 0;
    if (!isSigning || this.parts.clock.steadyMs() - steadyMs < SIGNING_MS) return true;
    this.touched.add(one);
    this.turnSoon();
    return false;
  }

  /** 2. */
  private sign(turn: Turn): void {
    const { signer } = turn.one.parts;
    const signedAtMs = this.parts.clock.nowMs();
    turn.signed = (turn.plan.keep?.toSign ?? []).map((reading) => ({
      ...reading,
      meter: signer.meter,
      signature: signer.sign(reading),
      signedAtMs,
    }));
  }

  /**
   * Where one home must store, those whose last entry is half an interval old do it along: so they come to store
   * together, and a hundred homes cost as many transactions as one.
   */
  private toKeep(turns: Turn[], { steadyMs }: Now): Keeping[] {
    const must = turns.flatMap(({ one, plan: { keep }, signed }) => (keep ? [{ one, keep, signed }] : []));
    if (must.length === 0) return [];
    const theirs = new Set(must.map(({ one }) => one));
    const halfMs = this.parts.rules.journalIntervalMs / 2;
    const along = [...this.running.values()].flatMap((one) => {
      const keep = theirs.has(one) ? null : one.home.dueToKeep(steadyMs, halfMs);
      return keep ? [{ one, keep }] : [];
    });
    return [...must, ...along];
  }

  /** 3. */
  private store(kept: Keeping[]): void {
    if (kept.length === 0) return;
    const { store, clock } = this.parts;
    this.transactions++;
    const entries = kept.map(({ one, keep, signed = [] }) => ({ meter: one.home.meter, keep, signed }));
    storeTogether(store, entries, clock.nowMs());
    const steadyMs = clock.steadyMs();
    for (const { one, keep } of kept) one.home.know({ about: "kept", keep }, steadyMs);
  }

  /** 4. to 6., of one home. */
  private finish({ one, plan, signed }: Turn, { steadyMs }: Now): void {
    const { home, log } = one;
    const { meter } = home;
    for (const { tradeId, deliveredMilliWh, isFinal } of signed)
      log.info(
        `${isFinal ? "final reading" : "reading"} signed: trade ${tradeId}, ${inWh(deliveredMilliWh)}`,
      );
    if (plan.served?.tradeId !== home.servedTradeId)
      this.parts.servedChanged?.(home, plan.served?.buyer ?? null);
    if (plan.isEdge && plan.relay === "closed") this.setRelay(one, plan);
    home.know({ about: "done", plan }, steadyMs);
    const counting = one.isSampled ? home.countingTradeId : null;
    one.isSampled = false;
    const changed = counting === null ? plan.changed : [...new Set([...plan.changed, counting])];
    if (changed.length > 0) this.tell((listener) => listener.tradesChanged(changed));
    if (plan.isEdge || plan.changed.length > 0) this.tell((listener) => listener.meterChanged(meter));
    if (!one.isFaulty) one.parts.meter.affirm();
  }

  private setRelay(one: Running, { relay, reason }: HomePlan): void {
    one.parts.meter.setRelay(relay);
    one.log.info(`relay ${reason}`);
  }

  private tick(): void {
    this.cancelTick = this.parts.clock.after(TICK_MS, () => this.tick());
    this.touchAll();
    this.turn();
  }

  private touchAll(): void {
    for (const one of this.running.values()) this.touched.add(one);
  }

  private turnSoon(): void {
    if (this.isRunning) this.cancelTurn ??= this.parts.clock.after(GATHER_MS, () => this.turn());
  }

  private know(one: Running, news: HomeNews): void {
    one.home.know(news, this.parts.clock.steadyMs());
    this.touched.add(one);
  }

  private listenTo(one: Running): void {
    one.listen({
      sample: (sample) => this.heard(one, () => this.sampled(one, sample)),
      status: (status) => this.heard(one, () => this.statusChanged(one, status)),
      receiving: (news) => one.home.know(news, this.parts.clock.steadyMs()),
    });
  }

  private sampled(one: Running, sample: MeterSample): void {
    const { home } = one;
    this.know(one, { about: "sample", sample });
    one.isSampled = true;
    const taken = home.lastSample ?? sample;
    this.tell((listener) => listener.sampled(home.meter, taken));
  }

  private statusChanged(one: Running, status: MeterStatus): void {
    const { firmware, trips } = one.parts.meter;
    one.reportStatus(status);
    this.know(one, { about: "status", status, firmware, trips });
    this.tell((listener) => listener.meterChanged(one.home.meter));
  }

  /** What a meter says waits for the next turn. */
  private heard(one: Running, work: () => void): void {
    this.guarded(() => this.careful(one, work));
    this.turnSoon();
  }

  /** A confirmed purchase waits for nothing: the turn is taken at once. */
  private marketChanged(concerned: Running[], isReplaced = false): void {
    if (concerned.length === 0) return;
    this.guarded(() => {
      const { store } = this.parts;
      // One for each meter at most.
      const counting = isReplaced
        ? new Map(store.journal.countingRecords().map(({ meter, record }) => [meter, record]))
        : null;
      for (const one of concerned) {
        const own = counting?.get(one.home.meter);
        const market = marketOf(one.home, store, counting && (own ? [own] : []));
        this.know(one, { about: "market", market });
      }
    });
    this.turn();
    for (const { home } of concerned) this.tell((listener) => listener.meterChanged(home.meter));
  }

  /** What a home's own parts throw is that home's end, and no other's. @returns whether it went well */
  private careful(one: Running, work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      if (!one.isFaulty) {
        one.isFaulty = true;
        one.log.error(`delivers nothing until the server is started again: ${messageOf(error)}`);
      }
      one.openQuietly();
      one.home.know(
        { about: "halt", why: { reason: "fault", detail: messageOf(error) } },
        this.parts.clock.steadyMs(),
      );
      this.tell((listener) => listener.meterChanged(one.home.meter));
      return false;
    }
  }

  /** A fault of what they share opens every relay and ends delivery. */
  private guarded(work: () => void): void {
    if (!this.isRunning) return;
    try {
      work();
    } catch (error) {
      this.end();
      this.openAll();
      this.parts.failed(error instanceof Error ? error : new Error(messageOf(error)));
    }
  }

  private end(): void {
    this.isRunning = false;
    this.cancelTick?.();
    this.cancelTurn?.();
    for (const one of this.running.values()) one.leave();
  }

  private openAll(): void {
    for (const one of this.running.values()) one.openQuietly();
  }

  private tell(what: (listener: HomesListener) => void): void {
    for (const listener of this.listeners) what(listener);
  }
}
