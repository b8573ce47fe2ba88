/**
 * What is known of other servers' meters: who speaks for each, what it said last, and the readings that the meters
 * themselves have signed. Messages come in, a reason comes out where one changes nothing. No socket, no timer, no log.
 */
import { type Domain, speakerData, typedData } from "../chain/typed-data";
import { recoverTypedData } from "../chain/web3";
import { type Address, sameAddress } from "../common/address";
import type { SignedReadingView } from "../common/api";
import type {
  DropReason,
  ElsewhereListener,
  ElsewhereMeter,
  ElsewhereMeters,
  PurchaseFacts,
} from "../common/bus";
import type { SampleView } from "../common/events";
import type { Clock } from "../common/service";
import { isAfter, isSignedBy, type Order, type Signed, unseal } from "./envelope";
import { type Body, type BusReading, type MeterWord, MOST_READINGS, readBody } from "./messages";
import { Bucket } from "./rate";
import type { BusKey, Subject } from "./topics";

/** How far two machines' clocks may be apart; what is said live is no older either. */
const SKEW_MS = 60_000;
/** A server says every 30 s that it is there: see `outbox.ts`. */
const SILENT_AFTER_MS = 90_000;
/** Samples come every second. */
const STALE_SAMPLE_MS = 10_000;

/** A server that has a meter's voucher may send this much. */
const SPEAKER_RATE = { burst: 1_000, perSecond: 200 };
/** All the others together. */
const STRANGERS_RATE = { burst: 200, perSecond: 20 };
/** Signatures of meters: secp256k1, some 3 ms each to check. A street of 200 has as many vouchers, and readings at most. */
const PROOFS_RATE = { burst: 400, perSecond: 20 };

interface Speaker {
  /** Of the last message of each topic. */
  last: Map<string, Order>;
  availability: { state: "online" | "offline"; atMs: number } | null;
  wasOnline: boolean;
  /** The meters that it speaks for. */
  meters: Set<Address>;
  bucket: Bucket;
  proofs: Bucket;
}

interface Voucher {
  key: BusKey;
  sinceMs: number;
  signature: string;
}

interface Heard {
  word: MeterWord;
  saidAtMs: number;
  sample: SampleView | null;
  /** Steady time at which that sample came. */
  sampledAtMs: number;
  wasFresh: boolean;
}

export interface ElsewhereParts {
  clock: Clock;
  /** A message under another key that is vouched for by a meter of this server: told once for each key. */
  doubled(meter: Address, key: BusKey): void;
}

/** `same`: the very message that was taken already, as a broker gives it again with each subscription. */
export type Verdict = DropReason | "same" | null;

export class Elsewhere implements ElsewhereMeters {
  /** Of the contract: lower case → as written here. What is said of any other is not looked at. */
  private known = new Map<string, Address>();
  private own = new Set<Address>();
  private domain: Domain | null = null;
  private readonly speakers = new Map<BusKey, Speaker>();
  private readonly vouchers = new Map<Address, Voucher>();
  private readonly heard = new Map<Address, Heard>();
  private readonly readings = new Map<Address, Map<bigint, BusReading>>();
  private readonly doubles = new Set<BusKey>();
  private readonly listeners: ElsewhereListener[] = [];
  private readonly strangers: Bucket;

  constructor(private readonly parts: ElsewhereParts) {
    this.strangers = new Bucket(STRANGERS_RATE, parts.clock.steadyMs());
  }

  // ------------------------------------------------------------ questions

  of(meter: Address): ElsewhereMeter | null {
    const heard = this.heard.get(meter);
    const speaker = this.speakers.get(this.vouchers.get(meter)?.key ?? "");
    if (!heard || !speaker) return null;
    const { kind: _kind, voucher: _voucher, measured: _measured, ...word } = heard.word;
    const isOnline = this.isOnline(speaker);
    const sample = isOnline && word.state === "online" && this.isFresh(heard) ? heard.sample : null;
    const registers = [word.registerMilliWh, heard.sample?.registerMilliWh ?? 0n];
    return {
      ...word,
      meter,
      isOnline,
      servedTradeId: isOnline ? word.servedTradeId : null,
      relay: isOnline ? (sample?.relay ?? word.relay) : null,
      registerMilliWh: registers[0]! > registers[1]! ? registers[0]! : registers[1]!,
      lastSample: sample,
      saidAtMs: heard.saidAtMs,
    };
  }

