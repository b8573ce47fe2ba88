import assert from "node:assert/strict";
import type { TradeStatus } from "../../common/events";
import type { Entry } from "../../public/timeline";
import { chartData } from "../../public/views/chart";
import { entriesOnShow } from "../../public/views/trades";
import { record, trade } from "./fixtures";

describe("My trades", () => {
  const entry = (id: string, status: TradeStatus): Entry => ({
    kind: "trade",
    id,
    trade: { ...trade, tradeId: BigInt(id), status },
  });
  const entries: Entry[] = [
    { kind: "transaction", id: record.hash, record },
    entry("9", "settled"),
    entry("8", "delivering"),
    entry("7", "refunded"),
    entry("6", "settled"),
    entry("5", "settled"),
    entry("4", "sealed"),
    entry("3", "refunded"),
  ];
  const idsOf = (shown: Entry[]) => shown.slice(1).map(({ id }) => id);

  it("are all that are under way, and the three that closed last", () => {
    const shown = entriesOnShow(entries, null);
    assert.equal(shown[0]?.kind, "transaction");
    assert.deepEqual(idsOf(shown), ["9", "8", "7", "6", "4"]);
  });

  it("have the one that the address bar names among them", () => {
    assert.deepEqual(idsOf(entriesOnShow(entries, "3")), ["9", "8", "7", "6", "4", "3"]);
  });
});

describe("The chart", () => {
  const point = (atMs: number, watts: number) => ({ atMs, watts, panelWatts: null });

  it("is empty without a measurement", () => assert.deepEqual(chartData([]), [[], [], []]));

  it("draws no line across a time without measurements", () => {
    const [minutes, panel, neighbour] = chartData([point(0, 1), point(5_000, 2), point(65_000, 3)]);
    assert.deepEqual(neighbour, [1, 2, null, 3]);
    assert.deepEqual(panel, [null, null, null, null]);
    assert.deepEqual(
      minutes.map((minute) => Math.round(minute * 60_000)),
      [-65_000, -60_000, -59_999, 0],
    );
  });
});
