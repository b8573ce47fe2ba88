import assert from "node:assert/strict";
import type { TradeStatus } from "../../common/events";
import {
  draftTimeline,
  entriesOf,
  type Step,
  tradeTimeline,
  transactionTimeline,
} from "../../public/timeline";
import { record, trade } from "./fixtures";

/** done ✓, active ●, waiting ·, failed ✗, stopped ■ */
const sign = { done: "✓", active: "●", waiting: "·", failed: "✗", stopped: "■" };
const drawn = (steps: Step[]) => steps.map(({ state }) => sign[state]).join("");
const noteOf = (steps: Step[], name: Step["name"]) => steps.find((step) => step.name === name)?.note;

describe("A trade's timeline", () => {
  it("begins at the wallet's window", () => {
    assert.equal(drawn(draftTimeline()), "●·····");
    assert.equal(noteOf(draftTimeline(), "wallet"), "lookAtWallet");
  });

  const transactions: [typeof record.status, string][] = [
    ["pending", "✓●····"],
    ["sealed", "✓✓✓●··"],
    ["reverted", "✓✓✗···"],
    ["missing", "✓✗····"],
    ["cancelled", "✓■····"],
    ["replaced", "✓✗····"],
  ];
  for (const [status, expected] of transactions)
    it(`of a ${status} transaction is ${expected}`, () =>
      assert.equal(drawn(transactionTimeline({ ...record, status })), expected));

  const trades: [TradeStatus, string, string | null][] = [
    ["sealed", "✓✓✓●··", null],
    ["confirmed", "✓✓✓✓●·", "elsewhere"],
    ["queued", "✓✓✓✓●·", "queued"],
    ["delivering", "✓✓✓✓●·", "flowing"],
    ["settling", "✓✓✓✓✓●", "delivered"],
    ["settled", "✓✓✓✓✓✓", "delivered"],
    ["refunded", "✓✓✓✓✓✓", "delivered"],
  ];
  for (const [status, expected, note] of trades)
    it(`of a ${status} trade is ${expected}`, () => {
      const steps = tradeTimeline({ ...trade, status }, true);
      assert.equal(drawn(steps), expected);
      assert.equal(noteOf(steps, "delivering"), note);
    });

  it("of a trade whose final reading the contract refuses is not one that is on its way", () => {
    const wait = { reason: "refused" as const, untilMs: null };
    const steps = tradeTimeline({ ...trade, status: "settling", wait }, true);
    assert.equal(drawn(steps), "✓✓✓✓✓✗");
    assert.equal(noteOf(steps, "closed"), "readingRefused");
  });

  it("never says paid before the chain does", () => {
    for (const status of ["sealed", "confirmed", "queued", "delivering", "settling"] as const)
      assert.notEqual(tradeTimeline({ ...trade, status }, true).at(-1)?.state, "done");
  });

  it("waits for a meter that is not there", () => {
    assert.equal(
      noteOf(tradeTimeline({ ...trade, status: "delivering" }, false), "delivering"),
      "waitsForMeter",
    );
  });

  const waits = [
    ["queued", "otherTrade", "queued"],
    ["queued", "retry", "retry"],
    ["queued", "deadline", "deadlinePassed"],
    ["queued", "commission", "uncommissioned"],
    ["delivering", "noFlow", "noFlow"],
    ["delivering", "meter", "waitsForMeter"],
  ] as const;
  for (const [status, reason, note] of waits)
    it(`says why nothing flows for a ${status} trade: ${reason}`, () => {
      const waiting = { ...trade, status, wait: { reason, untilMs: null } };
      assert.equal(noteOf(tradeTimeline(waiting, true), "delivering"), note);
    });

  it("names the sealer where the chain has one", () => {
    assert.equal(noteOf(tradeTimeline(trade, true), "sealed"), "inBlock");
    const opened = { ...trade.opened, sealer: "0x1" };
    assert.equal(noteOf(tradeTimeline({ ...trade, opened }, true), "sealed"), "inBlockBy");
  });
});

describe("My trades", () => {
  const draft = { id: "draft", account: record.account, offerId: 1n, milliWh: 20n, payment: 1n };

  it("show what is on its way before what has arrived", () => {
    const other = { ...record, hash: `0x${"cd".repeat(32)}` };
    const kinds = entriesOf([draft], [other], [trade]).map(({ kind }) => kind);
    assert.deepEqual(kinds, ["draft", "transaction", "trade"]);
  });

  it("show a purchase once: its transaction gives way to its trade", () => {
    const upper = { ...record, hash: record.hash.toUpperCase().replace("0X", "0x") };
    assert.deepEqual(
      entriesOf([], [upper], [trade]).map(({ kind }) => kind),
      ["trade"],
    );
  });

  it("are about purchases alone", () => {
    assert.deepEqual(entriesOf([], [{ ...record, kind: "redeem" }], []), []);
  });
});
