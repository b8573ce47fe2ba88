/** The street on the page: drawn and told, chosen from by hand and by keyboard, narrow and dark. */
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import type { HomeView, MeterView, Snapshot, StreetHouseView } from "../../common/events";
import { ids } from "../../public/ids";
import { overflowing, violations } from "../support/axe";
import { openPage, press, shoot, text } from "../support/browser";
import { need } from "../support/need";
import { type ScriptedServer, scriptedServer } from "../support/scripted-server";
import { config, home, METER, meter, meterOf, sample, snapshot, streetOf, trade } from "./fixtures";

const meterView = (house: StreetHouseView, n: number): MeterView => ({
  ...meter,
  meter: house.meter,
  prosumer: house.prosumer,
  relay: house.sellsTo ? "closed" : "open",
  todayMilliWh: BigInt(n),
  lastSample: { ...sample(0, house.watts ?? 0), meter: house.meter, panelWatts: house.roofW },
});

/** As a server of `count` modelled houses tells it. */
function streetSnapshot(count: number): Snapshot {
  const street = streetOf(count);
  return {
    ...snapshot,
    street,
    meters: street.map((house, i) => meterView(house, i + 1)),
    homes: street.map(({ meter, name, prosumer, batteryCharge }, i) => ({
      ...home,
      meter,
      name: name ?? "",
      account: prosumer,
      kind: "modelled",
      house: {
        roofW: 3.2,
        loadW: 1.5,
        batteryCharge: batteryCharge ?? 0,
        streetOutW: 2.4,
        streetInW: 0,
        gridW: i % 2 === 0 ? 0.42 : -0.75,
        gridImportMilliWh: 120n,
        gridExportMilliWh: 33n,
      },
    })),
  };
}

/** A wallet that shows one account on the lab's chain, and signs nothing. */
function announceWallet([account, chainId]: [string, string]): void {
  const answers: Record<string, unknown> = {
    eth_requestAccounts: [account],
    eth_accounts: [account],
    eth_chainId: chainId,
  };
  const provider = {
    request: async ({ method }: { method: string }) => {
      if (method in answers) return answers[method];
      throw { code: 4200, message: `${method} is not supported` };
    },
    on: () => provider,
    removeListener: () => provider,
  };
  const info = {
    uuid: "7d1c4b0e-35a2-4c43-9f0d-6a1f3c1f0001",
    name: "One account",
    rdns: "org.example.wallet",
    icon: "data:image/svg+xml,<svg/>",
  };
  const announce = () =>
    dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider }) }));
  addEventListener("eip6963:requestProvider", announce);
  announce();
}

