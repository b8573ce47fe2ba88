import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHAIN_FILES, startEmbeddedChain } from "../../scripts/embedded-chain";
import { lockFolder } from "../../scripts/folder-lock";
import { openDatabase } from "../../server/store/database";

const ROOT = join(__dirname, "..", "..");

describe("npm run reset", function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "neighborwatt-reset-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const reset = (network = "embedded", settings: Record<string, string> = {}) =>
    spawnSync(process.execPath, ["--require", "tsx/cjs", "scripts/reset.ts"], {
      cwd: ROOT,
      encoding: "utf8",
      env: { ...process.env, DATA_DIR: folder, NETWORK: network, ...settings },
    });
  const files = () => readdirSync(folder).filter((name) => !/^(running|lock)\.sqlite/.test(name));

  it("forgets a kept chain, and nothing that is not its own", async () => {
    const lock = lockFolder(folder, { program: "test" });
    const chain = await startEmbeddedChain({ keptIn: lock, sealing: "manual" });
    await chain.mine();
    await chain.stop();
    lock.release();
    writeFileSync(join(folder, "thesis.txt"), "mine");
    assert.ok(files().includes(CHAIN_FILES.log));
    const { status, stdout } = reset();
    assert.equal(status, 0);
    assert.match(stdout, /Forgotten: the chain/);
    assert.deepEqual(files(), ["thesis.txt"]);
  });

  it("changes nothing while a chain is kept there, or a server works there", async () => {
    const lock = lockFolder(folder, { program: "npm start", page: "http://localhost:3000" });
    writeFileSync(join(folder, "meter-key.json"), "{}");
    const refused = reset();
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /in use by `npm start` \(process \d+, page http:\/\/localhost:3000\)/);
    lock.release();

    const server = openDatabase(folder);
    const again = reset();
    assert.equal(again.status, 1);
    assert.match(again.stderr, /A server is running in .*Nothing was changed/);
    server.close();
    assert.ok(files().includes("meter-key.json"));
    assert.equal(reset().status, 0);
  });

  it("forgets the key of every meter, of a longer street and of HOMES too, and no other file", () => {
    const homes = [{ name: "A", meters: [{ role: "delivering", kind: "simulated", keyFile: "roof.json" }] }];
    writeFileSync(join(folder, "mine.json"), JSON.stringify(homes));
    for (const file of [
      "meter-key.json",
      "meter-key-200.json",
      "roof.json",
      "homes.json",
      "meter-key-mine.json",
    ])
      writeFileSync(join(folder, file), "{}");
    const { status, stdout } = reset("embedded", { HOMES: join(folder, "mine.json") });
    assert.equal(status, 0);
    assert.match(stdout, /the meters' keys/);
    assert.deepEqual(files(), ["meter-key-mine.json", "mine.json"]);
  });

  it("is not kept from its work by a process id of old, and ends nobody by it", async () => {
    const stranger = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    try {
      await once(stranger, "spawn");
      writeFileSync(join(folder, "chain.pid"), String(stranger.pid));
      writeFileSync(join(folder, "chain.json"), "{}");
      assert.equal(reset().status, 0);
      assert.deepEqual(files(), []);
      assert.equal(stranger.exitCode ?? stranger.signalCode, null);
    } finally {
      stranger.kill("SIGKILL");
    }
  });

  it("is for the embedded chain only", () => {
    const { status, stderr } = reset("geth");
    assert.equal(status, 1);
    assert.match(stderr, /npm run geth -- wipe/);
  });
});
