import assert from "node:assert/strict";
import type { MeterStatus, ReceivedSample } from "../../common/meter";
import { createMeter, createReceivingMeter } from "../../meter/meter";
import { Plausibility } from "../../meter/plausible";
import type { FirmwareName } from "../../meter/sim/firmware";
import { createSteppedArduino } from "../../meter/sim/stepped";
import { FIRMWARES } from "./bench";
import { HOUSE, modelBench } from "./model-bench";

/** Two Arduinos on one wire: the meter behind the relay, and the one that looks at what arrives. */
function pair(neighbourFirmware: FirmwareName) {
  const arduino = createSteppedArduino({ world: { wireOhms: 0.4, startOfDay: 0.375 }, neighbourFirmware });
  const { clock, transport, neighbour, world } = arduino;
  const meter = createMeter({ transport, clock });
  const receiving = createReceivingMeter({ transport: neighbour.transport, clock });
  meter.onSample(() => meter.affirm());
  const received: ReceivedSample[] = [];
  const statuses: MeterStatus[] = [];
  receiving.onSample((sample) => received.push(sample));
  receiving.onStatus((status) => statuses.push(status));
  return {
    arduino,
    world,
    meter,
    receiving,
    received,
    statuses,
    async online() {
      void meter.connect();
      void receiving.connect();
      await arduino.advanceUntil(
        "both are online",
        () => meter.status.state === "online" && receiving.status.state === "online",
      );
    },
    async over() {
      let isOver = false;
      void Promise.all([meter.disconnect(), receiving.disconnect()]).then(() => {
        isOver = true;
      });
      await arduino.advanceUntil("the end", () => isOver);
    },
    receivedMicroJoule: () => {
      const last = received.at(-1)!;
      return Number(last.registerMilliWh * 3_600_000n + last.registerRestMicroJoule);
    },
  };
}

for (const firmware of FIRMWARES)
  describe(`A receiving meter on the firmware ${firmware}, at the other end of a wire`, function () {
    this.timeout(120_000);

    it("measures what leaves the neighbour's relay, less the loss of the wire, and has no relay of its own", async () => {
      const { arduino, world, meter, receiving, received, online, over, receivedMicroJoule } = pair(firmware);
      await online();
      await arduino.advance(500);
      for (const sample of received)
        assert.deepEqual([sample.amperes, sample.watts, sample.registerMilliWh], [0, 0, 0n]);
      meter.setRelay("closed");
      await arduino.advance(30_000);
      const { wireEndVolts, neighborAmperes, batteryVolts } = world.truth;
      const sample = received.at(-1)!;
      assert.ok(Math.abs(sample.volts - wireEndVolts) < 0.03, `${sample.volts} V`);
      assert.ok(Math.abs(sample.amperes - neighborAmperes) < 0.05, `${sample.amperes} A`);
      assert.ok(Math.abs(batteryVolts - wireEndVolts - 0.4 * neighborAmperes) < 1e-9);
      assert.equal("relay" in sample, false);
      assert.equal(sample.panelWatts, null);
      assert.match(receiving.status.detail, /it measures what arrives$/);
      meter.setRelay("open");
      await arduino.advance(1_000);
      assert.equal(received.at(-1)!.amperes, 0);
      await over();
      const error = receivedMicroJoule() / 1e6 / world.arrivedJ - 1;
      console.log(
        `      ${(world.deliveredJ / 3.6).toFixed(2)} mWh left, ${(world.arrivedJ / 3.6).toFixed(2)} arrived, metered ${(100 * error).toFixed(2)} %`,
      );
      // As computed for 15 Ω and half a minute: docs/wiring.md.
      assert.ok(Math.abs(error) <= 0.036, `${100 * error} %`);
      assert.ok(world.arrivedJ < world.deliveredJ * 0.98 && world.arrivedJ > world.deliveredJ * 0.96);
    });

    it("waits for its sensor's zero while the wire is live, and says so", async () => {
      const { arduino, meter, receiving, received, statuses, over } = pair(firmware);
      void meter.connect();
      await arduino.advanceUntil("the house's meter", () => meter.status.state === "online");
      meter.setRelay("closed");
      await arduino.advance(200);
      void receiving.connect();
      await arduino.advance(5_000);
      assert.equal(receiving.status.state, "connecting");
      assert.match(receiving.status.detail, /the wire is live: .* zero is found when nothing arrives/);
      assert.equal(statuses.filter(({ detail }) => /the wire is live/.test(detail)).length, 1);
      assert.equal(received.length, 0);
      meter.setRelay("open");
      await arduino.advanceUntil("its zero", () => receiving.status.state === "online", 3_000);
      await over();
    });

    it("loses its Arduino without touching the neighbour's meter, and comes back with its register", async () => {
      const { arduino, world, meter, receiving, received, statuses, online, over } = pair(firmware);
      await online();
      meter.setRelay("closed");
      await arduino.advance(4_000);
      const before = received.at(-1)!.registerMilliWh;
      assert.ok(before >= 2n, `${before} mWh`);
      arduino.neighbour.unplug();
      await arduino.advance(1_000);
      assert.equal(
        statuses.some(({ state }) => state === "lost"),
        true,
      );
      assert.notEqual(receiving.status.state, "online");
      assert.deepEqual([meter.status.state, world.relay], ["online", "closed"]);
      meter.setRelay("open");
      receiving.raiseRegister(1_000n);
      arduino.neighbour.replug();
      await arduino.advanceUntil("it is back", () => receiving.status.state === "online");
      await arduino.advance(300);
      assert.equal(received.at(-1)!.registerMilliWh, 1_000n);
      await over();
    });
  });

