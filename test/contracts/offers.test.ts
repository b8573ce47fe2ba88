import { chainTime, type Event, eventsOf, refuses } from "../support/contracts/chain";
import {
  ANY_PAYMENT,
  consentOf,
  GRACE,
  NWT,
  newWorld,
  OVERLOAD,
  PRICE,
  purchaseData,
  SUPPLY,
  WINDOW,
  type World,
} from "../support/contracts/world";

const TradeHarness = artifacts.require("TradeHarness");
const EnergyToken = artifacts.require("EnergyToken");
/** 20 mWh at 120 NWT per kWh. */
const PAYMENT = 2_400_000_000_000_000n;

describe("EnergyTrade's offers", () => {
  let world: World;
  beforeEach(async () => {
    world = await newWorld();
  });

  it("are listed by the meter's prosumer, and counted from 1", async () => {
    const { trade, prosumer, meter } = world;
    const offer = {
      meter: meter.address,
      prosumer,
      milliWh: 500n,
      pricePerKWh: PRICE,
      deliveryWindow: WINDOW,
      smallestOrderMilliWh: 1n,
    };
    assert.deepEqual(eventsOf(await world.list(500n)), [
      ["OfferListed", { offerId: 1n, ...offer }],
    ] satisfies Event[]);
    assert.deepEqual(eventsOf(await world.list(500n)), [
      ["OfferListed", { offerId: 2n, ...offer }],
    ] satisfies Event[]);
    assert.equal((await trade.offerCount()).toString(), "2");
    const found = await trade.offerOf(2);
    assert.deepEqual(
      [found.meter, String(found.remainingMilliWh), String(found.pricePerKWh), String(found.deliveryWindow)],
      [meter.address, "500", PRICE.toString(), "3600"],
    );
  });

  it("are withdrawn by the meter's prosumer, once", async () => {
    const { trade, prosumer, buyer, meter } = world;
    await world.list(500n);
    await refuses(trade.withdrawOffer.call(1, { from: buyer }), "NotProsumer", meter.address, buyer);
    const withdrawal = await trade.withdrawOffer(1, { from: prosumer });
    assert.deepEqual(eventsOf(withdrawal), [
      ["OfferWithdrawn", { offerId: 1n, remainingMilliWh: 500n }],
    ] satisfies Event[]);
    await refuses(trade.withdrawOffer.call(1, { from: prosumer }), "OfferNotOpen", 1n);
    await refuses(trade.withdrawOffer.call(7, { from: prosumer }), "OfferNotOpen", 7n);
    await refuses(trade.purchase.call(1, 10, ANY_PAYMENT, { from: buyer }), "OfferNotOpen", 1n);
  });

  it("keep their bounds", async () => {
    const { trade, prosumer, stranger, meter } = world;
    const list = (
      milliWh: bigint,
      price: bigint,
      window: bigint,
      from = prosumer,
      of = meter.address,
      smallest = 1n,
    ) =>
      trade.listOffer.call(of, milliWh.toString(), price.toString(), window.toString(), smallest.toString(), {
        from,
      });
    const [min, max] = [60n, 2_592_000n];
    assert.equal((await trade.MIN_DELIVERY_WINDOW()).toString(), min.toString());
    assert.equal((await trade.MAX_DELIVERY_WINDOW()).toString(), max.toString());
    assert.equal((await trade.GRACE_PERIOD()).toString(), "600");
    await list(1n, 1n, min);
    await list(2n ** 32n - 1n, 2n ** 96n - 1n, max);
    await refuses(list(0n, PRICE, WINDOW), "InvalidQuantity", 0n);
    await refuses(list(2n ** 32n, PRICE, WINDOW), "InvalidQuantity", 2n ** 32n);
    await refuses(list(1n, 0n, WINDOW), "InvalidPrice", 0n);
    await refuses(list(1n, 2n ** 96n, WINDOW), "InvalidPrice", 2n ** 96n);
    await refuses(list(1n, PRICE, min - 1n), "InvalidDeliveryWindow", 59n, min, max);
    await refuses(list(1n, PRICE, max + 1n), "InvalidDeliveryWindow", max + 1n, min, max);
    await refuses(list(1n, PRICE, WINDOW, stranger), "NotProsumer", meter.address, stranger);
    await refuses(list(1n, PRICE, WINDOW, prosumer, stranger), "MeterNotCommissioned", stranger);
    await list(7n, PRICE, WINDOW, prosumer, meter.address, 7n);
    for (const smallest of [0n, 8n, 2n ** 32n + 1n, 2n ** 64n - 1n])
      await refuses(
        list(7n, PRICE, WINDOW, prosumer, meter.address, smallest),
        "InvalidSmallestOrder",
        smallest,
        7n,
      );
  });
});

