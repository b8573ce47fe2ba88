/** How the page looks and whom it shuts out: accessibility, narrow screens, both languages, both themes. */
import assert from "node:assert/strict";
import { ids } from "../../public/ids";
import { overflowing, violations } from "../support/axe";
import {
  appears,
  confirmLab,
  connectLab,
  disappears,
  getTokens,
  newTrade,
  openPage,
  press,
  sharedHouse,
  shoot,
  tradeIds,
  type,
} from "../support/browser";
import { need } from "../support/need";

describe("The page's looks", function () {
  this.timeout(300_000);
  before(async function () {
    need(this, "chromium");
    await sharedHouse();
  });

  for (const language of ["en", "ko"] as const)
    for (const colorScheme of ["light", "dark"] as const)
      it(`are accessible and fit 360 px, in ${language} and ${colorScheme}`, async () => {
        const { page, complaints, close } = await openPage({ language, context: { colorScheme } });
        await page.locator(`#${ids.chart} canvas`).waitFor();
        assert.match(
          ((await page.locator(`#${ids.firmware}`).textContent()) ?? "").trim(),
          language === "en"
            ? /^neighborwatt meter 1\.0: opens if the server dies$/
            : /^neighborwatt meter 1\.0: 서버가 멈추면 열림$/,
        );
        assert.deepEqual(await violations(page), [], "before a wallet is connected");
        await shoot(page, `start-${language}-${colorScheme}-1280`);

        await page.locator(`#${ids.connect}[data-wallets="1"]`).click();
        await appears(page, ids.labTitle);
        assert.deepEqual(await violations(page), [], "in the wallet's window");
        await shoot(page, `lab-connect-${language}-${colorScheme}`);
        await press(page, ids.labReject);
        await appears(page, ids.notice("rejected"));
        assert.deepEqual(await violations(page), [], "with a notice");
        await press(page, ids.noticeMend("rejected"));
        await disappears(page, ids.notice("rejected"));

        await connectLab(page, "prosumer");
        assert.deepEqual(await violations(page), [], "as the prosumer");
        await press(page, ids.disconnect);
        await connectLab(page, "consumer");
        await getTokens(page, "1");
        const known = await tradeIds(page);
        await type(page, ids.offerQuantity("1"), "2");
        await press(page, ids.offerBuy("1"));
        await appears(page, ids.labAction);
        await shoot(page, `lab-confirm-${language}-${colorScheme}`);
        await confirmLab(page);
        await newTrade(page, known);
        assert.deepEqual(await violations(page), [], "with a trade on its way");
        await shoot(page, `trading-${language}-${colorScheme}-1280`);

        await page.setViewportSize({ width: 360, height: 780 });
        assert.deepEqual(await overflowing(page), []);
        assert.deepEqual(await violations(page), [], "on a narrow screen");
        await shoot(page, `trading-${language}-${colorScheme}-360`);
        assert.deepEqual(complaints, []);
        await close();
      });

  it("hold a number of sixty digits without a scroll bar", async () => {
    const { page, close } = await openPage({ context: { viewport: { width: 360, height: 780 } } });
    await connectLab(page, "consumer");
    await type(page, ids.buyTokensAmount, "9".repeat(60));
    await type(page, ids.redeemAmount, "9".repeat(60));
    await appears(page, `${ids.redeemAmount}-problem`);
    assert.deepEqual(await overflowing(page), []);
    await close();
  });

  it("move only for those who have not asked for less motion", async () => {
    for (const [reducedMotion, animations] of [
      ["no-preference", true],
      ["reduce", false],
    ] as const) {
      const { page, close } = await openPage({ context: { reducedMotion } });
      const isMoving = await page.evaluate(() => {
        document.querySelector(".sun")?.classList.add("shining");
        return document.getAnimations().length > 0;
      });
      assert.equal(isMoving, animations);
      await close();
    }
  });

  it("keep the theme that was chosen over the system's", async () => {
    const { page, close } = await openPage({ context: { colorScheme: "dark" } });
    const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const dark = await paper();
    await press(page, ids.theme);
    await page.locator(`#${ids.theme}[data-theme-choice=light]`).waitFor();
    assert.notEqual(await paper(), dark);
    await press(page, ids.theme);
    await page.locator(`#${ids.theme}[data-theme-choice=dark]`).waitFor();
    assert.equal(await paper(), dark);
    await close();
  });
});
