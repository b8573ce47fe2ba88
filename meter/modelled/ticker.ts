/** One timer for all modelled meters of a process: the scans of all of them, and what they want to be called for later. */
import type { MeterClock } from "../clock";

/** As often as the firmware scans, ms. */
export const MODEL_SCAN_MS = 19;
/** Scans that are done at once. */
const SCANS_PER_TICK = 2;
/** Further behind than this (a sleeping laptop), the model lets the time go instead of catching up, ms. */
const MAX_LAG_MS = 1_000;

export interface Ticking {
  /** One scan of everything; `number` counts them. */
  scan(number: number): void;
}

/** Runs only while somebody needs it. Its own clock stands at the scan under way, for whoever is called by that. */
export class Ticker {
  readonly clock: MeterClock;
  readonly #base: MeterClock;
  readonly #work: Ticking;
  readonly #alarms = new Set<{ atMs: number; action: () => void }>();
  #isNeeded = false;
  #cancel: (() => void) | null = null;
  /** Of the scan under way, on the steady clock; null between them. */
  #scanAtMs: number | null = null;
  #done = 0;

  constructor(base: MeterClock, work: Ticking) {
    this.#base = base;
    this.#work = work;
    this.clock = {
      nowMs: () => Math.round(base.nowMs() - (base.steadyMs() - this.#steadyMs())),
      steadyMs: () => this.#steadyMs(),
      after: (delayMs, action) => {
        const alarm = { atMs: base.steadyMs() + delayMs, action };
        this.#alarms.add(alarm);
        this.#run();
        return () => this.#alarms.delete(alarm);
      },
    };
  }

  /** True: scans are needed. */
  need(isNeeded: boolean): void {
    if (isNeeded && !this.#isNeeded) this.#done = this.#due();
    this.#isNeeded = isNeeded;
    this.#run();
  }

  #steadyMs(): number {
    return this.#scanAtMs ?? this.#base.steadyMs();
  }

  #due(): number {
    return Math.floor(this.#base.steadyMs() / MODEL_SCAN_MS);
  }

  #run(): void {
    if (this.#cancel !== null || (!this.#isNeeded && this.#alarms.size === 0)) return;
    this.#cancel = this.#base.after(MODEL_SCAN_MS * SCANS_PER_TICK, () => {
      this.#cancel = null;
      try {
        this.#scan();
        this.#ring();
      } finally {
        this.#run();
      }
    });
  }

  #scan(): void {
    const due = this.#due();
    if (due - this.#done > MAX_LAG_MS / MODEL_SCAN_MS) this.#done = due - 1;
    try {
      while (this.#isNeeded && this.#done < due) {
        this.#done++;
        this.#scanAtMs = this.#done * MODEL_SCAN_MS;
        this.#work.scan(this.#done);
      }
    } finally {
      this.#scanAtMs = null;
    }
  }

  #ring(): void {
    const nowMs = this.#base.steadyMs();
    for (const alarm of [...this.#alarms].sort((one, other) => one.atMs - other.atMs))
      if (alarm.atMs <= nowMs && this.#alarms.delete(alarm)) alarm.action();
  }
}
