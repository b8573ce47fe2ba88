import type { CPU } from "avr8js";

/** Lap lengths looked for, in cycles: from the wait for a conversion (8) to StandardFirmata's main loop (1,000). */
const SHORTEST_SEARCH = 32;
const LONGEST_SEARCH = 4_096;

/**
 * Skips the laps of a waiting loop, exactly.
 *
 * When the processor comes back to the same instruction with the same registers and memory, and nothing has happened
 * in between (no timer event, no interrupt, no conversion, no byte, no pin edge, no look at a counter), it will run the
 * same lap again and again until the next event. Adding whole laps to the cycle counter is then the same as running
 * them. StandardFirmata waits nearly all of its life, so this leaves a tenth of the work.
 */
export class IdleLaps {
  readonly #cpu: CPU;
  readonly #memory: Buffer;
  readonly #memoryAtStart: Buffer;
  #pc = -1;
  #startedAt = 0;
  #nextEventAtStart = Number.POSITIVE_INFINITY;
  #renewAt = 0;
  #search = SHORTEST_SEARCH;

  constructor(cpu: CPU) {
    this.#cpu = cpu;
    this.#memory = Buffer.from(cpu.data.buffer);
    this.#memoryAtStart = Buffer.alloc(this.#memory.length);
  }

  /** Something happened that a lap must not hold: the lap under way does not count. */
  disturb(): void {
    this.#pc = -1;
    this.#renewAt = 0;
    this.#search = SHORTEST_SEARCH;
  }

  /** Call after every instruction: moves the cycle counter over as many whole laps as end before `until`. */
  skip(until: number): void {
    const cpu = this.#cpu;
    if (cpu.pc === this.#pc) {
      const nextEvent = this.#nextEvent();
      if (nextEvent === this.#nextEventAtStart && this.#memory.equals(this.#memoryAtStart)) {
        const lap = cpu.cycles - this.#startedAt;
        const laps = Math.floor((Math.min(until, nextEvent) - 1 - cpu.cycles) / lap);
        if (laps > 0) cpu.cycles += laps * lap;
        this.#startedAt = cpu.cycles;
        this.#renewAt = cpu.cycles + LONGEST_SEARCH;
      } else this.#start();
    } else if (cpu.cycles >= this.#renewAt) {
      // No lap of this length starts here: look for twice the length, from here.
      this.#start();
      this.#search = Math.min(this.#search * 2, LONGEST_SEARCH);
      this.#renewAt = cpu.cycles + this.#search;
    }
  }

  #start(): void {
    const cpu = this.#cpu;
    this.#pc = cpu.pc;
    this.#startedAt = cpu.cycles;
    this.#nextEventAtStart = this.#nextEvent();
    this.#memory.copy(this.#memoryAtStart);
  }

  #nextEvent(): number {
    // avr8js keeps its queue private; nothing public tells when the next timer event is due.
    const queue = this.#cpu as unknown as { nextClockEvent: { cycles: number } | null };
    return queue.nextClockEvent?.cycles ?? Number.POSITIVE_INFINITY;
  }
}
