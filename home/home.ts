/**
 * One home, as pure logic: news go in (`know`), what should be true comes out (`plan`), and what was done of it goes in
 * again. It looks at no clock, keeps no timer, stores nothing and logs nothing: `Homes` does.
 */
import type { Address } from "../common/address";
import type { HaltView, HomeView, ReceivingView, TradeWait } from "../common/events";
import type { HomeSettings } from "../common/home";
import type { HouseFigures } from "../common/house";
import type { MeterFirmware, MeterSample, MeterStatus, RegisterStart, RelayPosition } from "../common/meter";
import { type DeliveryRecord, deliveryKey, type HistoryPoint } from "../common/records";
import { countingFrom } from "./correction";
import {
  type DeliveryPlan,
  type DeliveryRules,
  type OpenTrade,
  planDelivery,
  type ReadingToSign,
} from "./plan";
import { SecondMeans } from "./second-means";

/** The moment of a turn, by every clock that counts for something. */
export interface Now {
  /** Of the machine; ages and waits. */
  steadyMs: number;
  /** As `DeliveryInput` has them. */
  chainMs: number;
  latestMs: number;
  confirmedAtMs: number;
  isChainKnown: boolean;
}

export type HomeNews =
  | { about: "sample"; sample: MeterSample }
  | { about: "status"; status: MeterStatus; firmware: MeterFirmware | null; trips: number }
  | { about: "market"; market: HomeMarket }
  | { about: "receiving"; view: ReceivingView }
  | { about: "house"; figures: HouseFigures }
  | { about: "halt"; why: HaltView }
  /** It is stored. */
  | { about: "kept"; keep: Keep }
  /** The relay is where the plan wants it. */
  | { about: "done"; plan: HomePlan };

/** What the confirmed chain says of one home. */
export interface HomeMarket {
  /** Its meter's, in purchase order. */
  trades: OpenTrade[];
  /** Of those that the home does not hold yet; with `isReplaced` all that may still change. */
  records: DeliveryRecord[];
  isReplaced: boolean;
  /** What its meter signs is paid for. */
  isCommissioned: boolean;
  /** The highest that its meter has signed. */
  registerMilliWh: bigint;
}

/** A register that stood too low, and where it goes on: no energy. */
export interface Correction {
  beforeMilliWh: bigint;
  afterMilliWh: bigint;
}

/** What is stored in one transaction, before the relay closes. In this order. */
export interface Keep {
  seconds: HistoryPoint[];
  corrections: Correction[];
  register: RegisterStart;
  records: DeliveryRecord[];
  toSign: ReadingToSign[];
}

export interface HomePlan {
  relay: RelayPosition;
  /** The relay moves. */
  isEdge: boolean;
  /** Why, for a log. */
  reason: string;
  /** Null when nothing needs to be stored now. */
  keep: Keep | null;
  /** Where the meter's own register must go on; null when it stands right. */
  raiseTo: bigint | null;
  /** The trade whose turn it is, whether the relay may be closed for it now or not. */
  served: OpenTrade | null;
  /** By `deliveryKey`. */
  waits: DeliveryPlan["waits"];
  /** Trades of which something changes for people: how far they are, whose turn it is, or why they wait. */
  changed: bigint[];
}

export interface HomeRules extends DeliveryRules {
  /** Bounds what a crash can lose: maximum power times this. */
  journalIntervalMs: number;
}

export interface HomeStart {
  settings: HomeSettings;
  meter: Address;
  /** Null for a meter that is in no journal yet. */
  register: RegisterStart | null;
  /** When the register was last known to stand there, ms since 1970. */
  meteredAtMs: number;
  rules: HomeRules;
}

export class Home {
  readonly settings: HomeSettings;
  readonly meter: Address;
  status: MeterStatus = { state: "stopped", detail: "not started", atMs: 0 };
  /** What runs on its Arduino; null before the first connection. */
  firmware: MeterFirmware | null = null;
  /** How often its relay has opened by itself. */
  trips = 0;
  lastSample: MeterSample | null = null;
  wanted: RelayPosition = "open";
  /** Why it delivers nothing any more, until this process ends; null while it does. */
  halted: HaltView | null = null;
  isCommissioned = false;
  /** When the register was last known to stand where it stands, ms since 1970. */
  meteredAtMs: number;

  private register: RegisterStart;
  private trades: OpenTrade[] = [];
  /** The records that may still change, by `deliveryKey`; the rest are in the journal alone. */
  private working = new Map<string, DeliveryRecord>();
  private served: OpenTrade | null = null;
  private waits: DeliveryPlan["waits"] = new Map();
  /** On the steady clock, both. */
  private sampledAtMs: number | null = null;
  private keptAtMs = Number.NEGATIVE_INFINITY;
  /** For how long the samples have shown no current since the relay was closed for the trade now served. */
  private quietMs = 0;
  private receiving: ReceivingView | null = null;
  private house: HouseFigures | null = null;
  private readonly rules: HomeRules;

