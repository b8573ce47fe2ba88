import assert from "node:assert/strict";
import fc from "fast-check";
import { EnergyRegister, type Scan, ScanBlock } from "../../meter/energy";

const scan = (
  atMs: number,
  volts: number,
  amperes: number | null,
  panelAmperes: number | null = null,
): Scan => ({
  atMs,
  volts,
  amperes,
  panelAmperes,
});
const block = (scans: Scan[]) => {
  const filled = new ScanBlock({ startingAmperes: 0.03, maxGapMs: 1000 });
  for (const each of scans) filled.add(each);
  return filled.finish();
};

describe("A block of scans", () => {
  const energies: [name: string, scans: Scan[], microJoule: bigint][] = [
    ["sets the base with the first scan", [scan(0, 10, 1)], 0n],
    ["integrates 10 W over 20 ms to 0.2 J", [scan(0, 10, 1), scan(20, 10, 1)], 200_000n],
    ["averages two neighbours", [scan(0, 10, 0), scan(20, 10, 1)], 100_000n],
    ["multiplies each volt with its own ampere", [scan(0, 1, 9), scan(10, 9, 1)], 90_000n],
    ["integrates up to the largest gap", [scan(0, 10, 1), scan(1000, 10, 1)], 10_000_000n],
    ["does not integrate a longer gap", [scan(0, 10, 1), scan(1001, 10, 1)], 0n],
    ["goes on after a gap", [scan(0, 10, 1), scan(5000, 10, 1), scan(5020, 10, 1)], 200_000n],
    ["ignores a second scan of the same moment", [scan(7, 10, 1), scan(7, 10, 1)], 0n],
    ["does not integrate backwards", [scan(20, 10, 1), scan(0, 10, 1)], 0n],
    ["counts nothing below the starting current", [scan(0, 10, 0.029), scan(20, 10, 0.029)], 0n],
    ["counts from the starting current", [scan(0, 10, 0.03), scan(20, 10, 0.03)], 6_000n],
    ["counts no current that flows back", [scan(0, 10, -2), scan(20, 10, -2)], 0n],
    ["takes half of the time in which the relay opened", [scan(0, 10, 1), scan(20, 10, null)], 100_000n],
    ["takes nothing while the relay is open", [scan(0, 10, null), scan(20, 10, null)], 0n],
    ["rounds to whole microjoules", [scan(0, 1, 0.0333333), scan(1, 1, 0.0333333)], 33n],
  ];
  for (const [name, scans, microJoule] of energies)
    it(name, () => assert.equal(block(scans).microJoule, microJoule));

  it("means its volts, amperes, watts and panel watts", () =>
    assert.deepEqual(block([scan(0, 10, 1, 2), scan(19, 12, 2, 4)]), {
      volts: 11,
      amperes: 1.5,
      watts: 17,
      panelWatts: 34,
      microJoule: 323_000n,
    }));

  it("shows no current below the starting current, and says so of a panel without a sensor", () =>
    assert.deepEqual(block([scan(0, 10, 0.02)]), {
      volts: 10,
      amperes: 0,
      watts: 0,
      panelWatts: null,
      microJoule: 0n,
    }));

  it("gives the end of a delivery to the next block, and nothing after it", () => {
    const filled = new ScanBlock({ startingAmperes: 0.03, maxGapMs: 1000 });
    filled.add(scan(0, 10, 1));
    filled.finish();
    filled.add(scan(20, 10, null));
    const end = filled.finish();
    filled.add(scan(40, 10, null));
    assert.deepEqual([end.microJoule, end.amperes, filled.finish().microJoule], [100_000n, 0, 0n]);
  });

  it("joins the next block without a seam", () => {
    const filled = new ScanBlock({ startingAmperes: 0.03, maxGapMs: 1000 });
    filled.add(scan(0, 10, 1));
    filled.add(scan(20, 10, 1));
    const first = filled.finish().microJoule;
    filled.add(scan(40, 10, 1));
    assert.deepEqual([first, filled.finish().microJoule], [200_000n, 200_000n]);
  });

  it("makes the same of any scans however they are cut into blocks, to half a microjoule a block", () =>
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.1, max: 5, noNaN: true }), { minLength: 2, maxLength: 60 }),
        fc.integer({ min: 1, max: 10 }),
        (currents, size) => {
          const scans = currents.map((amperes, index) => scan(index * 19, 6, amperes));
          const whole = block(scans).microJoule;
          const cut = new ScanBlock({ startingAmperes: 0.03, maxGapMs: 1000 });
          let sum = 0n;
          for (const each of scans) {
            cut.add(each);
            if (cut.scans === size) sum += cut.finish().microJoule;
          }
          if (cut.scans > 0) sum += cut.finish().microJoule;
          const blocks = BigInt(Math.ceil(scans.length / size));
          const difference = sum > whole ? sum - whole : whole - sum;
          return difference * 2n <= blocks + 1n;
        },
      ),
    ));
});

describe("The energy register", () => {
  const rows: [start: [bigint, bigint], add: bigint, end: [bigint, bigint]][] = [
    [[0n, 0n], 0n, [0n, 0n]],
    [[0n, 0n], 3_599_999n, [0n, 3_599_999n]],
    [[0n, 3_599_999n], 1n, [1n, 0n]],
    [[7n, 5n], 36_000_000n, [17n, 5n]],
    [[2n ** 62n, 0n], 3_600_001n, [2n ** 62n + 1n, 1n]],
  ];
  for (const [[registerMilliWh, registerRestMicroJoule], add, end] of rows)
    it(`goes from ${registerMilliWh} mWh ${registerRestMicroJoule} µJ by ${add} µJ to ${end[0]} mWh ${end[1]} µJ`, () => {
      const register = new EnergyRegister({ registerMilliWh, registerRestMicroJoule });
      register.add(add);
      assert.deepEqual([register.registerMilliWh, register.registerRestMicroJoule], end);
    });

  for (const [registerMilliWh, registerRestMicroJoule] of [
    [-1n, 0n],
    [0n, -1n],
    [0n, 3_600_000n],
  ] as const)
    it(`cannot start at ${registerMilliWh} mWh and ${registerRestMicroJoule} µJ`, () =>
      assert.throws(
        () => new EnergyRegister({ registerMilliWh, registerRestMicroJoule }),
        /no register can stand at/,
      ));

  it("cannot go back", () => {
    const register = new EnergyRegister({ registerMilliWh: 1n, registerRestMicroJoule: 0n });
    assert.throws(() => register.add(-1n), /cannot go back by 1 µJ/);
    assert.equal(register.registerMilliWh, 1n);
  });

  it("loses nothing, whatever is added and wherever it is stopped and started again", () =>
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: 10n ** 12n })), (parts) => {
        let register = new EnergyRegister({ registerMilliWh: 0n, registerRestMicroJoule: 0n });
        for (const part of parts) {
          register.add(part);
          const { registerMilliWh, registerRestMicroJoule } = register;
          register = new EnergyRegister({ registerMilliWh, registerRestMicroJoule });
        }
        const total = register.registerMilliWh * 3_600_000n + register.registerRestMicroJoule;
        assert.equal(
          total,
          parts.reduce((sum, part) => sum + part, 0n),
        );
      }),
    ));
});
