/** The last five minutes of power, drawn by uPlot, which is loaded after the page is there. */
import type uPlot from "uplot";
import { measured } from "../format";
import { translator } from "../i18n";
import { shownMeter } from "../select";
import { type ChartPoint, HISTORY_MS, type PageState } from "../state";

const HEIGHT = 168;
/** No line is drawn across a longer time without a measurement. */
const GAP_MS = 5000;
/** Where the time axis is labelled: minutes before the newest sample, as many as there is room for. */
const minutesIn = (width: number) => (width < 560 ? [-4, -2, 0] : [-5, -4, -3, -2, -1, 0]);

/** Axis and lines take the page's colours as they are now; a switch of theme makes a new chart. */
function options(width: number, state: PageState): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const language = state.ui.language;
  const t = translator(language);
  const watts = (_: unknown, value: number | null) => (value === null ? "–" : measured(value, "W", language));
  const points = { show: false };
  const axis = {
    stroke: colour("--ink-soft"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  const ago = new Intl.RelativeTimeFormat(language, { style: "short" });
  const minute = (value: number) => (value === 0 ? t("chart.now") : ago.format(value, "minute"));
  return {
    width,
    height: HEIGHT,
    scales: {
      x: { time: false, range: [-HISTORY_MS / 60_000, 0] },
      y: { range: (_, __, max) => [0, Math.max(max * 1.1, 1)] },
    },
    axes: [
      { ...axis, size: 28, splits: () => minutesIn(width), values: (_, minutes) => minutes.map(minute) },
      {
        ...axis,
        size: 36,
        values: (_, splits) => splits.map((value) => new Intl.NumberFormat(language).format(value)),
      },
    ],
    series: [
      {},
      { label: t("flow.panel"), stroke: colour("--sun"), width: 1.5, points, value: watts },
      {
        label: t("flow.neighbour"),
        stroke: colour("--flow"),
        fill: colour("--flow-fill"),
        width: 2,
        points,
        value: watts,
      },
    ],
    legend: { live: false },
    cursor: { y: false },
  };
}

/** Minutes before the newest point, and watts of panel and neighbour; null where nothing was measured for a while. */
export function chartData(history: readonly ChartPoint[]): [number[], (number | null)[], (number | null)[]] {
  const newest = history.at(-1)?.atMs ?? 0;
  const data: ReturnType<typeof chartData> = [[], [], []];
  const [minutes, panel, neighbour] = data;
  const add = (atMs: number, ...watts: [number | null, number | null]) => {
    minutes.push((atMs - newest) / 60_000);
    panel.push(watts[0]);
    neighbour.push(watts[1]);
  };
  history.forEach((point, index) => {
    const before = history[index - 1];
    if (before && point.atMs - before.atMs > GAP_MS) add(before.atMs + 1, null, null);
    add(point.atMs, point.panelWatts, point.watts);
  });
  return data;
}

export interface PowerChart {
  update(state: PageState): void;
}

/** Draws into the element with `id`, which the views own; nothing is drawn while it is not there. */
export function powerChart(id: string): PowerChart {
  let plot: uPlot | null = null;
  let library: typeof uPlot | null = null;
  let drawn = "";
  let shown: unknown = null;

  const make = (element: HTMLElement, state: PageState, Plot: typeof uPlot) => {
    plot?.destroy();
    plot = new Plot(options(element.clientWidth, state), [[], [], []], element);
    shown = null;
  };

  const draw = (state: PageState) => {
    const element = document.getElementById(id);
    if (!element || !library || element.clientWidth === 0) return;
    const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
    const look = [state.ui.language, state.ui.theme, isDark, element.clientWidth].join();
    if (!plot || look !== drawn) make(element, state, library);
    drawn = look;
    const history = state.history[shownMeter(state)?.meter ?? ""] ?? [];
    if (history === shown) return;
    shown = history;
    plot?.setData(chartData(history));
    element.dataset.since = String(history[0]?.atMs ?? "");
  };

  let last: PageState | null = null;
  void import("uplot").then((module) => {
    library = module.default;
    if (last) draw(last);
  });
  return {
    update(state) {
      last = state;
      draw(state);
    },
  };
}
