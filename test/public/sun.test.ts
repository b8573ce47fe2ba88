import assert from "node:assert/strict";
import { sunOpacity } from "../../public/views/flow";

describe("The sun of the drawing", () => {
  for (const [panelWatts, opacity] of [
    [null, "0.35"],
    [0, "0.35"],
    [2, "0.51"],
    [4, "0.68"],
    [8, "1.00"],
    [40, "1.00"],
  ] as const)
    it(`is drawn at ${opacity} with ${panelWatts ?? "unknown"} W from the panel`, () => {
      assert.equal(sunOpacity(panelWatts), opacity);
    });
});
