/** The composition root of the page: makes the parts, ties them together, draws. */
import { render } from "lit-html";
import { HOUSE_KEY, LANGUAGE_KEY, pageActions, THEME_KEY } from "./actions";
import { announce } from "./announce";
import { startChainReader } from "./chain-reader";
import { fetchConfig } from "./config";
import { startFeed } from "./feed";
import { firstLanguage, translator } from "./i18n";
import { ids } from "./ids";
import { configOf } from "./select";
import { initialState, type PageState, type Theme } from "./state";
import { createStore } from "./store";
import { tabStorage } from "./tab-storage";
import { powerChart } from "./views/chart";
import { page } from "./views/page";
import { failureKind, messageOf } from "./wallet/failure";
import { isLoopback } from "./wallet/network";
import { startSession } from "./wallet/session";

const storage = window.localStorage;
const choices = tabStorage(storage, window.sessionStorage);
const storedTheme = choices.getItem(THEME_KEY);
const theme: Theme = storedTheme === "light" || storedTheme === "dark" ? storedTheme : "auto";
const targetOf = (hash: string) => /^#trade\/(\w+)$/.exec(hash)?.[1] ?? null;
const nowMs = () => Date.now();
const CONFIG_RETRY_MS = 3000;
const CHAIN_KEY = "neighborwatt/chain";
let configTimer = 0;
let isLoadingConfig = false;

const store = createStore({
  ...initialState,
  nowMs: nowMs(),
  scripts: { served: null, own: new URL(import.meta.url).pathname.split("/").at(-1) ?? null },
  isElsewhere: !isLoopback(location.hostname),
  ui: {
    ...initialState.ui,
    theme,
    language: firstLanguage(choices.getItem(LANGUAGE_KEY), navigator.languages),
    house: window.sessionStorage.getItem(HOUSE_KEY),
    target: targetOf(location.hash),
  },
});

/** The server has said meanwhile that another configuration counts. */
const isOutdated = ({ config, configVersion }: PageState): boolean =>
  config.status === "ready" && configVersion !== null && configVersion !== config.view.version;

/**
 * Asks until there is one: the server may still be starting, or wait for the contracts. One that is there is kept while
 * nothing says that it no longer counts.
 */
async function loadConfig(): Promise<void> {
  if (isLoadingConfig) return;
  isLoadingConfig = true;
  clearTimeout(configTimer);
  configTimer = 0;
  const config = await fetchConfig();
  isLoadingConfig = false;
  if (config.status === "ready" || store.state.config.status !== "ready" || isOutdated(store.state))
    store.dispatch({ type: "config", config });
  if (config.status === "failed" || isOutdated(store.state))
    configTimer = window.setTimeout(() => void loadConfig(), CONFIG_RETRY_MS);
  if (config.status !== "ready") return;
  tellOfAnotherChain(config);
  if (config.view.labWallet) await announceLab();
  store.dispatch({ type: "wallet", change: { isSearching: false } });
}

/** What was shown of the chain before is gone with it, and a wallet may not know. */
function tellOfAnotherChain({ view, chain }: PageState["config"] & { status: "ready" }): void {
  const key = `${CHAIN_KEY}/${view.chainId}`;
  const last = storage.getItem(key);
  if (last !== null && last !== chain) store.dispatch({ type: "notice", notice: { name: "chainAnother" } });
  storage.setItem(key, chain);
}

let labConfigChanged: (() => void) | null = null;

async function announceLab(): Promise<void> {
  if (labConfigChanged) return labConfigChanged();
  const language = () => store.state.ui.language;
  const config = () => {
    const now = configOf(store.state);
    if (!now) throw new Error("The page has no configuration now");
    return now;
  };
  try {
    const { announceLabWallet } = await import("./wallet/lab");
    labConfigChanged = await announceLabWallet({ config, storage: choices, language });
  } catch (error) {
    // Its chain is not there, or is another one: then there is no lab wallet.
    console.info("No lab wallet:", messageOf(error));
    if (failureKind(error) === "pageOlder") store.dispatch({ type: "notice", notice: { name: "pageOlder" } });
  }
}

const session = startSession(store, window, choices);
const feed = startFeed(store, () => void loadConfig());
const sender = { store, provider: () => session.provider(), storage, nowMs };
const act = pageActions({
  sender,
  session,
  choices,
  tab: window.sessionStorage,
  reload: () => void loadConfig(),
  retryServer: () => {
    feed.retry();
    if (store.state.config.status !== "ready") void loadConfig();
  },
});
startChainReader({ store, provider: () => session.provider(), storage, otherTabs: window, nowMs });

const root = document.getElementById(ids.app)!;
const chart = powerChart(ids.chart);
let shownTarget: string | null = null;

/** Once, when the trade of the address bar is there. */
function showTarget(state: PageState): void {
  const { target } = state.ui;
  if (!target || target === shownTarget) return;
  const element = document.getElementById(ids.trade(target));
  if (!element) return;
  shownTarget = target;
  element.scrollIntoView({ block: "center" });
}

function draw(): void {
  const { state } = store;
  const { language } = state.ui;
  document.documentElement.lang = language;
  document.documentElement.dataset.theme = state.ui.theme;
  const t = translator(language);
  render(page({ state, t, language, act }), root);
  chart.update(state);
  showTarget(state);
}

store.subscribe((state) => {
  if (isOutdated(state) && configTimer === 0) void loadConfig();
});
let isDrawQueued = false;
store.subscribe(() => {
  if (isDrawQueued) return;
  isDrawQueued = true;
  requestAnimationFrame(() => {
    isDrawQueued = false;
    draw();
  });
});
announce(store, document.getElementById(ids.announcer)!);
window.addEventListener("hashchange", () =>
  store.dispatch({ type: "ui", change: { target: targetOf(location.hash) } }),
);
window.addEventListener("resize", () => chart.update(store.state));
setInterval(() => store.dispatch({ type: "tick", nowMs: nowMs() }), 1000);
draw();
void loadConfig();
