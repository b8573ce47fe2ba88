/** A phone of the room: the page opened at the network address of the machine that serves it, in Chromium. */
import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { ids } from "../../public/ids";
import { appears, confirmLab, connectLab, exact, openPage, press, type } from "../support/browser";
import { type House, startHouse } from "../support/house";
import { need } from "../support/need";

const lanAddress = (): string | undefined =>
  Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

describe("The page on a phone of the room", function () {
  this.timeout(300_000);
  let house: House | undefined;
  after(() => house?.stop());

  it("trades with the lab wallet, by the page's address alone", async function () {
    need(this, "chromium");
    const address = lanAddress();
    // A machine without any network has no room.
    if (address === undefined) return this.skip();
    house = await startHouse({ env: { HOST: "0.0.0.0" } });
    const url = house.url.replace("127.0.0.1", address);
    const asked = new Set<string>();
    const { page, complaints, close } = await openPage({
      house: { ...house, url },
      prepare: async (prepared) => {
        prepared.on("request", (request) => asked.add(new URL(request.url()).host));
      },
    });
    await connectLab(page, "consumer2");
    const before = await exact(page, ids.balanceNwt);
    await type(page, ids.buyTokensAmount, "1");
    await press(page, ids.buyTokens);
    await confirmLab(page);
    await page.locator(`#${ids.balanceNwt}:not([data-exact="${before}"])`).waitFor();
    await appears(page, ids.account);
    assert.deepEqual([...asked], [new URL(url).host]);
    assert.deepEqual(complaints, []);
    await close();
  });
});
