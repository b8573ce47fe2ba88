import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readContracts } from "../../chain/artifacts";
import { EMBEDDED_CHAIN_ID, LAB_ACCOUNTS } from "../../common/lab";
import { migrate } from "../../scripts/deploy";
import { type EmbeddedChain, startEmbeddedChain } from "../../scripts/embedded-chain";
import { labChain } from "../../scripts/lab-chain";
import { Store } from "../../server/store";

const ROOT = join(__dirname, "..", "..");
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

describe("npm run meter -- consent", function () {
  this.timeout(240_000);
  let folder: string;
  let chain: EmbeddedChain;
  let env: Record<string, string>;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "neighborwatt-consent-"));
    const artifacts = join(folder, "contracts");
    cpSync(join(ROOT, "build", "contracts"), artifacts, { recursive: true });
    chain = await startEmbeddedChain({ sealing: "instant" });
    env = {
      NETWORK: "embedded",
      EMBEDDED_PORT: String(chain.port),
      ARTIFACTS_DIR: artifacts,
      DATA_DIR: join(folder, "data"),
    };
    await migrate("embedded", { ...env, RPC_URL: chain.rpcUrl });
  });
  after(async () => {
    await chain?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Not `spawnSync`: the chain's guard answers in this process. */
  const run = (...args: string[]) =>
    new Promise<{ status: number; stdout: string; stderr: string }>((resolve) => {
      const program = ["scripts/bootstrap.mjs", "scripts/meter.ts", "consent", ...args];
      const options = { cwd: ROOT, env: { ...process.env, ...env, RPC_URL: chain.rpcUrl } };
      execFile(process.execPath, program, options, (error, stdout, stderr) =>
        resolve({ status: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });
  const prosumer = LAB_ACCOUNTS.prosumer.address;

  it("prints what the operator passes to the contract, above the register that the journal has", async () => {
    const first = await run("--prosumer", prosumer);
    assert.equal(first.status, 0, first.stderr);
    const meter = /meter {5}(0x\w{40})/.exec(first.stdout)![1]!;
    assert.match(first.stdout, /baseline {2}0 mWh/);
    const store = Store.open(env.DATA_DIR!, quiet);
    store.commit(() =>
      store.journal.saveRegister(meter, { registerMilliWh: 776n, registerRestMicroJoule: 5n }, 1),
    );

    // A server may have the journal open meanwhile.
    const { stdout, stderr, status } = await run("--prosumer", prosumer);
    await store.stop();
    assert.equal(status, 0, stderr);
    const [, r, vs] = /\{ r: "(0x\w{64})", vs: "(0x\w{64})" \}/.exec(stdout)!;
    assert.match(stdout, new RegExp(`commission\\("${meter}", "${prosumer}", "777", `));
    const { trade, from } = await labChain(
      chain.rpcUrl,
      readContracts(env.ARTIFACTS_DIR!, EMBEDDED_CHAIN_ID)!,
    );
    await trade.methods.commission(meter, prosumer, 777n, { r: r!, vs: vs! }).send(from("operator"));
    const known = await trade.methods.meterOf(meter).call();
    assert.deepEqual(
      [known.prosumer, known.soldMilliWh, known.registerMilliWh, known.status],
      [prosumer, 777n, 777n, 1n],
    );

    const again = await run("--prosumer", prosumer);
    assert.equal(again.status, 1);
    assert.match(again.stderr, /was commissioned before, and a key never comes back/);
  });

  it("is of the home that is named, where there are several", async () => {
    const homes = ["roof", "yard"].map((name) => ({
      name,
      meters: [{ role: "delivering", kind: "simulated", keyFile: `${name}.json` }],
    }));
    const HOMES = join(folder, "homes.json");
    writeFileSync(HOMES, JSON.stringify(homes));
    env.HOMES = HOMES;
    try {
      const none = await run("--prosumer", prosumer);
      assert.equal(none.status, 1);
      assert.match(none.stderr, /--home is missing: the homes are "roof", "yard"\./);
      const yard = await run("--prosumer", prosumer, "--home", "Yard");
      assert.equal(yard.status, 0, yard.stderr);
      assert.deepEqual(
        ["roof", "yard"].map((name) => existsSync(join(env.DATA_DIR!, `${name}.json`))),
        [false, true],
      );
    } finally {
      delete env.HOMES;
    }
  });

  for (const [args, problem] of [
    [[], /--prosumer must be an address/],
    [["--prosumer", "0x12"], /--prosumer must be an address/],
    [["--prosumer", prosumer, "--baseline", "-1"], /baseline/],
    [["--prosumer", prosumer, "--baseline", "1.5"], /whole number of milliwatt-hours/],
    [["--prosumer", prosumer, "--baseline", String(2n ** 40n)], /0 to 1099511627775/],
    [["--prosumers", prosumer], /Unknown option '--prosumers'/],
  ] as [string[], RegExp][])
    it(`refuses ${args.join(" ") || "nothing"}`, async () => {
      const { status, stderr, stdout } = await run(...args);
      assert.equal(status, 1);
      assert.match(stderr, problem);
      assert.match(stderr, /usage: npm run meter -- consent/);
      assert.equal(stdout, "");
    });
});
