import assert from "node:assert/strict";
import { createStore } from "../../public/store";
import {
  checkTransactions,
  loadTransactions,
  MISSING_AFTER_MS,
  parseTransactions,
  saveTransactions,
  type TransactionRecord,
  updateRecord,
} from "../../public/transactions";
import { memoryStorage, readyState, record, scripted, TX_HASH } from "./fixtures";

describe("Transactions across a reload", () => {
  it("are kept per chain and account, whatever the account's case", () => {
    const storage = memoryStorage();
    saveTransactions(storage, 13370, "0xABC", [record]);
    assert.deepEqual(loadTransactions(storage, 13370, "0xabc"), [record]);
    assert.deepEqual(loadTransactions(storage, 13371, "0xabc"), []);
    assert.deepEqual(loadTransactions(storage, 13370, "0xabd"), []);
  });

  it("are at most twenty, the newest first", () => {
    const storage = memoryStorage();
    const many = Array.from({ length: 30 }, (_, index) => ({
      ...record,
      hash: `0x${String(index).padStart(64, "0")}`,
    }));
    saveTransactions(storage, 1, "0x1", many);
    assert.deepEqual(loadTransactions(storage, 1, "0x1"), many.slice(0, 20));
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
  const receipt = (status: string) => ({ status, blockNumber: "0x9" });
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
      const updated = updateRecord(record, given, isKnown, nowMs);
      assert.equal(updated.status, status);
      assert.equal(updated.block, given ? 9 : null);
    });

  it("is asked of the node for pending ones alone, and told to the store", async () => {
    const store = createStore({
      ...readyState,
      transactions: [record, { ...record, hash: "0xdone", status: "sealed", block: 1 }],
    });
    const provider = scripted({ eth_getTransactionReceipt: () => receipt("0x1") });
    assert.equal(await checkTransactions(store, provider, 0), 1);
    assert.deepEqual(provider.asked, ["eth_getTransactionReceipt"]);
    assert.deepEqual(
      store.state.transactions.map(({ hash, status }) => [hash, status]),
      [
        [TX_HASH, "sealed"],
        ["0xdone", "sealed"],
      ],
    );
    assert.equal(await checkTransactions(store, provider, 0), 0);
  });
});
