import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { EC2, temporaryFolder } from "./support";

const ROOT = path.join(__dirname, "../..");

describe("npm run synth", () => {
  let folder: string;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  /** In a copy of geth/ec2 without packages, with an npm of its own. */
  function synth(npm: string) {
    const ec2 = path.join(folder, "geth", "ec2");
    fs.cpSync(EC2, ec2, { recursive: true, filter: (file) => !file.includes("node_modules") });
    for (const name of ["common", "chain", "node_modules", "tsconfig.json", "package.json"])
      fs.symlinkSync(path.join(ROOT, name), path.join(folder, name));
    for (const name of fs.readdirSync(path.join(ROOT, "geth")))
      if (name !== "ec2") fs.symlinkSync(path.join(ROOT, "geth", name), path.join(folder, "geth", name));
    const bin = path.join(folder, "bin");
    fs.mkdirSync(bin);
    fs.writeFileSync(path.join(bin, "npm"), `#!/bin/sh\n${npm}\n`, { mode: 0o755 });
    const program = ["--require", "tsx/cjs", "geth/ec2/synth.ts", "--out", path.join(folder, "out")];
    return spawnSync(process.execPath, program, {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
    });
  }

  it("installs the packages it needs by itself, and says what to do where that fails", () => {
    const { status, stdout, stderr } = synth('echo "$PWD: $*" >&2; exit 1');
    assert.equal(status, 1);
    assert.match(stdout, /^Installing the packages of geth\/ec2 \(once\)/);
    assert.match(stderr, /geth\/ec2: ci /, "in its own folder, by the lock file");
    assert.match(stderr, /npm ci in geth\/ec2 failed, see above\. Check the connection to the npm registry/);
    assert.doesNotMatch(stderr, /\n {4}at /, "and no stack");
    assert.equal(fs.existsSync(path.join(folder, "out")), false);
  });
});
