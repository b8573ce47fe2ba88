/**
 * One home, as pure logic: news go in (`know`), what should be true comes out (`plan`), and what was done of it goes in
 * again. It looks at no clock, keeps no timer, stores nothing and logs nothing: `Homes` does.
 */
import type { Address } from "../common/address";
import type { HaltView, HomeView, ReceivingView, TradeWait } from "../common/events";
import type { HomeSettings } from "../common/home";
import type { HouseFigures } from "../common/house";
import type { MeterFirmware, MeterSample, MeterStatus, RegisterStart, RelayPosition } from "../common/meter";
import { type DeliveryRecord, deliveryKey } from "../common/records";
import { countingFrom } from "./correction";
import type { HomeMarket, HomeNews, HomePlan, Keep, Now } from "./news";
import { type DeliveryPlan, type DeliveryRules, type OpenTrade, planDelivery } from "./plan";
import { Unkept } from "./unkept";

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
  /** On the steady clock. */
  private sampledAtMs: number | null = null;
  /** For how long the samples have shown no current since the relay was closed for the trade now served. */
  private quietMs = 0;
  private receiving: ReceivingView | null = null;
  private house: HouseFigures | null = null;
  private readonly rules: HomeRules;

  private readonly unkept = new Unkept();
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
    const mustKeep = isEdge || changed.length > 0 || this.unkept.isUrgent;
    return {
      relay,
      isEdge,
      reason,
      keep: mustKeep
        ? this.unkept.keep(this.register, changed, toSign)
        : this.dueToKeep(now.steadyMs, this.rules.journalIntervalMs),
      raiseTo: this.isMeterBehind ? this.registerMilliWh : null,
      served,
      waits,
      changed: [...new Set([...changed.map(({ tradeId }) => tradeId), ...this.tradesMoved(served, waits)])],
    };
  }

  /** What was measured, where the last entry of it in the journal is older than this; null where there is nothing new. */
  dueToKeep(steadyMs: number, afterMs: number): Keep | null {
    return this.unkept.isDue(steadyMs, afterMs) ? this.unkept.keep(this.register, [], []) : null;
  }

  /** Everything measured, the second that is not over included: for an end. */
  lastToKeep(): Keep {
    this.unkept.finish();
    return this.unkept.keep(this.register, [], []);
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
    this.lastSample = sample;
    this.meteredAtMs = sample.atMs;
    this.countQuiet(sample, steadyMs);
    this.unkept.measured(sample);
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
      this.unkept.forgetRecords();
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
    const moved = countingFrom(this.working.values(), beforeMilliWh, afterMilliWh);
    for (const record of moved) this.working.set(deliveryKey(record), record);
    this.unkept.corrected({ beforeMilliWh, afterMilliWh }, moved);
    this.register = { ...this.register, registerMilliWh: afterMilliWh };
    this.isMeterBehind = true;
  }

  private kept(keep: Keep, steadyMs: number): void {
    this.unkept.kept(keep, steadyMs);
    for (const record of keep.records) this.working.set(deliveryKey(record), record);
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
