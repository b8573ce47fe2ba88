import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { readContracts } from "../../chain/artifacts";
import { GETH_CHAIN_ID } from "../../common/lab";
import { compile } from "../../scripts/compile";
import { needGeth, TestNetwork } from "../support/geth";
import { copyArtifacts, truffle } from "../support/truffle";
import { TruffleConsole } from "../support/truffle-console";

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

  it("migrates: both nodes have the contracts' code", async () => {
    const { code, output } = await truffle(["migrate", "--network", "geth"], environment());
    assert.equal(code, 0, output);
    await net.untilSameHead([1, 2]);
    const contracts = readContracts(artifacts, GETH_CHAIN_ID);
    assert(contracts);
    for (const address of Object.values(contracts)) {
      const [first, second] = await Promise.all(
        [1, 2].map((node) => net.ask<string>(node, "eth_getCode", address, "latest")),
      );
      assert(first!.length > 1000, address);
      assert.equal(second, first);
    }
  });

  it("opens a console on it, with the contracts at hand, and names what they refuse", async () => {
    const there = await TruffleConsole.start(["console", "--network", "geth"], environment());
    try {
      assert.equal(
        await there.type("(await EnergyTrade.deployed()).address + ' on ' + (await web3.eth.getChainId())"),
        `'${readContracts(artifacts, GETH_CHAIN_ID)?.trade} on 13371'`,
      );
      await there.type("const trade = await EnergyTrade.deployed()");
      const call = "await trade.purchase(99, 5, 1000, { from: accounts[2] })";
      assert.equal(await there.type(call), "Uncaught Refused: OfferNotOpen(offerId: 99)");
    } finally {
      await there.exit();
    }
  });
});
