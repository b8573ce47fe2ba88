import assert from "node:assert/strict";
import type { HomeSettings, MeterSettings, ReceivingMeterSettings } from "../../common/home";
import { systemClock } from "../../meter/clock";
import { createHomeMeters, type HomeMeters } from "../../meter/homes";
import { seededHouse } from "../../meter/modelled/house";
import { ManualClock } from "./manual-clock";

const delivering = (meter: Partial<MeterSettings>): MeterSettings => ({
  kind: "modelled",
  port: null,
  firmware: null,
  calibration: "",
  keyFile: "key.json",
  ...meter,
});
const receiving = (meter: Partial<ReceivingMeterSettings>): ReceivingMeterSettings => {
  const { keyFile: _, ...rest } = delivering({});
  return { ...rest, wireFrom: null, ...meter };
};
const home = (name: string, settings: Partial<HomeSettings> = {}): HomeSettings => ({
  name,
  account: null,
  meter: delivering({}),
  receivingMeter: null,
  house: seededHouse(1, 600),
  ...settings,
});
const simulated = (name: string, settings: Partial<HomeSettings> = {}): HomeSettings =>
  home(name, { meter: delivering({ kind: "simulated" }), house: null, ...settings });
const build = (homes: HomeSettings[]) =>
  createHomeMeters(homes, { clock: systemClock, dayS: 600, registerOf: () => undefined });
/** Ends when `isDone`, looked at while the meters work in real time. */
const until = async (what: string, isDone: () => boolean) => {
  for (let ms = 0; !isDone(); ms += 20) {
    assert.ok(ms < 30_000, `${what}: not within 30 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

describe("The meters of a list of homes", function () {
  this.timeout(90_000);

  it("are of the kinds that the settings say, by the homes' names and in their order", () => {
    const { homes } = build([
      simulated("Simulated"),
      home("Modelled", { receivingMeter: receiving({}) }),
      home("Serial", { meter: delivering({ kind: "serial", port: "/dev/ttyACM0" }), house: null }),
    ]);
    assert.deepEqual(
      [...homes].map(([name, { receiving, house }]) => [name, receiving !== null, house !== null]),
      [
        ["Simulated", false, false],
        ["Modelled", true, true],
        ["Serial", false, false],
      ],
    );
    for (const { meter } of homes.values()) assert.equal(meter.status.state, "stopped");
  });

  it("deliver from one house to another in real time, and leave nothing running behind", async () => {
    const { homes, street } = build([
      home("House 1"),
      home("House 2", { receivingMeter: receiving({ wireFrom: "House 1" }) }),
    ]);
    const [one, two] = [homes.get("House 1")!, homes.get("House 2")!];
    await Promise.all([one.meter.connect(), two.meter.connect(), two.receiving!.connect()]);
    let receivedW = 0;
    two.receiving!.onSample(({ watts }) => {
      receivedW = watts;
    });
    one.meter.onSample(() => one.meter.affirm());
    one.meter.setRelay("closed");
    await until("the wire is fed", () => receivedW > 2);
    assert.ok(one.house!.figures().streetOutW > two.house!.figures().streetInW);
    assert.ok(two.house!.figures().streetInW > 2);
    street.deliver("House 1", null);
    await until("the wire is dead", () => receivedW === 0);
    assert.equal(two.house!.figures().streetInW, 0);
    await Promise.all([one.meter.disconnect(), two.meter.disconnect(), two.receiving!.disconnect()]);
  });

  it("are the real firmware at both ends of a wire between simulated homes, and bring what arrives to a modelled house", async () => {
    const { homes, street } = build([
      simulated("House 1"),
      simulated("House 2", { receivingMeter: receiving({ kind: "simulated", wireFrom: "House 1" }) }),
      home("House 3"),
    ]);
    const [one, two, three] = ["House 1", "House 2", "House 3"].map((name) => homes.get(name)!) as [
      HomeMeters,
      HomeMeters,
      HomeMeters,
    ];
    let [leftW, receivedW] = [0, 0];
    one.meter.onSample((sample) => {
      leftW = sample.watts;
      one.meter.affirm();
    });
    two.receiving!.onSample((sample) => {
      receivedW = sample.watts;
    });
    await Promise.all([one.meter.connect(), two.receiving!.connect(), three.meter.connect()]);
    assert.match(
      two.receiving!.status.detail,
      /^neighborwatt meter 1\.0 on simulated; it measures what arrives/,
    );
    one.meter.setRelay("closed");
    await until("it arrives", () => receivedW > 1.5 && leftW > 1.5);
    street.deliver("House 1", "House 3");
    await until("it arrives at the modelled house, too", () => three.house!.figures().streetInW > 1.5);
    one.meter.setRelay("open");
    await until("nothing arrives any more", () => receivedW === 0 && three.house!.figures().streetInW === 0);
    await Promise.all([one.meter.disconnect(), two.receiving!.disconnect(), three.meter.disconnect()]);
  });

  for (const [count, most, least] of [
    [19, 27, 25],
    [20, 3, 3],
  ] as const)
    it(`give each a sample ${count < 20 ? "as often as any other" : "a second"} where ${count} are modelled`, async () => {
      const clock = new ManualClock();
      const list = Array.from({ length: count }, (_, index) => home(`House ${index}`));
      const { homes } = createHomeMeters(list, { clock, dayS: 600, registerOf: () => undefined });
      const samples = new Map<string, number>();
      const advance = async (ms: number) => {
        for (let passed = 0; passed < ms; passed += 19) {
          clock.advance(19);
          await new Promise(setImmediate);
        }
      };
      for (const { meter } of homes.values()) void meter.connect();
      await advance(2_000);
      for (const [name, { meter }] of homes)
        meter.onSample(() => samples.set(name, (samples.get(name) ?? 0) + 1));
      await advance(3_040);
      assert.equal(samples.size, count);
      for (const given of samples.values()) assert.ok(given >= least && given <= most, `${given} in 3 s`);
      const over = Promise.all([...homes.values()].map(({ meter }) => meter.disconnect()));
      await advance(500);
      await over;
    });

  const refused: [name: string, homes: HomeSettings[], why: RegExp][] = [
    ["a modelled meter without a house", [home("A", { house: null })], /A has a modelled meter and no house/],
    ["two homes of one name", [home("A"), home("A")], /two homes are called "A"/],
    [
      "a wire from nowhere",
      [home("A", { receivingMeter: receiving({ wireFrom: "B" }) })],
      /no home is called "B"/,
    ],
    [
      "a simulated receiving meter that is wired to no simulated home",
      [home("A"), home("B", { receivingMeter: receiving({ kind: "simulated", wireFrom: "A" }) })],
      /B has a simulated receiving meter: say in wireFrom which simulated home/,
    ],
    [
      "two ends of one wire",
      [
        simulated("A"),
        simulated("B", { receivingMeter: receiving({ kind: "simulated", wireFrom: "A" }) }),
        simulated("C", { receivingMeter: receiving({ kind: "simulated", wireFrom: "A" }) }),
      ],
      /C is wired to A, whose wire ends at another home/,
    ],
    [
      "a firmware that is none",
      [
        simulated("A"),
        simulated("B", {
          receivingMeter: receiving({ kind: "simulated", wireFrom: "A", firmware: "Marlin" }),
        }),
      ],
      /no firmware is called "Marlin"; the choices are: neighborwatt, StandardFirmata/,
    ],
  ];
  for (const [name, homes, why] of refused)
    it(`refuses ${name}`, () => {
      assert.throws(() => build(homes), why);
    });
});
