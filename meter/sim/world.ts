import type { RelayPosition } from "../../common/meter";
import { WIRING } from "../wiring";
import { SENSOR_DEFAULTS, type SensorOptions, Sensors } from "./sensors";

/** The physical world around the Arduino. SI units; every one can be given to `createSimulatedArduino`. */
export interface WorldOptions extends SensorOptions {
  /** Real seconds from midnight to midnight. The sun hurries, the battery does not. */
  dayS: number;
  /** Time of day at the start, as a part of a day: 0.27 is half an hour after sunrise. */
  startOfDay: number;
  /** What the panel gives at noon, W. */
  panelPeakW: number;
  /** Battery without load, empty and full, V, and in series with it, Ω: a 6 V lead-acid battery. */
  emptyVolts: number;
  fullVolts: number;
  batteryOhms: number;
  /** Charge it holds, A·h, and how full it starts, 0 to 1. */
  capacityAh: number;
  charge: number;
  /** The neighbour's load, Ω: 15 Ω take some 2.6 W, 20 mWh in half a minute. */
  loadOhms: number;
  /** Of the wire to the neighbour and back, Ω. */
  wireOhms: number;
}

export const WORLD_DEFAULTS: WorldOptions = {
  dayS: 600,
  startOfDay: 0.27,
  panelPeakW: 8,
  emptyVolts: 5.9,
  fullVolts: 6.5,
  batteryOhms: 0.1,
  capacityAh: 4.5,
  charge: 0.6,
  loadOhms: 15,
  wireOhms: 0,
  ...SENSOR_DEFAULTS,
};

/** Longest step of the integration, s: nothing but the relay changes faster. */
const STEP_S = 0.02;

/** A panel under a sun that passes, a battery, the relay and a load. No clock: whoever asks says what time it is. */
export class World {
  readonly #options: WorldOptions;
  readonly #sensors: Sensors;
  readonly #wireEndSensors: Sensors;
  #atS = 0;
  #charge: number;
  #relay: RelayPosition = "open";
  #deliveredJ = 0;
  #arrivedJ = 0;
  readonly #rewired = new Map<number, (sound: number) => number>();

  constructor(options: Partial<WorldOptions> = {}) {
    this.#options = { ...WORLD_DEFAULTS, ...options };
    this.#charge = this.#options.charge;
    this.#sensors = new Sensors(this.#options);
    this.#wireEndSensors = new Sensors({ ...this.#options, seed: this.#options.seed + 1 });
  }

  /** What really went to the neighbour since the start, J: what a perfect meter would show. */
  get deliveredJ(): number {
    return this.#deliveredJ;
  }

  /** What of it really arrived at the other end of the wire, J. */
  get arrivedJ(): number {
    return this.#arrivedJ;
  }

  get relay(): RelayPosition {
    return this.#relay;
  }

  /** The relay's contact moves at `atS`. */
  setRelay(position: RelayPosition, atS: number): void {
    this.advance(atS);
    this.#relay = position;
  }

  /** Lets time pass until `atS`, s since the start; earlier moments change nothing. */
  advance(atS: number): void {
    while (this.#atS < atS) {
      const seconds = Math.min(STEP_S, atS - this.#atS);
      const { batteryVolts, neighborAmperes, panelAmperes, wireEndVolts } = this.truth;
      this.#arrivedJ += wireEndVolts * neighborAmperes * seconds;
      this.#deliveredJ += batteryVolts * neighborAmperes * seconds;
      const chargeC = this.#options.capacityAh * 3600;
      const charge = this.#charge + ((panelAmperes - neighborAmperes) * seconds) / chargeC;
      this.#charge = Math.min(Math.max(charge, 0), 1);
      // Adding a whole step may fall short of `atS` by rounding, and would then never end.
      this.#atS = seconds < STEP_S ? atS : this.#atS + seconds;
    }
  }

  /** Volts and amperes as they are, before any sensor. */
  get truth(): {
    batteryVolts: number;
    neighborAmperes: number;
    /** At the other end of the neighbour's wire. */
    wireEndVolts: number;
    panelAmperes: number;
    sunlight: number;
  } {
    const { dayS, startOfDay, panelPeakW, emptyVolts, fullVolts, batteryOhms, loadOhms, wireOhms } =
      this.#options;
    const timeOfDay = startOfDay + this.#atS / dayS;
    const sunlight = Math.max(0, Math.sin(2 * Math.PI * (timeOfDay - 0.25)));
    const innerVolts = emptyVolts + (fullVolts - emptyVolts) * this.#charge;
    // The charger keeps a full battery from more than the load takes.
    const headroom = Math.min(1, (1 - this.#charge) * 50);
    const panelAmperes = ((panelPeakW * sunlight) / fullVolts) * headroom;
    const openVolts = innerVolts + panelAmperes * batteryOhms;
    const isFeeding = this.#relay === "closed" && this.#charge > 0;
    const neighborAmperes = isFeeding ? openVolts / (loadOhms + wireOhms + batteryOhms) : 0;
    return {
      batteryVolts: openVolts - neighborAmperes * batteryOhms,
      neighborAmperes,
      wireEndVolts: neighborAmperes * loadOhms,
      panelAmperes,
      sunlight,
    };
  }

  /** From now on another voltage stands at an analog pin than sound wiring would bring there. */
  rewire(channel: number, volts: (sound: number) => number): void {
    this.#rewired.set(channel, volts);
  }

  /** What stands at analog pin `channel` at `atS`, V, with the errors of the sensors. */
  analogVolts(channel: number, atS: number): number {
    const sound = this.#soundVolts(channel, atS);
    return this.#rewired.get(channel)?.(sound) ?? sound;
  }

  /** The same at the pins of the Arduino at the other end of the wire, which has no panel. */
  wireEndVolts(channel: number, atS: number): number {
    this.advance(atS);
    const { neighborAmperes, wireEndVolts } = this.truth;
    if (channel === WIRING.neighborCurrent.analog)
      return this.#wireEndSensors.neighborCurrentVolts(neighborAmperes);
    return channel === WIRING.batteryVolts.analog ? this.#wireEndSensors.dividedVolts(wireEndVolts) : 0;
  }

  #soundVolts(channel: number, atS: number): number {
    this.advance(atS);
    const { batteryVolts, neighborAmperes, panelAmperes } = this.truth;
    switch (channel) {
      case WIRING.neighborCurrent.analog:
        return this.#sensors.neighborCurrentVolts(neighborAmperes);
      case WIRING.panelCurrent.analog:
        return this.#sensors.panelCurrentVolts(panelAmperes);
      case WIRING.batteryVolts.analog:
        return this.#sensors.dividedVolts(batteryVolts);
      default:
        return 0;
    }
  }
}
