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
import { type ChainClock, noBlockSince } from "../chain/chain-clock";
import type { ReadingSigner, SignedReading } from "../chain/readings";
import type { BlockHeader } from "../chain/sink";
import type { Address } from "../common/address";
import type { HaltView, ReceivingView, TradeWait } from "../common/events";
import type { HomeSettings } from "../common/home";
import type { HouseFigures } from "../common/house";
import { type Log, messageOf } from "../common/log";
import type { Meter, Metering, MeterSample, MeterStatus, ReceivedSample } from "../common/meter";
import type { DeliveryRecord } from "../common/records";
import type { Service, TimedClock } from "../common/service";
import { formatDecimal, least } from "../common/units";
import { type MarketTrade, signaturesCount } from "../market/types";
import { Home, type HomeNews, type HomePlan, type HomeRules, type Keep, type Now } from "./home";
import { deliveredSoFar } from "./plan";
import type { HomesStore } from "./store";

/** How often deadlines and the samples' age are looked at when nothing else happens. */
export const TICK_MS = 250;
/** How long news are gathered for one turn. */
export const GATHER_MS = 20;

/** What stands in one home. */
export interface HomeParts {
  settings: HomeSettings;
  /** Its register must start where the journal says. */
  meter: Meter;
  receiving: Metering | null;
  house: { figures(): HouseFigures } | null;
  signer: ReadingSigner;
}

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

/** A home and what stands in it. */
interface Running extends Omit<HomeParts, "settings"> {
  home: Home;
  log: Log;
  /** It failed: it gets no heartbeat any more. */
  isFaulty: boolean;
  /** What was last said of it in the log; null before anything was. */
  toldCommissioned: boolean | null;
}

interface Turn {
  one: Running;
  plan: HomePlan;
  keep: Keep | null;
  signed: StoredReading[];
}

type StoredReading = SignedReading & { openingTx: string; deadlineAtMs: number };

const inWh = (milliWh: bigint): string => `${formatDecimal(milliWh, 3)} Wh`;

export class Homes implements Service {
  /** Turns taken since the start, and transactions that they needed: one a turn at most. */
  turns = 0;
  transactions = 0;
  private readonly running = new Map<Address, Running>();
  private readonly touched = new Set<Running>();
  private readonly listeners: HomesListener[] = [];
  private readonly forget: (() => void)[] = [];
  private cancelTurn: (() => void) | null = null;
  private cancelTick: (() => void) | null = null;
  private isSilent = false;
  private isRunning = false;

