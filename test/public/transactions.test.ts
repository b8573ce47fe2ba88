import assert from "node:assert/strict";
import { createStore } from "../../public/store";
import { checkTransactions, MISSING_AFTER_MS, updateRecord } from "../../public/transaction-check";
import {
  loadTransactions,
  mergeTransactions,
  parseTransactions,
  saveTransactions,
  type TransactionRecord,
} from "../../public/transactions";
import { memoryStorage, readyState, record, scripted, snapshot } from "./fixtures";

describe("Transactions across a reload", () => {
  it("are kept per chain and account, whatever the account's case", () => {
    const storage = memoryStorage();
    saveTransactions(storage, "13370/a", "0xABC", [record]);
    assert.deepEqual(loadTransactions(storage, "13370/a", "0xabc"), [record]);
    assert.deepEqual(loadTransactions(storage, "13370/b", "0xabc"), []);
    assert.deepEqual(loadTransactions(storage, "13370/a", "0xabd"), []);
  });

  it("are at most twenty, the newest first", () => {
    const storage = memoryStorage();
    const many = Array.from({ length: 30 }, (_, index) => ({
      ...record,
      hash: `0x${String(index).padStart(64, "0")}`,
    }));
    saveTransactions(storage, "1", "0x1", many);
    assert.deepEqual(loadTransactions(storage, "1", "0x1"), many.slice(0, 20));
  });

  it("are changed one by one, since another tab may have written meanwhile", () => {
    const storage = memoryStorage();
    const [a, b, c] = ["a", "b", "c"].map((digit, sentAtMs) => ({
      ...record,
      hash: `0x${digit.repeat(64)}`,
      sentAtMs,
    })) as [TransactionRecord, TransactionRecord, TransactionRecord];
    const merge = (before: TransactionRecord[], after: TransactionRecord[]) =>
      mergeTransactions(storage, "x", "0x1", before, after).map(({ hash }) => hash[2]);
    assert.deepEqual(merge([], [a]), ["a"]);
    // This tab knows of a, the other has added b; then one is removed here.
    assert.deepEqual(merge([a], [b, a]), ["b", "a"]);
    assert.deepEqual(merge([a], [c, a]), ["c", "b", "a"]);
    assert.deepEqual(merge([c, a], [c]), ["c", "b"]);
  });

  it("of another account or removed meanwhile are not brought back by what the node says of them", async () => {
    const store = createStore({ ...readyState, transactions: [record] });
    const provider = scripted({
      eth_getTransactionReceipt: () => {
        store.dispatch({ type: "transactions", transactions: [] });
        return { status: "0x1", blockNumber: "0x9" };
      },
    });
    await checkTransactions(store, provider, 0);
    assert.deepEqual(store.state.transactions, []);
  });

  for (const odd of [
    null,
    "",
    "{",
    "7",
    "null",
    '{"a":1}',
    "[1,null,{}]",
    '[{"hash":"0x1","kind":"x","details":{}}]',
  ])
    it(`are none where the storage holds ${odd}`, () => assert.deepEqual(parseTransactions(odd), []));
});

describe("Where a transaction stands", () => {
  const receipt = (status: string, blockNumber = "0x9") => ({ status, blockNumber });
  const rows: [string, ReturnType<typeof receipt> | null, boolean, number, TransactionRecord["status"]][] = [
    ["sealed, by its receipt", receipt("0x1"), true, 0, "sealed"],
    ["reverted, by its receipt", receipt("0x0"), true, 0, "reverted"],
    ["pending while the node knows it", null, true, 10 * MISSING_AFTER_MS, "pending"],
    [
      "pending while the node may not know it yet",
      null,
      false,
      record.sentAtMs + MISSING_AFTER_MS,
      "pending",
    ],
    [
      "missing when the node has not heard of it for long",
      null,
      false,
      record.sentAtMs + MISSING_AFTER_MS + 1,
      "missing",
    ],
  ];
  for (const [what, given, isKnown, nowMs, status] of rows)
    it(`is ${what}`, () => {
      const updated = updateRecord(record, { receipt: given, isKnown, confirmedBlock: 8 }, nowMs);
      assert.deepEqual([updated.status, updated.block], [status, given ? 9 : null]);
      assert.equal(updated.isConfirmed, false);
    });

  it("is confirmed when its block is", () => {
    const finding = { receipt: receipt("0x1"), isKnown: true, confirmedBlock: 9 };
    assert.equal(updateRecord(record, finding, 0).isConfirmed, true);
  });

  it("is asked of the node until it is confirmed, in whatever block it is by then, and told to the store", async () => {
    const done = { ...record, hash: "0xdone", status: "sealed" as const, block: 1, isConfirmed: true };
    const store = createStore({ ...readyState, transactions: [record, done] });
    let block = 9;
    const provider = scripted({
      eth_getTransactionReceipt: () => receipt("0x1", `0x${block.toString(16)}`),
    });
    const check = async (head: number) => {
      store.dispatch({
        type: "chain",
        chain: { ...snapshot.chain, head: { block: head, atMs: 0, sealer: null } },
      });
      const changed = await checkTransactions(store, provider, 0);
      const [first] = store.state.transactions;
      return [changed, first?.status, first?.block, first?.isConfirmed];
    };
    assert.deepEqual(await check(9), [1, "sealed", 9, false]);
    assert.deepEqual(await check(9), [0, "sealed", 9, false]);
    // Its block was replaced by another without it.
    block = 10;
    assert.deepEqual(await check(10), [1, "sealed", 10, false]);
    assert.deepEqual(await check(11), [1, "sealed", 10, true]);
    assert.equal(provider.asked.length, 4);
    assert.deepEqual(await check(12), [0, "sealed", 10, true]);
    assert.equal(provider.asked.length, 4);
    assert.deepEqual(store.state.transactions[1], done);
  });
});
