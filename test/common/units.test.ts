import assert from "node:assert/strict";
import fc from "fast-check";
import { formatDecimal, parseDecimal, paymentFor } from "../../common/units";

describe("units", () => {
  // [milliWh, pricePerKWh, payment]
  const payments: [bigint, bigint, bigint][] = [
    [20n, 120n * 10n ** 18n, 2_400_000_000_000_000n],
    [1_000_000n, 7n, 7n],
    [999_999n, 1n, 0n],
    [1_000_001n, 1n, 1n],
    [3n, 333_333n, 0n],
    [4n, 333_333n, 1n],
    [2n ** 32n - 1n, 2n ** 96n - 1n, 340_282_366_841_710_300_949_110_269_833_929n],
  ];
  for (const [milliWh, pricePerKWh, payment] of payments) {
    it(`${milliWh} mWh at ${pricePerKWh} a kWh cost ${payment}`, () => {
      assert.equal(paymentFor(milliWh, pricePerKWh), payment);
    });
  }

  // [text, decimals, value]
  const decimals: [string, number, bigint][] = [
    ["0", 18, 0n],
    ["1.5", 3, 1500n],
    ["0.000001", 6, 1n],
    [" 180 ", 18, 180n * 10n ** 18n],
    ["007", 0, 7n],
  ];
  for (const [text, places, value] of decimals) {
    it(`reads "${text}" with ${places} decimals as ${value}`, () => {
      assert.equal(parseDecimal(text, places), value);
    });
  }

  for (const text of [
    "",
    ".5",
    "1.",
    "-1",
    "1e3",
    "0x10",
    "1,5",
    "1.2345",
    "NaN",
    "Infinity",
    "1 000",
    "١",
  ]) {
    it(`refuses "${text}" with 3 decimals`, () => {
      assert.throws(() => parseDecimal(text, 3), RangeError);
    });
  }

  it("cuts off decimals that are not shown, and never rounds up", () => {
    assert.equal(formatDecimal(1_999n, 3, 2), "1.99");
    assert.equal(formatDecimal(1_999n, 3, 0), "1");
    assert.equal(formatDecimal(-1n, 3), "-0.001");
  });

  it("reads back whatever it writes", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 2n ** 256n }),
        fc.integer({ min: 0, max: 30 }),
        (value, places) => {
          assert.equal(parseDecimal(formatDecimal(value, places), places), value);
        },
      ),
    );
  });
});
