import { setImmediate } from "node:timers/promises";
import type { HouseSettings } from "../../common/home";
import type { Meter, MeterSample, MeterStatus } from "../../common/meter";
import { createMeter, type MeterOptions } from "../../meter/meter";
import { Model, type ModelOptions } from "../../meter/modelled/model";
import { ManualClock } from "./manual-clock";

/** A house without sun and load to speak of, so that what is sold is all there is. */
export const HOUSE: HouseSettings = { roofW: 8, batteryMilliWh: 2_000n, loadW: 1, seed: 1 };

/** Modelled meters on a clock that stands still until told. */
export function modelBench(options: Partial<Omit<ModelOptions, "clock">> = {}) {
  const clock = new ManualClock();
  const model = new Model({ startOfDay: 0.375, ...options, clock });
  let isDeciding = true;
  const meters: Meter[] = [];
  const advance = async (ms: number): Promise<void> => {
    const end = clock.nowMs() + ms;
    // Whoever has just connected gets to listen before the first scan.
    await setImmediate();
    while (clock.nowMs() < end) {
      clock.advance(Math.min(19, end - clock.nowMs()));
      // Whoever decides about the relays has its turn.
      if (isDeciding) for (const meter of meters) meter.affirm();
      await setImmediate();
    }
  };
  return {
    clock,
    model,
    advance,
    async advanceUntil(what: string, isDone: () => boolean, limitMs = 60_000) {
      const end = clock.nowMs() + limitMs;
      while (!isDone()) {
        if (clock.nowMs() >= end) throw new Error(`${what}: not within ${limitMs} ms`);
        await advance(19);
      }
    },
    decide(isAtWork: boolean) {
      isDeciding = isAtWork;
    },
    /** A house with its meter, and everything that has said. */
    home(name: string, house = HOUSE, meterOptions: Partial<Omit<MeterOptions, "transport" | "clock">> = {}) {
      const plot = model.addHouse(name, house);
      const meter = createMeter({ ...meterOptions, transport: model.delivering(plot, house.seed) });
      const samples: MeterSample[] = [];
      const statuses: MeterStatus[] = [];
      meters.push(meter);
      meter.onSample((sample) => samples.push(sample));
      meter.onStatus((status) => statuses.push(status));
      return {
        plot,
        meter,
        samples,
        statuses,
        registerMicroJoule: () => {
          const last = samples.at(-1);
          return last === undefined ? 0n : last.registerMilliWh * 3_600_000n + last.registerRestMicroJoule;
        },
        async online() {
          void meter.connect();
          for (let ms = 0; meter.status.state !== "online" || samples.length === 0; ms += 19) {
            if (ms > 5_000) throw new Error(`${name} is ${meter.status.state}: ${meter.status.detail}`);
            await advance(19);
          }
        },
        async over() {
          const end = meter.disconnect();
          await advance(400);
          await end;
        },
      };
    },
  };
}
