import type { RegisterStart } from "../common/meter";
import { MICROJOULE_PER_MILLI_WH } from "../common/units";

/** One look at all analog pins, calibrated. `atMs` is steady time. */
export interface Scan {
  atMs: number;
  volts: number;
  /** null: the relay is known to be open, so nothing flows, whatever the sensor shows. */
  amperes: number | null;
  panelAmperes: number | null;
}

/** What a block of scans comes to. */
export interface BlockMean {
  volts: number;
  amperes: number;
  watts: number;
  panelWatts: number | null;
  /** Energy of the block, whole µJ, never negative; 0 below the starting current. */
  microJoule: bigint;
}

/** 1 W for 1 ms is 1 mJ. */
const MICROJOULE_PER_WATT_MS = 1000;

/**
 * Scans, gathered into one sample.
 *
 * Energy is integrated scan by scan (power of two neighbouring scans, averaged, times the time between them), so that
 * a pulsating current is metered with its own voltage. The very first scan only sets the base, and so does one that
 * comes more than `maxGapMs` after the last: what happened in a gap is not known, and is not charged for.
 *
 * A block whose mean current, over the scans that may have any, is below the starting current counts as no current at
 * all, as in any electricity meter; otherwise the sensor's noise would creep up in a register that cannot go back.
 */
export class ScanBlock {
  readonly #startingAmperes: number;
  readonly #maxGapMs: number;
  #last: { atMs: number; watts: number } | null = null;
  #wasFlowing = false;
  #scans = 0;
  #conducting = 0;
  #volts = 0;
  #amperes = 0;
  #watts = 0;
  #panelWatts: number | null = null;
  #wattMs = 0;

  constructor(options: { startingAmperes: number; maxGapMs: number }) {
    this.#startingAmperes = options.startingAmperes;
    this.#maxGapMs = options.maxGapMs;
  }

  /** Scans since the last `finish`. */
  get scans(): number {
    return this.#scans;
  }

  add(scan: Scan): void {
    const watts = scan.volts * (scan.amperes ?? 0);
    if (this.#last !== null) {
      const gapMs = scan.atMs - this.#last.atMs;
      if (gapMs > 0 && gapMs <= this.#maxGapMs) this.#wattMs += ((watts + this.#last.watts) / 2) * gapMs;
    }
    this.#last = { atMs: scan.atMs, watts };
    this.#scans++;
    this.#volts += scan.volts;
    this.#watts += watts;
    if (scan.amperes !== null) {
      this.#conducting++;
      this.#amperes += scan.amperes;
    }
    if (scan.panelAmperes !== null)
      this.#panelWatts = (this.#panelWatts ?? 0) + scan.volts * scan.panelAmperes;
  }

  /** The means, and a new block. Call with at least one scan in it. */
  finish(): BlockMean {
    // Where no scan may have any current, what there is to integrate is the end of the block before. A current that
    // flows backwards is shown as it is, and registers nothing.
    const isFlowing =
      this.#conducting > 0
        ? Math.abs(this.#amperes / this.#conducting) >= this.#startingAmperes
        : this.#wasFlowing;
    const mean: BlockMean = {
      volts: this.#volts / this.#scans,
      amperes: isFlowing ? this.#amperes / this.#scans : 0,
      watts: isFlowing ? this.#watts / this.#scans : 0,
      panelWatts: this.#panelWatts === null ? null : this.#panelWatts / this.#scans,
      microJoule: isFlowing ? BigInt(Math.max(0, Math.round(this.#wattMs * MICROJOULE_PER_WATT_MS))) : 0n,
    };
    this.#wasFlowing = isFlowing && this.#conducting > 0;
    this.#scans = this.#conducting = this.#volts = this.#amperes = this.#watts = this.#wattMs = 0;
    this.#panelWatts = null;
    return mean;
  }
}

/** Cumulative energy over the meter's life. Whole microjoules: nothing is lost to rounding, nothing goes backwards. */
export class EnergyRegister {
  #microJoule: bigint;

  /** @throws RangeError when `start` is negative or its rest is a whole milliwatt-hour or more. */
  constructor(start: RegisterStart) {
    const { registerMilliWh, registerRestMicroJoule: rest } = start;
    if (registerMilliWh < 0n || rest < 0n || rest >= MICROJOULE_PER_MILLI_WH)
      throw new RangeError(
        `no register can stand at ${registerMilliWh} mWh and ${rest} µJ: neither may be negative, and the rest is below ${MICROJOULE_PER_MILLI_WH}`,
      );
    this.#microJoule = registerMilliWh * MICROJOULE_PER_MILLI_WH + rest;
  }

  /** @throws RangeError when `microJoule` is negative. */
  add(microJoule: bigint): void {
    if (microJoule < 0n) throw new RangeError(`the register cannot go back by ${-microJoule} µJ`);
    this.#microJoule += microJoule;
  }

  /** Lifts the register to `toMilliWh`; never down. The rest below one milliwatt-hour has been metered, and stays. */
  raise(toMilliWh: bigint): void {
    const missing = toMilliWh - this.registerMilliWh;
    if (missing > 0n) this.#microJoule += missing * MICROJOULE_PER_MILLI_WH;
  }

  get registerMilliWh(): bigint {
    return this.#microJoule / MICROJOULE_PER_MILLI_WH;
  }

  get registerRestMicroJoule(): bigint {
    return this.#microJoule % MICROJOULE_PER_MILLI_WH;
  }
}
