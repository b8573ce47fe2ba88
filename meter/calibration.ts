/**
 * From counts of the ADC to volts and amperes.
 *
 * ATmega328P data sheet, 23.7: 10 bits, 1024 steps of Vcc/1024, each conversion cut down to its step.
 * Allegro ACS712 data sheet, ELC-05B: Vcc/2 at 0 A, 185 mV/A at Vcc = 5 V, ±40 mV at zero, noise 21 mV peak to peak.
 * The sensor is ratiometric, so Vcc drops out of the amperes; it does not drop out of the volts.
 */
import type { Calibration } from "../common/calibration";

/** Steps of the ADC, and its largest answer. */
export const ADC_STEPS = 1024;
/** Supply at which the ACS712's sensitivity is given, V. */
const ACS712_VCC_VOLTS = 5;
/** Counts of an ideal sensor without current. A cut-down conversion stands for the middle of its step, half above. */
export const NOMINAL_ZERO_COUNTS = ADC_STEPS / 2 - 0.5;
/** Farther than this from the nominal zero is no offset (±40 mV are 8.2 counts) but a current or a fault. */
export const MAX_ZERO_ERROR_COUNTS = 12;

/** Battery volts from the divider's counts. */
export function voltsFromCounts(counts: number, calibration: Calibration): number {
  return ((counts + 0.5) / ADC_STEPS) * calibration.vccVolts * calibration.dividerRatio;
}

/** Amperes from a current sensor's counts; one count is 26.4 mA. `zeroCounts` is what it shows without current. */
export function amperesFromCounts(counts: number, zeroCounts: number, calibration: Calibration): number {
  const voltsAtNominalSupply = ((counts - zeroCounts) / ADC_STEPS) * ACS712_VCC_VOLTS;
  return voltsAtNominalSupply / calibration.voltsPerAmpere;
}

/** Scans that a zero needs before it can be used. */
export const ZERO_SCANS = 50;
/** Scans that a zero remembers: at 19 ms, ten seconds. */
const ZERO_MEMORY_SCANS = 512;

/**
 * The zero of the current sensor, from scans taken while the relay is open: the mean of the first, then a running one
 * that follows the sensor as it warms up. With 50 scans it is good to 0.11 counts (3 mA), one sigma.
 */
export class CurrentZero {
  #counts = 0;
  #scans = 0;

  /** Takes a scan. Only ever call this while the relay is open. */
  add(counts: number): void {
    this.#scans = Math.min(this.#scans + 1, ZERO_MEMORY_SCANS);
    this.#counts += (counts - this.#counts) / this.#scans;
  }

  get counts(): number {
    return this.#counts;
  }

  get isReady(): boolean {
    return this.#scans >= ZERO_SCANS;
  }

  /** False when what stands there cannot be a sensor without current. */
  get isPlausible(): boolean {
    return Math.abs(this.#counts - NOMINAL_ZERO_COUNTS) <= MAX_ZERO_ERROR_COUNTS;
  }
}
