import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { LAB_ACCOUNTS } from "../../common/lab";
import { balanceOf, buyTokens, purchase, settlementsOf } from "../../scripts/trading";
import { type House, startHouse } from "../support/house";

/** Milliseconds after the purchase (or after the server is back) at which the server is killed, and again. */
const MOMENTS = [[0], [900, 100], [1500, 1500], [2500], [3200, 700], [4000, 50], [5200]];
const ORDER_MILLI_WH = 3n;
const JOURNAL_INTERVAL_MS = 500;
/** What the simulated load takes at most, W, with the battery full. */
const LOAD_W = 4;

describe("kill -9 of the server in mid-trade", function () {
  this.timeout(600_000);
  let house: House;

  before(async () => {
    house = await startHouse({ page: false, env: { JOURNAL_INTERVAL_MS: String(JOURNAL_INTERVAL_MS) } });
    await buyTokens(house.lab, "consumer", "1");
  });
  after(() => house?.stop());

  const register = async () => (await house.lab.trade.methods.meterOf(house.meter).call()).registerMilliWh;

  for (const moments of MOMENTS) {
    it(`goes on after a kill ${moments.map((ms) => `${ms} ms`).join(", then ")} after the purchase`, async () => {
      const seller = LAB_ACCOUNTS.prosumer.address;
      const sellerBefore = await balanceOf(house.lab, seller);
      const registerBefore = await register();
      const { tradeId, payment } = await purchase(house.lab, "consumer", 3n, ORDER_MILLI_WH);
      for (const moment of moments) {
        await sleep(moment);
        await house.stopServer("SIGKILL");
        await house.startServer();
      }
      const { trade } = await house.untilSettled(tradeId);
      assert.equal(trade.paid, String(payment));
      // Nothing is paid twice …
      const settlements = await settlementsOf(house.lab, tradeId);
      assert.equal(
        settlements.reduce((sum, event) => sum + event.paid, 0n),
        payment,
      );
      assert.equal(settlements.filter((event) => event.isClosed).length, 1);
      assert.equal((await balanceOf(house.lab, seller)) - sellerBefore, payment);
      assert.equal(await balanceOf(house.lab, house.deployment.trade), 0n);
      // … and no energy is counted twice: the register moved by the order and at most the overshoot of a relay that
      // opens one sample late. What a kill loses was never counted, and is bounded by the journal interval.
      const metered = (await register()) - registerBefore;
      assert.ok(metered >= ORDER_MILLI_WH, `${metered} mWh metered`);
      const allowed = ORDER_MILLI_WH + BigInt(Math.ceil((LOAD_W * JOURNAL_INTERVAL_MS) / 3600)) + 1n;
      assert.ok(metered <= allowed, `${metered} mWh metered, at most ${allowed} expected`);
    });
  }

  it("takes up again a trade that was bought while it was down", async () => {
    await house.stopServer("SIGKILL");
    const { tradeId } = await purchase(house.lab, "consumer", 3n, 1n);
    await house.startServer();
    const { trade } = await house.untilSettled(tradeId);
    assert.equal(trade.deliveredMilliWh, "1");
  });
});
