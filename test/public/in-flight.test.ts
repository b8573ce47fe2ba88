/** A purchase between the press and its block, while something else happens: a reload, another account, a locked wallet. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { checksumAddress } from "../../chain/checksum";
import { ids } from "../../public/ids";
import {
  appears,
  DELIVERY_MS,
  disappears,
  exact,
  newTrade,
  press,
  sharedHouse,
  text,
  tradeIds,
  type,
} from "../support/browser";
import { connect, type OpenedWithMetaMask, openWithMetaMask, toTheHouse } from "../support/metamask-page";
import { need } from "../support/need";
import { until } from "../support/until";

describe("A purchase under way", function () {
  this.timeout(300_000);
  let opened: OpenedWithMetaMask;
  let known: string[];

  before(async function () {
    need(this, "chromium");
    await sharedHouse();
  });

  /** An account of the stand-in's, on the house's chain and able to pay. */
  beforeEach(async () => {
    opened = await openWithMetaMask();
    const { page, wallet, house } = opened;
    await connect(opened, 2);
    await toTheHouse(opened);
    await house.chain.rpc("anvil_setBalance", wallet.account, "0x8ac7230489e80000");
    await page.locator(`#${ids.balanceEth}:not([data-exact="0"]):not([data-exact=""])`).waitFor();
    const tokens = await exact(page, ids.balanceNwt);
    await press(page, ids.buyTokens);
    await wallet.confirm();
    await page.locator(`#${ids.balanceNwt}:not([data-exact="${tokens}"])`).waitFor();
    known = await tradeIds(page);
    await type(page, ids.offerQuantity("1"), "1");
  });
  afterEach(async () => {
    const { complaints, close } = opened;
    await close();
    assert.deepEqual(complaints, []);
  });

  const purchases = (tab: Page) => tab.locator("[data-kind=purchase]").count();
  const cards = () => opened.page.locator("#trades li.trade").count();

  it("outlives a reload of the page while the wallet's window is open: one card, and Buy works again", async () => {
    const { page, wallet } = opened;
    await press(page, ids.offerBuy("1"));
    assert.equal(await wallet.window(), "eth_sendTransaction");
    await page.reload();
    await appears(page, ids.account);
    await wallet.confirm();
    const tradeId = await newTrade(page, known);
    await appears(page, ids.trade(tradeId), "[data-status=settled]", DELIVERY_MS);
    assert.equal(await cards(), known.length + 1);
    await until("the button", async () => (await text(page, ids.offerBuy("1"))) === "Buy");
    await type(page, ids.offerQuantity("1"), "1");
    await press(page, ids.offerBuy("1"));
    assert.equal(await wallet.cancel(), "eth_sendTransaction");
    await appears(page, ids.notice("rejected"));
  });

  it("is not sent when another account is chosen before the window opens, and the page says so", async () => {
    const { page, wallet } = opened;
    let letCheck = () => {};
    const held = new Promise<void>((resolve) => {
      letCheck = resolve;
    });
    let checks = 0;
    await page.route("**/rpc", async (route) => {
      const body = route.request().postData() ?? "";
      if (body.includes("eth_call") && body.includes('"from"')) {
        checks++;
        await held;
      }
      await route.fallback();
    });
    await press(page, ids.offerBuy("1"));
    await until("the check", () => checks > 0);
    await wallet.switchAccount(1);
    await appears(page, ids.account, `[data-address="${checksumAddress(wallet.accounts[1])}"]`);
    const windows = wallet.asked.filter((method) => method === "eth_sendTransaction").length;
    letCheck();
    await appears(page, ids.notice("accountChanged"));
    await until("the button", async () => (await text(page, ids.offerBuy("1"))) === "Buy");
    assert.equal(
      wallet.asked.filter((method) => method === "eth_sendTransaction").length,
      windows,
      "no window of an account that is not on show",
    );
    await wallet.switchAccount(0);
  });

  it("is there once when the wallet is locked in another tab and unlocked again", async () => {
    const { page, wallet, house } = opened;
    const other = await page.context().newPage();
    await other.addInitScript("globalThis.__name = (named) => named;");
    await wallet.install(other);
    await other.goto(house.url);
    await appears(other, ids.account);
    await press(page, ids.offerBuy("1"));
    assert.equal(await wallet.window(), "eth_sendTransaction");
    const before = await purchases(page);
    await wallet.lock();
    await Promise.all([page, other].map((tab) => appears(tab, ids.notice("walletLocked"))));
    await wallet.confirm();
    await until("the purchase was sent", () => wallet.sent.length === 2);
    assert.equal(await cards(), 0, "of no account that is not shown");
    await wallet.unlock();
    for (const tab of [page, other]) {
      await disappears(tab, ids.notice("walletLocked"));
      const tradeId = await newTrade(tab, known);
      await appears(tab, ids.trade(tradeId), "[data-status=settled]", DELIVERY_MS);
      assert.equal(await tab.locator("#trades li.trade").count(), known.length + 1);
      assert.equal(await purchases(tab), before + 1);
    }
  });
});
