import type { MeterClock } from "./clock";

/** Looks per limit. More than one, so that a process that was held up for a second does not blame the Arduino. */
const LOOKS = 4;

export interface WatchdogEvents {
  /** Half the limit has passed without a sign of life: ask for one. */
  quiet(): void;
  /** The whole limit has passed. The watchdog has stopped. */
  lost(): void;
}

/**
 * Calls out when nothing has fed it for `limitMs`. It counts looks, not time: looks that were all late, because the
 * whole process stood still, count as one, and by the next one the waiting bytes have been read.
 */
export class Watchdog {
  readonly #clock: MeterClock;
  readonly #lookMs: number;
  readonly #events: WatchdogEvents;
  #looksWithoutFood = 0;
  #cancel: (() => void) | null = null;

  constructor(clock: MeterClock, limitMs: number, events: WatchdogEvents) {
    this.#clock = clock;
    this.#lookMs = limitMs / LOOKS;
    this.#events = events;
  }

  start(): void {
    this.stop();
    this.#looksWithoutFood = 0;
    this.#lookAgain();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  /** Something fresh has come. */
  feed(): void {
    this.#looksWithoutFood = 0;
  }

  #lookAgain(): void {
    this.#cancel = this.#clock.after(this.#lookMs, () => {
      this.#looksWithoutFood++;
      if (this.#looksWithoutFood >= LOOKS) {
        this.stop();
        this.#events.lost();
        return;
      }
      this.#lookAgain();
      if (this.#looksWithoutFood === LOOKS / 2) this.#events.quiet();
    });
  }
}
