/** Servers of a test's own on the bus: real keys and signatures, time that the test sets. */

import { Elsewhere } from "../../bus/elsewhere";
import { seal } from "../../bus/envelope";
import { Inbox } from "../../bus/inbox";
import { createBusKey, type OwnBusKey } from "../../bus/key";
import type { BusReading, MeterWord } from "../../bus/messages";
import type { OwnListener, OwnMeter, OwnMeters } from "../../bus/own";
import { type Kind, topicOf } from "../../bus/topics";
import { type MeterKey, meterKeyOf } from "../../chain/meter-key";
import type { Domain } from "../../chain/typed-data";
import { createPrivateKey } from "../../chain/web3";
import type { Address } from "../../common/address";
import type { DropReason } from "../../common/bus";
import type { SampleView } from "../../common/events";
import { toWire } from "../../common/wire";
import { until } from "../support/until";

export const NOW_MS = 1_790_000_000_000;
export const DOMAIN: Domain = { chainId: 13370, trade: "0x5FbDB2315678afecb367f032d93F642f64180aa3" };
export const BUYER = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";

export class TestClock {
  ms = NOW_MS;
  nowMs = () => this.ms;
  steadyMs = () => this.ms - NOW_MS + 1_000_000;
}

export const silentLog = () => {
  const lines: string[] = [];
  const write = (line: string) => lines.push(line);
  return { lines, log: { debug: write, info: write, warn: write, error: write } };
};

export const word = (changes: Partial<MeterWord> = {}): Omit<MeterWord, "voucher"> => ({
  kind: "meter",
  name: "House 1",
  state: "online",
  detail: "fresh samples",
  fault: null,
  relay: "open",
  firmware: { name: "neighborwatt 1", opensByItself: true },
  todayMilliWh: 7n,
  registerMilliWh: 1234n,
  servedTradeId: null,
  measured: null,
  ...changes,
});

export const sampleOf = (meter: Address, atMs: number, watts = 3.5): SampleView => ({
  meter,
  atMs,
  volts: 12.1,
  amperes: 0.3,
  panelWatts: null,
  watts,
  registerMilliWh: 1300n,
  relay: "closed",
});

export function readingOf(key: MeterKey, changes: Partial<BusReading> = {}, domain = DOMAIN): BusReading {
  const statement = {
    tradeId: 1_000_001n,
    buyer: BUYER,
    orderedMilliWh: 50n,
    deadlineAtMs: NOW_MS + 3_600_000,
    deliveredMilliWh: 20n,
    registerMilliWh: 1300n,
    isFinal: false,
  };
  const { signature: _none, signedAtMs = NOW_MS, ...rest } = { signature: "", ...changes };
  const whole = { ...statement, ...rest };
  return {
    ...whole,
    signature: changes.signature ?? key.signerFor(domain).sign(whole),
    signedAtMs,
  };
}

export interface Message {
  topic: string;
  payload: string;
}

/** A server that says what the test wants, rightly signed unless told otherwise. */
export class TestServer {
  readonly bus: OwnBusKey = createBusKey();
  session = NOW_MS;
  count = 0;

  constructor(
    readonly meter: MeterKey = meterKeyOf(createPrivateKey()),
    public sinceMs = NOW_MS - 1000,
  ) {}

  voucher(sinceMs = this.sinceMs) {
    return { sinceMs, signature: this.meter.vouchFor({ key: `0x${this.bus.key}`, sinceMs }) };
  }

  say(kind: Exclude<Kind, "readings">, body: unknown, changes: Partial<Said> = {}): Message {
    const { key } = this.bus;
    const meter = changes.meter ?? this.meter.meter;
    const topic = topicOf(kind === "state" ? { kind, key, meter } : { kind, key });
    this.count++;
    const { session = this.session, count = this.count, atMs = NOW_MS } = changes;
    return { topic, payload: seal(topic, { session, count, atMs, body }, this.bus.privateKey) };
  }

  state(changes: Partial<MeterWord> = {}, said: Partial<Said> = {}): Message {
    return this.say("state", toWire({ voucher: this.voucher(), ...word(changes) }), said);
  }

  online(said: Partial<Said> = {}): Message {
    return this.say("availability", { state: "online" }, said);
  }

  readings(...readings: BusReading[]): Message {
    const topic = topicOf({ kind: "readings", key: this.bus.key, meter: this.meter.meter });
    return { topic, payload: JSON.stringify(toWire({ readings })) };
  }
}

interface Said {
  session: number;
  count: number;
  atMs: number;
  meter: Address;
}

/** The receiving side without a broker. */
export class Listener {
  readonly clock = new TestClock();
  readonly doubles: string[] = [];
  readonly changes: string[] = [];
  readonly samples: SampleView[] = [];
  readonly lines: string[];
  readonly elsewhere: Elsewhere;
  readonly inbox: Inbox;

  constructor(...servers: { meter: { meter: Address } }[]) {
    const { lines, log } = silentLog();
    this.lines = lines;
    this.elsewhere = new Elsewhere({ clock: this.clock, doubled: (meter) => this.doubles.push(meter) });
    this.elsewhere.setMeters(servers.map(({ meter }) => meter.meter));
    this.elsewhere.setDomain(DOMAIN);
    this.elsewhere.onChange({
      meterChanged: (meter) => this.changes.push(meter),
      sampled: (sample) => this.samples.push(sample),
    });
    this.inbox = new Inbox({ reader: this.elsewhere, clock: { steadyMs: () => performance.now() }, log });
  }

  /** Takes the messages in. @returns why those that changed nothing did not */
  async hear(
    messages: (Message | { topic: string; payload: Uint8Array })[],
    isRetained = false,
  ): Promise<DropReason[]> {
    const before = new Map(this.inbox.dropped);
    for (const { topic, payload } of messages) this.inbox.receive(topic, Buffer.from(payload), isRetained);
    await until("all to be read", () => this.inbox.waiting === 0, 20_000, 0);
    return [...this.inbox.dropped].flatMap(([reason, count]) =>
      Array.from({ length: count - (before.get(reason) ?? 0) }, () => reason),
    );
  }

  /** All that is known of these servers' meters, for comparison. */
  picture(...servers: TestServer[]): unknown {
    return servers.map(({ meter }) => toWire(this.elsewhere.of(meter.meter)));
  }
}

/** The meters of a server under test. */
export class TestMeters implements OwnMeters {
  readonly listeners: OwnListener[] = [];
  readings: BusReading[] = [];
  now: Omit<MeterWord, "kind" | "voucher" | "name">;

  constructor(
    public keys: MeterKey[],
    changes: Partial<MeterWord> = {},
  ) {
    const { kind: _kind, name: _name, ...rest } = word(changes);
    this.now = rest;
  }

  *all(): Iterable<OwnMeter> {
    for (const [i, key] of this.keys.entries())
      yield {
        meter: key.meter,
        name: `House ${i + 1}`,
        model: "simulated meter",
        vouchFor: (speaker) => key.vouchFor(speaker),
        word: () => this.now,
        readings: () => this.readings.filter((_reading) => i === 0),
      };
  }

  onChange(listener: OwnListener): void {
    this.listeners.push(listener);
  }

  change(changes: Partial<MeterWord>): void {
    this.now = { ...this.now, ...changes };
    for (const listener of this.listeners) for (const { meter } of this.keys) listener.meterChanged(meter);
  }

  sign(...readings: BusReading[]): void {
    this.readings = readings;
    for (const listener of this.listeners) listener.readingsSigned();
  }

  sample(sample: SampleView): void {
    for (const listener of this.listeners) listener.sampled(sample);
  }
}
