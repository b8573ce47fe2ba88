/** What the parts between the world and the Arduino's pins do: two current sensors and a divider, with their errors. */
import { gaussianNoise } from "./noise";

export interface SensorOptions {
  /** Errors of the two current sensors at zero, V: within the ±40 mV of the ACS712's data sheet. */
  neighborOffsetVolts: number;
  panelOffsetVolts: number;
  /** Noise of a current sensor (21 mV peak to peak in the data sheet) and of the divider, V, one sigma. */
  sensorNoiseVolts: number;
  dividerNoiseVolts: number;
  /** Same seed, same noise. */
  seed: number;
}

export const SENSOR_DEFAULTS: SensorOptions = {
  neighborOffsetVolts: 0.012,
  panelOffsetVolts: -0.009,
  sensorNoiseVolts: 0.0035,
  dividerNoiseVolts: 0.001,
  seed: 1,
};

/** Vcc of the sensors, V; V/A of an ACS712-05B; the divider's halving. Said again here: the world is not the driver. */
export const SENSOR_VCC = 5;
const ACS712_VOLTS_PER_AMPERE = 0.185;
const DIVIDER = 0.5;
/** Steps of an ATmega's ADC between ground and Vcc. */
const ADC_STEPS = 1024;

export class Sensors {
  readonly #options: SensorOptions;
  readonly #noise: () => number;

  constructor(options: SensorOptions) {
    this.#options = options;
    this.#noise = gaussianNoise(options.seed);
  }

  /** At A0, V. */
  neighborCurrentVolts(amperes: number): number {
    return this.#current(amperes, this.#options.neighborOffsetVolts);
  }

  /** At A2, V. */
  panelCurrentVolts(amperes: number): number {
    return this.#current(amperes, this.#options.panelOffsetVolts);
  }

  /** At A1, V. */
  dividedVolts(volts: number): number {
    return volts * DIVIDER + this.#noise() * this.#options.dividerNoiseVolts;
  }

  #current(amperes: number, offsetVolts: number): number {
    const noiseVolts = this.#noise() * this.#options.sensorNoiseVolts;
    return SENSOR_VCC / 2 + offsetVolts + amperes * ACS712_VOLTS_PER_AMPERE + noiseVolts;
  }
}

/** What an ADC makes of `volts`: cut down to a step. */
export function countsOf(volts: number): number {
  return Math.min(Math.max(Math.floor((volts / SENSOR_VCC) * ADC_STEPS), 0), ADC_STEPS - 1);
}