  // Not stored yet.
  private readonly means = new SecondMeans();
  private seconds: HistoryPoint[] = [];
  private corrections: Correction[] = [];
  private moved = new Map<string, DeliveryRecord>();
  private isRegisterNew = false;
  /** The meter's own register stands below. */
  private isMeterBehind = false;

  constructor({ settings, meter, register, meteredAtMs, rules }: HomeStart) {
    this.settings = settings;
    this.meter = meter;
    this.register = register ?? { registerMilliWh: 0n, registerRestMicroJoule: 0n };
    this.meteredAtMs = meteredAtMs;
    this.rules = rules;
  }

  get name(): string {
    return this.settings.name;
  }

  get registerMilliWh(): bigint {
    return this.register.registerMilliWh;
  }

  know(news: HomeNews, steadyMs: number): void {
    switch (news.about) {
      case "sample":
        this.measured(news.sample, steadyMs);
        return;
      case "status":
        this.status = news.status;
        this.firmware = news.firmware;
        this.trips = news.trips;
        // A sample from before a loss says nothing about now.
        if (news.status.state !== "online") this.sampledAtMs = null;
        return;
      case "market":
        this.traded(news.market);
        return;
      case "receiving":
        this.receiving = news.view;
        return;
      case "house":
        this.house = news.figures;
        return;
      case "halt":
        // What stopped it first is what has to be mended first.
        this.halted ??= news.why;
        // Whoever tells it has opened the relay, or the next plan does.
        if (news.why.reason === "fault") this.wanted = "open";
        return;
      case "kept":
        this.kept(news.keep, steadyMs);
        return;
      case "done":
        this.done(news.plan);
        return;
    }
  }

  /** Says the same again until it is told what was done of it. Changes nothing. */
  plan(now: Now): HomePlan {
    const { relay, reason, changed, toSign, served, waits } = planDelivery(
      {
        nowMs: now.chainMs,
        latestMs: now.latestMs,
        confirmedAtMs: now.confirmedAtMs,
        isChainKnown: now.isChainKnown,
        isCommissioned: this.isCommissioned,
        halted: this.halted,
        meter: {
          registerMilliWh: this.registerMilliWh,
          isOnline: this.status.state === "online",
          sampleAgeMs: this.sampleAgeMs(now.steadyMs),
          quietMs: this.quietMs,
        },
        trades: this.trades,
        records: this.working,
      },
      this.rules,
    );
    const isEdge = relay !== this.wanted;
    const mustKeep = isEdge || changed.length > 0 || this.corrections.length > 0;
    return {
      relay,
      isEdge,
      reason,
      keep: mustKeep
        ? this.keepOf(changed, toSign)
        : this.dueToKeep(now.steadyMs, this.rules.journalIntervalMs),
      raiseTo: this.isMeterBehind ? this.registerMilliWh : null,
      served,
      waits,
      changed: [...new Set([...changed.map(({ tradeId }) => tradeId), ...this.tradesMoved(served, waits)])],
    };
  }

  /** What was measured, where the last entry of it in the journal is older than this; null where there is nothing new. */
  dueToKeep(steadyMs: number, afterMs: number): Keep | null {
    return this.isRegisterNew && steadyMs - this.keptAtMs >= afterMs ? this.keepOf([], []) : null;
  }

  /** Everything measured, the second that is not over included: for an end. */
  lastToKeep(): Keep {
    const second = this.means.finish();
    if (second) this.seconds.push(second);
    return this.keepOf([], []);
  }

  view(): HomeView {
    const { name, account, meter } = this.settings;
    const { receiving, house } = this;
    return { name, account, meter: this.meter, kind: meter.kind, receiving, house };
  }

  /** How far an open trade has got; null where the journal knows more, or nothing. */
  recordOf(trade: { tradeId: bigint; openingTx: string }): DeliveryRecord | null {
    return this.working.get(deliveryKey(trade)) ?? null;
  }

  /** Why nothing flows for one of its open trades; null when that is not so. */
  waitOf(trade: { tradeId: bigint; openingTx: string }): TradeWait | null {
    return this.waits.get(deliveryKey(trade)) ?? null;
  }

  /** The confirmed trade whose turn it is; null when there is none. */
  get servedTradeId(): bigint | null {
    return this.served?.tradeId ?? null;
  }

  /** Whose trade that is. */
  get servedBuyer(): Address | null {
    return this.served?.buyer ?? null;
  }

