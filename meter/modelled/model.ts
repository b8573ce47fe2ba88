/** All modelled homes of a process: their houses on one street, their meters' boards, one timer. */
import type { HouseSettings } from "../../common/home";
import type { Board, BoardEvents, BoardSource } from "../board";
import type { MeterClock } from "../clock";
import { SENSOR_DEFAULTS, type SensorOptions, Sensors } from "../sim/sensors";
import { WORLD_DEFAULTS } from "../sim/world";
import { deliveringPins, ModelledBoard, type Pins, receivingPins } from "./board";
import { House, seededHouse } from "./house";
import { Plot, StreetModel } from "./street";
import { MODEL_SCAN_MS, Ticker } from "./ticker";

export interface ModelOptions {
  clock: MeterClock;
  /** Real seconds from midnight to midnight. */
  dayS?: number;
  /** Time of day at the start, as a part of a day. */
  startOfDay?: number;
  /** Differences from `SENSOR_DEFAULTS`, for all sensors; each has a seed of its own. */
  sensors?: Partial<Omit<SensorOptions, "seed">>;
}

export class Model {
  readonly street = new StreetModel();
  readonly #options: ModelOptions;
  readonly #ticker: Ticker;
  readonly #boards = new Set<ModelledBoard>();

  constructor(options: ModelOptions) {
    this.#options = options;
    this.#ticker = new Ticker(options.clock, { scan: (number) => this.#scan(number) });
  }

  /** A modelled house. @throws RangeError when there is one of this name */
  addHouse(name: string, settings: HouseSettings): Plot {
    const { dayS = WORLD_DEFAULTS.dayS, startOfDay = WORLD_DEFAULTS.startOfDay } = this.#options;
    const plot = new Plot(name, new House(settings, { dayS, startOfDay }));
    this.street.add(plot);
    return plot;
  }

  /** The house of an Arduino, which is on the street with what its meter says. @throws RangeError as above */
  addMeasured(name: string): Plot {
    const plot = new Plot(name, null);
    this.street.add(plot);
    return plot;
  }

  /** The board behind a modelled house's relay. */
  delivering(plot: Plot, seed: number): BoardSource {
    return this.#source(deliveringPins(plot, this.#sensors(seed)));
  }

  /** The board at the end of the wires that come to a house. */
  receiving(plot: Plot, seed: number): BoardSource {
    return this.#source(receivingPins(plot, this.#sensors(seed)));
  }

  #sensors(seed: number): Sensors {
    return new Sensors({ ...SENSOR_DEFAULTS, ...this.#options.sensors, seed });
  }

  #source(pins: Pins): BoardSource {
    return {
      name: "modelled",
      clock: this.#ticker.clock,
      connect: async (events: BoardEvents, stop: AbortSignal): Promise<Board> => {
        stop.throwIfAborted();
        const board = new ModelledBoard(pins, events, () => {
          this.#boards.delete(board);
          this.#ticker.need(this.#boards.size > 0);
        });
        this.#boards.add(board);
        this.#ticker.need(true);
        return board;
      },
      end: async () => {},
    };
  }

  /** Relays first, then the world, then what is measured of it: all houses see the same moment. */
  #scan(number: number): void {
    const boards = [...this.#boards];
    for (const board of boards) board.obey(number * MODEL_SCAN_MS);
    this.street.step(MODEL_SCAN_MS / 1000);
    for (const board of boards) board.scan(number);
  }
}

/** The board of a single modelled house, with nobody else on its street. */
export function lonelyHouse(options: ModelOptions): BoardSource {
  const model = new Model(options);
  const seed = 1;
  const settings = seededHouse(seed, options.dayS ?? WORLD_DEFAULTS.dayS);
  return model.delivering(model.addHouse("House 1", settings), seed);
}
