import assert from "node:assert/strict";
import { bench } from "./bench";

/** What the load takes, W. */
const LOAD_WATTS = 2.7;

describe("A relay that opens by itself", function () {
  this.timeout(60_000);

  /** A meter that has been delivering for a second. */
  const delivering = async () => {
    const it = bench({}, { firmware: "neighborwatt" });
    await it.online();
    it.meter.setRelay("closed");
    await it.arduino.advance(1_000);
    assert.equal(it.arduino.world.relay, "closed");
    return it;
  };

  it("is said of the firmware that does it, and of the one that does not", async () => {
    for (const [firmware, name, opensByItself, words] of [
      ["neighborwatt", "neighborwatt meter 1.0", true, /opens the relay by itself/],
      ["StandardFirmata", "StandardFirmata.ino 2.3", false, /leaves the relay as it is/],
    ] as const) {
      const it = bench({}, { firmware });
      assert.equal(it.meter.firmware, null);
      await it.online();
      assert.deepEqual(it.meter.firmware, { name, opensByItself });
      assert.match(it.meter.status.detail, words);
      await it.over();
    }
  });

  it("stays closed for as long as the decision is affirmed, and opens a second after it is not", async () => {
    const { arduino, meter, decide, edges, nowMs, samples, over } = await delivering();
    await arduino.advance(5_000);
    assert.equal(arduino.world.relay, "closed");
    // The decision hangs; meter, line and samples go on.
    decide(false);
    const hungAtMs = nowMs();
    const before = samples.length;
    await arduino.advance(1_150);
    assert.equal(arduino.world.relay, "open");
    assert.ok(samples.length > before + 5);
    const openedAfterMs = edges.at(-1)!.atMs - hungAtMs;
    assert.ok(openedAfterMs > 850 && openedAfterMs <= 1_005, `${openedAfterMs} ms`);
    await over();
    assert.equal(meter.status.state, "stopped");
  });

  it("counts as a loss: it is reported and counted, and does not close until it is told to again", async () => {
    const { arduino, meter, decide, statuses, edges, state, over } = await delivering();
    decide(false);
    await arduino.advance(1_300);
    decide(true);
    await arduino.advanceUntil("the loss", state("lost"), 1_000);
    assert.match(
      meter.status.detail,
      /^the relay opened by itself: no heartbeat for 1\.\d s; next attempt in 0\.5 s$/,
    );
    assert.equal(meter.trips, 1);
    await arduino.advanceUntil("the return", state("online"));
    await arduino.advance(5_000);
    assert.deepEqual(
      edges.map(({ position }) => position),
      ["closed", "open"],
    );
    meter.setRelay("closed");
    await arduino.advance(3_000);
    assert.equal(arduino.world.relay, "closed");
    assert.equal(meter.trips, 1);
    assert.equal(statuses.filter((status) => status.state === "lost").length, 1);
    await over();
  });

  for (const pauseMs of [100, 250, 400, 499])
    it(`rides over a standstill of the process of ${pauseMs} ms`, async () => {
      const { arduino, meter, edges, standStill, over } = await delivering();
      for (let pause = 0; pause < 5; pause++) {
        await standStill(pauseMs);
        await arduino.advance(731);
      }
      assert.equal(edges.length, 1);
      assert.equal(meter.trips, 0);
      assert.equal(arduino.world.relay, "closed");
      await over();
    });

  for (const pauseMs of [1_010, 1_300, 2_000, 10_000])
    it(`is not paid for a standstill of ${pauseMs} ms over which it opened`, async () => {
      const { arduino, meter, registerMicroJoule, edges, state, standStill, over } = await delivering();
      const before = registerMicroJoule();
      const { deliveredJ } = arduino.world;
      await standStill(pauseMs);
      await arduino.advanceUntil("the loss", state("lost"), 1_000);
      assert.equal(meter.trips, 1);
      const charged = Number(registerMicroJoule() - before) / 1e6;
      const flowed = arduino.world.deliveredJ - deliveredJ;
      // What was gathered before the standstill, a sample at most; nothing of the standstill itself.
      assert.ok(charged <= 0.25 * LOAD_WATTS, `${charged} J charged`);
      assert.ok(flowed <= 1.1 * LOAD_WATTS, `${flowed} J flowed`);
      await arduino.advance(3_000);
      assert.equal(edges.at(-1)!.position, "open");
      await over();
    });

  it("is a trip too when the first word after a standstill is to open it, and then to close it for an old sample", async () => {
    const { arduino, meter, edges, state, over } = await delivering();
    arduino.standStill(10_000);
    // What a decision does that finds its last sample too old, and a moment later one that had waited in the line.
    meter.setRelay("open");
    const forget = meter.onSample(() => meter.setRelay("closed"));
    meter.onStatus(forget);
    await arduino.advanceUntil("the loss", state("lost"), 1_000);
    assert.match(meter.status.detail, /^the relay opened by itself: /);
    assert.equal(meter.trips, 1);
    await arduino.advance(3_000);
    assert.deepEqual(
      edges.map(({ position }) => position),
      ["closed", "open"],
    );
    await over();
  });

  it("is a trip too when a reset opened it, with StandardFirmata as with our own", async () => {
    for (const firmware of ["StandardFirmata", "neighborwatt"] as const) {
      const it = bench({}, { firmware });
      await it.online();
      it.meter.setRelay("closed");
      await it.arduino.advance(1_000);
      // What a firmware says whose latch has fallen.
      it.arduino.garbage(Uint8Array.of(0xf0, 0x6e, 7, 1, 0, 0xf7));
      await it.arduino.advanceUntil("the loss", it.state("lost"), 1_000);
      assert.match(it.meter.status.detail, /^the relay opened by itself: the Arduino was reset/);
      await it.arduino.advanceUntil("the return", it.state("online"));
      await it.arduino.advance(3_000);
      assert.equal(it.arduino.world.relay, "open");
      await it.over();
    }
  });

  it("gives up an Arduino that samples and does not say where its relay stands", async () => {
    const { arduino, meter, state, over } = await delivering();
    arduino.deafen();
    await arduino.advanceUntil("the loss", state("lost"), 3_000);
    assert.match(meter.status.detail, /^the Arduino does not say any more where its relay stands/);
    // Nothing reaches it, so it opened by itself; or will, within the second.
    await arduino.advance(300);
    assert.equal(arduino.world.relay, "open");
    await over();
  });
});
