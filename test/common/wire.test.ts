import assert from "node:assert/strict";
import { fromWire } from "../../common/api";
import {
  type BigintField,
  bigintFrom,
  bigintsAsText,
  toWire,
  type Wire,
  wireReader,
} from "../../common/wire";
import { config, meter, offer, sample, snapshot, trade } from "../public/fixtures";

interface Purchase {
  tradeId: bigint;
  buyer: string;
  paid: bigint | null;
  settlements: { deliveredMilliWh: bigint; isClosed: boolean }[];
  opened: { block: number; sealer: string | null };
}
const purchase: Purchase = {
  tradeId: 2n ** 255n,
  buyer: "12",
  paid: null,
  settlements: [{ deliveredMilliWh: 0n, isClosed: false }],
  opened: { block: 7, sealer: null },
};
const written: Wire<Purchase> = {
  tradeId: (2n ** 255n).toString(),
  buyer: "12",
  paid: null,
  settlements: [{ deliveredMilliWh: "0", isClosed: false }],
  opened: { block: 7, sealer: null },
};
const fields: Record<BigintField<Purchase>, true> = { tradeId: true, paid: true, deliveredMilliWh: true };
const read = wireReader<Purchase>(fields);

describe("what crosses the wire", () => {
  it("has every bigint as its decimal text, and nothing else changed", () => {
    assert.deepEqual(toWire(purchase), written);
    assert.equal(JSON.stringify(purchase, bigintsAsText), JSON.stringify(written));
  });

  it("comes back as it went, texts of digits that are no quantity too", () => {
    assert.deepEqual(read(JSON.parse(JSON.stringify(written)) as Wire<Purchase>), purchase);
  });

  it("of the server is what the page reads", () => {
    for (const view of [snapshot, { ...meter, lastSample: sample(5) }, offer, trade, config])
      assert.deepEqual(fromWire<typeof view>(toWire(view)), view);
  });

  it("takes nothing but whole numbers in decimal digits", () => {
    assert.deepEqual(["0", "-3", "007"].map(bigintFrom), [0n, -3n, 7n]);
    for (const text of ["", " 1", "1.5", "0x10", "1e3", "١", "null", 5, null, undefined, 5n])
      assert.throws(() => bigintFrom(text), TypeError, String(text));
  });

  it("names the field that is wrong", () => {
    const broken = { ...written, settlements: [{ deliveredMilliWh: "much", isClosed: true }] };
    assert.throws(() => read(broken), /^TypeError: deliveredMilliWh: "much" is not a whole number/);
  });
});
