import type { RelayPosition } from "../common/meter";

/** What the relay needs of a board. */
export interface RelayPin {
  /** Commands the position. */
  writeRelay(position: RelayPosition): void;
  /**
   * Asks the firmware where the pin's latch stands; the answer comes to `confirm`. To firmware that opens the relay by
   * itself this question is the heartbeat.
   */
  askRelay(): void;
}

/** What an answer of the firmware changes: nothing, the known position, or that the relay has opened by itself. */
export type RelayNews = "nothing" | "moved" | "tripped";

/** Turns closer together than this share a question, ms. */
const QUESTION_INTERVAL_MS = 50;
/** A line that owes an answer for this long gets no further question: they would pile up in it and be stale, ms. */
const MAX_UNANSWERED_MS = 500;
/** Turns with such a line after which it is given up. Turns, not time: one after a standstill has not read the answer. */
const MAX_SILENT_TURNS = 5;
/** How often a command is repeated to a latch that does not follow. */
const MAX_REPEATS = 3;

/**
 * The relay of one connection: what is wanted, and what the firmware says of the pin. Every command is followed by a
 * question, and a latch that has not followed (a lost byte) is commanded again. One that has been closed and is open
 * was opened by the firmware or by a reset: that is a trip, and from then on "open" is what is commanded.
 */
export class Relay {
  readonly #pin: RelayPin;
  readonly #steadyMs: () => number;
  #commanded: RelayPosition = "open";
  #confirmed: RelayPosition | null = null;
  #isAnswered = false;
  #repeats = 0;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #turnAtMs = Number.NEGATIVE_INFINITY;
  /** When the oldest question without an answer was asked; null when there is none. */
  #unansweredSinceMs: number | null = null;
  /** Questions under way, and how many of their answers are older than the last command. */
  #questions = 0;
  #staleAnswers = 0;
  #silentTurns = 0;

  constructor(pin: RelayPin, steadyMs: () => number) {
    this.#pin = pin;
    this.#steadyMs = steadyMs;
  }

  command(position: RelayPosition): void {
    if (position !== this.#commanded) {
      this.#isAnswered = false;
      this.#repeats = 0;
    }
    this.#commanded = position;
    this.#turnAtMs = this.#steadyMs();
    this.#staleAnswers = this.#questions;
    this.#pin.writeRelay(position);
    this.#ask();
  }

  /** One turn of whoever decides about the relay: a question, unless the line owes an answer for too long. */
  affirm(): void {
    const nowMs = this.#steadyMs();
    this.#turnAtMs = nowMs;
    if (this.#unansweredSinceMs !== null && nowMs - this.#unansweredSinceMs >= MAX_UNANSWERED_MS) {
      this.#silentTurns++;
      return;
    }
    this.#silentTurns = 0;
    if (nowMs - this.#askedAtMs < QUESTION_INTERVAL_MS) return;
    // Whatever was lost before the last answer will not come any more.
    if (this.#unansweredSinceMs === null) this.#questions = this.#staleAnswers = 0;
    this.#ask();
  }

  /** The firmware's answer. */
  confirm(position: RelayPosition): RelayNews {
    this.#unansweredSinceMs = null;
    this.#silentTurns = 0;
    if (this.#questions > 0) this.#questions--;
    if (this.#staleAnswers > 0) {
      this.#staleAnswers--;
      return "nothing";
    }
    const before = this.#confirmed;
    this.#confirmed = position;
    this.#isAnswered = true;
    if (position === this.#commanded) {
      this.#repeats = 0;
      return position === before ? "nothing" : "moved";
    }
    if (position === "open" && (before === "closed" || this.#repeats === MAX_REPEATS)) {
      this.#commanded = "open";
      return "tripped";
    }
    this.#repeats++;
    this.command(this.#commanded);
    return position === before ? "nothing" : "moved";
  }

  /** Since the last turn or command, ms. */
  get idleMs(): number {
    return this.#steadyMs() - this.#turnAtMs;
  }

  /** True when the firmware does not say any more where the latch stands. */
  get isMute(): boolean {
    return this.#silentTurns >= MAX_SILENT_TURNS;
  }

  /** As last commanded and acknowledged; not known is open. */
  get position(): RelayPosition {
    return this.#confirmed ?? "open";
  }

  /** False only when the latch is known to be open and nobody asked for anything else. */
  get mayConduct(): boolean {
    return this.#commanded === "closed" || this.#confirmed !== "open" || !this.#isAnswered;
  }

  #ask(): void {
    this.#askedAtMs = this.#steadyMs();
    this.#unansweredSinceMs ??= this.#askedAtMs;
    this.#questions++;
    this.#pin.askRelay();
  }
}
