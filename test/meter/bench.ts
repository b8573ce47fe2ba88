import type { MeterSample, MeterStatus } from "../../common/meter";
import { createMeter, type MeterOptions } from "../../meter/meter";
import type { FirmwareName } from "../../meter/sim/firmware";
import { createSteppedArduino } from "../../meter/sim/stepped";
import type { WorldOptions } from "../../meter/sim/world";

/** Everything that holds for any board is tried on both. */
export const FIRMWARES: readonly FirmwareName[] = ["neighborwatt", "StandardFirmata"];

/** A meter on a stepped Arduino, with everything it has said. */
export function bench(
  world: Partial<WorldOptions> = {},
  options: Partial<Omit<MeterOptions, "transport" | "clock">> & { firmware?: FirmwareName } = {},
) {
  const arduino = createSteppedArduino({ world, ...(options.firmware && { firmware: options.firmware }) });
  /** False: whoever decides about the relay hangs. */
  let isDeciding = true;
  const meter = createMeter({ ...options, transport: arduino.transport, clock: arduino.clock });
  const samples: MeterSample[] = [];
  const statuses: MeterStatus[] = [];
  /** Moments at which the relay's contact moved, ms of the desk's time. */
  const edges: { position: string; atMs: number }[] = [];
  meter.onSample((sample) => {
    samples.push(sample);
    if (isDeciding) meter.affirm();
  });
  meter.onStatus((status) => statuses.push(status));
  arduino.onRelayEdge((position, atMs) => edges.push({ position, atMs }));
  return {
    arduino,
    meter,
    samples,
    statuses,
    edges,
    decide(isAtWork: boolean) {
      isDeciding = isAtWork;
    },
    /** The process stands still while the Arduino goes on: what it sends waits, and is read all at once. */
    async standStill(ms: number) {
      arduino.standStill(ms);
      await arduino.advance(1);
    },
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