describe("a purchase", () => {
  let world: World;
  beforeEach(async () => {
    world = await newWorld();
    await world.list(100n);
  });

  it("by transferAndCall puts the payment in escrow and opens a trade", async () => {
    const { token, trade, buyer, meter, prosumer } = world;
    const purchase = await world.buy(1n, 20n, PAYMENT);
    const deadline = (await chainTime(purchase.receipt.blockNumber)) + WINDOW;
    assert.deepEqual(eventsOf(purchase), [
      ["Transfer", { from: buyer, to: trade.address, value: PAYMENT }],
      ["TradeOpened", { tradeId: 1_000_001n, offerId: 1n, buyer, milliWh: 20n, payment: PAYMENT, deadline }],
    ] satisfies Event[]);
    const found = await world.tradeOf(1_000_001n);
    assert.deepEqual(
      [
        found.offerId,
        found.meter,
        found.seller,
        found.buyer,
        found.orderedMilliWh,
        found.deliveredMilliWh,
      ].map(String),
      ["1", meter.address, prosumer, buyer, "20", "0"],
    );
    assert.deepEqual([found.escrow, found.deadline, found.status].map(String), [
      PAYMENT.toString(),
      deadline.toString(),
      "1",
    ]);
    assert.equal(await world.balance(trade.address), PAYMENT);
    assert.equal(await world.balance(buyer), 1000n * NWT - PAYMENT);
    assert.equal(String((await trade.offerOf(1)).remainingMilliWh), "80");
    assert.equal((await token.circulation()).toString(), (1000n * NWT).toString());
  });

  it("by an allowance does the same", async () => {
    const { token, trade, buyer } = world;
    await token.approve(trade.address, PAYMENT.toString(), { from: buyer });
    const purchase = await trade.purchase(1, 20, ANY_PAYMENT, { from: buyer });
    const deadline = (await chainTime(purchase.receipt.blockNumber)) + WINDOW;
    assert.deepEqual(eventsOf(purchase), [
      ["TradeOpened", { tradeId: 1_000_001n, offerId: 1n, buyer, milliWh: 20n, payment: PAYMENT, deadline }],
      ["Transfer", { from: buyer, to: trade.address, value: PAYMENT }],
    ] satisfies Event[]);
    await refuses(
      trade.purchase.call(1, 20, ANY_PAYMENT, { from: buyer }),
      "ERC20InsufficientAllowance",
      trade.address,
      0n,
      PAYMENT,
    );
  });

  it("of at least the offer's smallest order, unless it takes all that remains", async () => {
    const { buyer } = world;
    await world.list(100n, PRICE, WINDOW, 40n);
    const pay = (milliWh: bigint) => world.buy(2n, milliWh, milliWh * (PAYMENT / 20n));
    const tryPay = (milliWh: bigint) =>
      world.trade.purchase.call(2, milliWh.toString(), ANY_PAYMENT, { from: buyer });
    await refuses(tryPay(39n), "OrderTooSmall", 2n, 39n, 40n);
    await pay(40n);
    await pay(41n);
    await refuses(tryPay(18n), "OrderTooSmall", 2n, 18n, 40n);
    await pay(19n);
    assert.equal(String((await world.trade.offerOf(2)).remainingMilliWh), "0");
    assert.equal(String((await world.trade.offerOf(2)).smallestOrderMilliWh), "40");
  });

  it("for no more than the buyer allows", async () => {
    const { token, trade, buyer } = world;
    await token.approve(trade.address, PAYMENT.toString(), { from: buyer });
    const below = (PAYMENT - 1n).toString();
    await refuses(
      trade.purchase.call(1, 20, below, { from: buyer }),
      "PaymentExceedsMaximum",
      1n,
      PAYMENT,
      PAYMENT - 1n,
    );
    await trade.purchase(1, 20, PAYMENT.toString(), { from: buyer });
  });

  it("in another's name by a transfer of nothing is refused", async () => {
    const { token, trade, buyer, stranger } = world;
    const method = "transferFromAndCall(address,address,uint256,bytes)" as const;
    // Too little to cost anything: with a payment of 0 no allowance would be needed.
    await world.list(100n, 999_999n);
    await refuses(
      token.methods[method].call(buyer, trade.address, "0", purchaseData(2n, 1n), { from: stranger }),
      "PaymentTooSmall",
      2n,
      1n,
    );
    await refuses(
      token.methods[method].call(buyer, trade.address, "0", purchaseData(1n, 20n), { from: stranger }),
      "WrongPayment",
      1n,
      PAYMENT,
      0n,
    );
  });

  it("by a spender's transferFromAndCall belongs to whose tokens they were", async () => {
    const { token, trade, buyer, stranger } = world;
    await token.approve(stranger, PAYMENT.toString(), { from: buyer });
    const method = "transferFromAndCall(address,address,uint256,bytes)" as const;
    await token.methods[method](buyer, trade.address, PAYMENT.toString(), purchaseData(1n, 20n), {
      from: stranger,
    });
    assert.equal((await world.tradeOf(1_000_001n)).buyer, buyer);
  });

  it("can be part of an offer, again and again, until it is sold out", async () => {
    const { trade, buyer } = world;
    for (let n = 0; n < 5; n++) await world.buy(1n, 20n, PAYMENT);
    assert.equal((await world.tradeOf(1_000_005n)).buyer, buyer);
    assert.equal(String((await world.tradeOf(1_000_006n)).status), "0");
    await refuses(trade.purchase.call(1, 1, ANY_PAYMENT, { from: buyer }), "OfferNotOpen", 1n);
  });

  it("is refused when the offer, the quantity or the money is wrong", async () => {
    const { token, trade, buyer, prosumer } = world;
    const from = { from: buyer };
    const pay = (payment: bigint, data: string) =>
      token.methods[OVERLOAD].call(trade.address, payment.toString(), data, from);
    await refuses(trade.purchase.call(9, 1, ANY_PAYMENT, from), "OfferNotOpen", 9n);
    await refuses(trade.purchase.call(1, 0, ANY_PAYMENT, from), "InvalidQuantity", 0n);
    await refuses(trade.purchase.call(1, 101, ANY_PAYMENT, from), "OfferExceeded", 1n, 101n, 100n);
    await refuses(pay(1n, purchaseData(1n, 2n ** 64n - 1n)), "OfferExceeded", 1n, 2n ** 64n - 1n, 100n);
    await refuses(trade.purchase.call(1, 1, ANY_PAYMENT, { from: prosumer }), "BuyerIsSeller", 1n, prosumer);
    await refuses(pay(PAYMENT - 1n, purchaseData(1n, 20n)), "WrongPayment", 1n, PAYMENT, PAYMENT - 1n);
    await refuses(pay(PAYMENT + 1n, purchaseData(1n, 20n)), "WrongPayment", 1n, PAYMENT, PAYMENT + 1n);
    await refuses(pay(PAYMENT, "0x"), "InvalidPurchaseData", "0x");
    await refuses(pay(PAYMENT, "0x0102"), "InvalidPurchaseData", "0x0102");
    const longer = `${purchaseData(1n, 20n)}00`;
    await refuses(pay(PAYMENT, longer), "InvalidPurchaseData", longer);
    await refuses(pay(SUPPLY, purchaseData(1n, 20n)), "ERC20InsufficientBalance", buyer, 1000n * NWT, SUPPLY);
    await world.list(100n, 999_999n);
    await refuses(trade.purchase.call(2, 1, ANY_PAYMENT, from), "PaymentTooSmall", 2n, 1n);
  });

  it("cannot be told by anyone but the token", async () => {
    const { trade, buyer, stranger } = world;
    const forged = await EnergyToken.new(SUPPLY.toString(), "1000");
    await refuses(
      trade.onTransferReceived.call(buyer, buyer, PAYMENT.toString(), purchaseData(1n, 20n), {
        from: stranger,
      }),
      "WrongToken",
      stranger,
    );
    await forged.sendTransaction({ from: buyer, value: NWT.toString() });
    await refuses(
      forged.methods[OVERLOAD].call(trade.address, PAYMENT.toString(), purchaseData(1n, 20n), {
        from: buyer,
      }),
      "WrongToken",
      forged.address,
    );
  });

  it("number 1,000,000 of one offer is refused: its id would be the next offer's", async () => {
    const { token, operator, prosumer, buyer, meter } = world;
    const trade = await TradeHarness.new(token.address, GRACE.toString(), { from: operator });
    await trade.grantRole(await trade.OPERATOR_ROLE(), operator, { from: operator });
    const consent = consentOf(world.chainId, trade.address, meter, prosumer);
    await trade.commission(meter.address, prosumer, 0, consent, { from: operator });
    await trade.listOffer(meter.address, 100, PRICE.toString(), 60, 1, { from: prosumer });
    await token.approve(trade.address, (10n * PAYMENT).toString(), { from: buyer });
    await trade.setTradeCount(1, 999_998);
    assert.equal(String((await trade.offerOf(1)).remainingMilliWh), "100", "one purchase is left");
    await trade.purchase(1, 20, ANY_PAYMENT, { from: buyer });
    assert.equal((await trade.tradeOf(1_999_999)).buyer, buyer);
    assert.equal(String((await trade.offerOf(1)).remainingMilliWh), "0", "it is not for sale any more");
    await refuses(trade.purchase.call(1, 20, ANY_PAYMENT, { from: buyer }), "OfferExhausted", 1n);
  });
});
