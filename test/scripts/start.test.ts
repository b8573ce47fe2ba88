/** `npm start`, as one types it: all of it, on free ports, with data of its own. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OfferListView } from "../../common/api";
import type { Wire } from "../../common/wire";
import { compile } from "../../scripts/compile";
import { freePort } from "../../scripts/embedded-chain";
import { endsWithUs } from "../../scripts/ending";
import { copyArtifacts } from "../support/truffle";
import { until } from "../support/until";

const ROOT = join(__dirname, "..", "..");
const READY_WITHIN_MS = 180_000;

interface Start {
  npm: ChildProcess;
  output(): string;
  /** Resolves with the exit code when everything that wrote has ended. */
  ended: Promise<number | null>;
}

describe("npm start", function () {
  this.timeout(300_000);
  let ports: { PORT: string; EMBEDDED_PORT: string };
  let dataDir: string;
  let artifactsDir: string;
  const started: Start[] = [];

  before(async () => {
    await compile();
    ports = { PORT: String(await freePort()), EMBEDDED_PORT: String(await freePort()) };
    dataDir = mkdtempSync(join(tmpdir(), "nw-start-"));
    artifactsDir = copyArtifacts();
  });
  after(async () => {
    for (const { npm, ended } of started) {
      signalAll(npm, "SIGTERM");
      await ended;
    }
    for (const folder of [dataDir, artifactsDir]) rmSync(folder, { recursive: true, force: true });
  });

  function start(settings: Record<string, string> = {}): Start {
    // A group of its own, as a shell gives to what is typed into it.
    const npm = spawn("npm", ["start"], {
      cwd: ROOT,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      // One house: `street.test.ts` starts a street.
      env: {
        ...process.env,
        STREET_HOMES: "1",
        ...ports,
        DATA_DIR: dataDir,
        ARTIFACTS_DIR: artifactsDir,
        ...settings,
      },
    });
    let output = "";
    for (const stream of [npm.stdout, npm.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    const ended = once(npm, "close").then(([code]) => code as number | null);
    // It is in a group of its own: a test run that is ended in the middle would leave it.
    const forget = endsWithUs("npm start of a test", () => {
      signalAll(npm, "SIGTERM");
      return ended;
    });
    void ended.then(forget);
    const begun = { npm, output: () => output, ended };
    started.push(begun);
    return begun;
  }

  /** As a terminal does. */
  function signalAll({ pid }: ChildProcess, signal: NodeJS.Signals): void {
    try {
      process.kill(-pid!, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  const untilReady = ({ output, ended }: Start): Promise<unknown> =>
    Promise.race([
      until("it is ready", () => output().includes("Ready in "), READY_WITHIN_MS),
      ended.then((code) => assert.fail(`ended with ${code}:\n${output()}`)),
    ]);
  const isOver = (port: string): Promise<boolean> =>
    freePort(Number(port)).then(
      () => true,
      () => false,
    );
  const offers = async (): Promise<number> => {
    const response = await fetch(`http://localhost:${ports.PORT}/api/offers`);
    return ((await response.json()) as Wire<OfferListView>).offers.length;
  };

  it("makes everything there has to be, and says where it is", async () => {
    const run = start();
    await untilReady(run);
    for (const step of ["page built", "embedded chain", "contracts: migrated by Truffle"])
      assert.ok(run.output().includes(`✓ ${step}`), `${step}\n${run.output()}`);
    assert.match(run.output(), /✓ meter and offers: 1 commissioned, 3 offers listed/);
    assert.match(run.output(), new RegExp(`Ready in [\\d.]+ s: open http://localhost:${ports.PORT} `));
    const page = await fetch(`http://localhost:${ports.PORT}/`);
    assert.match(await page.text(), /<title>neighborwatt/);
    await until("three offers", async () => (await offers()) === 3);
  });

  for (const settings of [{}, { PORT: "3001" }] as Record<string, string>[])
    it(`is refused to a second one in the same folder${settings.PORT ? " with another port" : ""}, which says what runs where and leaves it alone`, async () => {
      const second = start(settings);
      assert.equal(await second.ended, 1);
      const { PORT, EMBEDDED_PORT } = ports;
      for (const word of [
        `${dataDir} is in use by \`npm start\``,
        `page http://localhost:${PORT}`,
        `chain http://127.0.0.1:${EMBEDDED_PORT}`,
        "Nothing was changed",
      ])
        assert.ok(second.output().includes(word), `${word}\n${second.output()}`);
      assert.equal(await offers(), 3);
    });

  it("names each port that is in use, and the setting that changes it, before anything is made", async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), "nw-start-"));
    const second = start({ DATA_DIR: elsewhere });
    assert.equal(await second.ended, 1);
    for (const [name, port] of Object.entries(ports))
      assert.match(second.output(), new RegExp(`Port ${port} is already in use.* set ${name} `));
    assert.ok(!second.output().includes("✓"), second.output());
    assert.equal(await offers(), 3);
    rmSync(elsewhere, { recursive: true });
  });

  it("is not reset while it runs", async () => {
    const { status, stderr } = spawnSync("npm", ["run", "--silent", "reset"], {
      cwd: ROOT,
      encoding: "utf8",
      env: { ...process.env, DATA_DIR: dataDir },
    });
    assert.equal(status, 1);
    assert.match(stderr, /is in use by `npm start`.*Nothing was changed\.\nEnd it with Ctrl-C/s);
    assert.equal(await offers(), 3);
  });

  it("ends whole by Ctrl-C", async () => {
    const [run] = started as [Start];
    signalAll(run.npm, "SIGINT");
    await run.ended;
    for (const port of Object.values(ports)) assert.ok(await isOver(port), `${port} is still held`);
  });

  // `kill -9` leaves the shell between npm and this program, so the program's parent stays the same.
  for (const signal of ["SIGTERM", "SIGKILL"] as const)
    it(`goes on where it stopped, and ends whole when npm alone gets ${signal}`, async () => {
      const run = start();
      await untilReady(run);
      for (const step of ["contracts: there already", "meter and offers: there already"])
        assert.ok(run.output().includes(`✓ ${step}`), `${step}\n${run.output()}`);
      run.npm.kill(signal);
      await run.ended;
      for (const port of Object.values(ports)) assert.ok(await isOver(port), `${port} is still held`);
    });

  it("refuses a setting that it does not know, and says what is allowed", async () => {
    const run = start({ NETWORK: "mainnet" });
    assert.equal(await run.ended, 1);
    assert.match(run.output(), /NETWORK.*embedded.*geth/s);
  });
});
