/**
 * The bus between servers, as the rest of a server uses it:
 *
 *     const bus = new Bus({ url, user, password, own: await loadBusKey(file), meters, clock, log });
 *     await bus.start();               // does not wait for the broker
 *     bus.know({ meters, domain });    // whenever the chain says something new
 *     bus.elsewhere.of(meter);         // what another server says of its meter
 *
 * docs/bus.md has the topics and the messages; DESIGN.md says what is believed of it.
 */
import type { Domain } from "../chain/typed-data";
import type { Address } from "../common/address";
import type { BusReport, DropReason } from "../common/bus";
import type { BusView } from "../common/events";
import type { Log } from "../common/log";
import type { Clock, Service } from "../common/service";
import { Elsewhere, type Verdict } from "./elsewhere";
import { isSignedBy, LAST_COUNT, unseal } from "./envelope";
import { configFilter, entitiesOf, isConfigTopic, STATUS_TOPIC } from "./home-assistant";
import { Inbox } from "./inbox";
import type { OwnBusKey } from "./key";
import { Line } from "./line";
import { Outbox } from "./outbox";
import type { OwnMeters } from "./own";
import { Bucket } from "./rate";
import { FILTERS, type Subject } from "./topics";

export { loadBusKey } from "./key";
export type { BusReading, MeterWord } from "./messages";
export type { OwnListener, OwnMeter, OwnMeters } from "./own";

const TICK_MS = 250;
/** Whether a meter's firmware has changed since it was announced. */
const ANNOUNCE_EVERY_MS = 5_000;
const ANNOUNCED_ANEW_EVERY_MS = 10_000;
/** Its own words of earlier sessions, once for each connection; whatever is more is hostile. */
const OWN_RATE = { burst: 2_000, perSecond: 50 };

export interface BusParts {
  /** mqtt:// or mqtts://, without a password in it. */
  url: string;
  user: string | null;
  password: string | null;
  own: OwnBusKey;
  meters: OwnMeters;
  clock: Clock;
  log: Log;
}

export class Bus implements Service, BusReport {
  readonly elsewhere: Elsewhere;
  private readonly inbox: Inbox;
  private readonly outbox: Outbox;
  private readonly line: Line;
  private session: number | null = null;
  private ticker: NodeJS.Timeout | undefined;
  /** Topic → what is announced there, of this server's meters. */
  private announced = new Map<string, string>();
  private announcedAtMs = 0;
  private announcedAnewAtMs = Number.NEGATIVE_INFINITY;
  private readonly ownRate: Bucket;
  private isDoubled = false;

  constructor(private readonly parts: BusParts) {
    const { clock, log, own } = parts;
    this.elsewhere = new Elsewhere({
      clock,
      doubled: (meter, key) =>
        log.error(
          `another server (${key}) speaks for meter ${meter} of this one too: it has the same key; stop one of the two`,
        ),
    });
    this.ownRate = new Bucket(OWN_RATE, clock.steadyMs());
    this.inbox = new Inbox({
      reader: {
        doorOf: (subject) =>
          subject.key === own.key
            ? this.ownRate.take(1, clock.steadyMs())
              ? null
              : "rate"
            : this.elsewhere.doorOf(subject),
        take: (subject, topic, message, json, isRetained) =>
          subject.key === own.key
            ? this.takeOwn(subject, topic, message, json, isRetained)
            : this.elsewhere.take(subject, topic, message, json, isRetained),
      },
      clock,
      log,
    });
    this.outbox = new Outbox({
      own,
      meters: parts.meters,
      clock,
      log,
      publish: (publication) => this.line.publish(publication),
    });
    this.line = new Line({
      ...parts,
      filters: [...FILTERS, STATUS_TOPIC, configFilter(own.key)],
      will: (session) => this.outbox.will(session),
      opened: (session) => this.opened(session),
      closed: () => {
        this.session = null;
        this.outbox.close();
        this.inbox.clear();
      },
      received: (topic, payload, isRetained) => this.received(topic, payload, isRetained),
    });
  }

  async start(): Promise<void> {
    this.parts.log.info(`this server's key on the bus is ${this.parts.own.key}`);
    this.knowOwn();
    this.ticker = setInterval(() => this.tick(), TICK_MS);
    await this.line.start();
  }

  async stop(): Promise<void> {
    clearInterval(this.ticker);
    await this.line.stop();
    this.inbox.clear();
  }

