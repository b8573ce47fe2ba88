import assert from "node:assert/strict";
import fc from "fast-check";
import { House, type HouseEnergy, seededHouse } from "../../meter/modelled/house";
import { householdLoad } from "../../meter/modelled/load-profile";
import { Plot, StreetModel, WIRE_OHMS } from "../../meter/modelled/street";

const SUN = { dayS: 600, startOfDay: 0.25 };
const came = (e: Readonly<HouseEnergy>) => e.roofJ + e.importJ + e.streetInJ;
const went = (e: Readonly<HouseEnergy>) => e.loadJ + e.exportJ + e.streetOutJ + e.lostJ;
const house = fc.record({
  roofW: fc.double({ min: 0, max: 100, noNaN: true }),
  batteryMilliWh: fc.bigInt(0n, 1_000n),
  loadW: fc.double({ min: 0, max: 100, noNaN: true }),
  seed: fc.nat(2 ** 32 - 1),
});
const watts = fc.double({ min: 0, max: 20, noNaN: true });

describe("A modelled house", () => {
  it("keeps energy at every step: what came in went out, was lost or is stored", () => {
    fc.assert(
      fc.property(
        house,
        fc.array(fc.tuple(fc.double({ min: 0.001, max: 20, noNaN: true }), watts, watts), { maxLength: 60 }),
        (settings, steps) => {
          const model = new House(settings, SUN);
          let before = { ...model.energy };
          for (const [seconds, outW, inW] of steps) {
            model.step(seconds, outW, inW);
            const now = { ...model.energy };
            const gained = came(now) - came(before) - (went(now) - went(before));
            const moved = 1 + came(now) + went(now) + now.storedJ;
            assert.ok(Math.abs(gained - (now.storedJ - before.storedJ)) < 1e-9 * moved, `${gained} J`);
            before = now;
          }
        },
      ),
      { seed: 20_261_125 },
    );
  });

  it("never has a battery below empty or above full, nor a register that goes back, nor buys what it feeds in", () => {
    fc.assert(
      fc.property(house, fc.array(fc.tuple(watts, watts), { maxLength: 60 }), (settings, steps) => {
        const model = new House(settings, SUN);
        let before = model.figures();
        for (const [outW, inW] of steps) {
          model.step(5, outW, inW);
          const now = model.figures();
          assert.ok(now.batteryCharge >= 0 && now.batteryCharge <= 1, `charge ${now.batteryCharge}`);
          assert.ok(now.gridImportMilliWh >= before.gridImportMilliWh);
          assert.ok(now.gridExportMilliWh >= before.gridExportMilliWh);
          if (now.gridW > 0) assert.equal(now.batteryCharge, 0);
          if (now.gridW < 0 && settings.batteryMilliWh > 0n) assert.equal(now.batteryCharge, 1);
          before = now;
        }
      }),
      { seed: 20_261_125 },
    );
  });

  const figures: [name: string, settings: object, outW: number, inW: number, expected: [string, number][]][] =
    [
      ["buys all it takes without roof and battery", { roofW: 0 }, 0, 0, [["roofW", 0]]],
      ["buys what it sells, too", { roofW: 0, loadW: 0 }, 2.5, 0, [["gridW", 2.5]]],
      ["feeds in what arrives and nobody takes", { roofW: 0, loadW: 0 }, 0, 2.5, [["gridW", -2.5]]],
      ["lets pass what arrives and leaves", { roofW: 0, loadW: 0 }, 2.5, 2.5, [["gridW", 0]]],
    ];
  for (const [name, settings, outW, inW, expected] of figures)
    it(name, () => {
      const model = new House({ roofW: 8, batteryMilliWh: 0n, loadW: 1, seed: 1, ...settings }, SUN);
      model.step(10, outW, inW);
      const said = model.figures();
      for (const [key, value] of expected) assert.equal(said[key as "gridW"], value);
      assert.equal(said.gridW, said.loadW + said.streetOutW - said.roofW - said.streetInW);
      assert.equal(said.gridImportMilliWh, BigInt(Math.floor((Math.max(0, said.gridW) * 10) / 3.6)));
      assert.equal(said.gridExportMilliWh, BigInt(Math.floor((Math.max(0, -said.gridW) * 10) / 3.6)));
    });

  it("has no sun at night, most of it in the middle of the day, and never more than its roof", () => {
    for (let seed = 0; seed < 20; seed++) {
      const model = new House({ roofW: 8, batteryMilliWh: 0n, loadW: 0, seed }, { dayS: 96, startOfDay: 0 });
      const hours = Array.from({ length: 96 }, () => {
        model.step(1, 0, 0);
        return model.figures().roofW;
      });
      for (const at of [0, 12, 23, 73, 90]) assert.equal(hours[at], 0, `quarter of an hour ${at}`);
      const sum = (from: number, to: number) => hours.slice(from, to).reduce((a, b) => a + b, 0);
      assert.ok(sum(36, 60) > sum(24, 36) && sum(36, 60) > sum(60, 72));
      assert.ok(Math.max(...hours) <= 8 && Math.max(...hours) > 3, `${Math.max(...hours)} W at most`);
    }
  });

  it("takes in a day what its settings say, most of it in the evening", () => {
    const day = Array.from({ length: 960 }, (_, index) => householdLoad(index / 960));
    assert.ok(Math.abs(day.reduce((sum, part) => sum + part, 0) / day.length - 1) < 1e-3);
    assert.equal(day.indexOf(Math.max(...day)), 790);
    assert.ok(Math.min(...day) > 0.3 && day.indexOf(Math.min(...day)) < 200);
    assert.equal(householdLoad(7.25), householdLoad(0.25));
    const model = new House(
      { roofW: 0, batteryMilliWh: 0n, loadW: 2, seed: 3 },
      { dayS: 960, startOfDay: 0 },
    );
    for (let second = 0; second < 960; second++) model.step(1, 0, 0);
    assert.ok(Math.abs(model.energy.loadJ / 960 - 2) < 0.2, `${model.energy.loadJ / 960} W`);
  });

  it("is another house with another seed, and the same with the same", () => {
    const days = [1, 2, 1].map((seed) => {
      const model = new House(seededHouse(seed, 600), SUN);
      for (let second = 0; second < 100; second++) model.step(1, 0, 0);
      return model.figures();
    });
    assert.deepEqual(days[0], days[2]);
    assert.notDeepEqual(days[0], days[1]);
  });
});

