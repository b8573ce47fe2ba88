/** What was measured on a real board, where it differs from the data sheets. */
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

const names = Object.keys(CALIBRATION_DEFAULTS) as (keyof Calibration)[];
/** What may be given, each with its least and its largest value. */
export const CALIBRATION_CHOICES = names
  .map((name) => `${name}=${CALIBRATION_DEFAULTS[name] / 4}…${CALIBRATION_DEFAULTS[name] * 4}`)
  .join(", ");

/**
 * Reads what was measured on a real board, as `METER_CALIBRATION` gives it: "vccVolts=4.92,dividerRatio=2.03".
 * @throws RangeError naming the entry and what is allowed
 */
export function parseCalibration(text: string): Partial<Calibration> {
  const calibration: Partial<Calibration> = {};
  for (const entry of text.split(",").filter((part) => part.trim() !== "")) {
    const [, key, digits] = /^\s*(\w+)\s*=\s*(\d+(?:\.\d+)?)\s*$/.exec(entry) ?? [];
    const name = names.find((known) => known === key);
    const value = Number(digits);
    // A factor of four is no tolerance of a part, but a slip of the finger.
    if (!name || !(value >= CALIBRATION_DEFAULTS[name] / 4 && value <= CALIBRATION_DEFAULTS[name] * 4))
      throw new RangeError(`calibration "${entry.trim()}" is not one of ${CALIBRATION_CHOICES}`);
    calibration[name] = value;
  }
  return calibration;
}

/** Whether `parseCalibration` takes it. */
export function isCalibration(text: string): boolean {
  try {
    parseCalibration(text);
    return true;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return false;
  }
}
