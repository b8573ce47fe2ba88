import { type Event, eventsOf, nameOfRefusal, refuses } from "../support/contracts/chain";
import {
  GRACE,
  meterWithKey,
  newWorld,
  PRICE,
  reading,
  type Signature,
  type World,
} from "../support/contracts/world";

const ZERO = "0x0000000000000000000000000000000000000000";
const FIRST = 1_000_001n;
/** 1,000 mWh at 120 NWT per kWh. */
const PAYMENT = 120_000_000_000_000_000n;

describe("a settlement", () => {
  let world: World;
  beforeEach(async () => {
    world = await newWorld();
    await world.list(1_000_000n);
    await world.buy(1n, 1000n, PAYMENT);
  });

  it("pays the seller for what is new, and closes the trade when all is delivered", async () => {
    const { trade, prosumer, meter, buyer } = world;
    const settled = (deliveredMilliWh: bigint, paid: bigint, isClosed: boolean): Event[] => [
      [
        "TradeSettled",
        {
          tradeId: FIRST,
          deliveredMilliWh,
          registerMilliWh: 5000n + deliveredMilliWh,
          paid,
          refunded: 0n,
          isClosed,
        },
      ],
      ["Transfer", { from: trade.address, to: prosumer, value: paid }],
    ];
    assert.deepEqual(
      eventsOf(await world.settle(reading(FIRST, 250n, 5250n))),
      settled(250n, PAYMENT / 4n, false),
    );
    const open = await world.tradeOf(FIRST);
    assert.deepEqual([open.deliveredMilliWh, open.escrow, open.status].map(String), [
      "250",
      ((PAYMENT * 3n) / 4n).toString(),
      "1",
    ]);
    assert.deepEqual(
      eventsOf(await world.settle(reading(FIRST, 1000n, 6000n))),
      settled(1000n, (PAYMENT * 3n) / 4n, true),
    );
    const closed = await world.tradeOf(FIRST);
    assert.deepEqual(
      [
        closed.offerId,
        closed.meter,
        closed.seller,
        closed.buyer,
        closed.orderedMilliWh,
        closed.deliveredMilliWh,
        closed.escrow,
      ].map(String),
      ["1", meter.address, prosumer, ZERO, "0", "0", "0"],
    );
    assert.equal(String(closed.status), "2");
    const { soldMilliWh, registerMilliWh } = await trade.meterOf(meter.address);
    assert.deepEqual([soldMilliWh, registerMilliWh].map(String), ["1000", "6000"]);
    assert.equal(await world.balance(prosumer), PAYMENT);
    assert.equal(await world.balance(buyer), 1000n * 10n ** 18n - PAYMENT);
  });

  it("with the last reading gives the buyer what was not delivered", async () => {
    const { trade, prosumer, buyer } = world;
    await world.settle(reading(FIRST, 100n, 100n));
    assert.deepEqual(eventsOf(await world.settle(reading(FIRST, 400n, 400n, true))), [
      [
        "TradeSettled",
        {
          tradeId: FIRST,
          deliveredMilliWh: 400n,
          registerMilliWh: 400n,
          paid: 36_000_000_000_000_000n,
          refunded: 72_000_000_000_000_000n,
          isClosed: true,
        },
      ],
      ["Transfer", { from: trade.address, to: buyer, value: 72_000_000_000_000_000n }],
      ["Transfer", { from: trade.address, to: prosumer, value: 36_000_000_000_000_000n }],
    ] satisfies Event[]);
  });

  it("with a last reading that brings nothing new closes the trade and pays nobody twice", async () => {
    const { trade, prosumer, buyer } = world;
    await world.settle(reading(FIRST, 400n, 400n));
    const last = await world.settle(reading(FIRST, 400n, 400n, true));
    assert.deepEqual(eventsOf(last), [
      [
        "TradeSettled",
        {
          tradeId: FIRST,
          deliveredMilliWh: 400n,
          registerMilliWh: 400n,
          paid: 0n,
          refunded: 72_000_000_000_000_000n,
          isClosed: true,
        },
      ],
      ["Transfer", { from: trade.address, to: buyer, value: 72_000_000_000_000_000n }],
    ] satisfies Event[]);
    assert.equal(await world.balance(prosumer), 48_000_000_000_000_000n);
  });

  it("takes readings of different trades in any order", async () => {
    const { trade, meter } = world;
    await world.buy(1n, 1000n, PAYMENT);
    await world.settle(reading(FIRST + 1n, 1000n, 2000n));
    await world.settle(reading(FIRST, 1000n, 1000n));
    const { soldMilliWh, registerMilliWh } = await trade.meterOf(meter.address);
    assert.deepEqual([soldMilliWh, registerMilliWh].map(String), ["2000", "2000"]);
  });

  it("refuses a reading that goes backwards, says nothing new, exceeds the order or was settled", async () => {
    await world.settle(reading(FIRST, 400n, 400n));
    await refuses(world.trySettle(reading(FIRST, 400n, 500n)), "ReadingNotNew", FIRST, 400n, 400n);
    await refuses(world.trySettle(reading(FIRST, 399n, 500n)), "ReadingNotNew", FIRST, 399n, 400n);
    await refuses(world.trySettle(reading(FIRST, 399n, 500n, true)), "ReadingNotNew", FIRST, 399n, 400n);
    await refuses(world.trySettle(reading(FIRST, 1001n, 5000n)), "ReadingExceedsOrder", FIRST, 1001n, 1000n);
    await refuses(world.trySettle(reading(FIRST + 1n, 1n, 500n)), "TradeNotOpen", FIRST + 1n);
    await world.settle(reading(FIRST, 400n, 400n, true));
    await refuses(world.trySettle(reading(FIRST, 500n, 500n)), "TradeNotOpen", FIRST);
  });

  it("refuses energy that the register does not show", async () => {
    const { meter } = world;
    await world.buy(1n, 1000n, PAYMENT);
    await refuses(
      world.trySettle(reading(FIRST, 1000n, 999n)),
      "EnergyNotMetered",
      meter.address,
      1000n,
      999n,
    );
    await world.settle(reading(FIRST, 1000n, 1500n));
    await refuses(
      world.trySettle(reading(FIRST + 1n, 501n, 1500n)),
      "EnergyNotMetered",
      meter.address,
      1501n,
      1500n,
    );
    await refuses(
      world.trySettle(reading(FIRST + 1n, 501n, 600n)),
      "EnergyNotMetered",
      meter.address,
      1501n,
      1500n,
    );
    await world.settle(reading(FIRST + 1n, 500n, 600n));
    const tooLarge = reading(FIRST + 1n, 501n, 2n ** 40n);
    await refuses(world.trySettle(tooLarge), "RegisterTooLarge", meter.address, 2n ** 40n);
    await world.settle(reading(FIRST + 1n, 501n, 2n ** 40n - 1n));
  });

  it("refuses a signature that is not the meter's over these very values", async () => {
    const { trade, meter, operator } = world;
    const message = reading(FIRST, 400n, 400n);
    const good = await world.sign(message);
    const refused = (signature: Signature, signer: string) =>
      refuses(world.trySettle(message, signature), "ReadingNotByMeter", FIRST, meter.address, signer);
    const thief = meterWithKey(0x44);
    await refused(await world.sign(message, thief), thief.address);
    const word = (value: bigint) => `0x${value.toString(16).padStart(64, "0")}`;
    await refused({ r: word(0n), vs: word(0n) }, ZERO);
    await refused({ r: good.r, vs: word(0n) }, ZERO);
    await refused({ r: word(2n ** 256n - 1n), vs: good.vs }, ZERO);
    // The other half of the curve, the same signature in another form, which OpenZeppelin refuses.
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    await refused({ r: good.r, vs: word(order / 2n + 1n) }, ZERO);
    // Signed for another contract: another signer comes out.
    const elsewhere = await artifacts
      .require("EnergyTrade")
      .new(await trade.token(), GRACE.toString(), { from: operator });
    const { buyer, orderedMilliWh, deadline } = await world.purchaseOf(message.tradeId);
    const hash = (of: typeof trade) => of.hashReading(message, buyer, orderedMilliWh, deadline);
    assert.notEqual(await hash(elsewhere), await hash(trade));
  });

  it("refuses a signature for another purchase of the same id, whichever of the three differs", async () => {
    const { meter, stranger } = world;
    const message = reading(FIRST, 400n, 400n);
    const purchase = await world.purchaseOf(message.tradeId);
    for (const other of [
      { ...purchase, buyer: stranger },
      { ...purchase, orderedMilliWh: "999" },
      { ...purchase, deadline: String(BigInt(purchase.deadline) + 1n) },
      { ...purchase, deadline: String(BigInt(purchase.deadline) - 1n) },
    ]) {
      const error = await world.trySettle(message, await world.sign(message, meter, other)).then(
        () => assert.fail("nothing was refused"),
        (reason: unknown) => reason,
      );
      assert.equal(nameOfRefusal(error), "ReadingNotByMeter");
    }
    await world.trySettle(message, await world.sign(message, meter, purchase));
  });

  it("takes a reading from anyone, the buyer too", async () => {
    const { buyer, prosumer } = world;
    await world.settle(reading(FIRST, 250n, 250n), buyer);
    await world.settle(reading(FIRST, 500n, 500n), prosumer);
    assert.equal(await world.balance(prosumer), PAYMENT / 2n);
  });

  it("takes a register below the highest one, which stays", async () => {
    const { trade, meter } = world;
    await world.settle(reading(FIRST, 100n, 5000n));
    await world.settle(reading(FIRST, 200n, 300n));
    const { soldMilliWh, registerMilliWh } = await trade.meterOf(meter.address);
    assert.deepEqual([soldMilliWh, registerMilliWh].map(String), ["200", "5000"]);
  });

  it("counts a decommissioned meter's signature no more", async () => {
    const { trade, meter, operator } = world;
    await trade.decommission(meter.address, { from: operator });
    await refuses(world.trySettle(reading(FIRST, 400n, 400n)), "MeterNotCommissioned", meter.address);
  });
});

