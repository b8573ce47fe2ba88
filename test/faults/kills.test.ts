import assert from "node:assert/strict";
import { need } from "../support/need";
import { FaultBench } from "./bench";
import { killAtRandom } from "./kills";

const KILLS = 4;
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

describe(`kill -9 of the server, the Arduino in a process of its own (SEED=${seed})`, function () {
  this.timeout(300_000);
  let bench: FaultBench;

  before(async function () {
    need(this, "socat");
    bench = await FaultBench.start();
  });
  after(() => bench?.stop());

  it("the relay opens within 1.2 s, every trade ends, and what flowed unpaid stays within its bound", async () => {
    const kills = await killAtRandom(bench, KILLS, seed);
    assert.deepEqual(
      kills.flatMap(({ violations }) => violations),
      [],
    );
    await bench.check(kills.length);
  });
});
