import assert from "node:assert/strict";
import { ChainClock } from "../../chain/chain-clock";
import { heldClock } from "../../server/clock";

const NOON = Date.UTC(2026, 10, 22, 12);
const HOUR = 3_600_000;

describe("the host's clock, held to the steady one", () => {
  function bench() {
    const host = { steady: 5_000, offMs: 0 };
    const jumps: number[] = [];
    const clock = heldClock(
      { steadyMs: () => host.steady, nowMs: () => NOON + host.steady + host.offMs },
      (byMs) => jumps.push(byMs),
    );
    /** Looks each second, as the server does more often than that. */
    const pass = (seconds: number) => {
      for (let s = 0; s < seconds; s++) {
        host.steady += 1000;
        clock.nowMs();
      }
    };
    return { host, clock, jumps, pass, errorMs: () => clock.nowMs() - (NOON + host.steady) };
  }

  for (const offMs of [61_000, HOUR, 24 * HOUR, -HOUR, -NOON]) {
    it(`gives nothing for a jump of ${offMs} ms that lasts a moment`, () => {
      const { host, jumps, pass, errorMs } = bench();
      host.offMs = offMs;
      assert.equal(errorMs(), 0);
      pass(59);
      assert.equal(errorMs(), 0);
      host.offMs = 0;
      pass(120);
      assert.equal(errorMs(), 0);
      assert.deepEqual(jumps, []);
    });

    it(`follows a jump of ${offMs} ms that stays, after a minute, and says so once`, () => {
      const { host, jumps, pass, errorMs } = bench();
      host.offMs = offMs;
      pass(120);
      assert.equal(errorMs(), offMs);
      assert.deepEqual(jumps, [offMs]);
    });
  }

  it("gives whole milliseconds, however fine the steady clock is, through a jump as before and after it", () => {
    const host = { steady: 5_000.123_456, offMs: 0 };
    const clock = heldClock({
      steadyMs: () => host.steady,
      nowMs: () => NOON + Math.floor(host.steady) + host.offMs,
    });
    for (const offMs of [0, HOUR, -61_000, 0])
      for (let s = 0; s < 70; s++) {
        host.offMs = offMs;
        host.steady += 1_000.031_7;
        assert.ok(Number.isInteger(clock.nowMs()), `${clock.nowMs()}`);
      }
  });

  it("believes no clock that says something else each time", () => {
    const { host, pass, errorMs, jumps } = bench();
    for (let i = 1; i < 200; i++) {
      host.offMs = i * 10_000;
      pass(1);
    }
    assert.equal(errorMs(), 0);
    assert.deepEqual(jumps, []);
  });

  it("follows a clock that is slewed", () => {
    const { host, pass, errorMs, jumps } = bench();
    for (let i = 0; i < 100; i++) {
      host.offMs += 100;
      pass(1);
    }
    assert.equal(errorMs(), 10_000);
    assert.deepEqual(jumps, []);
  });
});

describe("the chain's clock", () => {
  const head = (block: number, atMs: number, hash = `0x${block}`) => ({
    ...{ block, hash, parentHash: "0x", sealer: null },
    atS: atMs / 1000,
  });

  it("is unknown before the first block", () => {
    const clock = new ChainClock(20_000);
    assert.deepEqual([clock.nowMs(0), clock.silenceMs(9e9), clock.isTicking(0)], [null, 0, false]);
  });

  it("goes on steadily between two blocks, and never back for a block that comes late", () => {
    const clock = new ChainClock(20_000);
    clock.saw(head(1, NOON), 0);
    assert.equal(clock.nowMs(7_000), NOON + 7_000);
    clock.saw(head(2, NOON + 5_000), 7_500);
    assert.equal(clock.nowMs(7_500), NOON + 7_000);
    clock.saw(head(2, NOON + 5_000), 11_000);
    assert.equal(clock.nowMs(11_000), NOON + 8_500);
  });

  it("goes back with a chain that goes back", () => {
    const clock = new ChainClock(20_000);
    clock.saw(head(5, NOON + HOUR), 0);
    clock.saw(head(5, NOON, "0xother"), 1_000);
    assert.equal(clock.nowMs(2_000), NOON + 1_000);
  });

  it("ticks from the second block until none has come for long", () => {
    const clock = new ChainClock(20_000);
    clock.saw(head(1, NOON), 0);
    assert.equal(clock.isTicking(1_000), false);
    clock.saw(head(2, NOON + 1_000), 1_000);
    assert.deepEqual([clock.isTicking(20_999), clock.isSilent(20_999)], [true, false]);
    assert.deepEqual([clock.isTicking(21_000), clock.isSilent(21_000)], [false, true]);
    clock.saw(head(3, NOON + 30_000), 30_000);
    assert.equal(clock.isTicking(30_000), true);
  });
});
