import { openSerialLine } from "./serial";
import type { SimulationOptions } from "./sim/desk";
import { createSimulatedArduino } from "./sim/simulated";

/** What a line tells whoever opened it. */
export interface LineEvents {
  data(bytes: Uint8Array): void;
  /** The line is gone; nothing more will come. `reason` is plain English. Not called after `close()`. */
  closed(reason: string): void;
}

/** An open byte line to an Arduino. */
export interface Line {
  write(bytes: Uint8Array): void;
  /** Ends the line; safe to call twice. */
  close(): Promise<void>;
}

/** The way to an Arduino: opened once a connection, ended once for all. */
export interface Transport {
  /** As given: `serial:/dev/ttyACM0`. */
  readonly name: string;
  /** @throws Error in plain English that names the mend. */
  open(events: LineEvents): Promise<Line>;
  /** Lets go of everything that keeps the process alive. A later `open` starts anew. */
  end(): Promise<void>;
}

/** Every kind of transport, for help texts. */
export const TRANSPORT_CHOICES =
  "serial:/dev/ttyACM0 (or another port), simulated, simulated:StandardFirmata";

/**
 * The transport a setting names.
 * @throws Error listing the choices.
 */
export function createTransport(spec: string, simulation: SimulationOptions = {}): Transport {
  if (spec === "simulated") return createSimulatedArduino(simulation).transport;
  if (spec === "simulated:StandardFirmata")
    return createSimulatedArduino({ ...simulation, firmware: "StandardFirmata" }).transport;
  const path = /^serial:(.+)$/.exec(spec)?.[1];
  if (path === undefined)
    throw new Error(`no meter transport is called "${spec}"; the choices are: ${TRANSPORT_CHOICES}`);
  return {
    name: spec,
    open: (events) => openSerialLine(path, events),
    end: async () => {},
  };
}
