/**
 * What the pins show and no sound wiring can: a wire that came off, a sensor that is the wrong way round. Such a
 * measurement is not "none": it has a name, the meter says it, and nothing is sold by it.
 */
import type { MeterFault } from "../common/meter";

/** One look at the pins, in the sensors' own ranges. */
export interface Look {
  /** Through the neighbour's sensor, from its own zero, A. */
  amperes: number;
  volts: number;
  /** Counts of the divider: at an end of the scale there is no telling. */
  voltsCounts: number;
  /** Null where no sensor is fitted. */
  panelAmperes: number | null;
  /** False: the relay is known to be open. */
  mayConduct: boolean;
}

export interface Fault {
  name: MeterFault;
  words: string;
}

/** ACS712-05B, data sheet: ±5 A. A tenth more for its tolerance. */
const SENSOR_LIMIT_AMPERES = 5.5;
/** A current the other way: above what a sensor drifts between two zeros. */
const BACKWARDS_AMPERES = 0.1;
/** The panel's sensor is not zeroed: ±40 mV at zero are ±0.22 A. */
const PANEL_BACKWARDS_AMPERES = 0.4;
/** A current through an open relay: far above noise and drift (5.7 counts). */
export const LEAK_AMPERES = 0.15;
/** No battery of the drawing has less; a wire that came off reads near nothing. */
const LEAST_VOLTS = 0.5;
/** Within this of the end of its scale the divider may have any voltage. */
const LAST_COUNTS = 1022;
/** So many looks in a row, at 19 ms half a second: noise and an inrush are shorter. */
const LOOKS = 25;

const isCurrent = (amperes: number): boolean => Math.abs(amperes) <= SENSOR_LIMIT_AMPERES;

const inAmperes = (amperes: number): string => `${amperes.toFixed(2)} A`;

type Judgement = "fine" | Fault;

/** Judges look by look; a fault is one that has lasted. */
export class Plausibility {
  readonly #isReceiving: boolean;
  readonly #lasting = new Map<string, number>();
  #meanAmperes = 0;

  /** `isReceiving`: at the end of a neighbour's wire, which may be without voltage, and has no relay. */
  constructor(isReceiving = false) {
    this.#isReceiving = isReceiving;
  }

  /** False while current or voltage cannot be what is shown: nothing is metered by it. */
  isMeasurable({ amperes, voltsCounts }: Look): boolean {
    return isCurrent(amperes) && voltsCounts < LAST_COUNTS;
  }

  /** @returns the fault that has lasted long enough; null while all is sound */
  look(look: Look): Fault | null {
    return this.#lasts("current", this.#current(look)) ?? this.#lasts("volts", this.#volts(look));
  }

  /** Of the panel's sensor, which meters nothing that is sold. */
  lookAtPanel({ panelAmperes }: Look): Fault | null {
    if (panelAmperes === null) return null;
    if (!isCurrent(panelAmperes))
      return this.#lasts("panel", {
        name: "panelOutOfRange",
        words: `the panel's current sensor shows ${inAmperes(panelAmperes)}, which it cannot measure: check the wire to A2`,
      });
    if (panelAmperes <= -PANEL_BACKWARDS_AMPERES)
      return this.#lasts("panel", {
        name: "panelBackwards",
        words: `the panel's current flows backwards (${inAmperes(panelAmperes)}): swap the two wires of the sensor at A2`,
      });
    return this.#lasts("panel", "fine");
  }

  #current({ amperes, mayConduct }: Look): Judgement {
    // A single look is noisy: the mean of the last ten or so tells a direction.
    this.#meanAmperes = mayConduct ? this.#meanAmperes + (amperes - this.#meanAmperes) / 10 : 0;
    if (!mayConduct) {
      if (Math.abs(amperes) < LEAK_AMPERES) return "fine";
      const words = this.#isReceiving
        ? `${inAmperes(amperes)} arrive on a wire without voltage: check the wire from its divider to A1`
        : `${inAmperes(amperes)} flow although the relay is open: its contact is welded, or its wiring is wrong`;
      return { name: "currentThroughOpenRelay", words };
    }
    if (!isCurrent(amperes))
      return {
        name: "currentOutOfRange",
        words: `the current sensor shows ${inAmperes(amperes)}, which it cannot measure: check the wire to A0, or the load takes more than 5 A`,
      };
    if (this.#meanAmperes > -BACKWARDS_AMPERES) return "fine";
    return {
      name: "currentBackwards",
      words: `the current flows backwards (${inAmperes(this.#meanAmperes)}): swap the two wires of the current sensor at A0`,
    };
  }

  #volts({ volts, voltsCounts }: Look): Judgement {
    const what = this.#isReceiving ? "wire" : "battery";
    if (volts < LEAST_VOLTS && !this.#isReceiving)
      return {
        name: "noBatteryVolts",
        words: `the battery shows ${volts.toFixed(2)} V: check the wire from its divider to A1, and the battery's fuse`,
      };
    if (voltsCounts < LAST_COUNTS) return "fine";
    return {
      name: "batteryOutOfRange",
      words: `the ${what} shows ${volts.toFixed(2)} V or more, the end of the scale: check the divider at A1 and its ratio`,
    };
  }

  #lasts(of: string, judgement: Judgement): Fault | null {
    if (judgement === "fine") {
      this.#lasting.delete(of);
      return null;
    }
    const looks = (this.#lasting.get(of) ?? 0) + 1;
    this.#lasting.set(of, looks);
    return looks >= LOOKS ? judgement : null;
  }
}
