import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawn as spawnInTerminal } from "@lydell/node-pty";
import { compile } from "../../scripts/compile";
import { needGeth, TestNetwork } from "../support/geth";

const ROOT = join(__dirname, "../..");
const TRUFFLE = join(ROOT, "node_modules", ".bin", "truffle");

describe("Truffle on the two-node network", function () {
  this.timeout(300_000);
  let net: TestNetwork;
  let artifacts: string;
  const environment = () => ({ ...process.env, RPC_URL: net.rpcUrl, ARTIFACTS_DIR: artifacts });

  before(async function () {
    await needGeth(this);
    await compile();
    artifacts = mkdtempSync(join(tmpdir(), "nw-artifacts-"));
    cpSync(join(ROOT, "build", "contracts"), artifacts, { recursive: true });
    net = await TestNetwork.start();
  });
  after(async () => {
    await net?.stop();
    if (artifacts) rmSync(artifacts, { recursive: true, force: true });
  });

  function truffle(...args: string[]): Promise<{ code: number | null; output: string }> {
    return new Promise((resolve, reject) => {
      const child = spawn(TRUFFLE, args, {
        cwd: ROOT,
        env: environment(),
        stdio: ["ignore", "pipe", "pipe"],
      });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk: Buffer) => {
          output += chunk.toString();
        });
      }
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, output }));
    });
  }

  const addressOf = (name: string): string =>
    JSON.parse(readFileSync(join(artifacts, `${name}.json`), "utf8")).networks["13371"].address;

  it("migrates: both nodes have the contracts' code", async () => {
    const { code, output } = await truffle("migrate", "--network", "geth");
    assert.equal(code, 0, output);
    await net.untilSameHead([1, 2]);
    for (const name of ["EnergyToken", "EnergyTrade"]) {
      const [first, second] = await Promise.all(
        [1, 2].map((node) => net.ask<string>(node, "eth_getCode", addressOf(name), "latest")),
      );
      assert(first!.length > 1000, name);
      assert.equal(second, first);
    }
  });

  it("opens a console on it, with the contracts at hand", async () => {
    const terminal = spawnInTerminal(TRUFFLE, ["console", "--network", "geth"], {
      cwd: ROOT,
      env: environment() as Record<string, string>,
      cols: 200,
    });
    let seen = "";
    const saw = (what: RegExp) =>
      new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`the console never showed ${what}:\n${seen}`)),
          120_000,
        );
        const look = () => {
          if (!what.test(seen)) return;
          clearTimeout(timer);
          resolve();
        };
        terminal.onData(look);
        look();
      });
    terminal.onData((text) => {
      seen += text;
    });
    const ended = new Promise<void>((resolve) => terminal.onExit(() => resolve()));
    try {
      await saw(/truffle\(geth\)> /);
      terminal.write("(await EnergyTrade.deployed()).address + ' on ' + (await web3.eth.getChainId())\r");
      await saw(new RegExp(`${addressOf("EnergyTrade")} on 13371`));
      terminal.write(".exit\r");
      await ended;
    } finally {
      terminal.kill("SIGKILL");
    }
  });

  // All of them pass here too, by `npx truffle test --network geth`: at two seconds a transaction, for many minutes.
  it("passes contract tests on real blocks", async () => {
    const purchases = ["test/contracts/offers.test.ts", "--grep", "in escrow and opens a trade"];
    const { code, output } = await truffle("test", ...purchases, "--network", "geth");
    assert.equal(code, 0, output);
    assert.match(output, /[1-9]\d* passing/);
  });
});