  readingOf({ tradeId, meter, buyer, milliWh, deadlineAtMs }: PurchaseFacts): SignedReadingView | null {
    const reading = this.readings.get(meter)?.get(tradeId);
    // After a reset of the chain, or in another block, the same id is another purchase.
    const isOfThisOne =
      sameAddress(reading?.buyer, buyer) &&
      reading?.orderedMilliWh === milliWh &&
      reading.deadlineAtMs === deadlineAtMs;
    if (!reading || !isOfThisOne) return null;
    const { deliveredMilliWh, registerMilliWh, isFinal, signature, signedAtMs } = reading;
    return { tradeId, deliveredMilliWh, registerMilliWh, isFinal, signature, signedAtMs };
  }

  onChange(listener: ElsewhereListener): void {
    this.listeners.push(listener);
  }

  // ------------------------------------------------------------ what this server knows itself

  /** @returns whether there is one that was not known before: the broker is asked again then */
  setMeters(meters: Iterable<Address>): boolean {
    const before = this.known;
    this.known = new Map([...meters].map((meter) => [meter.toLowerCase(), meter]));
    for (const meter of before.values()) if (!this.known.has(meter.toLowerCase())) this.forget(meter);
    return [...this.known.keys()].some((meter) => !before.has(meter));
  }

  setOwn(meters: Iterable<Address>): void {
    this.own = new Set(meters);
    for (const meter of this.own) this.forget(meter);
  }

  /** Null until the contract is known. @returns whether it is another one than before */
  setDomain(domain: Domain | null): boolean {
    if (domain?.trade === this.domain?.trade && domain?.chainId === this.domain?.chainId) return false;
    this.domain = domain;
    this.readings.clear();
    return domain !== null;
  }

  /** What changes with time alone: a server that has fallen silent, a sample that is old. */
  tick(): void {
    for (const speaker of this.speakers.values()) {
      const isOnline = this.isOnline(speaker);
      if (isOnline !== speaker.wasOnline) for (const meter of speaker.meters) this.changed(meter);
      speaker.wasOnline = isOnline;
    }
    for (const [meter, heard] of this.heard) {
      const isFresh = this.isFresh(heard);
      if (heard.wasFresh && !isFresh) this.changed(meter);
      heard.wasFresh = isFresh;
    }
  }

  // ------------------------------------------------------------ messages

  /** Looks at the topic alone: cheap enough for a flood. @returns why the rest is not looked at */
  doorOf(subject: Subject): DropReason | null {
    const speaker = this.speakers.get(subject.key);
    if ("meter" in subject && !this.known.has(subject.meter)) return "unknownMeter";
    if (!speaker && (subject.kind === "availability" || subject.kind === "samples")) return "stranger";
    return (speaker?.bucket ?? this.strangers).take(1, this.parts.clock.steadyMs()) ? null : "rate";
  }

  /** @param message the text of which `json` was read */
  take(subject: Subject, topic: string, message: string, json: unknown, isRetained: boolean): Verdict {
    if (subject.kind === "readings") {
      const body = readBody("readings", json);
      const meter = this.known.get(subject.meter);
      if (!body || !meter) return body ? "unknownMeter" : "schema";
      return this.own.has(meter) ? "own" : this.takeReadings(subject.key, meter, body.readings);
    }
    const signed = unseal(json);
    if (!signed) return "schema";
    const last = this.speakers.get(subject.key)?.last.get(topic);
    if (last && !isAfter(signed, last)) return isRetained && !isAfter(last, signed) ? "same" : "old";
    const latestMs = this.parts.clock.nowMs() + SKEW_MS;
    if (signed.atMs > latestMs || signed.session > latestMs) return "future";
    const verdict = this.takeSigned(subject, topic, message, signed, isRetained);
    if (verdict === null) this.speakers.get(subject.key)?.last.set(topic, signed);
    return verdict;
  }

