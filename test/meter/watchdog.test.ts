import assert from "node:assert/strict";
import { Watchdog } from "../../meter/watchdog";
import { ManualClock } from "./manual-clock";

describe("The watchdog", () => {
  const watched = () => {
    const clock = new ManualClock();
    const calls: string[] = [];
    const watchdog = new Watchdog(clock, 1000, {
      quiet: () => calls.push(`quiet at ${clock.nowMs()}`),
      lost: () => calls.push(`lost at ${clock.nowMs()}`),
    });
    watchdog.start();
    return { clock, calls, watchdog };
  };

  it("asks for a sign of life at half the limit and gives up at the limit", () => {
    const { clock, calls } = watched();
    clock.advance(999);
    assert.deepEqual(calls, ["quiet at 500"]);
    clock.advance(5000);
    assert.deepEqual(calls, ["quiet at 500", "lost at 1000"]);
  });

  it("is silent for as long as it is fed", () => {
    const { clock, calls, watchdog } = watched();
    for (let fed = 0; fed < 100; fed++) {
      clock.advance(200);
      watchdog.feed();
    }
    assert.deepEqual(calls, []);
  });

  it("counts from the last feeding, within one look", () => {
    const { clock, calls, watchdog } = watched();
    clock.advance(600);
    watchdog.feed();
    clock.advance(2000);
    assert.deepEqual(calls, ["quiet at 500", "quiet at 1000", "lost at 1500"]);
  });

  it("is silent after stop, and starts afresh", () => {
    const { clock, calls, watchdog } = watched();
    clock.advance(400);
    watchdog.stop();
    clock.advance(10_000);
    assert.deepEqual(calls, []);
    watchdog.start();
    clock.advance(999);
    assert.deepEqual(calls, ["quiet at 10900"]);
  });

  it("does not blame the Arduino when the whole process stood still", () => {
    const { clock, calls, watchdog } = watched();
    clock.standStill(10_000);
    // The one late look has run; now the waiting bytes are read.
    watchdog.feed();
    clock.advance(900);
    assert.deepEqual(calls, [`quiet at ${10_000 + 500}`]);
  });
});
