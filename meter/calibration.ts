/**
 * From counts of the ADC to volts and amperes.
 *
 * ATmega328P data sheet, 23.7: 10 bits, 1024 steps of Vcc/1024, each conversion cut down to its step.
 * Allegro ACS712 data sheet, ELC-05B: Vcc/2 at 0 A, 185 mV/A at Vcc = 5 V, ±40 mV at zero, noise 21 mV peak to peak.
 * The sensor is ratiometric, so Vcc drops out of the amperes; it does not drop out of the volts.
 */
export interface Calibration {
  /** Supply of the Arduino, which is the ADC's reference, V. Measure it: USB gives 4.75 to 5.25. */
  vccVolts: number;
  /** ACS712-05B, at 5 V supply, V/A. */
  voltsPerAmpere: number;
  /** Battery volts per volt at the divider's middle: 2 for 10 kΩ over 10 kΩ, for batteries up to 10 V. */
  dividerRatio: number;
  /** Mean current below this counts as none, A: three sigma of what the sensor's noise leaves in one sample. */
  startingAmperes: number;
}

export const CALIBRATION_DEFAULTS: Calibration = {
  vccVolts: 5,
  voltsPerAmpere: 0.185,
  dividerRatio: 2,
  startingAmperes: 0.03,
};

/**
 * Reads what was measured on a real board, as `METER_CALIBRATION` gives it: "vccVolts=4.92,dividerRatio=2.03".
 * @throws RangeError naming the entry and what is allowed
 */
export function parseCalibration(text: string): Partial<Calibration> {
  const names = Object.keys(CALIBRATION_DEFAULTS) as (keyof Calibration)[];
  const calibration: Partial<Calibration> = {};
  for (const entry of text.split(",").filter((part) => part.trim() !== "")) {
    const [, key, digits] = /^\s*(\w+)\s*=\s*(\d+(?:\.\d+)?)\s*$/.exec(entry) ?? [];
    const name = names.find((known) => known === key);
    const value = Number(digits);
    // A factor of four is no tolerance of a part, but a slip of the finger.
    if (!name || !(value >= CALIBRATION_DEFAULTS[name] / 4 && value <= CALIBRATION_DEFAULTS[name] * 4)) {
      const allowed = names.map(
        (known) => `${known}=${CALIBRATION_DEFAULTS[known] / 4}…${CALIBRATION_DEFAULTS[known] * 4}`,
      );
      throw new RangeError(`calibration "${entry.trim()}" is not one of ${allowed.join(", ")}`);
    }
    calibration[name] = value;
  }
  return calibration;
}

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
