import { canTravel, chainTime, type Event, eventsOf, refuses, travel } from "../support/contracts/chain";
import { newWorld, reading, type World } from "../support/contracts/world";

const FIRST = 1_000_001n;
/** 1,000 mWh at 120 NWT per kWh. */
const PAYMENT = 120_000_000_000_000_000n;
const WINDOW = 60n;
const GRACE = 600n;

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
});

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

  it("anyone may refund from the second that the error named", async () => {
    const { trade, stranger, buyer } = world;
    const refundableAt = BigInt((await world.tradeOf(FIRST)).deadline.toString()) + GRACE;
    await travel(refundableAt - (await chainTime()) - 30n);
    await refuses(
      trade.refund.call(FIRST.toString(), { from: stranger }),
      "RefundTooEarly",
      FIRST,
      refundableAt,
    );
    await travel(30n);
    await trade.refund(FIRST.toString(), { from: stranger });
    assert.equal(await world.balance(buyer), 1000n * 10n ** 18n);
  });
});
