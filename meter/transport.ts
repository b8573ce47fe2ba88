/** Which line a setting means. */
import type { Transport } from "./line";
import { openSerialLine } from "./serial";
import type { SimulationOptions } from "./sim/desk";
import { createSimulatedArduino } from "./sim/simulated";

/** Physics alone: it has no line, so `createMeter` knows it. */
export const MODELLED = "modelled";
/** Every kind of transport, for help texts. */
export const TRANSPORT_CHOICES = `serial:/dev/ttyACM0 (or another port), simulated, simulated:StandardFirmata, ${MODELLED}`;

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
