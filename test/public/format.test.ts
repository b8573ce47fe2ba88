import assert from "node:assert/strict";
import fc from "fast-check";
import {
  clockTime,
  dayAndTime,
  duration,
  ENERGY_UNITS,
  energy,
  energyInput,
  eth,
  isPlenty,
  localeDecimal,
  measured,
  momentOf,
  nwt,
  nwtExact,
  nwtInput,
  parseEnergy,
  parseNwt,
  price,
  savingPercent,
  shortHex,
} from "../../public/format";

const NWT = 10n ** 18n;

describe("Figures for people", () => {
  it("shows a moment's day when it is not today, and its year when it is not this year", () => {
    const nowMs = new Date(2026, 10, 25, 0, 30).getTime();
    const thisNight = new Date(2026, 10, 25, 0, 5).getTime();
    assert.equal(momentOf(thisNight, nowMs, "en"), clockTime(thisNight, "en"));
    const yesterday = new Date(2026, 10, 24, 15, 59).getTime();
    assert.equal(momentOf(yesterday, nowMs, "en"), dayAndTime(yesterday, "en"));
    assert.match(momentOf(yesterday, nowMs, "en"), /Nov 24/);
    assert.match(momentOf(yesterday, nowMs, "ko"), /11월 24일/);
    assert.match(momentOf(new Date(2025, 10, 25, 0, 5).getTime(), nowMs, "en"), /Nov 25, 2025, 12:05:00/);
  });

  const energies: [bigint, string][] = [
    [0n, "0 mWh"],
    [20n, "20 mWh"],
    [999n, "999 mWh"],
    [1_000n, "1 Wh"],
    [1_500n, "1.5 Wh"],
    [999_999n, "999.999 Wh"],
    [1_000_000n, "1 kWh"],
    [2_500_999n, "2.5 kWh"],
    [4_294_967_295n, "4,294.967 kWh"],
  ];
  for (const [milliWh, expected] of energies)
    it(`${milliWh} mWh reads ${expected}`, () => assert.equal(energy(milliWh, "en"), expected));

  it("money is cut off at six decimals, never rounded up, and exact where it must be", () => {
    assert.equal(nwt(1_999_999_999_999_999_999n, "en"), "1.999999 NWT");
    assert.equal(nwtExact(1_999_999_999_999_999_999n, "en"), "1.999999999999999999 NWT");
    assert.equal(nwtExact(2_400_000_000_000_000n, "ko"), "0.0024 NWT");
    assert.equal(price(120n * NWT, "en"), "120 NWT/kWh");
  });

  it("money too small for six decimals is not shown as nothing", () => {
    assert.equal(eth(1n, "en"), "<0.000001 ETH");
    assert.equal(eth(0n, "en"), "0 ETH");
  });

  it("a genesis account's ether is not a line of sixty digits", () => {
    assert.equal(eth(2n ** 255n, "en"), ">1,000,000,000 ETH");
    assert.deepEqual([isPlenty(2n ** 249n), isPlenty(10n ** 18n)], [true, false]);
  });

  it("whole parts are grouped and the decimal sign is the language's", () => {
    assert.equal(localeDecimal("1234567.5", "en"), "1,234,567.5");
    assert.equal(localeDecimal("-1234.25", "de"), "-1.234,25");
    assert.equal(localeDecimal("9007199254740993", "ko"), "9,007,199,254,740,993");
  });

  it("a saving is whole percent, cut toward zero", () => {
    const rows: [bigint, bigint, bigint][] = [
      [120n, 180n, 33n],
      [180n, 180n, 0n],
      [200n, 180n, -11n],
      [1n, 0n, 0n],
    ];
    for (const [own, tariff, expected] of rows) assert.equal(savingPercent(own, tariff), expected);
  });

  it("measurements have two decimals, durations their largest whole unit", () => {
    assert.equal(measured(2.555, "W", "en"), "2.56 W");
    assert.equal(duration(300, "en"), "5 minutes");
    assert.equal(duration(86_400, "ko"), "1일");
    assert.equal(duration(90, "en"), "90 seconds");
  });

  it("an address is short, a short text stays", () => {
    assert.equal(shortHex("0x70997970C51812dc3A010C7d01b50e0d17dc79C8"), "0x7099…79C8");
    assert.equal(shortHex("0x12"), "0x12");
  });
});

describe("Figures from people", () => {
  it("what an input is given reads back as the same quantity, in every unit", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n }), (quantity) => {
        for (const unit of ENERGY_UNITS)
          assert.equal(parseEnergy(energyInput(quantity, unit), unit), quantity);
        assert.equal(parseNwt(nwtInput(quantity)), quantity);
      }),
    );
  });

  const refused = ["", " ", "-1", "1e3", "1,23.5", "0x10", ".", "NaN", "½"];
  for (const text of refused)
    it(`"${text}" is no quantity`, () => assert.throws(() => parseEnergy(text, "Wh"), RangeError));

  it("more decimals than the unit has are refused, not rounded", () => {
    assert.throws(() => parseEnergy("1.5", "mWh"), RangeError);
    assert.equal(parseEnergy("1.5", "Wh"), 1_500n);
    assert.throws(() => parseEnergy("1.2345", "Wh"), RangeError);
    assert.equal(parseEnergy("0.00002", "kWh"), 20n);
  });
});
