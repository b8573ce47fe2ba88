import assert from "node:assert/strict";
import { Sender } from "../../chain/sender";
import { EMBEDDED_CHAIN_ID, LAB_ACCOUNTS } from "../../common/lab";
import { type EmbeddedChain, startEmbeddedChain } from "../../scripts/embedded-chain";
import { clock, log, nodeAt } from "../chain/support";
import { until } from "../support/until";

interface Block {
  number: string;
  hash: string;
  timestamp: string;
  gasLimit: string;
}

describe("the embedded chain", () => {
  let chain: EmbeddedChain | undefined;
  const start = (options = {}) => startEmbeddedChain({ periodMs: 50, tailBlocks: 2, ...options });
  const block = (chain: EmbeddedChain, number: string) =>
    chain.rpc<Block | null>("eth_getBlockByNumber", number, false);

  async function sendOneWei(chain: EmbeddedChain): Promise<string> {
    const { privateKey } = LAB_ACCOUNTS.consumer;
    const sender = new Sender({
      node: nodeAt(chain.rpcUrl),
      privateKey,
      chainId: EMBEDDED_CHAIN_ID,
      clock,
      log,
    });
    const receipt = await sender.send({ to: LAB_ACCOUNTS.prosumer.address, data: "0x", value: 1n });
    return receipt.transactionHash;
  }

  afterEach(async () => {
    await chain?.kill();
    chain = undefined;
  });

  it("takes chain id, gas limit and accounts over from geth's genesis, and has no unlocked account", async () => {
    chain = await start();
    assert.equal(await chain.rpc("eth_chainId"), "0x343a");
    assert.equal((await block(chain, "0x0"))?.gasLimit, "0x1c9c380");
    assert.deepEqual(await chain.rpc("eth_accounts"), []);
    for (const { address } of Object.values(LAB_ACCOUNTS)) {
      assert.ok(BigInt(await chain.rpc<string>("eth_getBalance", address, "latest")) > 10n ** 18n, address);
    }
  });

  it("keeps chain time at the wall's", async () => {
    chain = await start({ sealing: "manual" });
    await chain.mine();
    const sealed = await block(chain, "latest");
    assert.ok(Math.abs(Number(sealed?.timestamp) - Date.now() / 1000) < 30);
  });

  it("is not taken along by a clock that is wrong for a moment, and follows one that has stayed where it is", async () => {
    const host = { offMs: 0, steadyMs: 0 };
    chain = await start({
      sealing: "manual",
      host: {
        nowMs: () => Date.now() + host.steadyMs + host.offMs,
        steadyMs: () => Date.now() + host.steadyMs,
      },
    });
    const mined = async () => {
      await chain!.mine();
      return Number((await block(chain!, "latest"))!.timestamp);
    };
    const before = await mined();
    for (const offMs of [3_600_000, -60_000, 0]) {
      host.offMs = offMs;
      const atS = await mined();
      assert.ok(
        atS > before && atS < before + 60,
        `${atS - before} s later by a clock that is ${offMs} ms off`,
      );
    }
    host.offMs = 3_600_000;
    await mined();
    host.steadyMs = 61_000;
    assert.ok((await mined()) >= before + 3_600);
  });

  it("refuses PUSH0, as London does", async () => {
    chain = await start();
    await assert.rejects(chain.rpc("eth_call", { data: "0x5f5ff3" }, "latest"), /eth_call/);
  });

  it("seals the blocks that confirmations need, then rests", async () => {
    chain = await start();
    await sendOneWei(chain);
    let head = await block(chain, "latest");
    let looksAlike = 0;
    // Alike in ten looks, over twenty of its periods.
    await until(
      "the chain rests",
      async () => {
        const now = await block(chain!, "latest");
        looksAlike = now?.hash === head?.hash ? looksAlike + 1 : 0;
        head = now;
        return looksAlike >= 10;
      },
      20_000,
      100,
    );
    assert.ok(Number(head?.number) >= 3);
  });

  it("names the port when it is taken", async () => {
    chain = await start();
    await assert.rejects(startEmbeddedChain({ port: chain.port }), {
      message: `port ${chain.port} is already in use`,
    });
  });
});
