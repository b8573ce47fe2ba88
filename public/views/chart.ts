/** The last five minutes of power, drawn by uPlot, which is loaded after the page is there. */
import type uPlot from "uplot";
import { measured } from "../format";
import { translator } from "../i18n";
import { shownMeter } from "../select";
import { HISTORY_MS, type PageState } from "../state";

const HEIGHT = 168;

/** Axis and lines take the page's colours as they are now; a switch of theme makes a new chart. */
function options(width: number, state: PageState): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const language = state.ui.language;
  const t = translator(language);
  const watts = (_: unknown, value: number | null) => (value === null ? "–" : measured(value, "W", language));
  const axis = {
    stroke: colour("--ink-soft"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return {
    width,
    height: HEIGHT,
    scales: { y: { range: (_, __, max) => [0, Math.max(max * 1.1, 1)] } },
    axes: [
      { ...axis, values: (_, splits) => splits.map((second) => clock.format(second * 1000)), space: 96 },
      {
        ...axis,
        size: 44,
        values: (_, splits) => splits.map((value) => new Intl.NumberFormat(language).format(value)),
      },
    ],
    series: [
      { label: t("chart.time"), value: (_, second) => (second === null ? "–" : clock.format(second * 1000)) },
      { label: t("flow.panel"), stroke: colour("--sun"), width: 1.5, value: watts },
      {
        label: t("flow.neighbour"),
        stroke: colour("--flow"),
        fill: colour("--flow-fill"),
        width: 2,
        value: watts,
      },
    ],
    legend: { live: false },
    cursor: { y: false },
  };
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
    const newest = history.at(-1)?.atMs ?? 0;
    const x = [(newest - HISTORY_MS) / 1000, ...history.map((sample) => sample.atMs / 1000)];
    plot?.setData([
      x,
      [null, ...history.map((sample) => sample.panelWatts)],
      [null, ...history.map((sample) => sample.watts)],
    ]);
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
