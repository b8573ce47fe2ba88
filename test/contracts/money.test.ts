/** Money by literal numbers: what a quantity costs, and who has what when a trade is over. */
import { eventsOf } from "../support/contracts/chain";
import { newWorld, PRICE, reading, type World } from "../support/contracts/world";

describe("a price", () => {
  const payments: [milliWh: bigint, pricePerKWh: bigint, payment: bigint][] = [
    [0n, PRICE, 0n],
    [1n, 999_999n, 0n],
    [1n, 1_000_000n, 1n],
    [3n, 333_334n, 1n],
    [20n, 120_000_000_000_000_000_000n, 2_400_000_000_000_000n],
    [333n, 7n, 0n],
    [1_000_000n, 150_000_000_000_000_000_000n, 150_000_000_000_000_000_000n],
    [4_294_967_295n, 2n ** 96n - 1n, 340_282_366_841_710_300_949_110_269_833_929n],
  ];
  it("is what the table says, rounded down", async () => {
    const { trade } = await newWorld();
    for (const [milliWh, price, payment] of payments) {
      const found = await trade.paymentFor(milliWh.toString(), price.toString());
      assert.equal(found.toString(), payment.toString(), `${milliWh} mWh at ${price}`);
    }
  });
});

/** One trade of `milliWh`, settled at each of `delivered`, the last one final. Base units. */
const ledgers: {
  milliWh: bigint;
  pricePerKWh: bigint;
  payment: bigint;
  delivered: bigint[];
  paid: bigint[];
  refunded: bigint;
}[] = [
  { milliWh: 20n, pricePerKWh: 1_000_000n, payment: 20n, delivered: [20n], paid: [20n], refunded: 0n },
  { milliWh: 20n, pricePerKWh: 1_000_000n, payment: 20n, delivered: [0n], paid: [0n], refunded: 20n },
  {
    milliWh: 3n,
    pricePerKWh: 333_334n,
    payment: 1n,
    delivered: [1n, 2n, 3n],
    paid: [0n, 0n, 1n],
    refunded: 0n,
  },
  { milliWh: 3n, pricePerKWh: 500_000n, payment: 1n, delivered: [1n, 2n], paid: [0n, 1n], refunded: 0n },
  {
    milliWh: 7n,
    pricePerKWh: 1_500_000n,
    payment: 10n,
    delivered: [1n, 2n, 3n, 6n],
    paid: [1n, 2n, 1n, 5n],
    refunded: 1n,
  },
  {
    milliWh: 1000n,
    pricePerKWh: 123_456_789_012_345_678_901n,
    payment: 123_456_789_012_345_678n,
    delivered: [1n, 999n],
    paid: [123_456_789_012_345n, 123_209_875_434_320_988n],
    refunded: 123_456_789_012_345n,
  },
];

describe("the money of a trade", () => {
  let world: World;
  before(async () => {
    world = await newWorld();
  });
  let register = 0n;
  ledgers.forEach((row, index) => {
    it(`of ${row.milliWh} mWh at ${row.pricePerKWh}, delivered ${row.delivered.join(", ")}, sums up`, async () => {
      const offerId = BigInt(index + 1);
      const tradeId = offerId * 1_000_000n + 1n;
      await world.list(row.milliWh, row.pricePerKWh);
      await world.buy(offerId, row.milliWh, row.payment);
      const paid: bigint[] = [];
      let refunded = 0n;
      for (const [i, delivered] of row.delivered.entries()) {
        register += delivered;
        const isFinal = i === row.delivered.length - 1;
        const [settled] = eventsOf(await world.settle(reading(tradeId, delivered, register, isFinal)));
        paid.push(settled![1].paid as bigint);
        refunded += settled![1].refunded as bigint;
      }
      assert.deepEqual(paid, row.paid);
      assert.equal(refunded, row.refunded);
      assert.equal(
        paid.reduce((sum, part) => sum + part, refunded),
        row.payment,
      );
      assert.equal(await world.balance(world.trade.address), 0n);
    });
  });
});
