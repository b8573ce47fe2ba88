/** What our firmware does, without an Arduino: the relay and its heartbeat, and the ADC's counts of every scan. */
import type { MeterFirmware, RelayPosition } from "../../common/meter";
import type { Board, BoardEvents, RawScan } from "../board";
import { countsOf, type Sensors } from "../sim/sensors";
import type { Plot } from "./street";

/** The relay opens when nobody has asked where it stands for this long, ms. */
const HEARTBEAT_LIMIT_MS = 1_000;
const TRIP_TEXT = "relay opened: no heartbeat for 1 s";
const FIRMWARE: MeterFirmware = { name: "a model of the firmware", opensByItself: true };

type Command = "close" | "open" | "ask" | "version";

/** The pins of one meter: what stands there now. */
export interface Pins {
  scan(): Omit<RawScan, "number">;
  relay(position: RelayPosition): void;
}

/** Pins of the meter behind a house's relay. */
export function deliveringPins(plot: Plot, sensors: Sensors): Pins {
  return {
    scan: () => ({
      neighborCurrent: countsOf(sensors.neighborCurrentVolts(plot.leaving.amperes)),
      batteryVolts: countsOf(sensors.dividedVolts(plot.house!.volts)),
      panelCurrent: countsOf(sensors.panelCurrentVolts(plot.house!.roofAmperes)),
    }),
    relay: (position) => {
      plot.isRelayClosed = position === "closed";
    },
  };
}

/** Pins of the meter at the end of the wires that come to a house. */
export function receivingPins(plot: Plot, sensors: Sensors): Pins {
  return {
    scan: () => ({
      neighborCurrent: countsOf(sensors.neighborCurrentVolts(plot.arriving.amperes)),
      batteryVolts: countsOf(sensors.dividedVolts(plot.arriving.volts)),
      panelCurrent: null,
    }),
    relay: () => {},
  };
}

/** One connection. Commands wait for the next scan, as bytes wait in a line. */
export class ModelledBoard implements Board {
  readonly firmware = FIRMWARE;
  readonly #pins: Pins;
  readonly #events: BoardEvents;
  readonly #left: () => void;
  #commands: Command[] = [];
  #relay: RelayPosition = "open";
  #heartbeatAtMs = Number.NEGATIVE_INFINITY;
  /** The relay has opened by itself: not commanded open since, not told yet. */
  #isTripped = false;
  #isTripUntold = false;

  constructor(pins: Pins, events: BoardEvents, left: () => void) {
    this.#pins = pins;
    this.#events = events;
    this.#left = left;
  }

  writeRelay(position: RelayPosition): void {
    this.#commands.push(position === "closed" ? "close" : "open");
  }

  askRelay(): void {
    this.#commands.push("ask");
  }

  askVersion(): void {
    this.#commands.push("version");
  }

  /** As when the port of an Arduino is opened next, which resets it: nobody holds the relay any more. */
  async release(): Promise<void> {
    this.#move("open");
    this.#left();
  }

  /** What was commanded happens, and the relay opens when its time is over. Before the physics of a scan. */
  obey(atMs: number): void {
    if (this.#relay === "closed" && atMs - this.#heartbeatAtMs >= HEARTBEAT_LIMIT_MS) {
      this.#move("open");
      this.#isTripped = this.#isTripUntold = true;
    }
    const commands = this.#commands;
    this.#commands = [];
    for (const command of commands) this.#do(command, atMs);
  }

  /** After the physics. */
  scan(number: number): void {
    this.#events.scan({ number, ...this.#pins.scan() });
  }

  #do(command: Command, atMs: number): void {
    if (command === "open") {
      this.#move("open");
      this.#isTripped = false;
    } else if (command === "close") {
      if (!this.#isTripped && atMs - this.#heartbeatAtMs < HEARTBEAT_LIMIT_MS) this.#move("closed");
    } else if (command === "version") this.#events.version();
    else {
      this.#heartbeatAtMs = atMs;
      if (this.#isTripUntold) this.#events.said(TRIP_TEXT);
      this.#isTripUntold = false;
      this.#events.relay(this.#relay);
    }
  }

  #move(position: RelayPosition): void {
    if (position === this.#relay) return;
    this.#relay = position;
    this.#pins.relay(position);
  }
}
