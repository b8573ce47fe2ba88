/** A page that stays open while the server behind it comes back as something else, in Chromium. */
import assert from "node:assert/strict";
import { ids } from "../../public/ids";
import { migrate } from "../../scripts/deploy";
import { startEmbeddedChain } from "../../scripts/embedded-chain";
import { commissionMeter, labChain, listFirstOffers } from "../../scripts/lab-chain";
import { appears, confirmLab, connectLab, disappears, openPage, press, text, type } from "../support/browser";
import { type House, startHouse } from "../support/house";
import { need } from "../support/need";

describe("A page that stays open", function () {
  this.timeout(300_000);
  let house: House;
  const ending: (() => unknown)[] = [];

  before(async function () {
    need(this, "chromium");
    house = await startHouse();
    ending.push(() => house.stop());
  });
  after(async () => {
    for (const end of ending.reverse()) await end();
  });

  it("says that it is older than the server, and is mended by its button", async () => {
    let isOlder = true;
    const current = await (await fetch(house.url)).text();
    const script = /assets\/index-[\w-]+\.js/.exec(current)?.[0] ?? "";
    const older = await openPage({
      house,
      prepare: async (prepared) => {
        await prepared.route(`${house.url}/`, async (route) => {
          const body = isOlder ? current.replace(script, "assets/older.js") : current;
          await route.fulfill({ body, contentType: "text/html" });
        });
        await prepared.route("**/assets/older.js", async (route) =>
          route.fulfill({
            body: await (await fetch(`${house.url}/${script}`)).text(),
            contentType: "text/javascript",
          }),
        );
      },
    });
    await appears(older.page, ids.notice("pageOlder"));
    isOlder = false;
    await press(older.page, ids.noticeMend("pageOlder"));
    await appears(older.page, ids.chainState, "[data-state=following]");
    await disappears(older.page, ids.notice("pageOlder"));
    await older.close();
  });

  it("reads its configuration anew when the server comes back with another", async () => {
    const { page, close } = await openPage({ house });
    await page.locator(`#${ids.gridTariff}`, { hasText: "180" }).waitFor();
    await house.stopServer();
    await appears(page, ids.notice("serverGone"));
    await house.startServer({ GRID_TARIFF_PER_KWH: "99" });
    await page.locator(`#${ids.gridTariff}`, { hasText: "99" }).waitFor();
    await close();
  });

  it("leaves what was on another chain there, and says that this one is another", async () => {
    const { page, close } = await openPage({ house });
    await connectLab(page, "consumer");
    await type(page, ids.buyTokensAmount, "1");
    await press(page, ids.buyTokens);
    await confirmLab(page);
    await page.locator("[data-kind=buyTokens][data-status=sealed]").waitFor();

    const { port } = house.chain;
    await house.stopServer();
    await house.chain.kill();
    const begun = await startEmbeddedChain({ port, periodMs: 250, heartbeatMs: 5000 });
    ending.push(() => begun.kill());
    const env = {
      RPC_URL: begun.rpcUrl,
      EMBEDDED_PORT: String(port),
      ARTIFACTS_DIR: `${house.dataDir}/contracts`,
    };
    await migrate("embedded", env);
    const lab = await labChain(begun.rpcUrl, house.deployment);
    await commissionMeter(lab, house.meterKey);
    await listFirstOffers(lab, house.meter);
    await house.startServer();

    await appears(page, ids.notice("chainAnother"));
    assert.equal(await page.locator("[data-kind=buyTokens]").count(), 0);
    await press(page, ids.noticeMend("chainAnother"));
    await disappears(page, ids.notice("chainAnother"));
    await page.reload();
    await appears(page, ids.account);
    await appears(page, ids.chainState, "[data-state=following]");
    assert.equal(await page.locator("[data-kind=buyTokens]").count(), 0);
    assert.equal(await page.locator(`#${ids.notice("chainAnother")}`).count(), 0);
    assert.match(await text(page, ids.chainName), /13370/);
    await close();
  });
});
