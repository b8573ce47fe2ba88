/** The meters of a list of homes, of whatever kind, and the street that the modelled ones share. */
import type { HomeSettings, MeterSettings } from "../common/home";
import type { HouseFigures } from "../common/house";
import type { Meter, Metering, RegisterStart } from "../common/meter";
import { parseCalibration } from "./calibration";
import type { MeterClock } from "./clock";
import { createMeter } from "./meter";

export interface HomeMetersOptions {
  clock: MeterClock;
  /** Real seconds from midnight to midnight of the simulated and the modelled sun. */
  dayS: number;
  /** What the journal holds of the home's meter; undefined for a new one. */
  registerOf(home: HomeSettings): RegisterStart | undefined;
  /** How often a modelled meter gives a sample, ms. */
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
   * of the seller's own (a fixed resistor), which is also what takes it before anything was said. Says nothing about
   * the relay. For a home that is not modelled, what its meter measures arrives at `to`.
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
  const built = new Map<string, HomeMeters>();
  for (const home of homes) {
    const register = options.registerOf(home);
    const meter = createMeter({
      transport: transportOf(home.meter),
      calibration: parseCalibration(home.meter.calibration),
      ...(register && { register }),
      clock: options.clock,
      simulation: { world: { dayS: options.dayS } },
    });
    built.set(home.name, { meter, receiving: null, house: null });
  }
  return {
    homes: built,
    street: {
      deliver(from, to) {
        for (const name of to === null ? [from] : [from, to])
          if (!built.has(name)) throw new RangeError(`no home is called "${name}"`);
      },
    },
  };
}

/** As `createTransport` reads it. */
function transportOf({ kind, port, firmware }: Omit<MeterSettings, "keyFile">): string {
  if (kind === "serial") return `serial:${port}`;
  return firmware === null ? kind : `${kind}:${firmware}`;
}
