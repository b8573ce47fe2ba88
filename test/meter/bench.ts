import type { MeterSample, MeterStatus } from "../../common/meter";
import { createMeter, type MeterOptions } from "../../meter/meter";
import { createSteppedArduino } from "../../meter/sim/stepped";
import type { WorldOptions } from "../../meter/sim/world";

/** A meter on a stepped Arduino, with everything it has said. */
export function bench(
  world: Partial<WorldOptions> = {},
  options: Partial<Omit<MeterOptions, "transport" | "clock">> = {},
) {
  const arduino = createSteppedArduino({ world });
  const meter = createMeter({ ...options, transport: arduino.transport, clock: arduino.clock });
  const samples: MeterSample[] = [];
  const statuses: MeterStatus[] = [];
  /** Moments at which the relay's contact moved, ms of the desk's time. */
  const edges: { position: string; atMs: number }[] = [];
  meter.onSample((sample) => samples.push(sample));
  meter.onStatus((status) => statuses.push(status));
  arduino.onRelayEdge((position, atMs) => edges.push({ position, atMs }));
  return {
    arduino,
    meter,
    samples,
    statuses,
    edges,
    nowMs: () => arduino.clock.nowMs(),
    /** The register as the last sample has it, µJ. */
    registerMicroJoule: () => {
      const last = samples.at(-1);
      return last === undefined ? 0n : last.registerMilliWh * 3_600_000n + last.registerRestMicroJoule;
    },
    state: (state: MeterStatus["state"]) => () => meter.status.state === state,
    /** Connects and waits for the first sample. */
    async online() {
      void meter.connect();
      await arduino.advanceUntil("the first sample", () => samples.length > 0);
    },
    /** Disconnects while time goes on. */
    async over() {
      let isOver = false;
      void meter.disconnect().then(() => {
        isOver = true;
      });
      await arduino.advanceUntil("the end", () => isOver);
    },
  };
}
