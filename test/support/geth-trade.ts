/** A whole trade on a geth network under test: bought, metered by the simulated Arduino, settled. */
import assert from "node:assert/strict";
import { LAB_ACCOUNTS } from "../../common/lab";
import { balanceOf, buyTokens, type Purchase, purchase, settlementsOf } from "../../scripts/trading";
import type { TestNetwork } from "./geth";
import { type House, startHouse, type TradeAnswer } from "./house";
import { until } from "./until";

/** Some ten seconds of delivery: long enough to break something in the middle of it. */
export const ORDER_MILLI_WH = 8n;

export async function houseOn(net: TestNetwork): Promise<House> {
  const house = await startHouse({ page: false, gethRpcUrl: net.rpcUrl });
  await buyTokens(house.lab, "consumer", "1");
  await buyTokens(house.lab, "consumer2", "1");
  return house;
}

export const buy = (house: House, who: "consumer" | "consumer2"): Promise<Purchase> =>
  purchase(house.lab, who, 3n, ORDER_MILLI_WH);

/** Waits until energy flows for the trade. */
export const untilDelivering = (house: House, { tradeId }: Purchase): Promise<TradeAnswer> =>
  until(
    `trade ${tradeId} delivers`,
    async () => {
      const answer = await house.trade(tradeId);
      return answer?.trade.status === "delivering" && Number(answer.trade.deliveredMilliWh) > 0 && answer;
    },
    60_000,
    250,
  );

/** Each trade was delivered and paid in full, once, and the escrow is empty. */
export async function assertAllSettled(
  house: House,
  trades: Purchase[],
  sellerBefore: bigint,
): Promise<void> {
  for (const { tradeId, payment } of trades) {
    const { trade } = await house.untilSettled(tradeId);
    assert.equal(trade.deliveredMilliWh, String(ORDER_MILLI_WH));
    assert.equal(trade.paid, String(payment));
    const settlements = await settlementsOf(house.lab, tradeId);
    assert.equal(
      settlements.reduce((sum, event) => sum + event.paid, 0n),
      payment,
    );
    assert.equal(settlements.filter((event) => event.isClosed).length, 1);
  }
  assert.equal(await balanceOf(house.lab, house.deployment.trade), 0n);
  const paid = trades.reduce((sum, { payment }) => sum + payment, 0n);
  assert.equal((await sellersTokens(house)) - sellerBefore, paid);
}

export const sellersTokens = (house: House): Promise<bigint> =>
  balanceOf(house.lab, LAB_ACCOUNTS.prosumer.address);
