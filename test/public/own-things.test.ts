/** What a person has typed, chosen or sent belongs to one account, one tab, or all tabs: in Chromium, on the real house. */
import assert from "node:assert/strict";
import { ids } from "../../public/ids";
import {
  appears,
  confirmLab,
  connectLab,
  disappears,
  exact,
  getTokens,
  openPage,
  press,
  sharedHouse,
  tradeIds,
  type,
} from "../support/browser";
import { connect, openWithMetaMask, toTheHouse } from "../support/metamask-page";
import { need } from "../support/need";

const value = (page: Awaited<ReturnType<typeof openPage>>["page"], id: string) =>
  page.locator(`[id="${id}"]`).inputValue();

describe("The page keeps apart", function () {
  this.timeout(300_000);
  before(async function () {
    need(this, "chromium");
    await sharedHouse();
  });

  it("a purchase whose window is open: its card can be removed, and what is sent after all has one of its own", async () => {
    const opened = await openWithMetaMask();
    const { page, wallet, house, complaints, close } = opened;
    await connect(opened, 2);
    await toTheHouse(opened);
    await house.chain.rpc("anvil_setBalance", wallet.accounts[0], "0x8ac7230489e80000");
    await page.locator(`#${ids.balanceEth}:not([data-exact="0"]):not([data-exact=""])`).waitFor();
    const tokens = await exact(page, ids.balanceNwt);
    await press(page, ids.buyTokens);
    await wallet.confirm();
    await page.locator(`#${ids.balanceNwt}:not([data-exact="${tokens}"])`).waitFor();
    const known = await tradeIds(page);

    await type(page, ids.offerQuantity("1"), "1");
    await press(page, ids.offerBuy("1"));
    await wallet.window();
    await press(page, ids.transactionForget("draft"));
    await disappears(page, ids.trade("draft"));
    await page.locator(`[id="${ids.offerBuy("1")}"]:not([aria-disabled="true"])`).waitFor();
    await wallet.confirm();
    await page.locator("#trades li.trade").nth(known.length).waitFor();
    assert.deepEqual(complaints, []);
    await close();
  });

  it("a transaction that no node knows: removed in one tab, it is gone in the other and after a reload", async () => {
    const { page, complaints, close } = await openPage();
    await connectLab(page, "consumer");
    await getTokens(page, "1");
    const lost = `0x${"ab".repeat(32)}`;
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.locator(`[id="${ids.balanceNwt}"]:not([data-exact=""])`).waitFor();
    // As if it had been sent from here by a page of yesterday.
    await page.evaluate((hash) => {
      const key = Object.keys(localStorage).find((one) => one.startsWith("neighborwatt/transactions/")) ?? "";
      const [newest, ...older] = JSON.parse(localStorage.getItem(key) ?? "[]");
      const details = { offerId: "1", milliWh: "3", tokens: "1" };
      const record = {
        ...newest,
        hash,
        nonce: null,
        kind: "purchase",
        details,
        sentAtMs: 0,
        status: "pending",
      };
      localStorage.setItem(
        key,
        JSON.stringify([{ ...record, block: null, isConfirmed: false }, newest, ...older]),
      );
    }, lost);
    await page.reload();
    await Promise.all([page, other].map((tab) => appears(tab, ids.trade(lost), "[data-status=missing]")));

    await press(page, ids.transactionForget(lost));
    await Promise.all([page, other].map((tab) => disappears(tab, ids.trade(lost))));
    await page.reload();
    await page.locator(`[id="${ids.balanceNwt}"]:not([data-exact=""])`).waitFor();
    assert.equal(await page.locator(`[id="${ids.trade(lost)}"]`).count(), 0);
    assert.deepEqual(complaints, []);
    await close();
  });

  it("an amount: it is cleared when it was paid back, and when another account comes", async () => {
    const { page, complaints, close } = await openPage();
    await connectLab(page, "consumer");
    const proposed = await value(page, ids.buyTokensAmount);
    await getTokens(page, "1");
    await type(page, ids.redeemAmount, "0.5");
    await press(page, ids.redeem);
    await confirmLab(page);
    await page.waitForFunction(
      (id) => (document.getElementById(id) as HTMLInputElement).value === "",
      ids.redeemAmount,
    );

    await type(page, ids.redeemAmount, "0.25");
    await type(page, ids.buyTokensAmount, "7");
    await press(page, ids.disconnect);
    await connectLab(page, "consumer2");
    assert.equal(await value(page, ids.redeemAmount), "");
    assert.equal(await value(page, ids.buyTokensAmount), proposed);
    assert.deepEqual(complaints, []);
    await close();
  });

  it("language and theme: a tab has its own, and a new one begins with what was chosen last", async () => {
    const { page, close } = await openPage();
    const other = await page.context().newPage();
    await other.goto(page.url());
    await appears(other, ids.chainState, "[data-state=following]");
    const looks = (tab: typeof page) =>
      tab.evaluate(() => [document.documentElement.lang, document.documentElement.dataset.theme]);

    await press(other, ids.languageKo);
    // Each press is drawn before the next: it goes from one theme to the next.
    for (const theme of ["light", "dark"]) {
      await press(other, ids.theme);
      await appears(other, ids.theme, `[data-theme-choice=${theme}]`);
    }
    await other.waitForFunction(() => document.documentElement.lang === "ko");
    assert.deepEqual(await looks(other), ["ko", "dark"]);
    await press(page, ids.languageEn);
    await page.waitForFunction(() => document.documentElement.lang === "en");
    await page.reload();
    await appears(page, ids.chainState, "[data-state=following]");
    assert.equal((await looks(page))[0], "en");
    await other.reload();
    await appears(other, ids.chainState, "[data-state=following]");
    assert.deepEqual(await looks(other), ["ko", "dark"]);

    const newest = await page.context().newPage();
    await newest.goto(page.url());
    await appears(newest, ids.chainState, "[data-state=following]");
    assert.deepEqual(await looks(newest), ["en", "dark"]);
    await close();
  });
});