describe("The street", function () {
  this.timeout(120_000);
  let server: ScriptedServer;

  before(async function () {
    need(this, "chromium");
    server = await scriptedServer({ ...config, labWallet: false }, streetSnapshot(6));
  });
  after(async () => server?.stop());

  const open = (count: number, more: Parameters<typeof openPage>[0] = {}) => {
    server.snapshot = streetSnapshot(count);
    return openPage({ url: server.url, ...more });
  };

  for (const language of ["en", "ko"] as const)
    for (const colorScheme of ["light", "dark"] as const)
      it(`of six houses is accessible and fits 360 px, in ${language} and ${colorScheme}`, async () => {
        const { page, complaints, close } = await open(6, { language, context: { colorScheme } });
        await page.locator(`[id="${ids.house(meterOf(6))}"]`).waitFor();
        assert.deepEqual(await violations(page), []);
        await shoot(page, `street-${language}-${colorScheme}-1280`);
        await page.setViewportSize({ width: 360, height: 780 });
        assert.deepEqual(await overflowing(page), []);
        assert.deepEqual(await violations(page), []);
        await shoot(page, `street-${language}-${colorScheme}-360`);
        assert.deepEqual(complaints, []);
        await close();
      });

  it("tells in words who sells to whom, and again when that has changed", async () => {
    const { page, close } = await open(6);
    const told = () => page.locator(`#${ids.street} .sales li`).allInnerTexts();
    assert.deepEqual(await told(), [
      "House 1 sells to House 2: 2.40 W",
      "House 3 sells to 0x3C44…93BC: 2.40 W",
      "House 5 sells to House 6: 2.40 W",
    ]);
    const name = await page.locator(`[id="${ids.house(METER)}"]`).textContent();
    assert.match(name ?? "", /House 1[\s\S]*roof 1\.30 W, battery 17%, sells 2\.40 W to House 2/);
    await page.locator(`[id="${ids.house(meterOf(2))}"][data-flow=buys]`).waitFor();
    const street = streetOf(6).map((house) => ({ ...house, watts: 0, sellsTo: null }));
    server.tell("street", [{ ...street[0]!, sellsTo: street[5]!.prosumer }, ...street.slice(1)]);
    await page.locator(`[id="${ids.house(METER)}"][data-flow=none]`).waitFor();
    assert.deepEqual(await told(), ["House 1 delivers to House 6, and nothing flows just now."]);
    server.tell("street", street);
    await page.locator(`#${ids.street} .empty`, { hasText: "Nobody sells just now." }).waitFor();
    await close();
  });

  it("is chosen from by hand, by keyboard and by name; the choice is the tab's, and outlives a reload", async () => {
    const { page, close } = await open(6);
    const isChosen = (n: number) =>
      page.locator(`[id="${ids.house(meterOf(n))}"][aria-pressed=true]`).waitFor();
    const today = (n: number) => page.locator(`#${ids.today}`, { hasText: `${n} mWh` }).waitFor();
    await isChosen(1);
    await press(page, ids.house(meterOf(4)));
    await isChosen(4);
    await today(4);
    assert.match(await text(page, ids.houseGrid), /0\.75 W/);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await isChosen(5);
    await today(5);
    await page.reload();
    await isChosen(5);
    await today(5);
    await page.locator(`#${ids.houseChoice}`).selectOption({ label: "House 2" });
    await isChosen(2);
    const other = await page.context().newPage();
    await other.goto(server.url);
    await other.locator(`[id="${ids.house(METER)}"][aria-pressed=true]`).waitFor();
    await close();
  });

  it("is asked for one house in full: each that is chosen, none of those that are stepped over", async () => {
    server.looks.length = 0;
    const { page, close } = await open(6);
    await page.locator(`#${ids.today}`, { hasText: "1 mWh" }).waitFor();
    assert.deepEqual(server.looks, [null], "the first house needs no second question");
    for (const n of [2, 3, 4]) await press(page, ids.house(meterOf(n)));
    await page.locator(`#${ids.today}`, { hasText: "4 mWh" }).waitFor();
    assert.equal(server.looks.at(-1), meterOf(4));
    await page.reload();
    await page.locator(`#${ids.today}`, { hasText: "4 mWh" }).waitFor();
    assert.equal(server.looks.at(-1), meterOf(4));
    assert.equal(
      server.looks.filter((house) => house === null).length,
      1,
      "a reload asks for its house at once",
    );
    await close();
  });

  it("says plainly of a house of another server that it is elsewhere, and guesses nothing", async () => {
    const own = streetSnapshot(2);
    const [first, second] = own.street as [StreetHouseView, StreetHouseView];
    const unknown = {
      state: "elsewhere",
      name: null,
      watts: null,
      roofW: null,
      batteryCharge: null,
    } as const;
    server.snapshot = {
      ...own,
      street: [first, { ...second, ...unknown }],
      homes: own.homes.slice(0, 1),
      meters: [
        own.meters[0]!,
        {
          ...own.meters[1]!,
          state: "elsewhere",
          detail: "measured by another server",
          relay: null,
          firmware: null,
          todayMilliWh: null,
          lastSample: null,
        },
      ],
    };
    const { page, close } = await openPage({ url: server.url });
    await press(page, ids.house(second.meter));
    await page.locator(`#${ids.meterState}[data-state=elsewhere]`).waitFor();
    assert.equal(await text(page, ids.meterState), "Meter of another server");
    assert.match(await text(page, ids.house(second.meter)), /^House 0xa000…/i);
    for (const id of [ids.panelWatts, ids.batteryVolts, ids.neighbourWatts, ids.today, ids.register])
      assert.equal(await text(page, id), "–");
    assert.equal(await text(page, ids.relay), "Not known here");
    for (const id of [ids.notice("meterGone"), ids.houseGrid])
      assert.equal(await page.locator(`[id="${id}"]`).count(), 0);
    assert.deepEqual(await violations(page), []);
    await shoot(page, "street-elsewhere");
    await close();
  });

  for (const [language, label, modelled] of [
    ["en", "From the street", "modelled"],
    ["ko", "동네에서 들어옴", "모형"],
  ] as const)
    it(`shows what arrives from it now and how full the battery is, where that is known, in ${language}`, async () => {
      const given = streetSnapshot(3);
      const receiving = {
        kind: "simulated",
        state: "online",
        detail: "",
        fault: null,
        lastSample: { atMs: 0, volts: 6.1, amperes: 0.3, panelWatts: null, watts: 1.83, registerMilliWh: 7n },
      } as const;
      const [first, second, third] = given.homes as [HomeView, HomeView, HomeView];
      const arriving = first.house && { ...first.house, batteryCharge: 0.17, streetInW: 2.25 };
      const wired: HomeView = { ...second, kind: "simulated", house: null, receiving };
      const lone: HomeView = { ...third, kind: "simulated", house: null };
      server.snapshot = { ...given, homes: [{ ...first, house: arriving }, wired, lone] };
      const { page, close } = await openPage({ url: server.url, language });
      const told = (watts: string) => page.locator(`#${ids.streetIn}`, { hasText: watts }).waitFor();
      await told("2.25 W");
      assert.equal(await page.locator(`.figure:has(#${ids.streetIn}) dt`).textContent(), label);
      assert.equal(await text(page, `${ids.batteryVolts}-note`), "17%");
      assert.equal(await text(page, ids.firmware), modelled);
      await press(page, ids.house(wired.meter));
      await told("1.83 W");
      server.tell("home", { ...wired, receiving: { ...receiving, state: "lost" } });
      await page.locator(`#${ids.streetIn}`).waitFor({ state: "detached" });
      await press(page, ids.house(lone.meter));
      await page.locator(`#${ids.today}`, { hasText: "3 mWh" }).waitFor();
      assert.equal(await page.locator(`#${ids.streetIn}, #${ids.batteryVolts}-note`).count(), 0);
      await close();
    });

  for (const [language, delivering] of [
    ["en", "8 mWh of 20 mWh"],
    ["ko", "20 mWh 중 8 mWh"],
  ] as const)
    it(`says how far one's own trade of another house than the chosen one is, in ${language}`, async () => {
      const given = streetSnapshot(6);
      const own = { ...trade, meter: meterOf(3), status: "delivering", deliveredMilliWh: 8n } as const;
      server.snapshot = { ...given, trades: [own] };
      const { page, close } = await openPage({
        url: server.url,
        language,
        prepare: async (opened) => {
          await opened.addInitScript(announceWallet, [trade.buyer, "0x343a"] as [string, string]);
        },
      });
      await page.locator(`#${ids.connect}[data-wallets="1"]`).click();
      await page.locator(`[id="${ids.house(METER)}"][aria-pressed=true]`).waitFor();
      const step = ids.tradeStep(String(trade.tradeId), "delivering");
      await page.locator(`[id="${step}"][data-state=active]`, { hasText: delivering }).waitFor();
      // And not for want of looking: a meter that is gone is waited for.
      const gone = { ...given.street[2]!, state: "lost", watts: null } as const;
      // The page may be about to ask for its account's trades: the answer says the same.
      server.snapshot = { ...server.snapshot, street: given.street.with(2, gone) };
      server.tell("street", [gone]);
      const waiting = language === "en" ? "waits for the meter" : "계량기를 기다림";
      await page.locator(`[id="${step}"]`, { hasText: waiting }).waitFor();
      await close();
    });

  it("of two hundred houses fits 360 px, is chosen from, and folds away most of its sales", async () => {
    const { page, close } = await open(200, { context: { viewport: { width: 360, height: 780 } } });
    await press(page, ids.house(meterOf(200)));
    await page.locator(`#${ids.today}`, { hasText: "200 mWh" }).waitFor();
    assert.deepEqual(await overflowing(page), []);
    assert.deepEqual(await violations(page), []);
    assert.equal(await page.locator(`#${ids.street} .sales li:visible`).count(), 6);
    await page.locator(`#${ids.street} summary`, { hasText: "94 more" }).click();
    assert.equal(await page.locator(`#${ids.street} .sales li:visible`).count(), 100);
    await shoot(page, "street-200-360");
    await page.setViewportSize({ width: 1280, height: 900 });
    await shoot(page, "street-200-1280");
    await close();
  });

  it("is one house when there is one: then the picture below says it all", async () => {
    const { page, close } = await open(1);
    await page.locator(`#${ids.today}`, { hasText: "1 mWh" }).waitFor();
    assert.equal(await page.locator(`#${ids.street}`).count(), 0);
    assert.equal(await page.locator(`#${ids.houseChoice}`).count(), 0);
    await close();
  });

  it("takes at most 130 kB of JavaScript until somebody presses something", async () => {
    const { page, close } = await open(6);
    await page.locator(`#${ids.chart} canvas`).waitFor();
    const scripts = await page.evaluate(() =>
      performance
        .getEntriesByType("resource")
        .map((entry) => entry as PerformanceResourceTiming)
        .filter(({ name }) => name.endsWith(".js"))
        .map(({ name }) => name.split("/").at(-1) ?? ""),
    );
    assert.ok(scripts.length > 0);
    const folder = join(__dirname, "..", "..", "build", "page", "assets");
    const bytes = scripts.reduce((sum, name) => sum + statSync(join(folder, `${name}.gz`)).size, 0);
    assert.ok(bytes > 0 && bytes <= 130_000, `${bytes} bytes: ${scripts.join(", ")}`);
    await close();
  });
});