describe("many settlements", () => {
  it("in one transaction pay one seller once, and each buyer what is his", async () => {
    const world = await newWorld();
    const { trade, prosumer, buyer, stranger } = world;
    await world.list(1_000_000n);
    for (let n = 0; n < 3; n++) await world.buy(1n, 1000n, PAYMENT);
    const readings = [
      reading(FIRST, 1000n, 1000n),
      reading(FIRST + 1n, 500n, 1500n, true),
      reading(FIRST + 2n, 100n, 1600n),
    ];
    const signatures = await Promise.all(readings.map((message) => world.sign(message)));
    const batch = await trade.settleMany(readings, signatures, { from: stranger });
    const settled = (
      tradeId: bigint,
      deliveredMilliWh: bigint,
      registerMilliWh: bigint,
      paid: bigint,
      refunded: bigint,
      isClosed: boolean,
    ): Event => ["TradeSettled", { tradeId, deliveredMilliWh, registerMilliWh, paid, refunded, isClosed }];
    assert.deepEqual(eventsOf(batch), [
      settled(FIRST, 1000n, 1000n, PAYMENT, 0n, true),
      settled(FIRST + 1n, 500n, 1500n, PAYMENT / 2n, PAYMENT / 2n, true),
      ["Transfer", { from: trade.address, to: buyer, value: PAYMENT / 2n }],
      settled(FIRST + 2n, 100n, 1600n, PAYMENT / 10n, 0n, false),
      ["Transfer", { from: trade.address, to: prosumer, value: (PAYMENT * 16n) / 10n }],
    ]);
  });

  it("of two sellers pay each his own", async () => {
    const world = await newWorld();
    const { trade, prosumer, buyer, stranger } = world;
    const second = meterWithKey(0x55);
    await world.commission(second, buyer);
    await world.list(1_000_000n);
    await trade.listOffer(second.address, 1000, (2n * PRICE).toString(), 60, 1, { from: buyer });
    await world.token.sendTransaction({ from: stranger, value: "1000000000000000000" });
    await world.buy(1n, 1000n, PAYMENT, stranger);
    await world.buy(2n, 1000n, 2n * PAYMENT, stranger);
    const readings = [reading(FIRST, 1000n, 1000n), reading(2_000_001n, 1000n, 1000n)];
    const before = [await world.balance(prosumer), await world.balance(buyer)];
    const signatures = [await world.sign(readings[0]!), await world.sign(readings[1]!, second)];
    await trade.settleMany(readings, signatures, { from: stranger });
    assert.equal((await world.balance(prosumer)) - before[0]!, PAYMENT);
    assert.equal((await world.balance(buyer)) - before[1]!, 2n * PAYMENT);
    assert.equal(await world.balance(trade.address), 0n);
  });

  it("are all done or none", async () => {
    const world = await newWorld();
    const { trade, stranger } = world;
    await world.list(1_000_000n);
    await world.buy(1n, 1000n, PAYMENT);
    const good = reading(FIRST, 400n, 400n);
    const from = { from: stranger };
    const both = [await world.sign(good), await world.sign(good)];
    await refuses(trade.settleMany.call([good, good], both, from), "ReadingNotNew", FIRST, 400n, 400n);
    await refuses(trade.settleMany.call([good], both, from), "LengthMismatch", 1n, 2n);
    await refuses(trade.settleMany.call([good], [], from), "LengthMismatch", 1n, 0n);
    assert.deepEqual(eventsOf(await trade.settleMany([], [], from)), []);
  });
});
