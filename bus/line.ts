/**
 * The connection to the broker. It is made again for ever, with growing pauses. Each connection is a session of its
 * own with a last will of its own, so each has a client of its own; nothing is kept for a broker that is away, since
 * everything is said anew when it is back.
 */
import { connect, type IClientOptions, type MqttClient } from "mqtt";
import type { BusView } from "../common/events";
import type { Log } from "../common/log";
import type { Clock, Service } from "../common/service";
import { MOST_BYTES } from "./messages";
import type { Publication } from "./outbox";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
const KEEP_ALIVE_S = 10;
const CONNECT_WITHIN_MS = 10_000;
/** How long a farewell may take. */
const FAREWELL_MS = 1_000;

export interface LineParts {
  /** mqtt:// or mqtts://, without a password in it. */
  url: string;
  user: string | null;
  password: string | null;
  filters: readonly string[];
  clock: Clock;
  log: Log;
  will(session: number): Publication;
  opened(session: number): void;
  closed(): void;
  /** Must not throw. */
  received(topic: string, payload: Uint8Array, isRetained: boolean): void;
}

export class Line implements Service {
  /** The highest session that this server's key has ever had, as far as is known. */
  private highest = 0;
  private client: MqttClient | null = null;
  private session: number | null = null;
  private timer: NodeJS.Timeout | undefined;
  private pauseMs = FIRST_PAUSE_MS;
  private isRunning = false;
  /** Why there is no connection, or what the broker refuses; empty when all is well. */
  private trouble = "not connected yet";
  private told = "";

  constructor(private readonly parts: LineParts) {}

  /** Does not wait for the broker: trading goes on without. */
  async start(): Promise<void> {
    this.isRunning = true;
    this.open();
  }

  async stop(): Promise<void> {
    this.isRunning = false;
    clearTimeout(this.timer);
    const { client, session } = this;
    this.client = null;
    if (!client) return;
    if (session !== null) {
      // A client that ends in order has no last will.
      const { topic, payload } = this.parts.will(session);
      await withinMs(
        FAREWELL_MS,
        new Promise<void>((resolve) => {
          client.publish(topic, payload, { qos: 1, retain: true }, () => resolve());
        }),
      );
      this.session = null;
      this.parts.closed();
    }
    await withinMs(FAREWELL_MS, client.endAsync());
    client.end(true);
  }

  view(): BusView {
    return { state: this.session === null ? "away" : "connected", detail: this.trouble };
  }

  publish({ topic, payload, isRetained }: Publication): void {
    const { client } = this;
    if (!client || this.session === null) return;
    client.publish(topic, payload, { qos: isRetained ? 1 : 0, retain: isRetained }, (error) => {
      if (error && client === this.client && this.session !== null) this.refused(topic, error);
    });
  }

  /** Asks for everything that the broker keeps, again. */
  refresh(): void {
    const { client } = this;
    if (client && this.session !== null) this.subscribe(client);
  }

  /** A session above `session`: another machine, or this one's clock, was ahead. */
  restartAbove(session: number): void {
    this.highest = Math.max(this.highest, session);
    this.drop("");
  }

  private open(): void {
    const { url, user, password, clock, will } = this.parts;
    const session = Math.max(clock.nowMs(), this.highest + 1);
    this.highest = session;
    const { topic, payload } = will(session);
    const options: IClientOptions = {
      protocolVersion: 5,
      clean: true,
      keepalive: KEEP_ALIVE_S,
      connectTimeout: CONNECT_WITHIN_MS,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      // What is larger does not even get here.
      properties: { maximumPacketSize: Math.max(...Object.values(MOST_BYTES)) + 1_000 },
      will: { topic, payload: Buffer.from(payload), qos: 1, retain: true },
      ...(user !== null && { username: user }),
      ...(password !== null && { password }),
    };
    const client = connect(url, options);
    this.client = client;
    client.on("error", (error) => {
      if (client === this.client) this.trouble = whyAway(error);
    });
    client.on("connect", () => {
      if (client !== this.client) return;
      this.session = session;
      this.pauseMs = FIRST_PAUSE_MS;
      this.trouble = "";
      this.tell("info", `connected to ${url}`);
      this.subscribe(client);
      this.parts.opened(session);
    });
    client.on("message", (name, bytes, packet) => {
      if (client === this.client) this.parts.received(name, bytes, packet.retain);
    });
    client.on("close", () => {
      if (client === this.client) this.drop(this.trouble || "the connection was lost");
    });
  }

  private subscribe(client: MqttClient): void {
    client.subscribe([...this.parts.filters], { qos: 1, nl: true }, (error) => {
      if (error && client === this.client) this.refused("what others say", error);
    });
  }

  private drop(why: string): void {
    const wasOpen = this.session !== null;
    this.client?.removeAllListeners();
    // What still goes wrong in a connection that is given up is nobody's concern, and must not end the process.
    this.client?.on("error", () => {});
    this.client?.end(true);
    this.client = null;
    this.session = null;
    this.trouble = why;
    if (wasOpen) this.parts.closed();
    if (!this.isRunning) return;
    if (why !== "")
      this.tell("warn", `the broker ${this.parts.url} is away: ${why}; trading goes on without it`);
    this.timer = setTimeout(() => this.open(), this.pauseMs);
    this.pauseMs = Math.min(2 * this.pauseMs, LONGEST_PAUSE_MS);
  }

  private refused(what: string, error: Error): void {
    // The first says it: the others are of the same list.
    if (this.trouble !== "") return;
    this.trouble = `the broker refuses ${what} (its access list, docs/bus.md): ${error.message}`;
    this.parts.log.warn(this.trouble);
  }

  /** Once for each change: an attempt that fails as the one before is none. */
  private tell(level: "info" | "warn", words: string): void {
    if (words === this.told) return;
    this.told = words;
    this.parts.log[level](words);
  }
}

function whyAway(error: Error & { code?: unknown }): string {
  // 4, 5: MQTT 3.1.1; 134, 135: MQTT 5.
  if ([4, 5, 134, 135].includes(Number(error.code))) return "it refuses BUS_USER or BUS_PASSWORD";
  if (error.code === "ECONNRESET" || error.code === "EPIPE") return "the connection was lost";
  return error.message || String(error.code ?? error.name);
}

async function withinMs(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  // A broker that is gone needs no farewell.
  await Promise.race([work.then(undefined, () => undefined), over]);
  clearTimeout(timer);
}
