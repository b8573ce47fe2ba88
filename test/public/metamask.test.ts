/** The page with an extension's wallet, on the real house, in Chromium. */
import assert from "node:assert/strict";
import { BASE_UNITS } from "../../common/units";
import { ids } from "../../public/ids";
import {
  appears,
  DELIVERY_MS,
  disappears,
  exact,
  newTrade,
  press,
  sharedHouse,
  shoot,
  text,
  tradeIds,
  type,
} from "../support/browser";
import { choose, connect, openWithMetaMask, toTheHouse } from "../support/metamask-page";
import { need } from "../support/need";
import { until } from "../support/until";

describe("The page with MetaMask", function () {
  this.timeout(300_000);
  before(async function () {
    need(this, "chromium");
    await sharedHouse();
  });

  it("takes a cancelled connection as a choice, and says when a window is open already", async () => {
    const opened = await openWithMetaMask();
    const { page, wallet, complaints, close } = opened;
    await choose(opened, 2);
    await wallet.cancel();
    await appears(page, ids.notice("rejected"));
    assert.match((await page.locator(`#${ids.notice("rejected")}`).getAttribute("class")) ?? "", /neutral/);
    await choose(opened, 2);
    await wallet.window();
    await choose(opened, 2);
    await appears(page, ids.notice("windowOpen"));
    await shoot(page, "window-open");
    // The first window still counts.
    await wallet.confirm();
    await appears(page, ids.account);
    assert.deepEqual(complaints, []);
    await close();
  });

  for (const language of ["en", "ko"] as const)
    it(`goes from another network to a settled trade, in ${language}`, async () => {
      const opened = await openWithMetaMask({ language });
      const { page, wallet, house, complaints, close } = opened;
      await connect(opened, 2);
      await appears(page, ids.notice("wrongNetwork"));
      await shoot(page, `wrong-network-${language}`);
      await press(page, ids.noticeMend("wrongNetwork"));
      await wallet.cancel();
      await appears(page, ids.notice("rejected"));
      await toTheHouse(opened);

      await press(page, ids.faucet);
      await page.locator(`#${ids.balanceEth}:not([data-exact="0"]):not([data-exact=""])`).waitFor();
      const tokens = await exact(page, ids.balanceNwt);
      await type(page, ids.buyTokensAmount, "2");
      await press(page, ids.buyTokens);
      assert.equal(await wallet.confirm(), "eth_sendTransaction");
      await page.locator(`#${ids.balanceNwt}[data-exact="${tokens + 2n * BASE_UNITS}"]`).waitFor();

      const known = await tradeIds(page);
      await type(page, ids.offerQuantity("2"), "2");
      await press(page, ids.offerBuy("2"));
      await wallet.window();
      await appears(page, ids.tradeStep("draft", "wallet"), "[data-state=active]");
      await wallet.cancel();
      await appears(page, ids.notice("rejected"));
      await press(page, ids.offerBuy("2"));
      await wallet.confirm();
      const tradeId = await newTrade(page, known);
      // A reload in the middle of it changes nothing.
      await page.reload();
      await appears(page, ids.trade(tradeId), "[data-status=settled]", DELIVERY_MS);
      const paid = await exact(page, ids.tradePaid(tradeId));
      const refunded = await exact(page, ids.tradeRefunded(tradeId));
      assert.equal(paid + refunded, (2n * 135n * BASE_UNITS) / 1_000_000n);
      const held = await house.lab.token.methods.balanceOf(wallet.account).call();
      assert.equal(held, tokens + 2n * BASE_UNITS - paid);
      assert.deepEqual(complaints, []);
      await close();
    });

  it("on a LAN by http shows a card to copy from, and asks no wallet what it must refuse", async () => {
    const lan = "http://192.168.0.9:8545";
    const opened = await openWithMetaMask({
      config: (view) => ({ ...view, rpcUrl: lan, labWallet: false }),
    });
    const { page, wallet, close } = opened;
    await page.locator(`#${ids.connect}[data-wallets="1"]`).click();
    await wallet.confirm();
    await appears(page, ids.notice("chainNotAddable"));
    assert.equal(await page.locator(`#${ids.copyRpcUrl}`).inputValue(), lan);
    assert.equal(await page.locator(`#${ids.copyChainId}`).inputValue(), "13370");
    await shoot(page, "lan-card");
    await press(page, ids.noticeMend("chainNotAddable"));
    await until("the switch was tried", () => wallet.asked.includes("wallet_switchEthereumChain"));
    await appears(page, ids.notice("chainNotAddable"));
    assert.ok(!wallet.asked.includes("wallet_addEthereumChain"));
    await close();
  });

  it("follows the wallet to another account, another chain, and away", async () => {
    const opened = await openWithMetaMask();
    const { page, wallet, complaints, close } = opened;
    await connect(opened, 2);
    await toTheHouse(opened);
    await wallet.emit("chainChanged", "0x1");
    await appears(page, ids.notice("wrongNetwork"));
    await wallet.emit("chainChanged", "0x343a");
    await disappears(page, ids.notice("wrongNetwork"));
    const other = "0x90f79bf6eb2c4f870365e785982e1f101e93b906";
    await wallet.emit("accountsChanged", [other]);
    await appears(page, ids.account, `[data-address="0x90F79bf6EB2c4f870365E785982E1f101E93b906"]`);
    await wallet.emit("accountsChanged", []);
    await appears(page, ids.connect);
    assert.deepEqual(complaints, []);
    await close();
  });

  it("shows the token in the wallet, or takes no for an answer", async () => {
    const opened = await openWithMetaMask();
    const { page, wallet, close } = opened;
    await connect(opened, 2);
    await toTheHouse(opened);
    await press(page, ids.watchToken);
    assert.equal(await wallet.cancel(), "wallet_watchAsset");
    await appears(page, ids.notice("rejected"));
    assert.match(await text(page, ids.notice("rejected")), /Nothing has changed/);
    await close();
  });
});