describe("What a receiving meter finds implausible", () => {
  const look = { amperes: 0, volts: 6, voltsCounts: 600, panelAmperes: null, mayConduct: true };
  const lasting = (each: object) => {
    const plausibility = new Plausibility(true);
    let fault = null;
    for (let looks = 0; looks < 30; looks++) fault = plausibility.look({ ...look, ...each });
    return fault;
  };
  const cases: [name: string, look: object, words: RegExp | null][] = [
    ["a wire without voltage, which is a relay that is open", { volts: 0, mayConduct: false }, null],
    [
      "a current on a wire without voltage",
      { volts: 0, amperes: 0.4, mayConduct: false },
      /0\.40 A arrive on a wire without voltage: check the wire from its divider to A1/,
    ],
    ["more volts than the divider can show", { voltsCounts: 1023 }, /the wire shows 6\.00 V or more/],
    ["a current that flows backwards", { amperes: -0.5 }, /backwards \(-0\.\d\d A\): swap the two wires/],
  ];
  for (const [name, each, words] of cases)
    it(`${words ? "is" : "is not"} ${name}`, () => {
      const fault = lasting(each);
      if (words === null) assert.equal(fault, null);
      else assert.match((fault as { words: string } | null)?.words ?? "none", words);
    });
});

describe("A modelled receiving meter", () => {
  it("measures what arrives from all neighbours, less the loss of their wires", async () => {
    const { model, advance, home } = modelBench();
    const houses = ["House 1", "House 2", "House 3"].map((name, seed) => home(name, { ...HOUSE, seed }));
    const [one, two, three] = houses as [(typeof houses)[0], (typeof houses)[0], (typeof houses)[0]];
    const receiving = createReceivingMeter({ transport: model.receiving(three.plot, 9) });
    const received: ReceivedSample[] = [];
    receiving.onSample((sample) => received.push(sample));
    void receiving.connect();
    for (const { online } of houses) await online();
    model.street.deliver("House 1", "House 3");
    model.street.deliver("House 2", "House 3");
    one.meter.setRelay("closed");
    await advance(10_000);
    const once = received.at(-1)!;
    assert.ok(Math.abs(once.watts - three.plot.house!.figures().streetInW) < 0.2, `${once.watts} W`);
    two.meter.setRelay("closed");
    await advance(20_000);
    const twice = received.at(-1)!;
    assert.ok(twice.amperes > 1.8 * once.amperes, `${once.amperes} A, then ${twice.amperes} A`);
    assert.ok(three.plot.receivedJ < one.plot.deliveredJ + two.plot.deliveredJ);
    const metered = Number(twice.registerMilliWh * 3_600_000n + twice.registerRestMicroJoule) / 1e6;
    const error = metered / three.plot.receivedJ - 1;
    assert.ok(Math.abs(error) < 0.035, `${100 * error} %`);
    const end = receiving.disconnect();
    for (const { over } of houses) await over();
    await end;
  });
});
