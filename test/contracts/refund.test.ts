import { canTravel, chainTime, type Event, eventsOf, refuses, rpc, travel } from "../support/contracts/chain";
import { ANY_PAYMENT, GRACE, newWorld, reading, type World } from "../support/contracts/world";

const FIRST = 1_000_001n;
/** 1,000 mWh at 120 NWT per kWh. */
const PAYMENT = 120_000_000_000_000_000n;
const WINDOW = 60n;

describe("a refund", () => {
  let world: World;
  beforeEach(async () => {
    world = await newWorld();
    await world.list(1_000_000n, undefined, WINDOW);
    await world.buy(1n, 1000n, PAYMENT);
  });

  const expected = (refunded: bigint): Event[] => [
    ["TradeRefunded", { tradeId: FIRST, refunded }],
    ["Transfer", { from: world.trade.address, to: world.buyer, value: refunded }],
  ];

  it("by the seller gives the buyer everything, at any time", async () => {
    const refund = await world.trade.refund(FIRST.toString(), { from: world.prosumer });
    assert.deepEqual(eventsOf(refund), expected(PAYMENT));
    assert.equal(await world.balance(world.buyer), 1000n * 10n ** 18n);
    assert.equal(String((await world.tradeOf(FIRST)).status), "2");
  });

  it("gives the buyer only what was not settled", async () => {
    await world.settle(reading(FIRST, 250n, 250n));
    const refund = await world.trade.refund(FIRST.toString(), { from: world.prosumer });
    assert.deepEqual(eventsOf(refund), expected((PAYMENT * 3n) / 4n));
    assert.equal(await world.balance(world.prosumer), PAYMENT / 4n);
  });

  it("of a decommissioned meter's trade is anyone's, at once", async () => {
    const { trade, meter, operator, stranger } = world;
    await trade.decommission(meter.address, { from: operator });
    assert.deepEqual(eventsOf(await trade.refund(FIRST.toString(), { from: stranger })), expected(PAYMENT));
  });

  it("is nobody else's before deadline and grace have passed", async () => {
    const { trade, buyer, operator, stranger } = world;
    const refundableAt = BigInt((await world.tradeOf(FIRST)).deadline.toString()) + GRACE;
    for (const from of [buyer, operator, stranger]) {
      await refuses(trade.refund.call(FIRST.toString(), { from }), "RefundTooEarly", FIRST, refundableAt);
    }
  });

  it("happens once, and ends the settlements", async () => {
    const { trade, prosumer } = world;
    const from = { from: prosumer };
    await trade.refund(FIRST.toString(), from);
    await refuses(trade.refund.call(FIRST.toString(), from), "TradeNotOpen", FIRST);
    await refuses(trade.refund.call("1000002", from), "TradeNotOpen", 1_000_002n);
    await refuses(trade.refund.call("0", from), "TradeNotOpen", 0n);
    await refuses(world.trySettle(reading(FIRST, 1n, 1n)), "TradeNotOpen", FIRST);
  });

  it("puts nothing back on sale", async () => {
    const { trade, prosumer, buyer } = world;
    const before = String((await trade.offerOf(1)).remainingMilliWh);
    await trade.refund(FIRST.toString(), { from: prosumer });
    assert.equal(String((await trade.offerOf(1)).remainingMilliWh), before);
    const more = (BigInt(before) + 1n).toString();
    await refuses(
      trade.purchase.call(1, more, ANY_PAYMENT, { from: buyer }),
      "OfferExceeded",
      1n,
      BigInt(more),
      BigInt(before),
    );
  });
});

/** Seals a block at this very second, on which the next call is tried: real time goes on, so not always at once. */
async function sealAt(second: bigint): Promise<void> {
  for (let attempt = 0; attempt < 10; attempt++) {
    await rpc("evm_setTime", Number(second) * 1000);
    await rpc("evm_mine");
    if ((await chainTime()) === second) return;
  }
  assert.fail(`no block could be sealed at second ${second}`);
}

describe("after the deadline", () => {
  let world: World;
  before(async function () {
    // A real network's clock cannot be moved: there these tests are skipped by name.
    if (!(await canTravel())) this.skip();
  });
  beforeEach(async () => {
    world = await newWorld();
    await world.list(1_000_000n, undefined, WINDOW);
    await world.buy(1n, 1000n, PAYMENT);
  });

  it("a late reading still pays, until the grace is over", async () => {
    await travel(WINDOW + GRACE / 2n);
    await world.settle(reading(FIRST, 250n, 250n));
    assert.equal(await world.balance(world.prosumer), PAYMENT / 4n);
  });

  it("a reading counts in the last second of the grace, and after it while nobody has refunded", async () => {
    const refundableAt = BigInt((await world.tradeOf(FIRST)).deadline.toString()) + GRACE;
    await sealAt(refundableAt - 1n);
    await world.trySettle(reading(FIRST, 250n, 250n));
    await sealAt(refundableAt + 5n);
    await world.settle(reading(FIRST, 500n, 500n));
    assert.equal(await world.balance(world.prosumer), PAYMENT / 2n);
  });

  it("a retired meter's trades wait for the grace as all do", async () => {
    const { trade, meter, operator, stranger, prosumer } = world;
    await trade.retire(meter.address, { from: operator });
    const refundableAt = BigInt((await world.tradeOf(FIRST)).deadline.toString()) + GRACE;
    const refund = () => trade.refund.call(FIRST.toString(), { from: stranger });
    await refuses(refund(), "RefundTooEarly", FIRST, refundableAt);
    await world.settle(reading(FIRST, 250n, 250n));
    assert.equal(await world.balance(prosumer), PAYMENT / 4n);
    await sealAt(refundableAt);
    await refund();
  });

  it("anyone may refund from the second that the error named", async () => {
    const { trade, stranger, buyer } = world;
    const refundableAt = BigInt((await world.tradeOf(FIRST)).deadline.toString()) + GRACE;
    await sealAt(refundableAt - 1n);
    const refund = () => trade.refund.call(FIRST.toString(), { from: stranger });
    await refuses(refund(), "RefundTooEarly", FIRST, refundableAt);
    await sealAt(refundableAt);
    await trade.refund(FIRST.toString(), { from: stranger });
    assert.equal(await world.balance(buyer), 1000n * 10n ** 18n);
  });
});
