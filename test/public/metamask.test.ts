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
    await appears(page, ids.connect, '[data-wallets="1"]');
    assert.equal(await text(page, ids.connect), "Connect MetaMask", "there is nothing to choose");
    await press(page, ids.connect);
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

  it("says where to look while the wallet takes its time, and what was not done, for each thing it is asked", async () => {
    const opened = await openWithMetaMask();
    const { page, wallet, complaints, close } = opened;
    const says = (id: string) =>
      until("the button says where to look", async () => (await text(page, id)) === "Look at MetaMask …");
    const rejected = async (words: RegExp) => {
      await until("the notice", async () => words.test(await text(page, ids.notice("rejected"))));
      await press(page, ids.noticeMend("rejected"));
    };
    wallet.holdWindows();
    await choose(opened, 2);
    await says(ids.connect);
    wallet.showWindows();
    await wallet.cancel();
    await rejected(/Not connected/);
    await connect(opened, 2);

    // On mainnet nothing can be done but to leave it.
    for (const id of [ids.watchToken, ids.faucet, ids.buyTokens])
      assert.equal(await page.locator(`#${id}`).isDisabled(), true, id);
    wallet.holdWindows();
    await press(page, ids.noticeMend("wrongNetwork"));
    await says(ids.noticeMend("wrongNetwork"));
    wallet.showWindows();
    await wallet.cancel();
    await rejected(/The network stays as it is/);
    await toTheHouse(opened);

    wallet.holdWindows();
    await press(page, ids.watchToken);
    await says(ids.watchToken);
    wallet.showWindows();
    await wallet.cancel();
    await rejected(/Not added to your wallet/);
    assert.deepEqual(wallet.watched, []);
    assert.deepEqual(complaints, []);
    await close();
  });

  it("says that the wallet is locked, and goes on by itself when it is not", async () => {
    const opened = await openWithMetaMask();
    const { page, wallet, complaints, close } = opened;
    await connect(opened, 2);
    await toTheHouse(opened);
    await wallet.lock();
    await appears(page, ids.notice("walletLocked"));
    await shoot(page, "locked");
    await page.reload();
    await appears(page, ids.notice("walletLocked"));
    await wallet.unlock();
    await appears(page, ids.account);
    await disappears(page, ids.notice("walletLocked"));
    await wallet.disconnectSites();
    await appears(page, ids.connect);
    await disappears(page, ids.notice("walletLocked"));
    assert.deepEqual(complaints, []);
    await close();
  });

  it("keeps a purchase under the account that signed it, though another is chosen meanwhile", async () => {
    const opened = await openWithMetaMask();
    const { page, wallet, house, complaints, close } = opened;
    await connect(opened, 2);
    await toTheHouse(opened);
    await page.locator(`#${ids.balanceEth}:not([data-exact=""])`).waitFor();
    await house.chain.rpc("anvil_setBalance", wallet.accounts[0], "0x8ac7230489e80000");
    const tokens = await exact(page, ids.balanceNwt);
    await page.locator(`#${ids.balanceEth}:not([data-exact="0"])`).waitFor();
    await press(page, ids.buyTokens);
    await wallet.confirm();
    await page.locator(`#${ids.balanceNwt}:not([data-exact="${tokens}"])`).waitFor();
    const known = await tradeIds(page);
    const asked = () => wallet.asked.filter((method) => method === "eth_sendTransaction").length;
    const before = asked();
    // Two windows, a card each.
    await type(page, ids.offerQuantity("1"), "1");
    await type(page, ids.offerQuantity("2"), "1");
    await press(page, ids.offerBuy("1"));
    await appears(page, ids.trade("draft"));
    await press(page, ids.offerBuy("2"));
    await appears(page, ids.trade("draft-2"));
    // What the wallet has not been asked for yet, no account that is chosen meanwhile would be asked for.
    await until("both windows are there", () => asked() === before + 2);
    await shoot(page, "two-windows");
    await wallet.cancel();
    await disappears(page, ids.trade("draft"));
    await appears(page, ids.trade("draft-2"));
    await wallet.switchAccount(1);
    await disappears(page, ids.trade("draft-2"));
    await wallet.confirm();
    await until("the purchase was sent", () => wallet.sent.length === 2);
    assert.equal(await page.locator("#trades li.trade").count(), 0);
    await wallet.switchAccount(0);
    const tradeId = await newTrade(page, known);
    await appears(page, ids.trade(tradeId), "[data-status=settled]", DELIVERY_MS);
    // One card is new, and none is without a trade; the oldest of the others may be folded away for it.
    const shown = await tradeIds(page);
    assert.deepEqual(
      shown.filter((id) => !known.includes(id)),
      [tradeId],
    );
    assert.equal(await page.locator("#trades li.trade").count(), shown.length);
    assert.deepEqual(complaints, []);
    await close();
  });

  it("tells how it went where one looks, however far the page is scrolled", async () => {
    const opened = await openWithMetaMask({ context: { viewport: { width: 360, height: 640 } } });
    const { page, wallet, close } = opened;
    await connect(opened, 2);
    await toTheHouse(opened);
    await page.locator(`#${ids.watchToken}`).scrollIntoViewIfNeeded();
    await press(page, ids.watchToken);
    await wallet.cancel();
    await appears(page, ids.notice("rejected"));
    const box = await page.locator(`#${ids.notice("rejected")}`).boundingBox();
    assert.ok(box && box.y >= 0 && box.y + box.height <= 640, JSON.stringify(box));
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