  private takeSigned(
    subject: Exclude<Subject, { kind: "readings" }>,
    topic: string,
    message: string,
    signed: Signed,
    isRetained: boolean,
  ): Verdict {
    const { key } = subject;
    const isOld = !isRetained && signed.atMs < this.parts.clock.nowMs() - SKEW_MS;
    const isGenuine = () => isSignedBy(key, topic, message);
    switch (subject.kind) {
      case "availability": {
        const body = readBody("availability", signed.body);
        if (!body) return "schema";
        // A last will was signed when its session began, however long ago.
        if (isOld && body.state === "online") return "old";
        return isGenuine() ? this.takeAvailability(key, { ...body, atMs: signed.atMs }) : "signature";
      }
      case "samples": {
        const body = readBody("samples", signed.body);
        if (!body) return "schema";
        // Nobody keeps samples: one that the broker has kept was put there by somebody else.
        if (isOld || isRetained) return "old";
        return isGenuine() ? this.takeSamples(key, body.samples) : "signature";
      }
      case "state": {
        const body = readBody("state", signed.body);
        if (!body) return "schema";
        if (isOld) return "old";
        return isGenuine() ? this.takeState(key, subject.meter, body, signed.atMs) : "signature";
      }
    }
  }

  private takeAvailability(key: BusKey, availability: NonNullable<Speaker["availability"]>): Verdict {
    const speaker = this.speakers.get(key);
    if (!speaker) return "stranger";
    speaker.availability = availability;
    const isOnline = this.isOnline(speaker);
    if (isOnline !== speaker.wasOnline) for (const meter of speaker.meters) this.changed(meter);
    speaker.wasOnline = isOnline;
    return null;
  }

  private takeSamples(key: BusKey, samples: Body<"samples">["samples"]): Verdict {
    let verdict: Verdict = null;
    for (const sample of samples) {
      const meter = this.known.get(sample.meter) ?? "";
      const heard = this.heard.get(meter);
      if (!heard || this.vouchers.get(meter)?.key !== key) verdict = "voucher";
      else this.sampled(heard, { ...sample, meter });
    }
    return verdict;
  }

  private takeState(key: BusKey, topicMeter: string, body: Body<"state">, saidAtMs: number): Verdict {
    const meter = this.known.get(topicMeter);
    if (meter === undefined) return "unknownMeter";
    const before = this.vouchers.get(meter);
    if (body.kind === "gone") {
      if (before?.key === key) this.forget(meter);
      return null;
    }
    const voucher = { key, ...body.voucher };
    const refusal = this.refusalOf(meter, voucher, before);
    if (this.own.has(meter)) {
      if (refusal === null && !this.doubles.has(key)) {
        this.doubles.add(key);
        this.parts.doubled(meter, key);
      }
      return "own";
    }
    if (refusal !== null) return refusal;
    this.speakFor(meter, voucher, before);
    const heard: Heard = this.heard.get(meter) ?? {
      word: body,
      saidAtMs,
      sample: null,
      sampledAtMs: 0,
      wasFresh: false,
    };
    this.heard.set(meter, { ...heard, word: body, saidAtMs });
    const isRecent = (body.measured?.atMs ?? 0) > this.parts.clock.nowMs() - SKEW_MS;
    if (body.measured && isRecent) this.sampled(this.heard.get(meter)!, { meter, ...body.measured });
    this.changed(meter);
    return null;
  }

  /** Of two servers that a meter has vouched for, the later voucher counts. */
  private refusalOf(meter: Address, voucher: Voucher, before: Voucher | undefined): DropReason | null {
    const isSameKey = before?.key === voucher.key;
    if (isSameKey && before.signature === voucher.signature && before.sinceMs === voucher.sinceMs)
      return null;
    if (before && !isSameKey && voucher.sinceMs <= before.sinceMs) return "superseded";
    if (voucher.sinceMs > this.parts.clock.nowMs() + SKEW_MS) return "future";
    if (!this.mayProve(voucher.key)) return "rate";
    const statement = speakerData({ key: `0x${voucher.key}`, sinceMs: voucher.sinceMs });
    return recoverTypedData(statement, voucher.signature) === meter ? null : "voucher";
  }

