/** The short form of `npm run fuzz`. */
import assert from "node:assert/strict";
import { foundryBinary } from "../../scripts/foundry-binary";
import { fuzz } from "../../scripts/fuzz";
import { need } from "../support/need";

const STEPS = 8_000;

function hasForge(): boolean {
  try {
    foundryBinary("forge");
    // There a script cannot be the compiler that forge calls.
    return process.platform !== "win32";
  } catch (error) {
    if (!/^no forge for/.test((error as Error).message)) throw error;
    return false;
  }
}

describe("random steps of a market", function () {
  this.timeout(600_000);
  before(function () {
    need(this, "forge", hasForge());
  });

  it("come out as the model of token and shop says, refusals included", async () => {
    const { passed, seed, steps, output, outcomes } = await fuzz({ steps: STEPS });
    assert.ok(passed, `npm run fuzz -- --seed ${seed} --steps ${STEPS} repeats this:\n${output}`);
    assert.ok(steps >= STEPS);
    // A market in which nothing is sold would pass, too.
    for (const step of [
      "commission",
      "retire",
      "decommission",
      "list",
      "withdraw",
      "buy",
      "buy by allowance",
      "settle",
      "settle many",
      "refund",
      "buy tokens",
      "redeem",
    ]) {
      assert.ok((outcomes.get(`${step} 0x00000000`) ?? 0) > 0, `seed ${seed}: no "${step}" was done`);
      const refusals = [...outcomes.keys()].filter(
        (name) => name.startsWith(`${step} 0x`) && !name.endsWith(" 0x00000000"),
      );
      if (step !== "buy tokens") assert.ok(refusals.length > 0, `seed ${seed}: no "${step}" was refused`);
    }
  });
});
