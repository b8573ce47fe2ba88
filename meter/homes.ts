/** The meters of a list of homes, of whatever kind, and the street on which they stand. */

import { parseCalibration } from "../common/calibration";
import type { HomeSettings, MeterSettings, ReceivingMeterSettings } from "../common/home";
import type { HouseFigures } from "../common/house";
import type { Meter, Metering, RegisterStart } from "../common/meter";
import type { BoardSource } from "./board";
import type { MeterClock } from "./clock";
import type { Transport } from "./line";
import { createMeter, createReceivingMeter, type MeterOptions } from "./meter";
import { Model } from "./modelled/model";
import type { Plot } from "./modelled/street";
import type { SimulationOptions } from "./sim/desk";
import { DEFAULT_FIRMWARE, FIRMWARE_NAMES, type FirmwareName, isFirmwareName } from "./sim/firmware";
import { createSimulatedPair, type SimulatedPair } from "./sim/simulated";

export interface HomeMetersOptions {
  clock: MeterClock;
  /** Real seconds from midnight to midnight of the simulated and the modelled sun. */
  dayS: number;
  /** What the journal holds of the home's meter; undefined for a new one. */
  registerOf(home: HomeSettings): RegisterStart | undefined;
  /** How often a modelled meter gives a sample, ms; by default as often as any other, or once a second where they are many. */
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
   * @throws RangeError on a name that no home has
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
  const builder = new Builder(homes, options);
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

/** From so many modelled homes on, a sample a second of each is enough: nobody can look at them all. */
const CROWD = 20;
const CROWD_SAMPLE_INTERVAL_MS = 1_000;

class Builder {
  readonly #options: HomeMetersOptions;
  readonly #model: Model;
  readonly #simulation: SimulationOptions;
  readonly #sampleIntervalMs: number | undefined;
  readonly #pairs: ReadonlyMap<string, SimulatedPair>;
  /** Each sensor has noise of its own, the same at every start. */
  #seed = 0;

  constructor(homes: readonly HomeSettings[], options: HomeMetersOptions) {
    this.#options = options;
    this.#simulation = { world: { dayS: options.dayS } };
    const isCrowd = homes.filter(({ meter }) => meter.kind === "modelled").length >= CROWD;
    this.#sampleIntervalMs =
      options.modelledSampleIntervalMs ?? (isCrowd ? CROWD_SAMPLE_INTERVAL_MS : undefined);
    this.#pairs = pairsOf(homes, this.#simulation);
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
        ? this.#arduino(home.meter, this.#pairs.get(home.name)?.house.transport)
        : this.#modelled(this.#model.delivering(plot, ++this.#seed))),
      ...(register && { register }),
    });
  }

  receiving({ name, receivingMeter }: HomeSettings, plot: Plot): Metering | null {
    if (receivingMeter === null) return null;
    return createReceivingMeter(
      receivingMeter.kind === "modelled"
        ? this.#modelled(this.#model.receiving(plot, ++this.#seed))
        : this.#arduino(receivingMeter, this.#wireEnd(name, receivingMeter)),
    );
  }

  #modelled(transport: BoardSource): MeterOptions {
    return {
      transport,
      ...(this.#sampleIntervalMs !== undefined && { sampleIntervalMs: this.#sampleIntervalMs }),
    };
  }

  /** `simulated`: the Arduino of a pair, where it is one of two on a wire. */
  #arduino(
    { kind, port, firmware, calibration }: Omit<MeterSettings, "keyFile">,
    simulated?: Transport,
  ): MeterOptions {
    const alone = firmware === null ? kind : `${kind}:${firmware}`;
    return {
      transport: simulated ?? (kind === "serial" ? `serial:${port}` : alone),
      calibration: parseCalibration(calibration),
      clock: this.#options.clock,
      simulation: this.#simulation,
    };
  }

  /** The other end of a simulated home's wire; a serial meter is wired by whoever holds the wires. */
  #wireEnd(name: string, { kind, wireFrom }: ReceivingMeterSettings): Transport | undefined {
    if (kind !== "simulated") return undefined;
    const pair = this.#pairs.get(wireFrom ?? "");
    if (pair === undefined)
      throw new Error(
        `${name} has a simulated receiving meter: say in wireFrom which simulated home it is wired to`,
      );
    return pair.neighbour.transport;
  }
}

/** Two simulated Arduinos for each wire between simulated homes, in one world; by the name of the home that feeds it. */
function pairsOf(homes: readonly HomeSettings[], simulation: SimulationOptions): Map<string, SimulatedPair> {
  const pairs = new Map<string, SimulatedPair>();
  for (const { name, receivingMeter } of homes) {
    const from = homes.find((home) => home.name === receivingMeter?.wireFrom);
    if (receivingMeter?.kind !== "simulated" || from?.meter.kind !== "simulated") continue;
    if (pairs.has(from.name))
      throw new Error(`${name} is wired to ${from.name}, whose wire ends at another home`);
    pairs.set(
      from.name,
      createSimulatedPair({
        ...simulation,
        firmware: firmwareOf(from.meter),
        neighbourFirmware: firmwareOf(receivingMeter),
      }),
    );
  }
  return pairs;
}

/** @throws Error that lists the choices */
function firmwareOf({ firmware }: { firmware: string | null }): FirmwareName {
  const name = firmware ?? DEFAULT_FIRMWARE;
  if (!isFirmwareName(name))
    throw new Error(`no firmware is called "${name}"; the choices are: ${FIRMWARE_NAMES.join(", ")}`);
  return name;
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
