import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { scripts } from "../../package.json";

const ROOT = join(__dirname, "..", "..");

describe("npm run help", () => {
  it("names every script of package.json once and no other, each with its purpose and its time", () => {
    const lines = execFileSync(process.execPath, [join(ROOT, "scripts", "help.mjs")], { encoding: "utf8" })
      .trimEnd()
      .split("\n");
    const named: string[] = [];
    for (let at = 0; at < lines.length; at += 2) {
      const [, script, purpose] = /^npm (?:run )?(\S+) {2,}(\S.*)$/.exec(lines[at]!) ?? [];
      assert.ok(script && purpose, `no script and purpose: ${lines[at]}`);
      assert.match(lines[at + 1] ?? "", /^ +takes: \S/, script);
      named.push(script);
    }
    assert.deepEqual(named.sort(), Object.keys(scripts).sort());
  });
});
