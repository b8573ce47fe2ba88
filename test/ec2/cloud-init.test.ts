import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { LAB_ACCOUNTS } from "../../common/lab";
import { cloudConfig, labAccounts, machineFiles, USER_DATA_LIMIT, userData } from "../../geth/ec2/cloud-init";
import { MACHINES, NODE1, NODE2 } from "../../geth/ec2/network";
import { checksumsNeeded, gethModule } from "../../geth/ec2/tools";
import { LAB_FUNDED, LAB_SEALERS } from "../../geth/lab";
import { need } from "../support/need";
import { temporaryFolder } from "./support";

describe("cloud-init of the EC2 machines", () => {
  for (const machine of MACHINES) {
    describe(machine.name, () => {
      let folder: string;
      let file: string;
      before(() => {
        folder = temporaryFolder();
        file = path.join(folder, "cloud-config.yaml");
        fs.writeFileSync(file, cloudConfig(machine));
      });
      after(() => fs.rmSync(folder, { recursive: true }));

      it("is valid by cloud-init's own schema", function () {
        this.timeout(60_000);
        need(this, "cloud-init");
        const { status, stdout, stderr } = spawnSync("cloud-init", ["schema", "--config-file", file], {
          encoding: "utf8",
        });
        assert.equal(status, 0, stdout + stderr);
        assert.match(stdout + stderr, /Valid/);
      });

      it("brings every file byte by byte through YAML", function () {
        this.timeout(60_000);
        // python3-yaml comes with cloud-init, and is what cloud-init itself reads with.
        need(this, "cloud-init");
        const json = execFileSync(
          "/usr/bin/python3",
          ["-c", "import sys, json, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))", file],
          { encoding: "utf8" },
        );
        const { write_files: written } = JSON.parse(json) as {
          write_files: { path: string; permissions: string; content: string }[];
        };
        const told = written.map(({ permissions, ...rest }) => ({ ...rest, mode: permissions }));
        assert.deepEqual(told, machineFiles(machine));
      });

      it("fits into EC2's user data, compressed", () => {
        const packed = Buffer.from(userData(machine), "base64");
        assert.ok(packed.length <= USER_DATA_LIMIT, `${packed.length} bytes`);
        assert.equal(gunzipSync(packed).toString(), cloudConfig(machine));
      });

      it("holds no private key", () => {
        const text = cloudConfig(machine).toLowerCase();
        for (const { privateKey } of [...Object.values(LAB_ACCOUNTS), ...LAB_SEALERS]) {
          assert.ok(!text.includes(privateKey.slice(2)));
        }
        assert.ok(!text.includes("private key-----"));
      });
    });
  }

  it("gives the genesis, and the account that fetches it, to node 1 alone", () => {
    const paths = (machine: typeof NODE1) => machineFiles(machine).map((file) => path.basename(file.path));
    assert.ok(paths(NODE1).includes("genesis") && paths(NODE1).includes("authorise"));
    assert.ok(!paths(NODE2).includes("genesis") && paths(NODE2).includes("join"));
    assert.match(cloudConfig(NODE1), /- name: genesis/);
    assert.doesNotMatch(cloudConfig(NODE2), /- name: genesis/);
  });

  it("lists every lab account once, for the refusal", () => {
    const listed = labAccounts().trimEnd().split("\n");
    const known = [...Object.values(LAB_ACCOUNTS), ...LAB_SEALERS].map(({ address }) => address);
    const expected = new Set([...known, ...LAB_FUNDED].map((address) => address.slice(2).toLowerCase()));
    assert.deepEqual(new Set(listed), expected);
    assert.equal(listed.length, expected.size);
  });

  it("keeps of go.sum the lines of the required versions, and both of each", () => {
    const goMod = "module m\n\ngo 1.19\n\nrequire a.b/c v1.0.0\n\nrequire (\n\td.e/f v2.0.0 // indirect\n)\n";
    const line = (what: string) => `${what} h1:0=\n`;
    const wanted = ["a.b/c v1.0.0", "a.b/c v1.0.0/go.mod", "d.e/f v2.0.0/go.mod"].map(line).join("");
    const others = ["a.b/c v0.9.0/go.mod", "d.e/g v2.0.0", "a.b/c v1.0.0-rc1"].map(line).join("");
    assert.equal(checksumsNeeded(goMod, others + wanted), wanted);
    const full = gethModule()["go.sum"];
    assert.match(full, /^github\.com\/ethereum\/go-ethereum v1\.10\.26 h1:/m);
    assert.match(full, /^github\.com\/ethereum\/go-ethereum v1\.10\.26\/go\.mod h1:/m);
  });

  it("has checksums enough for Go, which refuses to go on without", function () {
    this.timeout(180_000);
    need(this, "go");
    const folder = temporaryFolder();
    try {
      for (const [name, content] of Object.entries(gethModule()))
        fs.writeFileSync(path.join(folder, name), content);
      const packages = ["geth", "puppeth"].map((name) => `github.com/ethereum/go-ethereum/cmd/${name}`);
      // Resolves every package of both programs, standard library included, under -mod=readonly; compiles nothing.
      const listed = execFileSync("go", ["list", "-mod=readonly", "-deps", ...packages], {
        cwd: folder,
        encoding: "utf8",
        env: { ...process.env, GOFLAGS: "" },
        maxBuffer: 1 << 24,
      });
      assert.ok(listed.includes("github.com/ethereum/go-ethereum/consensus/clique"));
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});
