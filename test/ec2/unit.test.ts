import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { MACHINES, NODE1, NODE2 } from "../../geth/ec2/network";
import { gethOptions, gethUnit } from "../../geth/ec2/unit";
import { need } from "../support/need";
import { temporaryFolder } from "./support";

/** 0 is a sealed box, 10 a root shell; a network service cannot come under about 1. Ours stands at 1.3. */
const MOST_EXPOSURE = 1.5;

describe("geth.service on the EC2 machines", () => {
  let folder: string;
  before(() => {
    folder = temporaryFolder();
  });
  after(() => fs.rmSync(folder, { recursive: true }));

  /** The unit as a file; with programs that exist here where `systemd-analyze verify` looks for them. */
  function unitFile(text: string): string {
    const file = path.join(folder, "geth.service");
    fs.writeFileSync(file, text);
    return file;
  }

  for (const machine of MACHINES) {
    it(`passes systemd-analyze verify (${machine.name})`, function () {
      this.timeout(60_000);
      need(this, "systemd-analyze");
      const text = gethUnit(machine).replace(/\/usr\/(local\/)?bin\/(geth|chronyc)/g, process.execPath);
      const { status, stdout, stderr } = spawnSync(
        "systemd-analyze",
        ["verify", "--man=no", unitFile(text)],
        {
          encoding: "utf8",
        },
      );
      assert.equal(status, 0, stdout + stderr);
      // verify exits 0 over a misspelt directive, and only says so.
      assert.doesNotMatch(stdout + stderr, /geth\.service/);
    });

    it(`is exposed by systemd's measure less than ${MOST_EXPOSURE} of 10 (${machine.name})`, function () {
      this.timeout(60_000);
      need(this, "systemd-analyze");
      const said = execFileSync(
        "systemd-analyze",
        ["security", "--offline=true", "--no-pager", unitFile(gethUnit(machine))],
        { encoding: "utf8" },
      );
      const level = /Overall exposure level for geth\.service: ([\d.]+)/.exec(said)?.[1];
      assert.ok(level !== undefined && Number(level) < MOST_EXPOSURE, said);
    });

    it(`stops by SIGINT with time to write, and comes back (${machine.name})`, () => {
      const unit = gethUnit(machine);
      for (const line of [
        "KillSignal=SIGINT",
        "TimeoutStopSec=300",
        "Restart=always",
        "StartLimitIntervalSec=0",
      ]) {
        assert.ok(unit.split("\n").includes(line), line);
      }
    });

    it(`talks to its peer and to itself only (${machine.name})`, () => {
      const unit = gethUnit(machine);
      assert.match(unit, /^IPAddressDeny=any$/m);
      assert.match(unit, new RegExp(`^IPAddressAllow=localhost ${machine.peerAddress}$`, "m"));
      const options = gethOptions(machine);
      assert.ok(options.includes(`--netrestrict ${machine.peerAddress}/32`));
      assert.ok(options.includes("--nodiscover"));
      assert.ok(options.includes("--gcmode archive"));
    });
  }

  it("opens no RPC on the sealer, which is unlocked", () => {
    assert.deepEqual(
      gethOptions(NODE1).filter((option) => /--(http|ws|graphql|rpc|allow-insecure)/.test(option)),
      [],
    );
  });

  it("serves RPC on the validator's loopback only, under two names, with nothing that manages the node", () => {
    const options = gethOptions(NODE2);
    assert.ok(options.includes("--http --http.addr 127.0.0.1"));
    assert.ok(options.includes("--http.vhosts localhost,127.0.0.1"));
    assert.ok(options.includes("--http.api eth,net,web3,txpool,clique"));
    assert.ok(!options.some((option) => /--(mine|unlock|password)/.test(option)));
  });
});
