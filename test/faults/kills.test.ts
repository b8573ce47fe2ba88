/**
 * What test/system/kill.test.ts cannot see. There the simulated Arduino is a thread of the server: `kill -9` takes its
 * world along, the relay is as good as open at once, and the energy of a relay that stays closed is in no figure, for
 * what is compared is a register that has never heard of it. Here the world lives on in a process of its own, tells
 * each move of its relay, and knows what really flowed. The second suite shows that a relay that stays closed is found.
 */
import assert from "node:assert/strict";
import { need } from "../support/need";
import { FaultBench } from "./bench";
import { LOSS_OF_A_KILL_MILLI_WH } from "./bounds";
import { killAtRandom } from "./kills";

const KILLS = 4;
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

describe(`kill -9 of the server, the Arduino in a process of its own (SEED=${seed})`, function () {
  this.timeout(300_000);
  let bench: FaultBench | undefined;

  before(async function () {
    need(this, "socat");
    bench = await FaultBench.start();
  });
  after(() => bench?.stop());

  it("the relay opens within 1.2 s, every trade ends, and what flowed unpaid stays within its bound", async () => {
    const kills = await killAtRandom(bench!, KILLS, seed);
    assert.deepEqual(
      kills.flatMap(({ violations }) => violations),
      [],
    );
    assert.ok(
      kills.some(({ relay }) => relay === "closed"),
      "no kill struck while current flowed",
    );
    await bench!.check(kills.length);
  });
});

describe(`kill -9 of the server with StandardFirmata, which has no watchdog (SEED=${seed})`, function () {
  this.timeout(300_000);
  let bench: FaultBench | undefined;

  before(async function () {
    need(this, "socat");
    bench = await FaultBench.start({ firmware: "StandardFirmata" });
  });
  after(() => bench?.stop());

  it("is found to leave the relay closed and the energy unpaid; the next start opens it, and every trade ends", async () => {
    const [kill] = await killAtRandom(bench!, 1, seed);
    assert.equal(kill!.relay, "closed");
    assert.equal(kill!.opensAfterS, null);
    assert.match(kill!.violations.join("; "), /^the relay stayed closed; \d+\.\d+ mWh lost$/);
    assert.ok(kill!.lostMilliWh > LOSS_OF_A_KILL_MILLI_WH, `${kill!.lostMilliWh} mWh lost`);
    await assert.rejects(bench!.check(1), /mWh flowed unpaid, at most/);
    assert.equal(bench!.relay, "open");
  });
});
