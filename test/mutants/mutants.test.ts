import assert from "node:assert/strict";
import { faultySource } from "../../scripts/mutant-compiler";
import { MUTANTS } from "../../scripts/mutant-list";

describe("mutants", () => {
  it("are of the contracts as they are: each original text stands there once", () => {
    assert.equal(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length);
    for (const mutant of MUTANTS) faultySource(mutant);
  });
});
