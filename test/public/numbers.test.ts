/** Numbers as people type and paste them: the page reads whatever it writes, and whatever can mean one thing only. */
import assert from "node:assert/strict";
import { BASE_UNITS } from "../../common/units";
import { energy, nwt, nwtExact, parseEnergy, parseNwt, price } from "../../public/format";
import { readNumber } from "../../public/numbers";

const NBSP = "\u00a0";
const NARROW = "\u202f";

describe("A typed number", () => {
  const rows: [string, string][] = [
    ["5", "5"],
    [".5", "0.5"],
    ["5.", "5"],
    [",5", "0.5"],
    ["5,", "5"],
    ["1,5", "1.5"],
    ["1,50", "1.5"],
    ["0,234", "0.234"],
    ["12,3456", "12.3456"],
    ["1234,567", "1234.567"],
    ["1.234", "1.234"],
    ["1,234", "1234"],
    ["1,234.5", "1234.5"],
    ["1.234,5", "1234.5"],
    ["1,234.", "1234"],
    ["1,234,567", "1234567"],
    ["1.234.567", "1234567"],
    ["1 234", "1234"],
    [`1${NBSP}234,5`, "1234.5"],
    [`1${NARROW}234${NARROW}567.25`, "1234567.25"],
    ["1'234.5", "1234.5"],
    ["1’234", "1234"],
    ["１２．５", "12.5"],
    ["１，５", "1.5"],
    ["１，２３４．５", "1234.5"],
    ["1。5", "1.5"],
    [`  7${NBSP}`, "7"],
    ["2.500", "2.5"],
    ["007", "007"],
  ];
  for (const [typed, read] of rows) it(`"${typed}" is ${read}`, () => assert.equal(readNumber(typed), read));

  for (const typed of [
    "",
    ".",
    ",",
    "-1",
    "+1",
    "1e3",
    "0x10",
    "1,23.5",
    "12,34,567",
    "1,2345.6",
    "1 23",
    "1  2",
    "0,123,456",
    "1.2.3",
    "1,234 567",
    "1.5.",
    "1..5",
    "five",
    "<0.000001",
    ">1,000,000,000",
    "½",
    "5²",
    "①",
    "1½",
    "٣",
  ])
    it(`"${typed}" is none`, () => assert.throws(() => readNumber(typed), RangeError));
});

describe("A typed quantity", () => {
  const rows: [string, "mWh" | "Wh" | "kWh", bigint][] = [
    ["1.5 Wh", "mWh", 1500n],
    ["20mWh", "kWh", 20n],
    ["0,5 kwh", "mWh", 500_000n],
    ["5.0", "mWh", 5n],
    ["１．５　Ｗｈ", "mWh", 1500n],
    ["1,234", "mWh", 1234n],
  ];
  for (const [typed, unit, milliWh] of rows)
    it(`"${typed}" in ${unit} is ${milliWh} mWh`, () => assert.equal(parseEnergy(typed, unit), milliWh));

  for (const typed of ["5² mWh", "1 MWh", "1 mwh", "1 W", "1.5", "1,5", "1 NWT", "kWh"])
    it(`"${typed}" in mWh is refused`, () => assert.throws(() => parseEnergy(typed, "mWh"), RangeError));

  it("of money takes its own unit and no other", () => {
    assert.equal(parseNwt("1,234.5 NWT"), (12345n * BASE_UNITS) / 10n);
    assert.equal(parseNwt("120 NWT/kWh"), 120n * BASE_UNITS);
    for (const typed of ["1 ETH", "1 kWh", "1 NWT/Wh"]) assert.throws(() => parseNwt(typed), RangeError);
  });
});

describe("What the page writes, the page reads", () => {
  // A fixed sequence of pseudo-random numbers, of one digit to thirty.
  function* numbers(): Generator<bigint> {
    let seed = 20_261_125n;
    for (let i = 0; i < 2000; i++) {
      seed = (seed * 6364136223846793005n + 1442695040888963407n) % 2n ** 64n;
      yield (seed * seed) % 10n ** BigInt(1 + (i % 27));
    }
  }
  for (const language of ["en", "ko"]) {
    it(`in ${language}: money to the last base unit`, () => {
      for (const value of numbers()) assert.equal(parseNwt(nwtExact(value, language)), value);
    });

    it(`in ${language}: prices and shortened money as they are shown`, () => {
      for (const value of numbers()) {
        const shown = nwt(value, language);
        if (/^[<>]/.test(shown)) continue;
        const cut = value - (value % 10n ** 12n);
        assert.equal(parseNwt(shown), cut);
        assert.equal(parseNwt(price(value, language)), cut);
      }
    });

    it(`in ${language}: energy, in whatever unit the field stands`, () => {
      for (const value of numbers()) {
        const step = value < 1_000_000n ? 1n : 1000n;
        for (const unit of ["mWh", "Wh", "kWh"] as const)
          assert.equal(parseEnergy(energy(value, language), unit), value - (value % step));
      }
    });
  }
});
