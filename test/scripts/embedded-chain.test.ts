import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Web3 } from "web3";
import { LAB_ACCOUNTS } from "../../common/lab";
import { type EmbeddedChain, startEmbeddedChain } from "../../scripts/embedded-chain";

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
    const web3 = new Web3(chain.rpcUrl);
    web3.eth.transactionPollingInterval = 20;
    const { address, privateKey } = LAB_ACCOUNTS.consumer;
    web3.eth.accounts.wallet.add(privateKey);
    const receipt = await web3.eth.sendTransaction({
      from: address,
      to: LAB_ACCOUNTS.prosumer.address,
      value: 1,
    });
    return String(receipt.transactionHash);
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
    for (let still = 0; still < 10; ) {
      await sleep(100);
      const now = await block(chain, "latest");
      still = now?.hash === head?.hash ? still + 1 : 0;
      head = now;
    }
    assert.ok(Number(head?.number) >= 3);
  });

  it("names the port when it is taken", async () => {
    chain = await start();
    await assert.rejects(startEmbeddedChain({ port: chain.port }), {
      message: `port ${chain.port} is already in use`,
    });
  });
});
