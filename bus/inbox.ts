/**
 * Takes whatever the broker brings. Nothing that comes in here can throw out of it or hold the process for long: what
 * is cheap to refuse is refused at once, the rest waits in a bounded queue and is read a few milliseconds at a time.
 */
import type { DropReason } from "../common/bus";
import { type Log, messageOf } from "../common/log";
import type { Clock } from "../common/service";
import type { Verdict } from "./elsewhere";
import { MOST_BYTES } from "./messages";
import { type Subject, subjectOf } from "./topics";

/** A relay is decided about every 250 ms, beside this. */
const SLICE_MS = 5;
const MOST_WAITING = 5_000;
const MOST_WAITING_BYTES = 8_000_000;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export interface Reader {
  /** By the topic alone. @returns why the rest is not looked at */
  doorOf(subject: Subject): DropReason | null;
  take(subject: Subject, topic: string, message: string, json: unknown, isRetained: boolean): Verdict;
}

export interface InboxParts {
  reader: Reader;
  clock: Pick<Clock, "steadyMs">;
  log: Log;
}

interface Waiting {
  subject: Subject;
  topic: string;
  payload: Uint8Array;
  isRetained: boolean;
}

export class Inbox {
  taken = 0;
  readonly dropped = new Map<DropReason, number>();
  private queue: Waiting[] = [];
  private bytes = 0;
  private timer: NodeJS.Immediate | undefined;
  private hasFailed = false;

  constructor(private readonly parts: InboxParts) {}

  receive(topic: string, payload: Uint8Array, isRetained: boolean): void {
    this.guarded(() => {
      const subject = subjectOf(topic);
      if (!subject) return "topic";
      if (payload.length === 0 || payload.length > MOST_BYTES[subject.kind]) return "size";
      if (this.queue.length >= MOST_WAITING || this.bytes + payload.length > MOST_WAITING_BYTES)
        return "rate";
      this.bytes += payload.length;
      this.queue.push({ subject, topic, payload, isRetained });
      this.timer ??= setImmediate(() => this.readSome());
      return "same";
    });
  }

  /** Messages that are not read yet. */
  get waiting(): number {
    return this.queue.length;
  }

  /** Forgets what waits. */
  clear(): void {
    clearImmediate(this.timer);
    this.timer = undefined;
    this.queue = [];
    this.bytes = 0;
  }

  private readSome(): void {
    const untilMs = this.parts.clock.steadyMs() + SLICE_MS;
    let read = 0;
    do {
      const waiting = this.queue[read];
      if (!waiting) break;
      read++;
      this.bytes -= waiting.payload.length;
      this.guarded(() => this.read(waiting));
    } while (this.parts.clock.steadyMs() < untilMs);
    this.queue = this.queue.slice(read);
    this.timer = this.queue.length > 0 ? setImmediate(() => this.readSome()) : undefined;
  }

  private read({ subject, topic, payload, isRetained }: Waiting): Verdict {
    // Not before its turn: what came before it may say who speaks here.
    const reason = this.parts.reader.doorOf(subject);
    if (reason) return reason;
    let text: string;
    try {
      text = utf8.decode(payload);
    } catch (error) {
      if (error instanceof TypeError) return "utf8";
      throw error;
    }
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (error) {
      if (error instanceof SyntaxError) return "json";
      throw error;
    }
    return this.parts.reader.take(subject, topic, text, json, isRetained);
  }

  /** A mistake of this program's own must not end trading: it is counted, and told the first time. */
  private guarded(work: () => Verdict): void {
    let verdict: Verdict;
    try {
      verdict = work();
    } catch (error) {
      verdict = "internal";
      if (!this.hasFailed) this.parts.log.error(`a message could not be read: ${messageOf(error)}`);
      this.hasFailed = true;
    }
    if (verdict === null) this.taken++;
    else if (verdict !== "same") this.dropped.set(verdict, (this.dropped.get(verdict) ?? 0) + 1);
  }
}