  private speakFor(meter: Address, voucher: Voucher, before: Voucher | undefined): void {
    if (before && before.key !== voucher.key) this.forget(meter);
    this.vouchers.set(meter, voucher);
    const speaker = this.speakers.get(voucher.key) ?? {
      last: new Map(),
      availability: null,
      wasOnline: false,
      meters: new Set<Address>(),
      bucket: new Bucket(SPEAKER_RATE, this.parts.clock.steadyMs()),
      proofs: new Bucket(PROOFS_RATE, this.parts.clock.steadyMs()),
    };
    speaker.meters.add(meter);
    this.speakers.set(voucher.key, speaker);
  }

  /** A reading counts by its meter's signature alone, whoever brings it. */
  private takeReadings(key: BusKey, meter: Address, readings: BusReading[]): Verdict {
    const { domain } = this;
    if (domain === null) return "unknownMeter";
    const held = this.readings.get(meter) ?? new Map<bigint, BusReading>();
    let verdict: Verdict = "same";
    for (const reading of readings) {
      const before = held.get(reading.tradeId);
      if (before && !isFurther(reading, before)) continue;
      if (!this.mayProve(key)) return "rate";
      const { signature, signedAtMs: _at, deadlineAtMs, ...statement } = reading;
      const data = typedData(domain, "Reading", { ...statement, deadline: BigInt(deadlineAtMs) / 1000n });
      if (recoverTypedData(data, signature) !== meter) return "reading";
      held.delete(reading.tradeId);
      held.set(reading.tradeId, reading);
      if (held.size > MOST_READINGS) held.delete(held.keys().next().value!);
      verdict = null;
    }
    if (verdict !== null) return verdict;
    this.readings.set(meter, held);
    this.changed(meter);
    return null;
  }

  // ------------------------------------------------------------ inside

  private mayProve(key: BusKey): boolean {
    return (this.speakers.get(key)?.proofs ?? this.strangers).take(1, this.parts.clock.steadyMs());
  }

  private isOnline({ availability }: Speaker): boolean {
    return (
      availability?.state === "online" && this.parts.clock.nowMs() - availability.atMs <= SILENT_AFTER_MS
    );
  }

  private isFresh({ sample, sampledAtMs }: Heard): boolean {
    return sample !== null && this.parts.clock.steadyMs() - sampledAtMs <= STALE_SAMPLE_MS;
  }

  private sampled(heard: Heard, sample: SampleView): void {
    if (heard.sample && sample.atMs <= heard.sample.atMs) return;
    heard.sample = sample;
    heard.sampledAtMs = this.parts.clock.steadyMs();
    heard.wasFresh = true;
    for (const listener of this.listeners) listener.sampled(sample);
  }

  private forget(meter: Address): void {
    const key = this.vouchers.get(meter)?.key;
    const speaker = this.speakers.get(key ?? "");
    speaker?.meters.delete(meter);
    // A server that no meter vouches for any more is a stranger again.
    if (key !== undefined && speaker?.meters.size === 0) this.speakers.delete(key);
    this.vouchers.delete(meter);
    if (this.heard.delete(meter)) this.changed(meter);
  }

  private changed(meter: Address): void {
    for (const listener of this.listeners) listener.meterChanged(meter);
  }
}

/** Of one trade. Another purchase under the same id (a later deadline) replaces the one before. */
const isFurther = (reading: BusReading, before: BusReading): boolean =>
  reading.deadlineAtMs !== before.deadlineAtMs || reading.buyer !== before.buyer
    ? reading.deadlineAtMs > before.deadlineAtMs
    : reading.deliveredMilliWh > before.deliveredMilliWh || (reading.isFinal && !before.isFinal);
