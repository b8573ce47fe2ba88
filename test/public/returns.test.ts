/** A page that stays open while the server behind it comes back as something else, in Chromium. */
import assert from "node:assert/strict";
import { ids } from "../../public/ids";
import { migrate } from "../../scripts/deploy";
import { type EmbeddedChain, startEmbeddedChain } from "../../scripts/embedded-chain";
import { commissionMeter, labChain, listFirstOffers } from "../../scripts/lab-chain";
import { appears, confirmLab, connectLab, disappears, openPage, press, text, type } from "../support/browser";
import { type House, startHouse } from "../support/house";
import { connect, openWithMetaMask, toTheHouse } from "../support/metamask-page";
import { need } from "../support/need";
import { until } from "../support/until";

describe("A page that stays open", function () {
  this.timeout(300_000);
  let house: House;
  let chain: EmbeddedChain;
  const ending: (() => unknown)[] = [];

  before(async function () {
    need(this, "chromium");
    house = await startHouse();
    chain = house.chain;
    ending.push(
      () => chain.kill(),
      () => house.stop(),
    );
  });
  /** What `npm run reset` and a start do, with the same genesis file, at the same address. */
  async function beginAnew(): Promise<void> {
    const { port } = chain;
    await house.stopServer();
    await chain.kill();
    chain = await startEmbeddedChain({ port, periodMs: 250, heartbeatMs: 5000 });
    const artifacts = { ARTIFACTS_DIR: `${house.dataDir}/contracts` };
    await migrate("embedded", { RPC_URL: chain.rpcUrl, EMBEDDED_PORT: String(port), ...artifacts });
    const lab = await labChain(chain.rpcUrl, house.deployment);
    await commissionMeter(lab, house.meterKey);
    await listFirstOffers(lab, house.meter);
    await house.startServer();
  }

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
    // The notices of a page that is still loading come and go, and move the button.
    await appears(older.page, ids.chainState, "[data-state=following]");
    // The lab wallet comes last, by a script of its own: a notice that comes and goes with it is a fault.
    await older.page.locator(`#${ids.connect}[data-wallets="1"]`).waitFor();
    const gone = await older.page.evaluate(
      (notice) =>
        new Promise<number>((resolve) => {
          let [gone, draws] = [0, 0];
          new MutationObserver(() => {
            if (!document.getElementById(notice)) gone += 1;
            draws += 1;
            if (draws === 60) resolve(gone);
          }).observe(document.body, { subtree: true, childList: true, characterData: true });
        }),
      ids.notice("pageOlder"),
    );
    assert.equal(gone, 0);
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

    await beginAnew();

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

  it("sends nothing with a MetaMask of the chain before, and names what such a one has numbered", async () => {
    const opened = await openWithMetaMask({ house });
    const { page, wallet, close } = opened;
    const ether = () =>
      page.locator(`#${ids.balanceEth}:not([data-exact="0"]):not([data-exact=""])`).waitFor();
    const transactions = () => wallet.asked.filter((method) => method === "eth_sendTransaction").length;
    await connect(opened, 2);
    await toTheHouse(opened);
    await press(page, ids.faucet);
    await ether();
    await type(page, ids.buyTokensAmount, "1");
    await press(page, ids.buyTokens);
    assert.equal(await wallet.confirm(), "eth_sendTransaction");
    await page.locator("[data-kind=buyTokens][data-status=sealed]").waitFor();
    await chain.mine(100);
    const looks = wallet.asked.filter((method) => method === "eth_blockNumber").length;
    await until(
      "the wallet has seen the height",
      async () => wallet.asked.filter((method) => method === "eth_blockNumber").length > looks + 1,
    );
    await beginAnew();

    await appears(page, ids.notice("walletOnOldChain"));
    await press(page, ids.faucet);
    await ether();
    await type(page, ids.buyTokensAmount, "1");
    const before = transactions();
    await press(page, ids.buyTokens);
    await page.locator(`[id="${ids.buyTokens}"]:not([aria-busy=true])`).waitFor();
    assert.equal(transactions(), before);

    // Half of the advice: the height is right again, the numbers are not.
    wallet.restartBrowser();
    await page.reload();
    await appears(page, ids.account);
    await disappears(page, ids.notice("walletOnOldChain"));
    await type(page, ids.buyTokensAmount, "1");
    await press(page, ids.buyTokens);
    assert.equal(await wallet.confirm(), "eth_sendTransaction");
    await appears(page, ids.notice("nonceAhead"));

    // The whole of it: the next one has the number that is due, and lets the waiting one through.
    wallet.clearActivity();
    await press(page, ids.buyTokens);
    assert.equal(await wallet.confirm(), "eth_sendTransaction");
    await disappears(page, ids.notice("nonceAhead"));
    await close();
  });
});