describe("A street of modelled houses", () => {
  const street = (names: string[]) => {
    const model = new StreetModel();
    const plots = names.map((name, seed) => {
      const plot = new Plot(name, new House(seededHouse(seed, 600), SUN));
      model.add(plot);
      return plot;
    });
    return { model, plots };
  };

  it("brings to the buyer what leaves the seller, less the loss of the wire", () => {
    const { model, plots } = street(["House 1", "House 2", "House 3"]);
    const [one, two, three] = plots as [Plot, Plot, Plot];
    model.deliver("House 1", "House 2");
    model.step(0.019);
    assert.deepEqual([one.deliveredJ, two.receivedJ], [0, 0]);
    one.isRelayClosed = true;
    model.step(0.019);
    const { volts, amperes } = one.leaving;
    assert.ok(amperes > 0.35 && amperes < 0.45);
    assert.equal(one.house!.figures().streetOutW, volts * amperes);
    assert.ok(Math.abs(two.house!.figures().streetInW - (volts - amperes * WIRE_OHMS) * amperes) < 1e-12);
    assert.ok(Math.abs(two.arriving.volts - (volts - amperes * WIRE_OHMS)) < 1e-12);
    assert.equal(two.arriving.amperes, amperes);
    assert.deepEqual([three.receivedJ, three.arriving.volts], [0, 0]);
  });

  it("keeps energy: what left the sellers reached the buyers, warmed the wires or the resistors", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ of: fc.nat(4), to: fc.option(fc.nat(4)), isClosed: fc.boolean(), steps: fc.nat(20) }),
          { maxLength: 40 },
        ),
        (moves) => {
          const { model, plots } = street(["a", "b", "c", "d", "e"]);
          for (const { of, to, isClosed, steps } of moves) {
            const plot = plots[of]!;
            plot.isRelayClosed = isClosed;
            model.deliver(plot.name, to === null ? null : plots[to]!.name);
            for (let step = 0; step < steps; step++) model.step(0.019);
          }
          const left = plots.reduce((sum, { deliveredJ }) => sum + deliveredJ, 0);
          const reached = plots.reduce((sum, { receivedJ }) => sum + receivedJ, 0);
          const { wires, resistors } = model.heatJ;
          assert.ok(Math.abs(left - reached - wires - resistors) <= 1e-9 * (1 + left));
          for (const { house: each, deliveredJ, receivedJ } of plots)
            assert.deepEqual([each!.energy.streetOutJ, each!.energy.streetInJ], [deliveredJ, receivedJ]);
        },
      ),
      { seed: 20_261_125 },
    );
  });

  it("warms a resistor of the seller's own when nobody of the street takes it", () => {
    const { model, plots } = street(["House 1", "House 2"]);
    plots[0]!.isRelayClosed = true;
    model.deliver("House 1", "House 2");
    model.deliver("House 1", null);
    model.step(1);
    assert.equal(model.heatJ.resistors, plots[0]!.deliveredJ);
    assert.equal(plots[1]!.receivedJ, 0);
  });

  it("brings to a buyer what an Arduino's meter says that it measures", () => {
    const { model, plots } = street(["House 1"]);
    const arduino = new Plot("House 2", null);
    model.add(arduino);
    model.deliver("House 2", "House 1");
    arduino.measured = { volts: 6, amperes: 0.4 };
    model.step(1);
    assert.ok(Math.abs(plots[0]!.house!.figures().streetInW - (6 - 0.4 * WIRE_OHMS) * 0.4) < 1e-12);
  });

  it("refuses names that nobody has, and a home twice", () => {
    const { model } = street(["House 1", "House 2"]);
    assert.throws(() => model.deliver("House 1", "House 9"), /no home is called "House 9"/);
    assert.throws(() => model.deliver("House 9", null), /no home is called "House 9"/);
    assert.throws(() => model.add(new Plot("House 1", null)), /two homes are called "House 1"/);
  });
});
