/** The meters of a list of homes, of whatever kind, and the street on which they stand. */
import type { HomeSettings, MeterSettings } from "../common/home";
import type { HouseFigures } from "../common/house";
import type { Meter, Metering, RegisterStart } from "../common/meter";
import type { BoardSource } from "./board";
import { parseCalibration } from "./calibration";
import type { MeterClock } from "./clock";
import { createMeter, createReceivingMeter, type MeterOptions } from "./meter";
import { Model } from "./modelled/model";
import type { Plot } from "./modelled/street";

export interface HomeMetersOptions {
  clock: MeterClock;
  /** Real seconds from midnight to midnight of the simulated and the modelled sun. */
  dayS: number;
  /** What the journal holds of the home's meter; undefined for a new one. */
  registerOf(home: HomeSettings): RegisterStart | undefined;
  /** How often a modelled meter gives a sample, ms; by default as often as any other. */
  modelledSampleIntervalMs?: number;
}

/** What stands in one home. */
export interface HomeMeters {
  /** Measures what leaves, and switches it. */
  meter: Meter;
  /** At the end of a neighbour's wire; null where there is none. It is for looking at. */
  receiving: Metering | null;
  /** The figures of a modelled home at this moment; null for the others, of which nobody knows them. */
  house: { figures(): HouseFigures } | null;
}

/** The wires between the homes of this server. */
export interface Street {
  /**
   * Says who takes what leaves through the relay of the home called `from`: the home called `to`, or null for a load
   * of the seller's own (a fixed resistor). Before anything was said, it is the home whose receiving meter is wired to
   * it, or else the resistor. Says nothing about the relay. Of a home that is not modelled, what its meter measures
   * arrives at `to`.
   * @throws RangeError on a name that no home has, or when a home shall deliver to itself
   */
  deliver(from: string, to: string | null): void;
}

export interface HomesOfMeters {
  /** By the home's name, in the order of the settings. */
  readonly homes: ReadonlyMap<string, HomeMeters>;
  readonly street: Street;
}

/**
 * Builds every meter; none is connected yet. Disconnecting them all ends everything that this started.
 * @throws Error naming the home whose settings cannot be built
 */
export function createHomeMeters(homes: readonly HomeSettings[], options: HomeMetersOptions): HomesOfMeters {
  const builder = new Builder(options);
  const plots = homes.map((home) => builder.plot(home));
  const built = homes.map((home, index): [string, HomeMeters] => {
    const plot = plots[index]!;
    const meter = builder.meter(home, plot);
    if (plot.house === null) measure(meter, plot);
    return [home.name, { meter, receiving: builder.receiving(home, plot), house: plot.house }];
  });
  for (const { name, receivingMeter } of homes)
    if (receivingMeter?.wireFrom) builder.street.deliver(receivingMeter.wireFrom, name);
  return { homes: new Map(built), street: builder.street };
}

class Builder {
  readonly #options: HomeMetersOptions;
  readonly #model: Model;
  /** Each sensor has noise of its own, the same at every start. */
  #seed = 0;

  constructor(options: HomeMetersOptions) {
    this.#options = options;
    this.#model = new Model({ clock: options.clock, dayS: options.dayS });
  }

  get street(): Street {
    return this.#model.street;
  }

  plot({ name, meter, house }: HomeSettings): Plot {
    if (meter.kind !== "modelled") return this.#model.addMeasured(name);
    if (house === null)
      throw new Error(`${name} has a modelled meter and no house: give it a roof, a battery and a load`);
    return this.#model.addHouse(name, house);
  }

  meter(home: HomeSettings, plot: Plot): Meter {
    const register = this.#options.registerOf(home);
    return createMeter({
      ...(plot.house === null
        ? this.#arduino(home.meter)
        : this.#modelled(this.#model.delivering(plot, ++this.#seed))),
      ...(register && { register }),
    });
  }

  receiving({ receivingMeter }: HomeSettings, plot: Plot): Metering | null {
    // A simulated one has no wire yet that its Arduino could look at.
    if (receivingMeter === null || receivingMeter.kind === "simulated") return null;
    return createReceivingMeter(
      receivingMeter.kind === "modelled"
        ? this.#modelled(this.#model.receiving(plot, ++this.#seed))
        : this.#arduino(receivingMeter),
    );
  }

  #modelled(transport: BoardSource): MeterOptions {
    const { modelledSampleIntervalMs: sampleIntervalMs } = this.#options;
    return { transport, ...(sampleIntervalMs !== undefined && { sampleIntervalMs }) };
  }

  #arduino({ kind, port, firmware, calibration }: Omit<MeterSettings, "keyFile">): MeterOptions {
    const { clock, dayS } = this.#options;
    const simulated = firmware === null ? kind : `${kind}:${firmware}`;
    return {
      transport: kind === "serial" ? `serial:${port}` : simulated,
      calibration: parseCalibration(calibration),
      clock,
      simulation: { world: { dayS } },
    };
  }
}

/** What leaves a home that is not modelled is what its meter says; a lost one says nothing. */
function measure(meter: Meter, plot: Plot): void {
  meter.onSample(({ volts, amperes }) => {
    plot.measured = { volts, amperes: Math.max(0, amperes) };
  });
  meter.onStatus(({ state }) => {
    if (state !== "online") plot.measured = { volts: 0, amperes: 0 };
  });
}
