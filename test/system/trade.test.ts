import assert from "node:assert/strict";
import type { OfferView, TradeView } from "../../common/events";
import { LAB_ACCOUNTS } from "../../common/lab";
import type { Wire } from "../../common/wire";
import { balanceOf, buyTokens, purchase, settlementsOf } from "../../scripts/trading";
import { type House, startHouse } from "../support/house";
import { until } from "../support/until";

describe("a trade, from the purchase to metered and settled energy", function () {
  this.timeout(240_000);
  let house: House;

  before(async () => {
    house = await startHouse({ page: false });
    await buyTokens(house.lab, "consumer", "1");
    await buyTokens(house.lab, "consumer2", "1");
  });
  after(() => house?.stop());

  it("pays the seller for exactly what was bought, and leaves nothing in escrow", async () => {
    const sellerBefore = await balanceOf(house.lab, LAB_ACCOUNTS.prosumer.address);
    const { tradeId, payment } = await purchase(house.lab, "consumer", 1n, 5n);
    await until("the trade on the page's list", async () =>
      (await house.get<{ trades: Wire<TradeView>[] }>("/api/trades")).trades.some(
        (trade) => trade.tradeId === String(tradeId),
      ),
    );
    const { trade, readings } = await house.untilSettled(tradeId);
    assert.equal(trade.deliveredMilliWh, "5");
    assert.equal(trade.settledMilliWh, "5");
    assert.equal(trade.paid, String(payment));
    assert.equal(trade.refunded, "0");
    assert.ok(readings.some((reading) => reading.isFinal && reading.deliveredMilliWh === "5"));
    assert.equal((await balanceOf(house.lab, LAB_ACCOUNTS.prosumer.address)) - sellerBefore, payment);
    assert.equal(await balanceOf(house.lab, house.deployment.trade), 0n);
  });

  it("delivers trades bought at once one after the other, in purchase order", async () => {
    const first = await purchase(house.lab, "consumer", 1n, 3n);
    const second = await purchase(house.lab, "consumer2", 2n, 2n);
    const answers = await Promise.all([
      house.untilSettled(first.tradeId),
      house.untilSettled(second.tradeId),
    ]);
    const [a, b] = answers.map(({ trade }) => trade);
    assert.ok(a!.deliveryEndedAtMs! <= b!.deliveryStartedAtMs!);
    assert.equal(await balanceOf(house.lab, house.deployment.trade), 0n);
    for (const { tradeId, payment } of [first, second]) {
      const paid = (await settlementsOf(house.lab, tradeId)).reduce((sum, event) => sum + event.paid, 0n);
      assert.equal(paid, payment);
    }
  });

  it("never sells more than the meter's register", async () => {
    const meter = await house.lab.trade.methods.meterOf(house.meter).call();
    assert.ok(meter.soldMilliWh <= meter.registerMilliWh, `${meter.soldMilliWh} of ${meter.registerMilliWh}`);
    assert.equal(meter.soldMilliWh, 10n);
  });

  it("shows what is left of the offers", async () => {
    const { offers } = await house.get<{ offers: Wire<OfferView>[] }>("/api/offers");
    assert.deepEqual(offers.map(({ offerId, remainingMilliWh }) => [offerId, remainingMilliWh]).sort(), [
      ["1", "492"],
      ["2", "1998"],
      ["3", "10000"],
    ]);
  });
});
