import assert from "node:assert/strict";
import { CALIBRATION_DEFAULTS, type Calibration, parseCalibration } from "../../common/calibration";
import {
  amperesFromCounts,
  CurrentZero,
  NOMINAL_ZERO_COUNTS,
  voltsFromCounts,
  ZERO_SCANS,
} from "../../meter/calibration";

const near = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected} ± ${tolerance}`);

describe("Calibration", () => {
  const volts: [counts: number, differs: Partial<Calibration>, volts: number][] = [
    [0, {}, 0.0049],
    [511, {}, 4.9951],
    [614, {}, 6.001],
    [1023, {}, 9.9951],
    [614, { vccVolts: 4.75 }, 5.701],
    [614, { dividerRatio: 4 }, 12.002],
  ];
  for (const [counts, differs, expected] of volts)
    it(`reads ${counts} counts as ${expected} V ${JSON.stringify(differs)}`, () =>
      near(voltsFromCounts(counts, { ...CALIBRATION_DEFAULTS, ...differs }), expected, 0.0001));

  const amperes: [counts: number, zero: number, differs: Partial<Calibration>, amperes: number][] = [
    [511.5, 511.5, {}, 0],
    [512.5, 511.5, {}, 0.0264],
    [549.4, 511.5, {}, 1.0003],
    [511.5, 514, {}, -0.066],
    [700.9, 511.5, {}, 4.999],
    // The sensor follows its supply as the ADC does: the amperes do not change.
    [549.4, 511.5, { vccVolts: 4.75 }, 1.0003],
    // ACS712-20A.
    [532, 511.5, { voltsPerAmpere: 0.1 }, 1.001],
  ];
  for (const [counts, zero, differs, expected] of amperes)
    it(`reads ${counts} counts with the zero at ${zero} as ${expected} A ${JSON.stringify(differs)}`, () =>
      near(amperesFromCounts(counts, zero, { ...CALIBRATION_DEFAULTS, ...differs }), expected, 0.0001));
});

describe("The current sensor's zero", () => {
  const fed = (counts: number[], scans: number) => {
    const zero = new CurrentZero();
    for (let scan = 0; scan < scans; scan++) zero.add(counts[scan % counts.length]!);
    return zero;
  };

  it("is not ready before fifty scans", () => {
    assert.equal(fed([512], ZERO_SCANS - 1).isReady, false);
    assert.equal(fed([512], ZERO_SCANS).isReady, true);
  });

  it("is the mean of its scans, finer than a count", () => near(fed([513, 514], 100).counts, 513.5, 1e-9));

  it("follows a sensor that warms up", () => {
    const zero = fed([512], 1000);
    for (let scan = 0; scan < 3000; scan++) zero.add(514);
    near(zero.counts, 514, 0.01);
  });

  for (const [counts, isPlausible] of [
    [NOMINAL_ZERO_COUNTS, true],
    [NOMINAL_ZERO_COUNTS + 8.2, true],
    [NOMINAL_ZERO_COUNTS - 8.2, true],
    [NOMINAL_ZERO_COUNTS + 15.6, false],
    [0, false],
    [1023, false],
  ] as const)
    it(`${isPlausible ? "believes" : "does not believe"} a zero at ${counts} counts`, () =>
      assert.equal(fed([counts], 100).isPlausible, isPlausible));
});

describe("A calibration in a setting", () => {
  const texts: [text: string, calibration: Partial<Calibration>][] = [
    ["", {}],
    ["vccVolts=4.92", { vccVolts: 4.92 }],
    [" dividerRatio = 2.03 , voltsPerAmpere=0.182", { dividerRatio: 2.03, voltsPerAmpere: 0.182 }],
  ];
  for (const [text, expected] of texts)
    it(`takes "${text}"`, () => assert.deepEqual(parseCalibration(text), expected));

  for (const text of [
    "vcc=5",
    "vccVolts",
    "vccVolts=-5",
    "vccVolts=1e1",
    "vccVolts=500",
    "dividerRatio=0",
    "toString=1",
  ])
    it(`refuses "${text}" and says what is allowed`, () =>
      assert.throws(() => parseCalibration(text), /is not one of vccVolts=1.25…20, /));
});
