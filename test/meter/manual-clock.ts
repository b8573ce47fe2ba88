import type { MeterClock } from "../../meter/clock";

/** A clock that moves when told. */
export class ManualClock implements MeterClock {
  #nowMs = 0;
  readonly #alarms = new Set<{ atMs: number; action: () => void }>();

  /** How many wait to be called. */
  get alarms(): number {
    return this.#alarms.size;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  steadyMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, action: () => void): () => void {
    const alarm = { atMs: this.#nowMs + delayMs, action };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  /** Lets time pass; every alarm goes off in its moment. */
  advance(ms: number): void {
    const end = this.#nowMs + ms;
    for (;;) {
      const next = [...this.#alarms].sort((one, other) => one.atMs - other.atMs)[0];
      if (next === undefined || next.atMs > end) break;
      this.#alarms.delete(next);
      this.#nowMs = next.atMs;
      next.action();
    }
    this.#nowMs = end;
  }

  /** Time passes while nothing can run; then what is overdue goes off, late. */
  standStill(ms: number): void {
    this.#nowMs += ms;
    for (const alarm of [...this.#alarms]) {
      if (alarm.atMs <= this.#nowMs && this.#alarms.delete(alarm)) alarm.action();
    }
  }
}
