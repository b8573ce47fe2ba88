/** Which line, or which boards without one, a setting means. */
import { ArduinoBoard, type BoardSource } from "./board";
import type { MeterClock } from "./clock";
import type { Transport } from "./line";
import { lonelyHouse } from "./modelled/model";
import { openSerialLine } from "./serial";
import type { SimulationOptions } from "./sim/desk";
import { createSimulatedArduino } from "./sim/simulated";

/** Physics alone: it has no line. */
const MODELLED = "modelled";
/** Every kind of transport, for help texts. */
export const TRANSPORT_CHOICES = `serial:/dev/ttyACM0 (or another port), simulated, simulated:StandardFirmata, ${MODELLED}`;

/** Whether a setting names a transport, and not a home. */
export const isTransport = (spec: string): boolean =>
  spec === MODELLED || /^(simulated(:StandardFirmata)?|serial:.+)$/.test(spec);

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

export interface SourceOptions {
  clock: MeterClock;
  scanIntervalMs: number;
  hasPanelSensor?: boolean;
  /** For `simulated` and the sun of `modelled`. */
  simulation?: SimulationOptions;
}

/**
 * The way to a meter's boards. Johnny-Five is between the session and a line; what has no line has its own boards.
 * @throws Error listing the choices
 */
export function sourceOf(given: string | Transport | BoardSource, options: SourceOptions): BoardSource {
  const { clock, scanIntervalMs, simulation, hasPanelSensor = true } = options;
  if (given === MODELLED) return lonelyHouse({ clock, ...daysOf(simulation) });
  const way = typeof given === "string" ? createTransport(given, simulation) : given;
  if ("connect" in way) return way;
  return {
    name: way.name,
    connect: (events, stop) =>
      ArduinoBoard.connect({ transport: way, clock, scanIntervalMs, hasPanelSensor }, events, stop),
    end: () => way.end(),
  };
}

/** The sun is one and the same, simulated or modelled. */
function daysOf(simulation: SimulationOptions | undefined): { dayS?: number; startOfDay?: number } {
  const { dayS, startOfDay } = simulation?.world ?? {};
  return { ...(dayS !== undefined && { dayS }), ...(startOfDay !== undefined && { startOfDay }) };
}
