import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { spawn as spawnInTerminal } from "@lydell/node-pty";
import { compile } from "../../scripts/compile";
import { needGeth, TestNetwork } from "../support/geth";
import { copyArtifacts, TRUFFLE, truffle } from "../support/truffle";

const ROOT = join(__dirname, "../..");

describe("Truffle on the two-node network", function () {
  this.timeout(300_000);
  let net: TestNetwork;
  let artifacts: string;
  const environment = () => ({ ...process.env, RPC_URL: net.rpcUrl, ARTIFACTS_DIR: artifacts });

  before(async function () {
    await needGeth(this);
    await compile();
    artifacts = copyArtifacts();
    net = await TestNetwork.start();
  });
  after(async () => {
    await net?.stop();
    if (artifacts) rmSync(artifacts, { recursive: true, force: true });
  });

  const addressOf = (name: string): string =>
    JSON.parse(readFileSync(join(artifacts, `${name}.json`), "utf8")).networks["13371"].address;

  it("migrates: both nodes have the contracts' code", async () => {
    const { code, output } = await truffle(["migrate", "--network", "geth"], environment());
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
});
