/** One purchase is one record, whatever the wallet does to its transaction: on a real chain, with the wallet's stand-in. */
import assert from "node:assert/strict";
import { privateKeyToAddress } from "web3-eth-accounts";
import { createStore, type Store } from "../../public/store";
import { checkTransactions, findSealed, MISSING_AFTER_MS } from "../../public/transaction-check";
import type { TransactionRecord } from "../../public/transactions";
import { type Provider, rpcProvider } from "../../public/wallet/provider";
import { type EmbeddedChain, startEmbeddedChain } from "../../scripts/embedded-chain";
import { WalletNetwork } from "../support/metamask-network";
import { readyState, record, snapshot } from "./fixtures";

const KEY = `0x${"5a".repeat(32)}`;
const FROM = privateKeyToAddress(KEY);
const TO = `0x${"11".repeat(20)}`;
const LONG_AFTER = record.sentAtMs + MISSING_AFTER_MS + 1;

describe("A transaction that the wallet has replaced", function () {
  this.timeout(60_000);
  let chain: EmbeddedChain;
  let network: WalletNetwork;
  let node: Provider;
  let store: Store;

  const send = async (): Promise<TransactionRecord> => {
    const call = { to: TO, data: "0x", value: "0x5" };
    const hash = await network.send({ from: FROM.toLowerCase(), ...call });
    return { ...record, hash, account: FROM, call };
  };
  const check = async (nowMs = record.sentAtMs): Promise<TransactionRecord[]> => {
    const block = Number(await chain.rpc("eth_blockNumber"));
    store.dispatch({ type: "chain", chain: { ...snapshot.chain, head: { block, atMs: 0, sealer: null } } });
    await checkTransactions(store, node, nowMs);
    return store.state.transactions;
  };

  beforeEach(async () => {
    chain = await startEmbeddedChain({ sealing: "manual" });
    await chain.rpc("anvil_setBalance", FROM, "0x8ac7230489e80000");
    node = rpcProvider(chain.rpcUrl);
    network = new WalletNetwork(
      "0x343a",
      chain.rpcUrl,
      () => KEY,
      () => 0n,
    );
    await chain.mine(5);
    store = createStore({ ...readyState, transactions: [await send()] });
    assert.equal((await check())[0]?.nonce, 0);
  });
  afterEach(() => chain.kill());

  it("by speeding it up is the same purchase under another hash, and waits meanwhile, however long", async () => {
    const replacement = await network.speedUp(store.state.transactions[0]?.hash ?? "");
    assert.deepEqual(
      (await check(LONG_AFTER)).map(({ status }) => status),
      ["pending"],
    );
    await chain.mine(3);
    const sealed = await check(LONG_AFTER);
    assert.deepEqual(
      sealed.map(({ hash, status, block, isConfirmed }) => ({ hash, status, block, isConfirmed })),
      [{ hash: replacement, status: "sealed", block: 6, isConfirmed: true }],
    );
  });

  it("by cancelling it is cancelled, and no card says that it is lost", async () => {
    const { hash } = store.state.transactions[0] as TransactionRecord;
    await network.cancel(hash);
    assert.equal((await check(LONG_AFTER))[0]?.status, "pending");
    await chain.mine();
    const [cancelled] = await check(LONG_AFTER);
    assert.deepEqual(
      [cancelled?.status, cancelled?.hash, cancelled?.isConfirmed],
      ["cancelled", hash, false],
    );
    await chain.mine();
    assert.equal((await check(LONG_AFTER))[0]?.isConfirmed, true);
  });

  it("by something else says so", async () => {
    const { hash } = store.state.transactions[0] as TransactionRecord;
    const other = new WalletNetwork(
      "0x343a",
      chain.rpcUrl,
      () => KEY,
      () => 0n,
    );
    await chain.rpc("anvil_dropTransaction", hash);
    await other.send({ from: FROM.toLowerCase(), to: TO, value: "0x7" });
    await chain.mine(2);
    assert.equal((await check(LONG_AFTER))[0]?.status, "replaced");
  });

  it("and that a node has lost is missing, until a node brings it back", async () => {
    const { hash } = store.state.transactions[0] as TransactionRecord;
    await chain.rpc("anvil_dropTransaction", hash);
    assert.equal((await check())[0]?.status, "pending");
    assert.equal((await check(LONG_AFTER))[0]?.status, "missing");
    network.clearActivity();
    assert.equal(await network.send({ from: FROM.toLowerCase(), to: TO, value: "0x5" }), hash);
    await chain.mine();
    assert.equal((await check(LONG_AFTER))[0]?.status, "sealed");
  });

  it("is found in the blocks wherever it is, with and without counts of old blocks", async () => {
    await chain.mine(40);
    await send();
    await chain.mine(20);
    const without: Provider = {
      request: (call) =>
        call.method === "eth_getTransactionCount" ? Promise.reject(new Error("pruned")) : node.request(call),
    };
    for (const provider of [node, without])
      for (const [nonce, block] of [
        [0, 6],
        [1, 46],
      ] as const) {
        const found = await findSealed(provider, FROM, nonce);
        assert.deepEqual([Number(found?.nonce), Number(found?.blockNumber)], [nonce, block]);
      }
    assert.equal(await findSealed(node, FROM, 2), null);
  });
});
