/** The composition root of the page: makes the parts, ties them together, draws. */
import { render } from "lit-html";
import type { ConfigView } from "../common/api";
import { LANGUAGE_KEY, pageActions, THEME_KEY } from "./actions";
import { announce } from "./announce";
import { startChainReader } from "./chain-reader";
import { fetchConfig } from "./config";
import { startFeed } from "./feed";
import { firstLanguage, translator } from "./i18n";
import { ids } from "./ids";
import { initialState, type PageState, type Theme } from "./state";
import { createStore } from "./store";
import { powerChart } from "./views/chart";
import { page } from "./views/page";
import { messageOf } from "./wallet/failure";
import { startSession } from "./wallet/session";

const storage = window.localStorage;
const storedTheme = storage.getItem(THEME_KEY);
const theme: Theme = storedTheme === "light" || storedTheme === "dark" ? storedTheme : "auto";
const targetOf = (hash: string) => /^#trade\/(\w+)$/.exec(hash)?.[1] ?? null;
const nowMs = () => Date.now();
const CONFIG_RETRY_MS = 3000;
let configTimer = 0;

const store = createStore({
  ...initialState,
  nowMs: nowMs(),
  ui: {
    ...initialState.ui,
    theme,
    language: firstLanguage(storage.getItem(LANGUAGE_KEY), navigator.languages),
    target: targetOf(location.hash),
  },
});

/** Asks until there is one: the server may still be starting, or wait for the contracts. */
async function loadConfig(): Promise<void> {
  clearTimeout(configTimer);
  const config = await fetchConfig();
  store.dispatch({ type: "config", config });
  if (config.status === "failed") configTimer = window.setTimeout(() => void loadConfig(), CONFIG_RETRY_MS);
  if (config.status !== "ready") return;
  if (config.view.labWallet) await announceLab(config.view);
  store.dispatch({ type: "wallet", change: { isSearching: false } });
}

async function announceLab(config: ConfigView): Promise<void> {
  const { announceLabWallet } = await import("./wallet/lab");
  const language = () => store.state.ui.language;
  try {
    await announceLabWallet({ config, storage, language });
  } catch (error) {
    // Its chain is not there, or is another one: then there is no lab wallet.
    console.info("No lab wallet:", messageOf(error));
  }
}

const session = startSession(store, window, storage);
const feed = startFeed(store);
const sender = { store, provider: () => session.provider(), nowMs };
const act = pageActions({
  sender,
  session,
  storage,
  reload: () => void loadConfig(),
  retryServer: () => {
    feed.retry();
    if (store.state.config.status !== "ready") void loadConfig();
  },
});
startChainReader({ store, provider: () => session.provider(), storage, nowMs });

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
