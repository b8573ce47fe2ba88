import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { need } from "../support/need";

const ROOT = join(__dirname, "..", "..");
const UNIT = join(ROOT, "docs", "neighborwatt.service");

describe("the systemd unit for a Raspberry Pi", function () {
  this.timeout(60_000);

  it("is accepted by systemd-analyze verify, without a word", function () {
    need(this, "systemd-analyze");
    const { status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", UNIT], {
      encoding: "utf8",
    });
    assert.equal(stdout + stderr, "");
    assert.equal(status, 0);
  });

  it("starts what npm start starts", () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const started = /^ExecStart=\/usr\/bin\/env (.*)$/m.exec(readFileSync(UNIT, "utf8"))?.[1];
    assert.equal(started, scripts.start);
  });
});