  /** The trade for which energy counts; null when there is none. */
  get countingTradeId(): bigint | null {
    for (const { tradeId, sinceRegisterMilliWh } of this.working.values())
      if (sinceRegisterMilliWh !== null) return tradeId;
    return null;
  }

  /** Age of the newest sample, ms; null before the first, and after a loss. */
  sampleAgeMs(steadyMs: number): number | null {
    return this.sampledAtMs === null ? null : steadyMs - this.sampledAtMs;
  }

  private measured(given: MeterSample, steadyMs: number): void {
    const isBehind = given.registerMilliWh < this.registerMilliWh;
    if (isBehind) this.isMeterBehind = true;
    const sample = isBehind ? { ...given, ...this.register } : given;
    const { registerMilliWh, registerRestMicroJoule } = sample;
    this.register = { registerMilliWh, registerRestMicroJoule };
    this.isRegisterNew = true;
    this.lastSample = sample;
    this.meteredAtMs = sample.atMs;
    this.countQuiet(sample, steadyMs);
    const second = this.means.add(sample);
    if (second) this.seconds.push(second);
  }

  /** Time without samples is not time without current: only what lies between two samples counts. */
  private countQuiet(sample: MeterSample, steadyMs: number): void {
    const ageMs = this.sampleAgeMs(steadyMs) ?? 0;
    this.sampledAtMs = steadyMs;
    if (this.wanted === "open" || sample.watts > 0) this.quietMs = 0;
    else this.quietMs += Math.min(ageMs, this.rules.maxSampleAgeMs);
  }

  private traded({ trades, records, isReplaced, isCommissioned, registerMilliWh }: HomeMarket): void {
    if (isReplaced) {
      this.working.clear();
      this.moved.clear();
    }
    for (const record of records) this.working.set(deliveryKey(record), record);
    this.trades = trades;
    this.isCommissioned = isCommissioned;
    const open = new Set(trades.map(deliveryKey));
    for (const [key, { sinceRegisterMilliWh }] of this.working)
      if (!open.has(key) && sinceRegisterMilliWh === null) this.working.delete(key);
    if (registerMilliWh > this.registerMilliWh) this.correctTo(registerMilliWh);
  }

  /**
   * The journal was lost or is older than the chain. What the meter sells next must be covered by a register above
   * every one it has signed, so it goes on from there.
   */
  private correctTo(afterMilliWh: bigint): void {
    const beforeMilliWh = this.registerMilliWh;
    const second = this.means.finish();
    if (second) this.seconds.push(second);
    this.corrections.push({ beforeMilliWh, afterMilliWh });
    this.register = { ...this.register, registerMilliWh: afterMilliWh };
    this.isMeterBehind = true;
    for (const record of countingFrom(this.working.values(), beforeMilliWh, afterMilliWh)) {
      this.working.set(deliveryKey(record), record);
      this.moved.set(deliveryKey(record), record);
    }
  }

  private keepOf(changed: DeliveryRecord[], toSign: ReadingToSign[]): Keep {
    const { seconds, corrections, register } = this;
    const records = new Map(this.moved);
    for (const record of changed) records.set(deliveryKey(record), record);
    return {
      seconds: [...seconds],
      corrections: [...corrections],
      register,
      records: [...records.values()],
      toSign,
    };
  }

  private kept(keep: Keep, steadyMs: number): void {
    this.keptAtMs = steadyMs;
    this.seconds = this.seconds.slice(keep.seconds.length);
    this.corrections = this.corrections.slice(keep.corrections.length);
    this.isRegisterNew = false;
    for (const record of keep.records) {
      this.working.set(deliveryKey(record), record);
      this.moved.delete(deliveryKey(record));
    }
  }

  private done({ relay, served, waits }: HomePlan): void {
    if (relay === "open" || keyOf(served) !== keyOf(this.served)) this.quietMs = 0;
    this.wanted = relay;
    this.served = served;
    this.waits = waits;
    this.isMeterBehind = false;
  }

  /** The trades of which the turn changes, or why they wait, though no record does. */
  private tradesMoved(served: OpenTrade | null, waits: DeliveryPlan["waits"]): bigint[] {
    const moved = this.trades.filter((trade) => {
      const [was, is] = [this.waits.get(deliveryKey(trade)), waits.get(deliveryKey(trade))];
      return was?.reason !== is?.reason || was?.untilMs !== is?.untilMs;
    });
    const turns = keyOf(served) === keyOf(this.served) ? [] : [this.served, served];
    return [...moved, ...turns.filter((trade) => trade !== null)].map(({ tradeId }) => tradeId);
  }
}

const keyOf = (trade: OpenTrade | null): string => (trade === null ? "" : deliveryKey(trade));
