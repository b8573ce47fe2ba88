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

  it("allows the Arduino's port also when its driver is loaded later than the unit: by number, not by name alone", () => {
    const unit = readFileSync(UNIT, "utf8");
    const ACM = 166;
    const USB = 188;
    for (const major of [ACM, USB])
      for (const minor of [0, 1, 2, 3])
        assert.match(unit, new RegExp(`^DeviceAllow=/dev/char/${major}:${minor} rw$`, "m"));
  });
});
