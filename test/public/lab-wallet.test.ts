/** A newcomer without any extension, on the real house, in Chromium. */

import assert from "node:assert/strict";
import type { TradeView } from "../../common/events";
import { LAB_ACCOUNTS } from "../../common/lab";
import { BASE_UNITS, paymentFor } from "../../common/units";
import type { Wire } from "../../common/wire";
import { ids } from "../../public/ids";
import { buyTokens, purchase } from "../../scripts/trading";
import {
  appears,
  confirmLab,
  connectLab,
  DELIVERY_MS,
  disappears,
  exact,
  getTokens,
  newTrade,
  openPage,
  press,
  sharedHouse,
  shoot,
  text,
  tradeIds,
  type,
} from "../support/browser";
import { need } from "../support/need";
import { until } from "../support/until";

const words = {
  en: { settled: "Settled", buys: /^Buy 3 mWh of offer 1 for 0\.00036 NWT$/, connect: "Use the lab wallet" },
  ko: {
    settled: "정산됨",
    buys: /^판매 1에서 3 mWh을\(를\) 0\.00036 NWT에 사기$/,
    connect: "실습 지갑 쓰기",
  },
};

describe("The page with the lab wallet", function () {
  this.timeout(300_000);
  before(async function () {
    need(this, "chromium");
    await sharedHouse();
  });

  for (const language of ["en", "ko"] as const)
    it(`lets a newcomer connect, get tokens, buy, and watch the delivery to its settlement, in ${language}`, async () => {
      const { page, house, complaints, close } = await openPage({ language });
      const { lab, deployment } = house;
      assert.equal(await page.locator("html").getAttribute("lang"), language);
      // Which wallet there is, the page knows a moment after it is drawn.
      await page.locator(`#${ids.connect}`, { hasText: words[language].connect }).waitFor();
      await connectLab(page, "consumer");
      await getTokens(page, "1");
      const tokensBefore = await exact(page, ids.balanceNwt);
      const balanceOf = (account: string) => lab.token.methods.balanceOf(account).call();
      const sellerBefore = await balanceOf(LAB_ACCOUNTS.prosumer.address);
      const known = await tradeIds(page);

      await type(page, ids.offerQuantity("1"), "3");
      await press(page, ids.offerBuy("1"));
      await appears(page, ids.trade("draft"));
      assert.match(await confirmLab(page), words[language].buys);

      const tradeId = await newTrade(page, known);
      await appears(page, ids.tradeStep(tradeId, "sealed"), "[data-state=done]");
      await appears(page, ids.trade(tradeId), "[data-status=delivering]", DELIVERY_MS);
      await appears(page, ids.relay, "[data-relay=closed]", DELIVERY_MS);
      await shoot(page, `delivering-${language}`);
      await appears(page, ids.trade(tradeId), "[data-status=settled]", DELIVERY_MS);
      await appears(page, ids.relay, "[data-relay=open]", DELIVERY_MS);
      await shoot(page, `settled-${language}`);

      // What the page shows is what the server says, and what the server says is what the chain holds.
      const shown = {
        delivered: await exact(page, ids.tradeDelivered(tradeId)),
        payment: await exact(page, ids.tradePayment(tradeId)),
        paid: await exact(page, ids.tradePaid(tradeId)),
        refunded: await exact(page, ids.tradeRefunded(tradeId)),
      };
      const { trade } = await house.get<{ trade: Wire<TradeView> }>(`/api/trades/${tradeId}`);
      assert.deepEqual(shown, {
        delivered: BigInt(trade.deliveredMilliWh),
        payment: BigInt(trade.payment),
        paid: BigInt(trade.paid),
        refunded: BigInt(trade.refunded),
      });
      const price = 120n * BASE_UNITS;
      assert.equal(shown.delivered, 3n);
      assert.equal(shown.payment, paymentFor(3n, price));
      assert.equal(shown.paid + shown.refunded, shown.payment);
      assert.equal((await balanceOf(LAB_ACCOUNTS.prosumer.address)) - sellerBefore, shown.paid);
      assert.equal(await balanceOf(deployment.trade), 0n, "nothing is left in escrow");
      const spent = tokensBefore - (await balanceOf(LAB_ACCOUNTS.consumer.address));
      assert.equal(spent, shown.paid);
      assert.equal(await text(page, ids.tradeStatus(tradeId)), words[language].settled);

      // After a reload the chart begins with what was measured before it.
      const { atMs } = trade.opened;
      await page.reload();
      const since = async () => Number(await page.locator(`#${ids.chart}`).getAttribute("data-since"));
      await until("the chart's past is there", async () => {
        const oldestAtMs = await since();
        return oldestAtMs > 0 && oldestAtMs < atMs;
      });
      assert.deepEqual(complaints, []);
      await close();
    });

  it("takes a rejection, by button or by Escape, as a choice: neutral, and nothing is sent", async () => {
    const { page, house, complaints, close } = await openPage();
    await connectLab(page, "consumer");
    await getTokens(page, "1");
    const sent = () => house.lab.node.nonce(LAB_ACCOUNTS.consumer.address, "latest");
    const before = await sent();
    for (const reject of [() => press(page, ids.labReject), () => page.keyboard.press("Escape")]) {
      await press(page, ids.offerBuy("1"));
      await appears(page, ids.labConfirm);
      await reject();
      await disappears(page, ids.lab);
      await appears(page, ids.notice("rejected"));
      assert.match((await page.locator(`#${ids.notice("rejected")}`).getAttribute("class")) ?? "", /neutral/);
      await press(page, ids.noticeMend("rejected"));
      await disappears(page, ids.notice("rejected"));
    }
    assert.equal(await sent(), before);
    assert.deepEqual(complaints, []);
    await close();
  });

  it("keeps the focus inside the wallet's window and gives it back", async () => {
    const { page, close } = await openPage();
    await connectLab(page, "consumer");
    await press(page, ids.buyTokens);
    await appears(page, ids.labConfirm);
    const focused = () =>
      page.evaluate(() => document.activeElement?.closest("dialog")?.id ?? document.activeElement?.tagName);
    for (let turn = 0; turn < 6; turn++) {
      assert.ok(["lab", "BODY"].includes((await focused()) ?? ""), "the focus left the window");
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Escape");
    await disappears(page, ids.lab);
    assert.equal(await page.evaluate(() => document.activeElement?.id), ids.buyTokens);
    await close();
  });

  it("lets the prosumer list an offer and withdraw it, and nobody else", async () => {
    const { page, house, complaints, close } = await openPage();
    await connectLab(page, "consumer");
    assert.equal(await page.locator(`#${ids.sell}`).count(), 0);
    await press(page, ids.disconnect);
    await connectLab(page, "prosumer");
    await type(page, ids.sellQuantity, "1.5");
    await page.locator(`#${ids.sellUnit}`).selectOption("Wh");
    await type(page, ids.sellPrice, "99.5");
    await shoot(page, "selling");
    await press(page, ids.sellList);
    assert.equal(await confirmLab(page), "Offer 1.5 Wh at 99.5 NWT/kWh, delivered within 1 hour");
    const row = page.locator(`#${ids.sell} li`, { hasText: "99.5 NWT/kWh" });
    await row.waitFor();
    const offerId = ((await row.getAttribute("id")) ?? "").replace("sell-offer-", "");
    const onChain = () => house.lab.trade.methods.offerOf(BigInt(offerId)).call();
    const listed = await onChain();
    assert.equal(BigInt(listed.remainingMilliWh), 1_500n);
    assert.equal(BigInt(listed.pricePerKWh), (995n * BASE_UNITS) / 10n);
    assert.match(await text(page, ids.offer(offerId)), /This is your own offer/);
    await press(page, ids.sellWithdraw(offerId));
    assert.equal(await confirmLab(page), `Withdraw offer ${offerId}`);
    await disappears(page, ids.offer(offerId));
    assert.equal(BigInt((await onChain()).remainingMilliWh), 0n);
    assert.deepEqual(complaints, []);
    await close();
  });

  it("lets the seller cancel a delivery and the buyer have the rest back", async () => {
    const { page, house, complaints, close } = await openPage();
    const { lab } = house;
    await buyTokens(lab, "consumer2", "1");
    const { tradeId, payment } = await purchase(lab, "consumer2", 3n, 1_000n);
    const id = String(tradeId);
    await connectLab(page, "consumer2");
    await appears(page, ids.trade(id), "[data-status=delivering]", DELIVERY_MS);
    assert.equal(
      await page.locator(`#${ids.tradeRefund(id)}`).count(),
      0,
      "before the deadline not the buyer's",
    );
    await press(page, ids.disconnect);
    await connectLab(page, "prosumer");
    await press(page, ids.tradeRefund(id));
    assert.equal(await confirmLab(page), `Close trade ${id} and refund what was not delivered`);
    await appears(page, ids.trade(id), "[data-status=refunded]", DELIVERY_MS);
    await appears(page, ids.relay, "[data-relay=open]");
    const [paid, refunded] = [await exact(page, ids.tradePaid(id)), await exact(page, ids.tradeRefunded(id))];
    assert.equal(paid + refunded, payment);
    assert.ok(refunded > paid);
    await shoot(page, "refunded");
    assert.deepEqual(complaints, []);
    await close();
  });

  it("folds closed trades away, but not the one that the address names", async () => {
    const { page, house, complaints, close } = await openPage();
    const { lab } = house;
    await buyTokens(lab, "consumer2", "1");
    const closed: string[] = [];
    for (let i = 0; i < 5; i++) {
      const { tradeId } = await purchase(lab, "consumer2", 3n, 1_000n);
      await lab.trade.methods.refund(tradeId).send(lab.from("prosumer"));
      closed.unshift(String(tradeId));
    }
    await connectLab(page, "consumer2");
    const oldest = closed[4]!;
    await appears(page, ids.trade(closed[0]!), "[data-status=refunded]");
    assert.deepEqual(await tradeIds(page), closed.slice(0, 3));
    await shoot(page, "folded");
    await page.evaluate((id) => location.assign(`#trade/${id}`), oldest);
    await page.locator(`[id="${ids.trade(oldest)}"].target`).waitFor();
    assert.deepEqual(await tradeIds(page), [...closed.slice(0, 3), oldest]);
    await press(page, ids.tradesAll);
    // The button goes with the drawing that shows them all.
    await disappears(page, ids.tradesAll);
    assert.deepEqual((await tradeIds(page)).slice(0, 5), closed);
    assert.deepEqual(complaints, []);
    await close();
  });

  it("redeems tokens for the ether they were bought with, to the wei", async () => {
    const { page, house, complaints, close } = await openPage();
    await connectLab(page, "consumer2");
    await getTokens(page, "3");
    const held = await exact(page, ids.balanceNwt);
    const reserve = () => house.lab.node.balance(house.deployment.token);
    const before = await reserve();
    await press(page, ids.redeemAll);
    await press(page, ids.redeem);
    await confirmLab(page);
    await page.locator(`#${ids.balanceNwt}[data-exact="0"]`).waitFor();
    assert.equal(before - (await reserve()), held / 1000n);
    assert.deepEqual(complaints, []);
    await close();
  });

  it("names the next step beside the offers, and shows no Buy that cannot be pressed yet", async () => {
    const { page, complaints, close } = await openPage();
    await appears(page, ids.offersConnect, '[data-wallets="1"]');
    assert.equal(await text(page, ids.offersConnect), words.en.connect);
    assert.equal(await page.locator(`#${ids.offers} form button.primary`).count(), 0);
    const ofTheSun = await page.locator(`#${ids.offersConnect}`).evaluate((button) => {
      const colour = getComputedStyle(button).backgroundColor;
      const others = [...document.querySelectorAll("main button")].filter((one) => one !== button);
      return others.filter((one) => getComputedStyle(one).backgroundColor === colour).map(({ id }) => id);
    });
    assert.deepEqual(ofTheSun, [], "no other button of the page's body is as loud");
    await press(page, ids.offersConnect);
    await press(page, ids.labAccount("consumer"));
    await appears(page, ids.account);
    await disappears(page, ids.offersConnect);
    await page.locator(`#${ids.offerBuy("1")}.primary`).waitFor();
    assert.deepEqual(complaints, []);
    await close();
  });

  it("refuses a quantity it cannot read or sell, in words, before any window", async () => {
    const { page, close } = await openPage();
    await connectLab(page, "consumer");
    const problem = `${ids.offerQuantity("1")}-problem`;
    for (const [typed, said] of [
      ["0", /whole number of mWh/],
      ["1.5", /whole number of mWh/],
      ["-3", /whole number of mWh/],
      ["1e3", /whole number of mWh/],
      ["99999999", /Only .* left/],
    ] as const) {
      await type(page, ids.offerQuantity("1"), typed);
      // The page draws with the browser's next frame.
      await until(`${typed} refused`, async () => said.test(await text(page, problem)));
      assert.equal(await page.locator(`#${ids.offerBuy("1")}`).isDisabled(), true);
    }
    await close();
  });

  it("remembers wallet, language, theme and transactions across a reload", async () => {
    const { page, complaints, close } = await openPage();
    await connectLab(page, "consumer");
    await press(page, ids.languageKo);
    await press(page, ids.theme);
    await type(page, ids.buyTokensAmount, "1");
    await press(page, ids.buyTokens);
    await confirmLab(page);
    const row = page.locator("[data-kind=buyTokens]").first();
    await row.waitFor();
    const id = (await row.getAttribute("id")) ?? "";
    await page.reload();
    await appears(page, ids.account, `[data-address="${LAB_ACCOUNTS.consumer.address}"]`);
    await appears(page, id, "[data-status=sealed]");
    assert.equal(await page.locator("html").getAttribute("lang"), "ko");
    assert.equal(await page.locator("html").getAttribute("data-theme"), "light");
    assert.deepEqual(complaints, []);
    await close();
  });

  it("does not exist where the node's chain is another", async () => {
    const { page, close } = await openPage({
      prepare: async (prepared) => {
        await prepared.route("**/rpc", async (route) => {
          const body = route.request().postData() ?? "";
          if (!body.includes("eth_chainId")) return route.fallback();
          return route.fulfill({
            json: { jsonrpc: "2.0", id: 1, result: "0x1" },
          });
        });
      },
    });
    await appears(page, ids.notice("noWallet"));
    await page.context().route("https://metamask.io/**", (route) => route.fulfill({ body: "a wallet" }));
    for (const id of [ids.connect, ids.offersConnect, ids.noticeMend("noWallet")]) {
      assert.equal(await text(page, id), "Get MetaMask");
      const opened = page.context().waitForEvent("page");
      await press(page, id);
      const shop = await opened;
      await shop.waitForURL("https://metamask.io/download/");
      await shop.close();
    }
    await close();
  });

  it("offers a choice while nobody knows yet whether there is a wallet", async () => {
    const { page, close } = await openPage({
      awaits: `#${ids.connect}`,
      prepare: async (prepared) => {
        await prepared.route("**/api/config", (route) => route.abort());
      },
    });
    assert.equal(await text(page, ids.connect), "Connect wallet");
    await press(page, ids.connect);
    await appears(page, ids.walletMenu);
    assert.match(await text(page, ids.walletMenu), /None yet/);
    await page.keyboard.press("Escape");
    await disappears(page, ids.walletMenu);
    await close();
  });
});
