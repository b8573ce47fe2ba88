/**
 * The wires between the houses, and all houses in one step: what leaves through a closed relay arrives at another
 * house, less the loss of the wire, or warms a resistor of the seller's own.
 */
import { WORLD_DEFAULTS } from "../sim/world";
import type { House } from "./house";

/** From one house to the next and back, Ω: 0.07 W of 2.6 W. */
export const WIRE_OHMS = 0.4;
/** What a house takes from a wire, or the resistor that stands in for it, Ω. */
const LOAD_OHMS = WORLD_DEFAULTS.loadOhms;

/** What stands at an end of a wire. */
export interface WireEnd {
  volts: number;
  amperes: number;
}

const DEAD: WireEnd = { volts: 0, amperes: 0 };

/** A place on the street. */
export class Plot {
  readonly name: string;
  /** Null where the home is an Arduino's: what leaves it is what its meter says, and nobody knows the rest. */
  readonly house: House | null;
  /** Who takes what leaves; null for a resistor. */
  buyer: Plot | null = null;
  isRelayClosed = false;
  /** Of an Arduino's home: the last that its meter said. */
  measured: WireEnd = DEAD;
  /** What leaves through the relay, and what arrives from all neighbours, at this moment. */
  leaving: WireEnd = DEAD;
  arriving: WireEnd = DEAD;
  /** What has left and arrived since the start, J: what perfect meters would show. */
  deliveredJ = 0;
  receivedJ = 0;
  #arrivingW = 0;
  #arrivingAmperes = 0;

  constructor(name: string, house: House | null) {
    this.name = name;
    this.house = house;
  }

  /** Sends what leaves now on its way. @returns what the wire keeps, W */
  send(): number {
    this.leaving = this.#leaves();
    const { volts, amperes } = this.leaving;
    if (this.buyer === null || amperes === 0) return 0;
    const lostW = Math.min(amperes ** 2 * WIRE_OHMS, volts * amperes);
    this.buyer.#arrivingW += volts * amperes - lostW;
    this.buyer.#arrivingAmperes += amperes;
    return lostW;
  }

  step(seconds: number): void {
    const watts = this.#arrivingW;
    this.arriving =
      this.#arrivingAmperes === 0
        ? DEAD
        : { volts: watts / this.#arrivingAmperes, amperes: this.#arrivingAmperes };
    this.#arrivingW = this.#arrivingAmperes = 0;
    const leavingW = this.leaving.volts * this.leaving.amperes;
    this.deliveredJ += leavingW * seconds;
    this.receivedJ += watts * seconds;
    this.house?.step(seconds, leavingW, watts);
  }

  #leaves(): WireEnd {
    if (this.house === null) return this.measured;
    if (!this.isRelayClosed) return DEAD;
    const { volts } = this.house;
    return { volts, amperes: volts / (LOAD_OHMS + (this.buyer === null ? 0 : WIRE_OHMS)) };
  }
}

export class StreetModel {
  readonly #plots = new Map<string, Plot>();
  #wireLossJ = 0;
  #resistorsJ = 0;

  /** @throws RangeError when there is one of this name */
  add(plot: Plot): void {
    if (this.#plots.has(plot.name)) throw new RangeError(`two homes are called "${plot.name}"`);
    this.#plots.set(plot.name, plot);
  }

  /** @throws RangeError when no home has this name */
  plot(name: string): Plot {
    const plot = this.#plots.get(name);
    if (plot === undefined) throw new RangeError(`no home is called "${name}"`);
    return plot;
  }

  /** Who buys from oneself gets it back by the wire. @throws RangeError on a name that no home has */
  deliver(from: string, to: string | null): void {
    const seller = this.plot(from);
    seller.buyer = to === null ? null : this.plot(to);
  }

  /** What wires and resistors have turned into heat, J. */
  get heatJ(): { wires: number; resistors: number } {
    return { wires: this.#wireLossJ, resistors: this.#resistorsJ };
  }

  /** Lets `seconds` pass for all houses at once. */
  step(seconds: number): void {
    for (const plot of this.#plots.values()) {
      this.#wireLossJ += plot.send() * seconds;
      if (plot.buyer === null) this.#resistorsJ += plot.leaving.volts * plot.leaving.amperes * seconds;
    }
    for (const plot of this.#plots.values()) plot.step(seconds);
  }
}
