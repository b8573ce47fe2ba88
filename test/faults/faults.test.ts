import assert from "node:assert/strict";
import { need } from "../support/need";
import { FaultBench } from "./bench";
import { FAULTS } from "./faults";
import { play } from "./scene";

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

describe(`faults in the middle of a delivery (SEED=${seed}; npm run faults has the whole table)`, function () {
  this.timeout(240_000);
  let bench: FaultBench;

  before(async function () {
    need(this, "socat");
    bench = await FaultBench.start();
  });
  after(() => bench?.stop());

  for (const fault of FAULTS.filter(({ isShort }) => isShort)) {
    it(fault.name, async function () {
      const part = fault.missingPart?.() ?? null;
      if (part !== null) need(this, part, false);
      const outcome = await play(bench, fault, seed);
      assert.deepEqual(outcome.violations, []);
    });
  }
});
