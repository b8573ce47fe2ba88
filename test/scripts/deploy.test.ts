import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeParameters } from "web3-eth-abi";
import { readContracts } from "../../chain/artifacts";
import { EMBEDDED_CHAIN_ID, LAB_ACCOUNTS } from "../../common/lab";
import { migrate, migrateIfNeeded } from "../../scripts/deploy";
import { type EmbeddedChain, startEmbeddedChain } from "../../scripts/embedded-chain";
import { isDeployed, labChain } from "../../scripts/lab-chain";

const ROOT = join(__dirname, "..", "..");

describe("the contracts on a kept chain", function () {
  this.timeout(600_000);
  let chain: EmbeddedChain;
  let artifactsDir: string;
  before(async () => {
    chain = await startEmbeddedChain({ sealing: "instant" });
    artifactsDir = mkdtempSync(join(tmpdir(), "neighborwatt-deploy-"));
    cpSync(join(ROOT, "build", "contracts"), artifactsDir, { recursive: true });
  });
  after(async () => {
    await chain.kill();
    rmSync(artifactsDir, { recursive: true });
  });

  const start = () => migrateIfNeeded("embedded", EMBEDDED_CHAIN_ID, chain.rpcUrl, artifactsDir);
  const deployment = () => readContracts(artifactsDir, EMBEDDED_CHAIN_ID)!;
  /** Changes what the artifact of EnergyTrade says. */
  const rewrite = (change: (artifact: Record<string, unknown>) => void) => {
    const file = join(artifactsDir, "EnergyTrade.json");
    const artifact = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    change(artifact);
    writeFileSync(file, JSON.stringify(artifact));
  };

  it("are deployed once, and found again at the next start", async () => {
    assert.equal(await start(), true);
    const first = deployment();
    const { trade } = await labChain(chain.rpcUrl, first);
    assert.equal(
      String(await trade.methods.GRACE_PERIOD().call()),
      "600",
      "a lab's chain: a lesson sees its end",
    );
    assert.equal(await start(), false);
    assert.deepEqual(deployment(), first);
  });

  it("are replaced at the next start when they are of older code, and the token that is not stays", async () => {
    const before = deployment();
    // What an older version left: a shop of other code at the address that the artifact names.
    const { send, from } = await labChain(chain.rpcUrl, before);
    const { bytecode } = JSON.parse(readFileSync(join(artifactsDir, "TradeHarness.json"), "utf8")) as {
      bytecode: string;
    };
    const values = encodeParameters(["address", "uint64"], [before.token, 600]);
    const { contractAddress } = await send(
      { data: `0x${bytecode.slice(2)}${values.slice(2)}` },
      from("operator"),
    );
    const older = contractAddress!;
    rewrite(({ networks }) => {
      (networks as Record<string, { address: string }>)[EMBEDDED_CHAIN_ID]!.address = older;
    });
    assert.equal(await isDeployed(chain.rpcUrl, deployment(), artifactsDir), false);
    assert.equal(await start(), true);
    const after = deployment();
    assert.equal(after.token, before.token);
    assert.notEqual(after.trade.toLowerCase(), older.toLowerCase());
    assert.ok(await isDeployed(chain.rpcUrl, after, artifactsDir));
    const { trade } = await labChain(chain.rpcUrl, after);
    const role = await trade.methods.OPERATOR_ROLE().call();
    assert.ok(await trade.methods.hasRole(role, LAB_ACCOUNTS.operator.address).call());
    assert.equal(await start(), false);
  });

  it("are deployed anew for another grace, and a grace that the contract would refuse is named", async () => {
    const before = deployment();
    const env = { ARTIFACTS_DIR: artifactsDir, EMBEDDED_PORT: String(chain.port) };
    await migrate("embedded", { ...env, GRACE_PERIOD_S: "120" });
    const after = deployment();
    assert.notEqual(after.trade, before.trade);
    assert.equal(after.token, before.token);
    const { trade } = await labChain(chain.rpcUrl, after);
    assert.equal(String(await trade.methods.GRACE_PERIOD().call()), "120");
    await assert.rejects(
      migrate("embedded", { ...env, GRACE_PERIOD_S: "59" }),
      /GRACE_PERIOD_S=59 cannot be used: 60 to 2592000 seconds/,
    );
    assert.deepEqual(deployment(), after);
  });
});
