import assert from "node:assert/strict";
import { compareWalletChain } from "../../public/chain-reader";
import { send } from "../../public/market/send";
import { createStore } from "../../public/store";
import { failure, type Provider } from "../../public/wallet/provider";
import { findNonceAhead, seesSameChain } from "../../public/wallet/wallet-chain";
import { config, memoryStorage, readyState, record, scripted, TOKEN, TX_HASH } from "./fixtures";

/** A node of a chain: block 1 tells it from others that have the same genesis file. */
const nodeOf = (head: number, first: string, genesis = "0x00") =>
  scripted({
    eth_blockNumber: () => `0x${head.toString(16)}`,
    eth_getBlockByNumber: ([number]) => {
      if (Number(number) > head) return null;
      return { hash: Number(number) === 0 ? genesis : Number(number) === 1 ? first : `${first}${number}` };
    },
  });

describe("Whether the wallet sees the page's chain", () => {
  const rows: [situation: string, wallet: Provider, isSame: boolean][] = [
    ["stands where the page stands", nodeOf(30, "0xa1"), true],
    ["stands far behind, as MetaMask between two looks", nodeOf(9, "0xa1"), true],
    ["is a block or two ahead, by another node of the network", nodeOf(32, "0xa1"), true],
    ["keeps the block number of the chain before", nodeOf(90, "0xa1"), false],
    ["has another chain of the same genesis", nodeOf(20, "0xb1"), false],
    ["has another chain of the same id", nodeOf(20, "0xa1", "0x99"), false],
    ["is on a chain of another id's length", nodeOf(0, "0xa1", "0x99"), false],
    [
      "has no such block to show",
      scripted({ eth_blockNumber: () => "0x1e", eth_getBlockByNumber: () => null }),
      true,
    ],
  ];
  for (const [situation, wallet, isSame] of rows)
    it(`${isSame ? "yes" : "no"} when it ${situation}`, async () => {
      assert.equal(await seesSameChain(nodeOf(30, "0xa1"), wallet), isSame);
    });

  const hash = TX_HASH;
  const account = record.account;
  const pool = (nonce: string, blockNumber: string | null, count: string) =>
    scripted({
      eth_getTransactionByHash: () => ({ nonce, blockNumber }),
      eth_getTransactionCount: () => count,
    });
  it("names a transaction that waits for others that do not exist", async () => {
    assert.deepEqual(await findNonceAhead(pool("0x7", null, "0x2"), { hash, account }), {
      hash,
      nonce: 7,
      expected: 2,
    });
    assert.equal(await findNonceAhead(pool("0x2", null, "0x3"), { hash, account }), null);
    assert.equal(await findNonceAhead(pool("0x2", null, "0x2"), { hash, account }), null);
    assert.equal(await findNonceAhead(pool("0x7", "0x5", "0x2"), { hash, account }), null);
    const unknown = scripted({ eth_getTransactionByHash: () => null });
    assert.equal(await findNonceAhead(unknown, { hash, account }), null);
  });
});

