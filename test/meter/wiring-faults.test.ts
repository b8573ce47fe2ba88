import assert from "node:assert/strict";
import type { MeterFault } from "../../common/meter";
import { bench, FIRMWARES } from "./bench";

/** Volts at the pins of the Arduino: A0 the neighbour's sensor, A1 the battery's divider, A2 the panel's sensor. */
type Pins = (channel: number, sound: number) => number;

/** The output of a current sensor at 0 A, V. */
const MIDDLE = 2.5;
const reversed =
  (sensor: number): Pins =>
  (channel, sound) =>
    channel === sensor ? 2 * MIDDLE - sound : sound;
const stuck =
  (pin: number, volts: number): Pins =>
  (channel, sound) =>
    channel === pin ? volts : sound;

for (const firmware of FIRMWARES)
  describe(`A meter that is wired wrong, on the firmware ${firmware}`, function () {
    this.timeout(120_000);

    /** A meter that has delivered for a second, and then has its pins rewired. */
    const rewired = async (pins: Pins) => {
      // In the morning: the panel must give enough that its direction can be told.
      const it = bench({ startOfDay: 0.375 }, { firmware });
      await it.online();
      it.meter.setRelay("closed");
      await it.arduino.advance(1_000);
      const { world } = it.arduino;
      assert.equal(world.relay, "closed");
      const before = it.registerMicroJoule();
      assert.ok(before > 0n);
      for (const channel of [0, 1, 2]) world.rewire(channel, (sound) => pins(channel, sound));
      return { ...it, before };
    };

    /** The block under way at the change, µJ: six scans of the load. */
    const BLOCK = 400_000n;

    const sold: [name: string, pins: Pins, fault: MeterFault, words: RegExp][] = [
      [
        "the neighbour's sensor is the wrong way round",
        reversed(0),
        "currentBackwards",
        /swap the two wires/,
      ],
      ["A0 reads 0 counts", stuck(0, 0), "currentOutOfRange", /check the wire to A0/],
      ["A0 reads 1023 counts", stuck(0, 5), "currentOutOfRange", /check the wire to A0/],
      [
        "the battery's divider is off",
        stuck(1, 0),
        "noBatteryVolts",
        /check the wire from its divider to A1/,
      ],
      ["A1 reads 1023 counts", stuck(1, 5), "batteryOutOfRange", /check the divider at A1/],
    ];
    for (const [name, pins, fault, words] of sold)
      it(`says so, opens the relay and registers nothing more when ${name}`, async () => {
        const { arduino, meter, before, registerMicroJoule, state, statuses, over } = await rewired(pins);
        await arduino.advanceUntil("the fault", state("lost"), 2_000);
        assert.equal(meter.status.fault, fault);
        assert.match(meter.status.reason!, words);
        await arduino.advance(100);
        assert.equal(arduino.world.relay, "open");
        assert.ok(registerMicroJoule() - before <= BLOCK);
        const atFault = registerMicroJoule();
        const faults = () => statuses.filter((status) => /next attempt/.test(status.detail)).length;
        const first = faults();
        await arduino.advanceUntil("three more attempts", () => faults() >= first + 3, 60_000);
        assert.equal(registerMicroJoule(), atFault);
        await over();
      });

    const ofPanel: [name: string, pins: Pins, fault: MeterFault][] = [
      ["is the wrong way round", reversed(2), "panelBackwards"],
      ["reads 1023 counts", stuck(2, 5), "panelOutOfRange"],
    ];
    for (const [name, pins, fault] of ofPanel)
      it(`blanks the panel's figure alone when its sensor ${name}`, async () => {
        const { arduino, meter, before, samples, registerMicroJoule, over } = await rewired(pins);
        await arduino.advance(2_000);
        assert.equal(meter.status.state, "online");
        assert.equal(meter.status.fault, fault);
        assert.equal(samples.at(-1)!.panelWatts, null);
        assert.equal(arduino.world.relay, "closed");
        assert.ok(registerMicroJoule() > before);
        await over();
      });
  });
