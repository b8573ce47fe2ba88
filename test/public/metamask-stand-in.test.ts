/** The stand-in for MetaMask does what the released extension was seen to do; a kinder one hides faults. */
import assert from "node:assert/strict";
import { privateKeyToAddress } from "web3-eth-accounts";
import { type EmbeddedChain, startEmbeddedChain } from "../../scripts/embedded-chain";
import { WalletNetwork } from "../support/metamask-network";

const KEY = `0x${"5a".repeat(32)}`;
const FROM = privateKeyToAddress(KEY).toLowerCase();
const TO = `0x${"11".repeat(20)}`;

describe("The stand-in for MetaMask", function () {
  this.timeout(60_000);
  let chain: EmbeddedChain;
  let behind = 0n;
  let network: WalletNetwork;
  const start = async (port?: number) => {
    chain = await startEmbeddedChain({ sealing: "manual", ...(port && { port }) });
    await chain.rpc("anvil_setBalance", FROM, "0x8ac7230489e80000");
  };
  const count = async () => Number(await chain.rpc("eth_getTransactionCount", FROM, "latest"));

  beforeEach(async () => {
    behind = 0n;
    await start();
    network = new WalletNetwork(
      "0x343a",
      chain.rpcUrl,
      () => KEY,
      () => behind,
    );
  });
  afterEach(() => chain.kill());

  it("stands some blocks behind the node", async () => {
    await chain.mine(5);
    behind = 3n;
    assert.equal(await network.request("eth_blockNumber", []), "0x2");
    await chain.rpc("anvil_setBalance", TO, "0x7");
    await chain.mine(1);
    assert.equal(await network.request("eth_getBalance", [TO, "latest"]), "0x0");
    await chain.mine(3);
    assert.equal(await network.request("eth_getBalance", [TO, "latest"]), "0x7");
  });

  it("keeps the old chain's height after a reset, until the browser starts again", async () => {
    await chain.mine(9);
    await network.request("eth_getBalance", [FROM, "latest"]);
    const { port } = chain;
    await chain.kill();
    await start(port);
    const read = () => network.request("eth_getBalance", [FROM, "latest"]);
    await assert.rejects(read, (error: { code: number; message: string; data: { message: string } }) => {
      assert.deepEqual([error.code, error.message], [-32603, "Internal JSON-RPC error."]);
      assert.match(error.data.message, /BlockOutOfRange/);
      return true;
    });
    network.clearActivity();
    await assert.rejects(read);
    network.restart();
    assert.equal(await read(), "0x8ac7230489e80000");
  });

  it("hands over a number above the account's count without a word; it runs when the count is there", async () => {
    const send = () => network.send({ from: FROM, to: TO, value: "0x1" });
    await send();
    await chain.mine();
    const { port } = chain;
    await chain.kill();
    await start(port);
    network.restart();
    await send();
    await chain.mine(2);
    assert.equal(await count(), 0);
    const other = new WalletNetwork(
      "0x343a",
      chain.rpcUrl,
      () => KEY,
      () => 0n,
    );
    await other.send({ from: FROM, to: TO, value: "0x2" });
    await chain.mine(2);
    assert.equal(await count(), 2);
    assert.equal(await chain.rpc("eth_getBalance", TO, "latest"), "0x3");
  });

  it("speeds up and cancels under the same number", async () => {
    for (const [replace, given] of [
      ["speedUp", "0x1"],
      ["cancel", "0x0"],
    ] as const) {
      const hash = await network.send({ from: FROM, to: TO, value: "0x1" });
      const replacement = await network[replace](hash);
      await chain.mine();
      assert.equal(await chain.rpc("eth_getTransactionReceipt", hash), null);
      const sealed = await chain.rpc<{ value: string }>("eth_getTransactionByHash", replacement);
      assert.equal(sealed.value, given);
    }
    assert.equal(await count(), 2);
  });
});