describe("Sending", () => {
  const metamask = { ...readyState.wallet, rdns: "io.metamask" };
  const doorConfig = {
    status: "ready" as const,
    view: { ...config, hasRpcDoor: true },
    chain: "house",
  };
  const call = { kind: "purchase" as const, control: "c", to: TOKEN, details: {} };
  const realFetch = globalThis.fetch;
  let asked: string[];
  afterEach(() => {
    globalThis.fetch = realFetch;
  });

  /** The page's own node behind `/rpc`. */
  function withNode(node: Provider): void {
    asked = [];
    globalThis.fetch = (async (url: string, init: { body: string }) => {
      const { method, params } = JSON.parse(init.body);
      asked.push(`${url} ${method}`);
      try {
        return Response.json({ result: await node.request({ method, params }) });
      } catch (error) {
        return Response.json({ error });
      }
    }) as never;
  }
  const wallet = (head: number, first: string) => {
    const methods = scripted({
      eth_blockNumber: () => `0x${head.toString(16)}`,
      eth_getBlockByNumber: ([number]) => ({ hash: Number(number) === 0 ? "0x00" : first }),
      eth_call: () => {
        throw failure(-32603, "Internal JSON-RPC error.");
      },
      eth_sendTransaction: () => TX_HASH,
    });
    return methods;
  };
  const node = scripted({
    eth_blockNumber: () => "0x1e",
    eth_getBlockByNumber: ([number]) => ({ hash: Number(number) === 0 ? "0x00" : "0xa1" }),
    eth_call: () => "0x",
  });

  it("checks on the page's own node, wherever the wallet stands", async () => {
    withNode(node);
    const store = createStore({ ...readyState, config: doorConfig, wallet: metamask });
    const provider = wallet(27, "0xa1");
    assert.equal(
      await send({ store, provider: () => provider, storage: memoryStorage(), nowMs: () => 0 }, call),
      TX_HASH,
    );
    assert.ok(!provider.asked.includes("eth_call"));
    assert.ok(asked.includes("rpc eth_call"));
  });

  it("opens no window of a wallet that is on an older chain, and says why by name", async () => {
    withNode(node);
    for (const provider of [wallet(90, "0xa1"), wallet(20, "0xb1")]) {
      const store = createStore({ ...readyState, config: doorConfig, wallet: metamask });
      assert.equal(
        await send({ store, provider: () => provider, storage: memoryStorage(), nowMs: () => 0 }, call),
        null,
      );
      assert.ok(!provider.asked.includes("eth_sendTransaction"));
      assert.equal(store.state.notice?.name, "walletOnOldChain");
      assert.equal(store.state.wallet.isOnOldChain, true);
      assert.deepEqual(store.state.transactions, readyState.transactions);
    }
  });

  it("does not depend on a wallet that cannot say where it stands", async () => {
    withNode(node);
    const store = createStore({ ...readyState, config: doorConfig, wallet: metamask });
    const provider = scripted({ eth_sendTransaction: () => TX_HASH });
    assert.equal(
      await send({ store, storage: memoryStorage(), provider: () => provider, nowMs: () => 0 }, call),
      TX_HASH,
    );
  });

  it("goes on as soon as the wallet has found the chain", async () => {
    withNode(node);
    const store = createStore({
      ...readyState,
      config: doorConfig,
      wallet: { ...metamask, isOnOldChain: true },
    });
    await compareWalletChain(store, wallet(20, "0xa1"));
    assert.equal(store.state.wallet.isOnOldChain, false);
  });

  it("is not known, and no fault of the wallet, while the page's own node does not answer", async () => {
    globalThis.fetch = async () => {
      throw new TypeError("Failed to fetch");
    };
    for (const isOnOldChain of [false, true]) {
      const store = createStore({ ...readyState, config: doorConfig, wallet: { ...metamask, isOnOldChain } });
      await compareWalletChain(store, wallet(90, "0xb1"));
      assert.equal(store.state.wallet.isOnOldChain, isOnOldChain);
    }
    const away = scripted({
      eth_blockNumber: () => {
        throw failure(4900, "the wallet has no node");
      },
    });
    const store = createStore({ ...readyState, config: doorConfig, wallet: metamask });
    await assert.rejects(compareWalletChain(store, away), { code: 4900, message: "the wallet has no node" });
  });

  it("asks the wallet alone where the page has no way of its own", async () => {
    withNode(node);
    const store = createStore({ ...readyState, wallet: metamask });
    const provider = scripted({ eth_call: () => "0x", eth_sendTransaction: () => TX_HASH });
    assert.equal(
      await send({ store, provider: () => provider, storage: memoryStorage(), nowMs: () => 0 }, call),
      TX_HASH,
    );
    assert.deepEqual(asked, []);
  });
});
