import assert from "node:assert/strict";
import { needGeth, TestNetwork } from "../support/geth";
import { assertAllSettled, buy, houseOn, sellersTokens, untilDelivering } from "../support/geth-trade";
import type { House } from "../support/house";
import { until } from "../support/until";

describe("a purchase, its delivery and its settlement on the two-node network", function () {
  this.timeout(400_000);
  let net: TestNetwork;
  let house: House;

  before(async function () {
    await needGeth(this);
    net = await TestNetwork.start();
    house = await houseOn(net);
  });
  after(async () => {
    await house?.stop();
    await net?.stop();
  });

  it("survive kill -9 of the sealer in the middle of the delivery, with another purchase waiting", async () => {
    const before = await sellersTokens(house);
    const first = await buy(house, "consumer");
    await untilDelivering(house, first);
    await net.kill(1);
    // Sent while nobody seals: it waits in the validator.
    const waiting = buy(house, "consumer2");
    await until("the purchase waits", async () => {
      const { pending } = await net.ask<{ pending: string }>(2, "txpool_status");
      return Number(pending) > 0;
    });
    await net.up();
    await assertAllSettled(house, [first, await waiting], before);
  });

  it("survive kill -9 of the validator, the server's own node: it waits, then misses nothing", async () => {
    const before = await sellersTokens(house);
    const trade = await buy(house, "consumer");
    await untilDelivering(house, trade);
    await net.kill(2);
    const { block } = await net.head(1);
    await net.untilBlock(1, block + 4);
    const { trade: view } = await house.get<{ trade: { status: string } }>(`/api/trades/${trade.tradeId}`);
    assert.notEqual(view.status, "settled", "only the chain can say that, and it is out of reach");
    await net.up();
    await assertAllSettled(house, [trade], before);
  });
});
