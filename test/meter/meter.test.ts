import assert from "node:assert/strict";
import { createMeter } from "../../meter/meter";
import { bench, FIRMWARES } from "./bench";

for (const firmware of FIRMWARES)
  describe(`A meter on the firmware ${firmware}, in the desk's time`, function () {
    this.timeout(120_000);

    it("opens, zeroes its sensor with the relay open, and samples", async () => {
      // In the middle of a morning, when the sun changes little while the samples are taken.
      const world = { startOfDay: 0.375 };
      const { arduino, meter, samples, statuses, online, over } = bench(world, { firmware });
      assert.equal(meter.status.state, "stopped");
      await online();
      assert.deepEqual(
        statuses.map(({ state, detail }) => `${state}: ${detail.split(";")[0]}`),
        ["connecting: opening stepped", `online: ${meter.firmware!.name} on stepped`],
      );
      await arduino.advance(2_000);
      const { truth } = arduino.world;
      for (const sample of samples) {
        assert.ok(Math.abs(sample.volts - truth.batteryVolts) < 0.03, `${sample.volts} V`);
        assert.deepEqual([sample.amperes, sample.watts, sample.relay], [0, 0, "open"]);
        assert.ok(Math.abs(sample.panelWatts! - truth.panelAmperes * truth.batteryVolts) < 0.6);
      }
      // Six scans of 19 ms a sample.
      assert.ok(samples.length >= 17 && samples.length <= 19, `${samples.length} samples in 2 s`);
      await over();
      assert.equal(meter.status.state, "stopped");
    });

    it("says the same, sample by sample, when the same happens again", async () => {
      const run = async () => {
        const { arduino, meter, samples, online, over } = bench({}, { firmware });
        await online();
        meter.setRelay("closed");
        await arduino.advance(1_000);
        await over();
        return samples;
      };
      assert.deepEqual(await run(), await run());
    });

    it("closes and opens the relay within milliseconds, and shows it when the firmware has confirmed it", async () => {
      const { arduino, meter, samples, edges, nowMs, online, over } = bench({}, { firmware });
      await online();
      for (const position of ["closed", "open"] as const) {
        const commandedAtMs = nowMs();
        meter.setRelay(position);
        await arduino.advanceUntil(position, () => samples.at(-1)!.relay === position, 200);
        const edge = edges.at(-1)!;
        assert.equal(edge.position, position);
        assert.ok(edge.atMs - commandedAtMs <= 5, `${edge.atMs - commandedAtMs} ms to the pin`);
        assert.ok(nowMs() - commandedAtMs <= 25, `${nowMs() - commandedAtMs} ms to the sample that shows it`);
      }
      await over();
    });

    it("applies a position that was wanted before it was online", async () => {
      const { arduino, meter, edges, statuses, online, over } = bench({}, { firmware });
      meter.setRelay("closed");
      await online();
      await arduino.advance(100);
      assert.equal(edges.length, 1);
      assert.ok(edges[0]!.atMs >= statuses.find(({ state }) => state === "online")!.atMs);
      await over();
    });

    it("does not creep while the relay is open, however noisy its sensor", async () => {
      const { arduino, samples, registerMicroJoule, online, over } = bench(
        { sensorNoiseVolts: 0.02 },
        { firmware },
      );
      await online();
      await arduino.advance(20_000);
      assert.equal(registerMicroJoule(), 0n);
      assert.ok(samples.every(({ amperes }) => amperes === 0));
      await over();
    });

    it("does not creep with the relay closed and no load", async () => {
      const { arduino, meter, registerMicroJoule, online, over } = bench({ loadOhms: 1e9 }, { firmware });
      await online();
      meter.setRelay("closed");
      await arduino.advance(20_000);
      // A twentieth of a second's sale in twenty seconds.
      assert.ok(registerMicroJoule() < 100_000n, `${registerMicroJoule()} µJ`);
      await over();
    });

    it("goes on from the register it was given, and never backwards", async () => {
      const register = { registerMilliWh: 41n, registerRestMicroJoule: 3_599_000n };
      const { arduino, meter, samples, online, over } = bench({}, { register, firmware });
      await online();
      assert.deepEqual([samples[0]!.registerMilliWh, samples[0]!.registerRestMicroJoule], [41n, 3_599_000n]);
      meter.setRelay("closed");
      await arduino.advance(3_000);
      await over();
      const register3s = samples.map((s) => s.registerMilliWh * 3_600_000n + s.registerRestMicroJoule);
      for (let index = 1; index < register3s.length; index++)
        assert.ok(register3s[index]! >= register3s[index - 1]!);
      assert.ok(samples.at(-1)!.registerMilliWh >= 43n);
    });

    it("goes on from a register that is raised before it connects, while it is online and while it is lost", async () => {
      const register = { registerMilliWh: 41n, registerRestMicroJoule: 3_599_000n };
      const { arduino, meter, samples, state, online, over } = bench({}, { register, firmware });
      const last = () => [samples.at(-1)!.registerMilliWh, samples.at(-1)!.registerRestMicroJoule];
      meter.raiseRegister(50n);
      await online();
      assert.deepEqual(last(), [50n, 3_599_000n]);
      meter.raiseRegister(60n);
      await arduino.advance(200);
      assert.deepEqual(last(), [60n, 3_599_000n]);
      arduino.unplug();
      await arduino.advanceUntil("the loss", state("lost"));
      meter.raiseRegister(70n);
      const before = samples.length;
      arduino.replug();
      await arduino.advanceUntil("a fresh sample", () => samples.length > before);
      assert.deepEqual(last(), [70n, 3_599_000n]);
      await over();
    });

    it("counts what flows on top of a register that is raised while it flows", async () => {
      const { arduino, meter, samples, registerMicroJoule, online, over } = bench({}, { firmware });
      await online();
      meter.setRelay("closed");
      await arduino.advance(2_000);
      meter.raiseRegister(1_000n);
      await arduino.advance(2_000);
      await over();
      const flowedMilliWh = arduino.world.deliveredJ / 3.6;
      const { registerMilliWh } = samples.at(-1)!;
      // The two mWh that the first two seconds gave are within what it was raised to.
      assert.ok(registerMilliWh > 1_000n && registerMilliWh <= 1_000n + BigInt(Math.ceil(flowedMilliWh)));
      assert.ok(registerMicroJoule() > 1_000n * 3_600_000n);
    });

    it("never lowers its register, and is not moved by a raise to where it stands", async () => {
      const register = { registerMilliWh: 41n, registerRestMicroJoule: 3_599_000n };
      const { arduino, meter, samples, online, over } = bench({}, { register, firmware });
      await online();
      for (const toMilliWh of [0n, 40n, 41n, -1n]) meter.raiseRegister(toMilliWh);
      await arduino.advance(200);
      assert.deepEqual(
        [samples.at(-1)!.registerMilliWh, samples.at(-1)!.registerRestMicroJoule],
        [41n, 3_599_000n],
      );
      await over();
    });

    it("works without a panel sensor", async () => {
      const { samples, online, over } = bench({}, { hasPanelSensor: false, firmware });
      await online();
      assert.equal(samples[0]!.panelWatts, null);
      await over();
    });

    it("refuses a sensor that shows a current with the relay open, and says what to look at", async () => {
      const { arduino, meter, samples, edges, over } = bench({ neighborOffsetVolts: 0.2 }, { firmware });
      meter.setRelay("closed");
      void meter.connect();
      await arduino.advanceUntil("the refusal", () => meter.status.detail.includes("next attempt"));
      assert.match(
        meter.status.detail,
        /the current sensor shows 1\.08 A with the relay open: check the wire to A0/,
      );
      assert.deepEqual([samples.length, edges.length], [0, 0]);
      await over();
    });

    it("opens the relay when it is disconnected, before it lets go of the line", async () => {
      const { arduino, meter, edges, samples, online, over } = bench({}, { firmware });
      await online();
      meter.setRelay("closed");
      await arduino.advance(500);
      await over();
      assert.deepEqual(
        edges.map(({ position }) => position),
        ["closed", "open"],
      );
      assert.equal(arduino.world.relay, "open");
      assert.equal(samples.at(-1)!.relay, "open");
    });

    it("can be connected again after a disconnect, and keeps its register", async () => {
      const { arduino, meter, samples, registerMicroJoule, online, over } = bench({}, { firmware });
      await online();
      meter.setRelay("closed");
      await arduino.advance(2_000);
      await over();
      const before = registerMicroJoule();
      samples.length = 0;
      await online();
      assert.ok(before > 4_000_000n);
      assert.equal(registerMicroJoule(), before);
      await over();
    });

    it("disconnects twice, and before it is connected, without a word", async () => {
      const { meter, online, over } = bench({}, { firmware });
      await meter.disconnect();
      await online();
      await Promise.all([over(), meter.disconnect()]);
      await meter.disconnect();
      assert.equal(meter.status.state, "stopped");
    });

    it("rejects the connect that a disconnect overtakes", async () => {
      const { meter, over } = bench({}, { firmware });
      const connected = meter.connect();
      await over();
      await assert.rejects(connected, /disconnected before its first sample/);
    });

    for (const scanIntervalMs of [20, 10, 9, 0, -19, 19.5, Number.NaN])
      it(`refuses a scan interval of ${scanIntervalMs} ms`, () =>
        assert.throws(() => createMeter({ transport: "simulated", scanIntervalMs }), /cannot be used/));

    it("refuses a transport it does not know, and lists the choices", () =>
      assert.throws(
        () => createMeter({ transport: "bluetooth" }),
        /no meter transport is called "bluetooth"; the choices are: serial:\/dev\/ttyACM0 .*, simulated/,
      ));
  });
