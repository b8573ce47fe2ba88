/**
 * Random calls by random parties, each checked against a model of the money and against what must always hold.
 * SEED repeats a run, STEPS sets its length.
 */
import { canTravel, travel } from "../support/contracts/chain";
import { Game } from "../support/contracts/game";

describe("random calls by random parties", () => {
  it("never break what must always hold", async function () {
    const seed = Number(process.env.SEED ?? crypto.getRandomValues(new Uint32Array(1))[0]);
    const isFast = await canTravel();
    // A real network seals once a second: a few dozen steps there, thousands on a chain of our own.
    const steps = Number(process.env.STEPS ?? (isFast ? 300 : 40));
    this.timeout(isFast ? 15 * 60_000 : 10 * 60_000);
    const game = await Game.start(seed, isFast ? travel : undefined);
    const counts = new Map<string, number>();
    try {
      for (let step = 0; step < steps; step++) {
        const played = await game.play();
        counts.set(played, (counts.get(played) ?? 0) + 1);
        await game.check();
      }
    } catch (cause) {
      throw new Error(`SEED=${seed} STEPS=${steps} repeats this: ${String(cause)}`, { cause });
    }
    if (steps >= 300) {
      for (const call of [
        "listed",
        "bought",
        "bought by allowance",
        "settled",
        "settled many",
        "refunded",
        "withdrawn",
        "sold tokens",
        "redeemed",
        "decommissioned",
        "refused",
      ]) {
        assert(counts.has(call), `SEED=${seed}: no step was "${call}"`);
      }
    }
  });
});
