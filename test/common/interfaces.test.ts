import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(__dirname, "..", "..", "contracts", "interfaces");

describe("the contracts' interfaces", () => {
  for (const name of ["IEnergyToken", "IEnergyTrade", "IMeterRegistry"])
    it(`of ${name} say of every error when it is thrown`, () => {
      const lines = readFileSync(join(FOLDER, `${name}.sol`), "utf8").split("\n");
      const errors = lines.flatMap((line, i) => (/^ {4}error /.test(line) ? [i] : []));
      assert.ok(errors.length > 0);
      for (const at of errors) {
        let first = at;
        while (/^ {4}\/\/\/ /.test(lines[first - 1]!)) first--;
        assert.match(lines[first]!, /^ {4}\/\/\/ @notice Thrown (by|when) /, lines[at]);
      }
    });
});
