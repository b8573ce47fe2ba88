import assert from "node:assert/strict";
import { buyTokens, purchase } from "../../scripts/trading";
import { type House, startHouse } from "../support/house";
import type { Server } from "../support/server-program";
import { until } from "../support/until";

describe("A copied installation started beside the first", function () {
  this.timeout(240_000);
  let house: House;
  let copy: Server;

  before(async () => {
    house = await startHouse({ page: false });
    await buyTokens(house.lab, "consumer", "1");
    // After a clean stop the folder is whole; both begin at the same register, as copies do.
    await house.stopServer();
    copy = await house.startCopy();
    await house.startServer();
  });
  after(() => house?.stop());

  const health = async (url: string) => (await fetch(`${url}/healthz`)).text();

  it("is noticed when the first trade is settled: one server stops delivering and says so, the other goes on", async () => {
    const { tradeId } = await purchase(house.lab, "consumer", 1n, 5n);
    await house.untilSettled(tradeId);
    const urls = [house.url, copy.url];
    const halted = await until("one server to stop delivering", async () => {
      const told = await Promise.all(urls.map(health));
      return urls.find((_, i) => told[i]!.includes("another server"));
    });
    const output = halted === copy.url ? copy.output() : house.output();
    assert.match(output, /error .*another server .*Stop .*restart this one/);

    const next = await purchase(house.lab, "consumer", 1n, 2n);
    await house.untilSettled(next.tradeId);
    const delivered = async (url: string) =>
      ((await (await fetch(`${url}/api/trades/${next.tradeId}`)).json()) as { readings: unknown[] }).readings;
    assert.deepEqual(await delivered(halted), [], "the halted one has signed nothing for it");
    const other = urls.find((url) => url !== halted)!;
    assert.match(await health(other), /"ok"/);
  });
});
