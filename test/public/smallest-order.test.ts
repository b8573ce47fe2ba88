/** What an offer promises a buyer: the least that is sold at a time, and when what was not delivered comes back. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { ids } from "../../public/ids";
import {
  appears,
  confirmLab,
  connectLab,
  disappears,
  getTokens,
  openPage,
  press,
  sharedHouse,
  shoot,
  text,
  type,
} from "../support/browser";
import { need } from "../support/need";

const problem = (id: string): string => `${id}-problem`;

/** Waits until the button can be pressed, or cannot: the page is drawn a moment after it knows. */
const enabled = (page: Page, id: string, isEnabled: boolean): Promise<void> =>
  page.locator(`[id="${id}"]${isEnabled ? ":not([disabled])" : "[disabled]"}`).waitFor();

describe("An offer's smallest order", function () {
  this.timeout(300_000);
  before(async function () {
    need(this, "chromium");
    await sharedHouse();
  });

  for (const [language, tooMuch, smallest, tooSmall, lastOfIt] of [
    [
      "en",
      "This is more than the offer.",
      "2 mWh or more at a time",
      "At least 2 mWh at a time.",
      "sold only as a whole",
    ],
    [
      "ko",
      "판매량보다 많습니다.",
      "한 번에 2 mWh 이상",
      "한 번에 2 mWh 이상 사야 합니다.",
      "남은 양 전부만 살 수 있음",
    ],
  ] as const)
    it(`is what the prosumer said, and the page keeps a buyer to it, in ${language}`, async () => {
      const seller = await openPage({ language });
      await connectLab(seller.page, "prosumer");
      const known = await seller.page.locator(`#${ids.sell} .plain-list li`).count();
      await type(seller.page, ids.sellQuantity, "3");
      await type(seller.page, ids.sellPrice, "100");

      // Empty is no condition.
      await enabled(seller.page, ids.sellList, true);
      for (const [typed, sentence] of [
        ["4", tooMuch],
        ["0.004 Wh", tooMuch],
        ["0", /mWh/],
        ["two", /mWh/],
      ] as const) {
        await type(seller.page, ids.sellSmallest, typed);
        await seller.page.locator(`#${ids.sellSmallest}[aria-invalid=true]`).waitFor();
        // The field was wrong before: until this value is drawn the sentence is still the last one's.
        await seller.page.locator("#sell-smallest-problem").filter({ hasText: sentence }).waitFor();
        const said = await text(seller.page, "sell-smallest-problem");
        if (typeof sentence === "string") assert.equal(said, sentence);
        else assert.match(said, sentence);
        await enabled(seller.page, ids.sellList, false);
      }
      await type(seller.page, ids.sellSmallest, "2");
      await enabled(seller.page, ids.sellList, true);
      assert.equal(await text(seller.page, "sell-smallest-problem"), "");
      await press(seller.page, ids.sellList);
      assert.match(await confirmLab(seller.page), new RegExp(`, ${smallest}$`));
      const listed = seller.page.locator(`#${ids.sell} .plain-list li`).nth(known);
      await listed.waitFor();
      const offerIds = await seller.page
        .locator(`#${ids.sell} .plain-list li`)
        .evaluateAll((cards) => cards.map(({ id }) => Number(/\d+$/.exec(id)?.[0])));
      const offerId = String(Math.max(...offerIds));
      assert.equal(await text(seller.page, ids.sellOfferSmallest(offerId)), smallest);
      await seller.close();

      const { page, complaints, close } = await openPage({ language });
      await connectLab(page, "consumer");
      await getTokens(page, "1");
      const quantity = ids.offerQuantity(offerId);
      assert.equal(await text(page, ids.offerSmallest(offerId)), smallest);
      assert.equal(await page.locator(`[id="${quantity}"]`).inputValue(), "3", "the first quantity proposed");
      await shoot(page, `smallest-order-${language}`);

      const buy = page.locator(`[id="${ids.offerBuy(offerId)}"]`);
      await type(page, quantity, "1");
      await page.locator(`[id="${quantity}"][aria-invalid=true]`).waitFor();
      assert.equal(await text(page, problem(quantity)), tooSmall);
      await enabled(page, ids.offerBuy(offerId), false);

      await type(page, quantity, "2");
      await enabled(page, ids.offerBuy(offerId), true);
      assert.equal(await text(page, problem(quantity)), "");
      await buy.click();
      await confirmLab(page);
      // One is left, less than the smallest order: all of it can be bought.
      await page
        .locator(`[id="${ids.offerRemaining(offerId)}"]`)
        .filter({ hasText: "1 mWh" })
        .waitFor();
      await page
        .locator(`[id="${ids.offerSmallest(offerId)}"]`)
        .filter({ hasText: lastOfIt })
        .waitFor();
      await type(page, quantity, "1");
      await enabled(page, ids.offerBuy(offerId), true);
      assert.equal(await text(page, problem(quantity)), "");
      await buy.click();
      await confirmLab(page);
      await disappears(page, ids.offer(offerId));
      assert.deepEqual(complaints, []);
      await close();
    });

  it("left empty lets a buyer take as little as a milliwatt-hour, and no sentence speaks of it", async () => {
    const { page, close } = await openPage();
    await connectLab(page, "consumer");
    await getTokens(page, "1");
    await type(page, ids.offerQuantity("1"), "1");
    await enabled(page, ids.offerBuy("1"), true);
    assert.equal(await text(page, problem(ids.offerQuantity("1"))), "");
    assert.equal(await page.locator(`[id="${ids.offerSmallest("1")}"]`).count(), 0);
    await close();
  });
});

describe("An offer's money back", function () {
  this.timeout(120_000);
  before(async function () {
    need(this, "chromium");
    await sharedHouse();
  });

  for (const language of ["en", "ko"] as const)
    it(`is promised to a buyer for the delivery window and the contract's grace from now, rounded up, in ${language}`, async () => {
      const { page, house, close } = await openPage({ language });
      await appears(page, ids.offerMoneyBack("1"));
      const { gracePeriodS } = (await (await fetch(`${house.url}/api/config`)).json()) as {
        gracePeriodS: number;
      };
      const { offers } = (await (await fetch(`${house.url}/api/offers`)).json()) as {
        offers: { offerId: string; deliveryWindowS: number }[];
      };
      const windowS = offers.find(({ offerId }) => offerId === "1")?.deliveryWindowS ?? Number.NaN;
      assert.ok(gracePeriodS > 0);
      const minute = (ms: number) => Math.ceil(ms / 60_000) * 60_000;
      const before = Date.now() - 2000;
      const said = await text(page, ids.offerMoneyBack("1"));
      // In the browser, whose words for a time of day are not Node's in every language.
      const possible = await page.evaluate(
        ([moments, tag]) =>
          moments.map((atMs) =>
            new Intl.DateTimeFormat(tag, {
              month: "short",
              day: "numeric",
              hour: "2-digit",
              minute: "2-digit",
            }).format(atMs),
          ),
        [
          [before, Date.now()].map((nowMs) => minute(nowMs + (windowS + gracePeriodS) * 1000)),
          language,
        ] as const,
      );
      assert.ok(
        possible.some((by) => said.includes(by)),
        `${said}: none of ${possible.join(", ")}`,
      );
      await close();
    });
});
