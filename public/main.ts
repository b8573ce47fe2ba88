/** The composition root of the page: makes the parts, ties them together, draws. */
import { render } from "lit-html";
import type { ConfigView } from "../common/api";
import { LANGUAGE_KEY, pageActions, THEME_KEY } from "./actions";
import { announce } from "./announce";
import { startChainReader } from "./chain-reader";
import { startFeed } from "./feed";
import { firstLanguage, translator } from "./i18n";
import { ids } from "./ids";
import { initialState, type PageState, type Theme } from "./state";
import { createStore } from "./store";
import { powerChart } from "./views/chart";
import { page } from "./views/page";
import { startSession } from "./wallet/session";

const storage = window.localStorage;
const storedTheme = storage.getItem(THEME_KEY);
const theme: Theme = storedTheme === "light" || storedTheme === "dark" ? storedTheme : "auto";
const targetOf = (hash: string) => /^#trade\/(\w+)$/.exec(hash)?.[1] ?? null;
const nowMs = () => Date.now();

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

async function loadConfig(): Promise<void> {
  store.dispatch({ type: "config", config: { status: "loading" } });
  try {
    const response = await fetch("api/config");
    if (!response.ok) throw new Error(`/api/config answers ${response.status}`);
    const view = (await response.json()) as ConfigView;
    store.dispatch({ type: "config", config: { status: "ready", view } });
    if (view.labWallet) await announceLab(view);
  } catch (error) {
    console.info("No configuration:", error instanceof Error ? error.message : error);
    if (store.state.config.status !== "ready")
      store.dispatch({ type: "config", config: { status: "failed" } });
  }
}

async function announceLab(config: ConfigView): Promise<void> {
  const { announceLabWallet } = await import("./wallet/lab");
  const language = () => store.state.ui.language;
  await announceLabWallet({ config, storage, language }, translator(language())("lab.name"));
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
