import assert from "node:assert/strict";
import { createMeter } from "../../meter/meter";
import { ManualClock } from "./manual-clock";
import { HOUSE, modelBench } from "./model-bench";

/** One step of the ADC at the pin, V, and what a step of the current sensor is worth, A. */
const STEP_VOLTS = 5 / 1024;
const STEP_AMPERES = STEP_VOLTS / 0.185;
const SCAN_S = 0.019;

describe("A modelled meter", () => {
  it("zeroes its sensor with the relay open, and samples as often as one on an Arduino", async () => {
    const { advance, home } = modelBench();
    const { plot, meter, samples, statuses, online, over } = home("House 1");
    assert.equal(meter.status.state, "stopped");
    await online();
    assert.deepEqual(
      statuses.map(({ state, detail }) => `${state}: ${detail.split(";")[0]}`),
      ["connecting: opening modelled", "online: a model of the firmware on modelled"],
    );
    samples.length = 0;
    await advance(2_000);
    assert.ok(samples.length >= 17 && samples.length <= 18, `${samples.length} samples in 2 s`);
    for (const sample of samples) {
      assert.ok(Math.abs(sample.volts - plot.house!.volts) < 0.03, `${sample.volts} V`);
      assert.deepEqual([sample.amperes, sample.watts, sample.relay], [0, 0, "open"]);
      assert.ok(Math.abs(sample.panelWatts! - plot.house!.figures().roofW) < 0.6, `${sample.panelWatts} W`);
    }
    await over();
    assert.equal(meter.status.state, "stopped");
    assert.deepEqual(meter.firmware, { name: "a model of the firmware", opensByItself: true });
  });

  it("says the same, sample by sample, when the same happens again, and something else with another seed", async () => {
    const run = async (seed: number) => {
      const { advance, home } = modelBench();
      const { meter, samples, online, over } = home("House 1", { ...HOUSE, seed });
      await online();
      meter.setRelay("closed");
      await advance(1_000);
      await over();
      return samples;
    };
    const once = await run(1);
    assert.deepEqual(await run(1), once);
    assert.notDeepEqual(await run(2), once);
  });

  it("closes and opens the relay within two scans, and shows it in a sample at once", async () => {
    const { clock, advanceUntil, home } = modelBench();
    const { plot, meter, samples, online, over } = home("House 1", HOUSE, { sampleIntervalMs: 1_000 });
    await online();
    for (const position of ["closed", "open"] as const) {
      const atMs = clock.nowMs();
      meter.setRelay(position);
      await advanceUntil(position, () => samples.at(-1)!.relay === position, 200);
      assert.equal(plot.isRelayClosed, position === "closed");
      assert.ok(clock.nowMs() - atMs <= 60, `${clock.nowMs() - atMs} ms`);
    }
    await over();
  });

  it("gives one sample a second when that is asked for, all of a street in the same moment", async () => {
    const { clock, advance, home } = modelBench();
    const homes = [1, 2, 3].map((seed) =>
      home(`House ${seed}`, { ...HOUSE, seed }, { sampleIntervalMs: 1_000 }),
    );
    for (const each of homes) await each.online();
    // A relay that moves gives a sample of its own, and changes nothing about when the others come.
    homes[1]!.meter.setRelay("closed");
    await advance(2_500);
    const moments = homes.map(({ samples }) => samples.slice(-2).map(({ atMs }) => atMs));
    assert.deepEqual(moments[1], moments[0]);
    assert.deepEqual(moments[2], moments[0]);
    assert.equal(moments[0]![1]! - moments[0]![0]!, 53 * 19);
    assert.ok(clock.nowMs() - moments[0]![1]! < 1_100);
    for (const { over } of homes) await over();
  });

  it("goes on from its register, and from one that it is raised to", async () => {
    const { advance, home } = modelBench();
    const register = { registerMilliWh: 41n, registerRestMicroJoule: 3_599_000n };
    const { meter, samples, online, over } = home("House 1", HOUSE, { register });
    await online();
    assert.deepEqual([samples[0]!.registerMilliWh, samples[0]!.registerRestMicroJoule], [41n, 3_599_000n]);
    meter.raiseRegister(100n);
    await advance(200);
    assert.deepEqual(
      [samples.at(-1)!.registerMilliWh, samples.at(-1)!.registerRestMicroJoule],
      [100n, 3_599_000n],
    );
    await over();
  });

  it("opens the relay by itself a second after the last heartbeat, counts that as a trip, and closes only for a new decision", async () => {
    const { clock, advance, advanceUntil, decide, home } = modelBench();
    const { plot, meter, statuses, online, over } = home("House 1");
    await online();
    meter.setRelay("closed");
    await advance(500);
    assert.equal(plot.isRelayClosed, true);
    decide(false);
    const atMs = clock.nowMs();
    await advanceUntil("the relay opens", () => !plot.isRelayClosed, 2_000);
    const afterMs = clock.nowMs() - atMs;
    assert.ok(afterMs >= 1_000 - 38 && afterMs <= 1_040, `${afterMs} ms`);
    await advance(1_000);
    decide(true);
    meter.affirm();
    await advance(1_000);
    assert.equal(meter.trips, 1);
    assert.match(
      statuses.find(({ state }) => state === "lost")!.detail,
      /the relay opened by itself: no heartbeat/,
    );
    await advanceUntil("it is back", () => meter.status.state === "online", 5_000);
    await advance(1_000);
    assert.equal(plot.isRelayClosed, false);
    meter.setRelay("closed");
    await advance(200);
    assert.equal(plot.isRelayClosed, true);
    await over();
    assert.equal(plot.isRelayClosed, false);
  });

  it("opens a relay that was left closed while the process stood still, and charges nothing for that time", async () => {
    const { clock, advance, home } = modelBench();
    const { plot, meter, registerMicroJoule, online, over } = home("House 1");
    await online();
    meter.setRelay("closed");
    await advance(2_000);
    const before = registerMicroJoule();
    clock.standStill(60_000);
    await advance(200);
    assert.equal(plot.isRelayClosed, false);
    assert.equal(meter.trips, 1);
    assert.ok(registerMicroJoule() - before < 1_000_000n, `${registerMicroJoule() - before} µJ`);
    await over();
  });

  it("does not creep while the relay is open, however noisy its sensor", async () => {
    const { advance, home } = modelBench({ sensors: { sensorNoiseVolts: 0.02 } });
    const { meter, registerMicroJoule, online, over } = home("House 1");
    await online();
    await advance(20_000);
    assert.equal(registerMicroJoule(), 0n);
    assert.equal(meter.status.state, "online");
    await over();
  });

  it("refuses a sensor that shows a current with the relay open", async () => {
    const { advance, home } = modelBench({ sensors: { neighborOffsetVolts: 0.2 } });
    const { meter, samples, over } = home("House 1");
    void meter.connect().catch(() => {});
    await advance(1_500);
    assert.match(
      meter.status.detail,
      /the current sensor shows 1\.\d\d A with the relay open: check the wire to A0/,
    );
    assert.equal(meter.status.fault, "currentThroughOpenRelay");
    assert.equal(samples.length, 0);
    await over();
  });

  it("leaves no timer behind when it is disconnected", async () => {
    const clock = new ManualClock();
    const meter = createMeter({ transport: "modelled", clock });
    const tick = async () => {
      await new Promise(setImmediate);
      clock.advance(38);
    };
    const connected = meter.connect();
    for (let ms = 0; ms < 1_500; ms += 38) await tick();
    await connected;
    assert.equal(clock.alarms > 0, true);
    const over = meter.disconnect();
    for (let ms = 0; ms < 1_500; ms += 38) await tick();
    await over;
    assert.equal(clock.alarms, 0);
  });

  for (const [seed, seconds] of [
    [1, 30],
    [2, 30],
    [3, 5],
    [4, 120],
  ] as const)
    it(`errs no more than quantisation and noise allow: ${seconds} s, seed ${seed}`, async () => {
      const { advance, home } = modelBench();
      const { plot, meter, registerMicroJoule, online, over } = home("House 1", { ...HOUSE, seed });
      await online();
      meter.setRelay("closed");
      await advance(seconds * 1_000);
      const { volts, amperes } = plot.leaving;
      await over();
      const error = Number(registerMicroJoule()) / 1e6 / plot.deliveredJ - 1;
      const scanSteps = Math.sqrt(1 / 12 + (0.0035 / STEP_VOLTS) ** 2);
      const means = 1 / Math.sqrt(50) + 1 / Math.sqrt(seconds / SCAN_S);
      const bound =
        (4 * scanSteps * means * STEP_AMPERES) / amperes + STEP_VOLTS / (volts / 2) + SCAN_S / seconds;
      console.log(
        `      ${(plot.deliveredJ / 3.6).toFixed(2)} mWh sold, metered ${(100 * error).toFixed(2)} % (bound ${(100 * bound).toFixed(2)} %)`,
      );
      assert.ok(bound < 0.12, `a bound of ${bound} proves nothing`);
      assert.ok(Math.abs(error) <= bound, `${100 * error} % is beyond ${100 * bound} %`);
    });
});
