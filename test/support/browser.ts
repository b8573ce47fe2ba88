/**
 * Chromium on a real house: chain, contracts, server, simulated Arduino. One browser for all the files of a suite, and
 * one house, unless a test brings its own; a fresh profile for each page. What a page complains of is collected.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { ids } from "../../public/ids";
import { type House, startHouse } from "./house";
import { findChromium } from "./need";

const SHOTS = join(__dirname, "..", "..", "test-artifacts", "screenshots");
/** A meter that measures a minute of battery in a few seconds would be no real one: deliveries take their time. */
export const DELIVERY_MS = 120_000;
const ACTION_MS = 30_000;

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

let house: Promise<House> | null = null;
let browser: Promise<Browser> | null = null;

export const sharedHouse = (): Promise<House> => {
  house ??= startHouse();
  return house;
};

function sharedBrowser(): Promise<Browser> {
  browser ??= chromium.launch({ executablePath: findChromium() ?? "", headless: true, args: ARGUMENTS });
  return browser;
}

after(async function () {
  this.timeout(60_000);
  await (await browser)?.close();
  await (await house)?.stop();
});

export interface Opened {
  page: Page;
  /** Throws for a page of another server. */
  readonly house: House;
  /** Errors in the console, uncaught ones, and violations of the content security policy. */
  complaints: string[];
  close(): Promise<void>;
}

export interface OpenOptions {
  /** By default the one that the suite shares. */
  house?: House;
  /** Of another server than the house's, for a page that needs none. */
  url?: string;
  language?: "en" | "ko";
  context?: BrowserContextOptions;
  /** What is there when the page is: by default the chain, followed. A selector. */
  awaits?: string;
  /** Before the page is loaded: routes, wallets. */
  prepare?(page: Page): Promise<void>;
}

/** The page of the house, loaded and fed. */
export async function openPage({
  house: given,
  url,
  language = "en",
  context,
  awaits = `#${ids.chainState}[data-state=following]`,
  prepare,
}: OpenOptions = {}): Promise<Opened> {
  const [running, chromiumBrowser] = await Promise.all([
    url === undefined ? (given ?? sharedHouse()) : null,
    sharedBrowser(),
  ]);
  const profile = await chromiumBrowser.newContext({
    locale: language === "ko" ? "ko-KR" : "en-GB",
    viewport: { width: 1280, height: 900 },
    ...context,
  });
  const page = await profile.newPage();
  page.setDefaultTimeout(ACTION_MS);
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  // tsx keeps the names of functions by a helper, which functions sent into the page then call.
  await page.addInitScript("globalThis.__name = (named) => named;");
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) =>
      console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
    );
  });
  await prepare?.(page);
  await page.goto(url ?? running!.url);
  await page.waitForSelector(awaits);
  return {
    page,
    get house() {
      if (!running) throw new Error("this page is of another server than a house's");
      return running;
    },
    complaints,
    close: () => profile.close(),
  };
}

/** Kept as artefacts, to be looked at. */
export async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}

export const text = (page: Page, id: string): Promise<string> =>
  page.locator(`[id="${id}"]`).evaluate((element) => (element.textContent ?? "").replace(/\s+/g, " ").trim());

export const press = (page: Page, id: string): Promise<void> => page.locator(`[id="${id}"]`).click();

export const type = (page: Page, id: string, value: string): Promise<void> =>
  page.locator(`[id="${id}"]`).fill(value);

/** Resolves when the element is there; `attributes` as in CSS, such as `[data-state=done]`. */
export async function appears(page: Page, id: string, attributes = "", timeout = ACTION_MS): Promise<void> {
  await page.locator(`[id="${id}"]${attributes}`).waitFor({ state: "attached", timeout });
}

export async function disappears(page: Page, id: string, timeout = ACTION_MS): Promise<void> {
  await page.locator(`[id="${id}"]`).waitFor({ state: "detached", timeout });
}

/** Connects the lab wallet as one of its houses. */
export async function connectLab(page: Page, role: "consumer" | "consumer2" | "prosumer"): Promise<void> {
  await page.locator(`#${ids.connect}[data-wallets="1"]`).click();
  await press(page, ids.labAccount(role));
  await page.locator(`[id="${ids.balanceNwt}"]:not([data-exact=""])`).waitFor();
}

/** Answers the lab wallet's window. @returns what it said it would sign */
export async function confirmLab(page: Page): Promise<string> {
  const words = await text(page, ids.labAction);
  await press(page, ids.labConfirm);
  await disappears(page, ids.lab);
  return words;
}

/** A balance on the page, to the last base unit. */
export const exact = async (page: Page, id: string): Promise<bigint> =>
  BigInt((await page.locator(`[id="${id}"]`).getAttribute("data-exact")) || "0");

/** Buys tokens when there are fewer than one's purchase needs. */
export async function getTokens(page: Page, amount: string): Promise<void> {
  const before = await exact(page, ids.balanceNwt);
  await type(page, ids.buyTokensAmount, amount);
  await press(page, ids.buyTokens);
  await confirmLab(page);
  await page
    .locator(`[id="${ids.balanceNwt}"]:not([data-exact="${before}"])`)
    .waitFor({ timeout: ACTION_MS });
}

/** The newest trade's id on the page's list of one's own, once there is one that is not in `known`. */
export async function newTrade(page: Page, known: string[]): Promise<string> {
  const handle = await page.waitForFunction((old) => {
    const cards = [...document.querySelectorAll("#trades li.trade a")];
    return cards
      .map((card) => card.getAttribute("href")?.split("/")[1])
      .find((id) => id && !old.includes(id));
  }, known);
  return (await handle.jsonValue()) as string;
}

export const tradeIds = (page: Page): Promise<string[]> =>
  page
    .locator("#trades li.trade a")
    .evaluateAll((cards) => cards.map((card) => card.getAttribute("href")?.split("/")[1] ?? ""));