  constructor(private readonly parts: HomesParts) {
    const { store, clock, rules, logOf } = parts;
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
      this.running.set(meter, {
        ...rest,
        home,
        log: logOf(settings.name),
        isFaulty: false,
        toldCommissioned: null,
      });
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
      this.store([...this.running.values()].map((one) => ({ one, keep: one.home.lastToKeep(), signed: [] })));
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
      const now = this.now();
      const concerned = [...this.touched];
      this.touched.clear();
      const turns = concerned
        .map((one) => this.planned(one, now))
        .filter((turn) => turn !== null)
        .filter((turn) => this.careful(turn.one, () => this.sign(turn)));
      this.store(this.toStore(turns, now));
      if (turns.some(({ signed }) => signed.length > 0)) this.parts.readingsSigned();
      for (const turn of turns) this.careful(turn.one, () => this.finish(turn, now));
    });
  }

  /** 1. @returns null when the home failed */
  private planned(one: Running, now: Now): Turn | null {
    let turn: Turn | null = null;
    this.careful(one, () => {
      if (now.isChainKnown) this.reportCommission(one);
      const plan = one.home.plan(now);
      if (plan.raiseTo !== null) {
        one.log.warn(`register raised to ${inWh(plan.raiseTo)}: the meter stood below what is known of it`);
        one.meter.raiseRegister(plan.raiseTo);
      }
      if (plan.isEdge && plan.relay === "open") this.setRelay(one, plan);
      turn = { one, plan, keep: plan.keep, signed: [] };
    });
    return turn;
  }

  /** 2. */
  private sign(turn: Turn): void {
    const { signer } = turn.one;
    const signedAtMs = this.parts.clock.nowMs();
    turn.signed = (turn.keep?.toSign ?? []).map((reading) => ({
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
  private toStore(turns: Turn[], now: Now): Pick<Turn, "one" | "keep" | "signed">[] {
    const must = turns.filter(({ keep }) => keep !== null);
    if (must.length === 0) return [];
    const theirs = new Set(must.map(({ one }) => one));
    const along = [...this.running.values()]
      .filter((one) => !theirs.has(one))
      .map((one) => ({
        one,
        keep: one.home.dueToKeep(now.steadyMs, this.parts.rules.journalIntervalMs / 2),
        signed: [],
      }));
    return [...must, ...along];
  }

  /** 3. Registers, records, readings, corrections and finished seconds, in one transaction. */
  private store(entries: Pick<Turn, "one" | "keep" | "signed">[]): void {
    if (entries.every(({ keep }) => keep === null)) return;
    const { store, clock } = this.parts;
    this.transactions++;
    const nowMs = clock.nowMs();
    // Before the chain is known nothing is old enough to be forgotten.
    const confirmedAtS = store.ledger.position().confirmedAtS ?? 0;
    store.commit(() => {
      for (const { one, keep, signed } of entries) {
        if (keep === null) continue;
        const { meter } = one.home;
        for (const second of keep.seconds) store.history.saveSecond(meter, second, confirmedAtS);
        for (const { beforeMilliWh, afterMilliWh } of keep.corrections)
          store.history.markCorrection(meter, nowMs, beforeMilliWh, afterMilliWh);
        store.journal.saveRegister(meter, keep.register, nowMs);
        for (const record of keep.records) store.journal.saveRecord(meter, record);
        for (const reading of signed) store.journal.saveReading(reading);
      }
    });
    const steadyMs = clock.steadyMs();
    for (const { one, keep } of entries) if (keep) one.home.know({ about: "kept", keep }, steadyMs);
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
    const counting = home.countingTradeId;
    const changed = counting === null ? plan.changed : [...new Set([...plan.changed, counting])];
    if (changed.length > 0) this.tell((listener) => listener.tradesChanged(changed));
    if (plan.isEdge || plan.changed.length > 0) this.tell((listener) => listener.meterChanged(meter));
    if (!one.isFaulty) one.meter.affirm();
  }

  private setRelay(one: Running, { relay, reason }: HomePlan): void {
    one.meter.setRelay(relay);
    one.log.info(`relay ${reason}`);
  }

  private tick(): void {
    this.cancelTick = this.parts.clock.after(TICK_MS, () => this.tick());
    this.touchAll();
    for (const one of this.running.values())
      if (one.house !== null) {
        const { house } = one;
        this.careful(one, () => this.know(one, { about: "house", figures: house.figures() }));
      }
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
    const { meter, receiving, home } = one;
    meter.setRelay("open");
    this.forget.push(
      meter.onSample((sample) =>
        this.heard(one, () => {
          this.know(one, { about: "sample", sample });
          const taken = home.lastSample;
          if (taken) this.tell((listener) => listener.sampled(home.meter, taken));
        }),
      ),
      meter.onStatus((status) => this.heard(one, () => this.statusChanged(one, status))),
    );
    this.statusChanged(one, meter.status);
    if (receiving) this.watch(one, receiving);
  }

  private statusChanged(one: Running, status: MeterStatus): void {
    const { home, meter, log } = one;
    report(log, home.status, status);
    this.know(one, { about: "status", status, firmware: meter.firmware, trips: meter.trips });
    this.tell((listener) => listener.meterChanged(home.meter));
  }

  /** A receiving meter is for looking at: nothing is decided by it. */
  private watch(one: Running, receiving: Metering): void {
    const { kind } = one.home.settings.receivingMeter ?? one.home.settings.meter;
    let lastSample: ReceivingView["lastSample"] = null;
    const show = (): void => {
      const { state, detail, fault = null } = receiving.status;
      one.home.know(
        { about: "receiving", view: { kind, state, detail, fault, lastSample } },
        this.parts.clock.steadyMs(),
      );
    };
    this.forget.push(
      receiving.onSample(({ registerRestMicroJoule: _, ...sample }: ReceivedSample) => {
        lastSample = sample;
        show();
      }),
      receiving.onStatus(show),
    );
    show();
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
      const { journal } = this.parts.store;
      const counting = isReplaced ? journal.countingRecords() : [];
      for (const one of concerned)
        this.readMarket(
          one,
          counting.filter(({ meter }) => meter === one.home.meter).map(({ record }) => record),
          isReplaced,
        );
    });
    this.turn();
    for (const { home } of concerned) this.tell((listener) => listener.meterChanged(home.meter));
  }

  private readMarket(one: Running, counting: DeliveryRecord[], isReplaced: boolean): void {
    const { ledger, journal } = this.parts.store;
    const { home } = one;
    const onChain = ledger.confirmed.meter(home.meter);
    const trades = ledger.confirmed.openTradesOf(home.meter).map((trade) => ({
      tradeId: trade.tradeId,
      openingTx: trade.opened.txHash,
      buyer: trade.buyer,
      milliWh: trade.milliWh,
      settledMilliWh: trade.settledMilliWh,
      deadlineAtMs: trade.deadlineAtMs,
    }));
    const records = trades
      .filter((trade) => isReplaced || home.recordOf(trade) === null)
      .map(({ tradeId, openingTx }) => journal.recordOf(tradeId, openingTx))
      .filter((record) => record !== null);
    const isCommissioned = signaturesCount(onChain);
    const registerMilliWh = onChain?.registerMilliWh ?? 0n;
    const market = {
      trades,
      records: [...counting, ...records],
      isReplaced,
      isCommissioned,
      registerMilliWh,
    };
    this.know(one, { about: "market", market });
  }

  private reportCommission(one: Running): void {
    const { home, log } = one;
    if (one.toldCommissioned === home.isCommissioned) return;
    one.toldCommissioned = home.isCommissioned;
    if (home.isCommissioned) log.info(`meter ${home.meter} is commissioned`);
    else
      log.warn(
        `meter ${home.meter} is not commissioned: nobody can buy from it until the operator has done so (geth/README.md)`,
      );
  }

  private now(): Now {
    const { store, clock, chainClock } = this.parts;
    const steadyMs = clock.steadyMs();
    const { state, head, confirmedAtS, isKnown } = store.ledger.position();
    chainClock.saw(head, steadyMs);
    this.reportSilence(state === "following" && chainClock.isSilent(steadyMs), head);
    const chainMs = chainClock.nowMs(steadyMs) ?? clock.nowMs();
    return {
      steadyMs,
      chainMs,
      latestMs: chainClock.isTicking(steadyMs) ? chainMs : Math.max(chainMs, clock.nowMs()),
      confirmedAtMs: (confirmedAtS ?? 0) * 1000,
      isChainKnown: isKnown,
    };
  }

  private reportSilence(isSilent: boolean, head: BlockHeader | null): void {
    if (isSilent === this.isSilent || head === null) return;
    this.isSilent = isSilent;
    if (isSilent) this.parts.log.warn(noBlockSince(head));
    else this.parts.log.info(`blocks come again: block ${head.block}`);
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
      this.openQuietly(one);
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
    for (const forget of this.forget.splice(0)) forget();
  }

  private openAll(): void {
    for (const one of this.running.values()) this.openQuietly(one);
  }

  /** What opening a relay complains of is not why it is opened. */
  private openQuietly({ meter, home, log }: Running): void {
    home.wanted = "open";
    try {
      meter.setRelay("open");
    } catch (error) {
      log.error(`the relay cannot be told to open: ${messageOf(error)}`);
    }
  }

  private tell(what: (listener: HomesListener) => void): void {
    for (const listener of this.listeners) what(listener);
  }
}

/** Once per change: an attempt like the one before, a second later, is none. */
function report(
  log: Log,
  before: MeterStatus,
  { state, detail, reason = detail, fault = null }: MeterStatus,
) {
  if (state === before.state && reason === (before.reason ?? before.detail)) return;
  const isWell = fault === null && (state === "online" || state === "stopped" || reason === detail);
  log[isWell ? "info" : "warn"](`meter ${state}: ${detail}`);
}
