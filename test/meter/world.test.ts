import assert from "node:assert/strict";
import { gaussianNoise, uniformNoise } from "../../meter/sim/noise";
import { World } from "../../meter/sim/world";

const near = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected} ± ${tolerance}`);

describe("The simulated world", () => {
  const sun: [hour: number, sunlight: number][] = [
    [0, 0],
    [6, 0],
    [9, Math.SQRT1_2],
    [12, 1],
    [15, Math.SQRT1_2],
    [18, 0],
    [21, 0],
  ];
  for (const [hour, sunlight] of sun)
    it(`has ${sunlight.toFixed(2)} of noon's sunlight at ${hour}:00, in a day of ten minutes`, () => {
      const world = new World({ startOfDay: 0 });
      world.advance((hour / 24) * 600);
      near(world.truth.sunlight, sunlight, 1e-9);
    });

  it("starts after sunrise, and the sun climbs for the first two minutes", () => {
    const world = new World();
    const panelW: number[] = [];
    for (let atS = 0; atS <= 120; atS += 30) {
      world.advance(atS);
      panelW.push(8 * world.truth.sunlight);
    }
    near(panelW[0]!, 1, 0.01);
    assert.deepEqual(
      [...panelW].sort((a, b) => a - b),
      panelW,
    );
    assert.ok(panelW.at(-1)! > 7.5, `${panelW}`);
  });

  it("delivers all through its first day and the night after, from the battery", () => {
    const world = new World();
    world.setRelay("closed", 0);
    let before = 0;
    for (let atS = 30; atS <= 600; atS += 30) {
      world.advance(atS);
      near((world.deliveredJ - before) / 3.6, 21.5, 1.5);
      before = world.deliveredJ;
    }
  });

  it("gives the neighbour nothing while the relay is open", () => {
    const world = new World();
    world.advance(600);
    assert.equal(world.deliveredJ, 0);
    assert.equal(world.truth.neighborAmperes, 0);
  });

  it("sells 20 mWh in about half a minute, by day and by night", () => {
    for (const startOfDay of [0.5, 0]) {
      const world = new World({ startOfDay });
      world.setRelay("closed", 0);
      world.advance(27);
      near(world.deliveredJ / 3.6, 20, 1.5);
    }
  });

  it("delivers U²/R for as long as the relay is closed, to the moment", () => {
    const world = new World({ startOfDay: 0, loadOhms: 10 });
    world.setRelay("closed", 1.0033);
    const watts = world.truth.batteryVolts ** 2 / 10;
    world.setRelay("open", 4.0177);
    world.advance(60);
    near(world.deliveredJ, watts * (4.0177 - 1.0033), 0.01);
  });

  it("drains the battery at night and fills it by day", () => {
    const night = new World({ startOfDay: 0, capacityAh: 0.1 });
    const before = night.truth.batteryVolts;
    night.setRelay("closed", 0);
    night.setRelay("open", 100);
    assert.ok(night.truth.batteryVolts < before);
    const day = new World({ startOfDay: 0.4, capacityAh: 0.1 });
    const empty = day.truth.batteryVolts;
    day.advance(120);
    assert.ok(day.truth.batteryVolts > empty);
  });

  it("gives nothing from an empty battery, and overfills none", () => {
    const empty = new World({ startOfDay: 0, charge: 0 });
    empty.setRelay("closed", 0);
    empty.advance(10);
    assert.equal(empty.deliveredJ, 0);
    const full = new World({ startOfDay: 0.5, dayS: 1e9, charge: 0.99, capacityAh: 0.01 });
    full.advance(3600);
    assert.ok(full.truth.batteryVolts <= 6.5 + 1e-9);
  });

  it("is the same whether it is looked at often or seldom", () => {
    const [often, seldom] = [new World(), new World()];
    for (const world of [often, seldom]) world.setRelay("closed", 0);
    for (let atS = 0; atS <= 30; atS += 0.007) often.advance(atS);
    for (const world of [often, seldom]) world.advance(30);
    near(often.deliveredJ, seldom.deliveredJ, 0.001);
  });

  it("shows each pin what its sensor would", () => {
    const world = new World({ startOfDay: 0, sensorNoiseVolts: 0, dividerNoiseVolts: 0, loadOhms: 6 });
    world.setRelay("closed", 0);
    const { batteryVolts } = world.truth;
    near(world.analogVolts(0, 0), 2.5 + 0.012 + (0.185 * batteryVolts) / 6, 1e-9);
    near(world.analogVolts(1, 0), batteryVolts / 2, 1e-9);
    near(world.analogVolts(2, 0), 2.5 - 0.009, 1e-9);
    assert.equal(world.analogVolts(3, 0), 0);
  });

  it("has sensors that are as noisy as their data sheet says, and the same noise for the same seed", () => {
    const look = (seed: number) => {
      const world = new World({ seed });
      return Array.from({ length: 2000 }, () => world.analogVolts(0, 0) - 2.512);
    };
    const noise = look(7);
    const sigma = Math.sqrt(noise.reduce((sum, volts) => sum + volts ** 2, 0) / noise.length);
    near(sigma, 0.0035, 0.0002);
    assert.deepEqual(look(7), noise);
    assert.notDeepEqual(look(8), noise);
  });
});

describe("Noise", () => {
  it("is uniform in [0, 1)", () => {
    const next = uniformNoise(1);
    const bins = new Array<number>(10).fill(0);
    for (let count = 0; count < 10_000; count++) bins[Math.floor(next() * 10)]!++;
    for (const bin of bins) near(bin, 1000, 150);
  });

  it("is normal, with mean 0 and sigma 1", () => {
    const next = gaussianNoise(1);
    const values = Array.from({ length: 10_000 }, next);
    near(values.reduce((sum, value) => sum + value, 0) / 10_000, 0, 0.04);
    near(values.filter((value) => Math.abs(value) < 1).length / 10_000, 0.6827, 0.02);
  });
});
