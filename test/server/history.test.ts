import assert from "node:assert/strict";
import { SecondMeans } from "../../home/second-means";
import { Store } from "../../server/store";
import { METER, quiet, temporaryFolder } from "./support";

const point = (atS: number, watts = 2, panelWatts: number | null = 1) => ({
  atS,
  volts: 6,
  amperes: watts / 6,
  watts,
  panelWatts,
  registerMilliWh: BigInt(atS),
});

describe("the history of samples", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let store: Store;
  beforeEach(() => {
    folder = temporaryFolder();
    store = Store.open(folder.path, quiet);
  });
  afterEach(async () => {
    await store.stop();
    folder.remove();
  });
  const save = (from: number, to: number) =>
    store.commit(() => {
      for (let atS = from; atS <= to; atS++)
        store.history.saveSecond(METER, point(atS, atS % 2 === 0 ? 2 : 4));
    });

  it("gives means over spans, and the register at the end of each", () => {
    save(1000, 1019);
    const [first, second, ...rest] = store.history.points(METER, 1000, 1020, 10);
    assert.deepEqual(first, {
      atS: 1000,
      volts: 6,
      amperes: 0.5,
      watts: 3,
      panelWatts: 1,
      registerMilliWh: 1009n,
    });
    assert.deepEqual([second?.atS, second?.registerMilliWh, rest], [1010, 1019n, []]);
  });

  it("takes the beginning of a range and leaves out its end", () => {
    save(1000, 1019);
    assert.deepEqual(
      store.history.points(METER, 1005, 1008, 1).map(({ atS }) => atS),
      [1005, 1006, 1007],
    );
  });

  it("rolls seconds up to minutes and quarters of an hour, once each", () => {
    save(0, 1860);
    store.history.rollUp(METER, 1860);
    const minutes = store.history.points(METER, 0, 1860, 60);
    assert.equal(minutes.length, 31);
    assert.deepEqual([minutes[1]?.watts, minutes[1]?.registerMilliWh], [3, 119n]);
    const quarters = store.history.points(METER, 0, 1860, 900);
    assert.deepEqual(
      quarters.map(({ atS, registerMilliWh }) => [atS, registerMilliWh]),
      [
        [0, 899n],
        [900, 1799n],
      ],
    );
  });

  it("forgets seconds after a day and keeps the minutes", () => {
    save(0, 120);
    save(120 + 86_400, 180 + 86_400);
    assert.deepEqual(store.history.points(METER, 0, 120, 1), []);
    assert.deepEqual(
      store.history.points(METER, 0, 120, 60).map(({ atS }) => atS),
      [0, 60],
    );
  });

  it("knows the register at a moment, or the nearest thing to it", () => {
    assert.equal(store.history.registerAt(METER, 100), null);
    save(100, 130);
    assert.equal(store.history.registerAt(METER, 120), 119n);
    assert.equal(store.history.registerAt(METER, 50), 100n);
    assert.equal(store.history.registerAt(METER, 5000), 130n);
  });

  it("forgets nothing for a clock that is wrong for a moment", () => {
    save(0, 120);
    const yearsAheadS = 20 * 365 * 86_400;
    store.commit(() => store.history.saveSecond(METER, point(yearsAheadS), 120));
    assert.equal(store.history.points(METER, 0, 120, 1).length, 120);
    assert.equal(store.history.points(METER, 0, 120, 60).length, 2);
  });

  it("goes on rolling up after rows of the future, written while the clock was wrong", () => {
    store.commit(() => store.history.saveSecond(METER, point(9_000_000), 60));
    store.history.rollUp(METER, 9_000_060);
    for (let minute = 0; minute <= 30; minute++)
      store.commit(() => {
        for (let s = 0; s < 60; s++) store.history.saveSecond(METER, point(minute * 60 + s), minute * 60);
      });
    assert.equal(store.history.points(METER, 0, 1800, 60).length, 30);
    assert.equal(store.history.points(METER, 0, 1800, 900).length, 2);
  });

  it("tells registers from before a correction as they should have stood: a difference is energy", () => {
    store.commit(() => {
      store.history.markStart(METER, 990_000, 0n);
      store.history.saveSecond(METER, { ...point(1000), registerMilliWh: 2n });
      store.history.markCorrection(METER, 1001_500, 3n, 51n);
      store.history.saveSecond(METER, { ...point(1001), registerMilliWh: 51n });
      store.history.saveSecond(METER, { ...point(1002), registerMilliWh: 55n });
      store.history.markCorrection(METER, 1003_000, 55n, 60n);
      store.history.saveSecond(METER, { ...point(1003), registerMilliWh: 61n });
    });
    const registers = () =>
      store.history.points(METER, 1000, 1010, 1).map(({ registerMilliWh }) => registerMilliWh);
    assert.deepEqual(registers(), [55n, 56n, 60n, 61n]);
    assert.deepEqual(
      [980, 995, 1001, 1003].map((atS) => store.history.registerAt(METER, atS)),
      [53n, 53n, 55n, 60n],
    );
    assert.equal(store.history.registerAt("0xother", 1000), null);
  });

  it("collects samples into whole seconds", () => {
    const means = new SecondMeans();
    const sample = (atMs: number, watts: number, panelWatts: number | null) => ({
      ...point(0, watts, panelWatts),
      atMs,
      registerMilliWh: BigInt(atMs),
      registerRestMicroJoule: 0n,
      relay: "closed" as const,
    });
    assert.equal(means.add(sample(1000, 2, null)), null);
    assert.equal(means.add(sample(1999, 4, 6)), null);
    const second = means.add(sample(2000, 9, null));
    assert.deepEqual(
      [second?.atS, second?.watts, second?.panelWatts, second?.registerMilliWh],
      [1, 3, 6, 1999n],
    );
    assert.equal(means.add(sample(3500, 1, null))?.panelWatts, null);
  });
});