  /** What the chain says: the meters of the contract, and which contract it is (null while it is not known). */
  know({ meters, domain }: { meters: Iterable<Address>; domain: Domain | null }): void {
    const isNew = this.elsewhere.setMeters(meters);
    this.knowOwn();
    // What was not looked at before is still with the broker.
    if (this.elsewhere.setDomain(domain) || isNew) this.line.refresh();
  }

  view(): BusView {
    const view = this.line.view();
    if (!this.isDoubled) return view;
    return { ...view, detail: "another server has this one's key on the bus: a copied DATA_DIR; stop one" };
  }

  get taken(): number {
    return this.inbox.taken;
  }

  get dropped(): ReadonlyMap<DropReason, number> {
    return this.inbox.dropped;
  }

  private knowOwn(): void {
    this.elsewhere.setOwn([...this.parts.meters.all()].map(({ meter }) => meter));
  }

  private tick(): void {
    this.outbox.tick();
    this.elsewhere.tick();
    const isDue = this.parts.clock.steadyMs() - this.announcedAtMs >= ANNOUNCE_EVERY_MS;
    if (this.session !== null && isDue) this.announce();
  }

  private opened(session: number): void {
    this.session = session;
    this.outbox.open(session);
    this.announced.clear();
    this.announce();
  }

  /** To Home Assistant: what is new or has changed. */
  private announce(): void {
    this.announcedAtMs = this.parts.clock.steadyMs();
    const wanted = new Map<string, string>();
    for (const own of this.parts.meters.all()) {
      const { meter, name, model } = own;
      const firmware = own.word().firmware?.name ?? null;
      for (const { topic, config } of entitiesOf(this.parts.own.key, { meter, name, model, firmware }))
        wanted.set(topic, JSON.stringify(config));
    }
    for (const [topic, payload] of wanted)
      if (this.announced.get(topic) !== payload) this.line.publish({ topic, payload, isRetained: true });
    for (const topic of this.announced.keys()) if (!wanted.has(topic)) this.unannounce(topic);
    this.announced = wanted;
  }

  private unannounce(topic: string): void {
    this.line.publish({ topic, payload: "", isRetained: true });
  }

  private received(topic: string, payload: Uint8Array, isRetained: boolean): void {
    if (topic === STATUS_TOPIC) this.heardOfHomeAssistant(payload);
    else if (!isConfigTopic(this.parts.own.key, topic)) this.inbox.receive(topic, payload, isRetained);
    // Of a home that is gone from the list.
    else if (isRetained && payload.length > 0 && !this.announced.has(topic)) this.unannounce(topic);
  }

  private heardOfHomeAssistant(payload: Uint8Array): void {
    const steadyMs = this.parts.clock.steadyMs();
    if (payload.length > 10 || Buffer.from(payload).toString() !== "online") return;
    // Anybody may say so as often as he likes.
    if (steadyMs - this.announcedAnewAtMs < ANNOUNCED_ANEW_EVERY_MS) return;
    this.announcedAnewAtMs = steadyMs;
    this.announced.clear();
    if (this.session !== null) this.announce();
  }

  /** Under this server's own key: what it said in an earlier session, or somebody else who has the key. */
  private takeOwn(
    subject: Subject,
    topic: string,
    message: string,
    json: unknown,
    isRetained: boolean,
  ): Verdict {
    // Nothing is signed there.
    if (subject.kind === "readings") return isRetained ? "same" : "own";
    const signed = unseal(json);
    if (!signed) return "schema";
    if (!isSignedBy(subject.key, topic, message)) return "signature";
    if (this.session === null) return "same";
    if (isRetained && signed.session > this.session) {
      // Others take a lower session for a replay of an old one.
      this.line.restartAbove(signed.session);
      return "same";
    }
    if (isRetained) {
      if (subject.kind === "state" && !this.isOwn(subject.meter)) this.outbox.sayGone(subject.meter);
      return "same";
    }
    // A will of an earlier session, or what was under way when that one broke, may come late; this session's own does not come.
    if (signed.count !== LAST_COUNT && signed.session >= this.session && !this.isDoubled) {
      this.isDoubled = true;
      this.parts.log.error(this.view().detail);
    }
    return "own";
  }

  private isOwn(meter: string): boolean {
    return [...this.parts.meters.all()].some((own) => own.meter.toLowerCase() === meter);
  }
}
