import type { RelayPosition } from "../../common/meter";
import { DEFAULT_FIRMWARE, type FirmwareName, loadFirmware } from "./firmware";
import { type CableEvents, Seat } from "./seat";
import { World, type WorldOptions } from "./world";

export interface SimulationOptions {
  /** What differs from `WORLD_DEFAULTS`. */
  world?: Partial<WorldOptions>;
  /** What is flashed on the Arduino; by default our own. */
  firmware?: FirmwareName;
  /** What is flashed on a second Arduino, at the other end of the neighbour's wire; by default there is none. */
  neighbourFirmware?: FirmwareName;
}

/** Whose Arduino: that behind the relay, or that at the other end of the wire. */
export const SEAT_NAMES = ["house", "neighbour"] as const;
export type SeatName = (typeof SEAT_NAMES)[number];

/** What happens on the desk, as its user sees it. */
export interface DeskEvents {
  cables: Record<SeatName, CableEvents>;
  /** The relay's contact moved, at `atS` of the desk's time. */
  relayEdge(position: RelayPosition, atS: number): void;
}

/**
 * One Uno or two on a desk, and the world their pins are wired to. Runs only when told (`runUntil`), on a clock of its
 * own: seconds since the desk was set up.
 */
export class Desk {
  readonly world: World;
  readonly house: Seat;
  /** Null where nobody looks at the other end of the wire. */
  readonly neighbour: Seat | null;
  #nowS = 0;

  constructor(options: SimulationOptions, events: DeskEvents) {
    this.world = new World(options.world);
    this.house = new Seat(
      loadFirmware(options.firmware ?? DEFAULT_FIRMWARE),
      {
        analogVolts: (channel, atS) => this.world.analogVolts(channel, atS),
        relay: (position, atS) => {
          if (this.world.relay === position) return;
          this.world.setRelay(position, atS);
          events.relayEdge(position, atS);
        },
      },
      events.cables.house,
    );
    this.neighbour =
      options.neighbourFirmware === undefined
        ? null
        : new Seat(
            loadFirmware(options.neighbourFirmware),
            // Nothing is wired to its relay's pin.
            { analogVolts: (channel, atS) => this.world.wireEndVolts(channel, atS), relay: () => {} },
            events.cables.neighbour,
          );
  }

  get nowS(): number {
    return this.#nowS;
  }

  /** @throws Error when nobody sits there */
  seat(name: SeatName): Seat {
    const seat = this[name];
    if (seat === null) throw new Error("there is no Arduino at the other end of the wire");
    return seat;
  }

  /** Lets time pass until `nowS` on the desk. */
  runUntil(nowS: number): void {
    this.house.runUntil(nowS);
    this.neighbour?.runUntil(nowS);
    this.#nowS = Math.max(this.#nowS, nowS);
    this.world.advance(this.#nowS);
    this.house.deliver();
    this.neighbour?.deliver();
  }
}
