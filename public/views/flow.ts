/** Where the power goes, now: panel → battery → relay → neighbour. The drawing moves only while power does. */
import { html, svg } from "lit-html";
import type { MeterFirmware } from "../../common/meter";
import { energy, measured, percent } from "../format";
import { ids } from "../ids";
import { shownHouse, shownMeter } from "../select";
import { FLOWING_W, houseName, houses } from "../street";
import { home } from "./home";
import { inputText, type View, when } from "./view";

/** The simulated panel at noon, W: the sun of the drawing is at its brightest. */
const FULL_SUN_W = 8;
const NIGHT_OPACITY = 0.35;

/** How strongly the sun is drawn: with the panel's watts, from faint at night (or unknown) to full at noon. */
export const sunOpacity = (panelWatts: number | null): string =>
  (NIGHT_OPACITY + (1 - NIGHT_OPACITY) * Math.min(1, (panelWatts ?? 0) / FULL_SUN_W)).toFixed(2);

/** Wires as one path each, so that the dashes run from the roof to the neighbour. */
const WIRE_CHARGE = "M236 146 H268 V176 H300";
const WIRE_SUPPLY = "M374 176 H430";
const WIRE_SALE = "M490 176 H526 V150 H560";

function scene(
  panelWatts: number | null,
  isCharging: boolean,
  isSelling: boolean,
  isClosed: boolean,
  label: string,
) {
  const wire = (path: string, isFlowing: boolean) => svg`
    <path d=${path} class="wire" />
    <path d=${path} class=${isFlowing ? "current flowing" : "current"} />`;
  return html`
    <svg class="scene" viewBox="0 0 720 216" role="img" aria-label=${label}>
      <g class=${isCharging ? "sun shining" : "sun"} opacity=${sunOpacity(panelWatts)}>
        <circle cx="76" cy="54" r="42" class="halo" />
        <circle cx="76" cy="54" r="26" class="disc" />
      </g>
      <path class="ground" d="M0 196 H720" />
      <g class="house">
        <path d="M96 196 V124 L166 72 L236 124 V196 Z" class="wall" />
        <path d="M84 130 L166 68 L248 130" class="roof" />
        <path d="M102 112 L158 70 L170 86 L114 128 Z" class="panel" />
        <path d="M121 98 L133 114 M139 84 L151 100 M108 120 L164 78" class="panel-grid" />
        <rect x="122" y="150" width="30" height="46" rx="2" class="door" />
        <rect x="170" y="146" width="28" height="24" rx="2" class="window" />
      </g>
      ${wire(WIRE_CHARGE, isCharging)} ${wire(WIRE_SUPPLY, isSelling)} ${wire(WIRE_SALE, isSelling)}
      <g class="battery">
        <rect x="300" y="152" width="68" height="44" rx="6" class="case" />
        <rect x="368" y="166" width="6" height="16" rx="2" class="pole" />
        <path d="M337 158 L326 176 H334 L330 190 L343 171 H335 Z" class="bolt" />
      </g>
      <g class=${isClosed ? "relay closed" : "relay"}>
        <rect x="430" y="150" width="60" height="52" rx="8" class="case" />
        <circle cx="442" cy="176" r="4" class="contact" />
        <circle cx="478" cy="176" r="4" class="contact" />
        <path d="M442 176 L478 176" class="arm" />
      </g>
      <g class="house">
        <path d="M560 196 V128 L622 82 L684 128 V196 Z" class="wall" />
        <path d="M548 136 L622 78 L696 136" class="roof" />
        <rect x="584" y="142" width="30" height="26" rx="2" class=${isSelling ? "window lit" : "window"} />
        <rect x="638" y="142" width="26" height="54" rx="2" class="door" />
      </g>
    </svg>
  `;
}

const figure = (id: string, label: string, value: string, note = "", noteId?: string) => html`
  <div class="figure">
    <dt>${label}</dt>
    <dd><b id=${id}>${value}</b>${note ? html`<small id=${noteId ?? `${id}-note`}>${note}</small>` : ""}</dd>
  </div>
`;

const houseChoice = ({ state, t, act }: View) =>
  when(
    houses(state).length > 1,
    () => html`
      <label class="house-choice">${t("flow.house")}
        <select id=${ids.houseChoice} .value=${shownHouse(state) ?? ""} @change=${(event: Event) => act.showHouse(inputText(event))}>
          ${houses(state).map(
            ({ meter }) =>
              html`<option value=${meter} ?selected=${meter === shownHouse(state)}>${houseName(state, meter)}</option>`,
          )}
        </select>
      </label>`,
  );

/** Which firmware drives the relay, and what becomes of the relay when the server dies. */
const firmwareNote = ({ t }: View, { name, opensByItself }: MeterFirmware) => html`
  <small id=${ids.firmware}>${t(opensByItself ? "relay.opensByItself" : "relay.holds", { firmware: name })}</small>
`;

export function flow(view: View) {
  const { state, t, language } = view;
  const meter = shownMeter(state);
  // A house that was just chosen has yet to be told of.
  const unseen = shownHouse(state) === null ? "none" : "unknown";
  const sample = meter?.lastSample ?? null;
  const isLive = state.server === "online" && meter?.state === "online" && sample !== null;
  const isClosed = meter?.relay === "closed";
  // A panel takes nothing: below zero is the sensor's noise around its zero point.
  const panel = isLive && sample.panelWatts !== null ? Math.max(0, sample.panelWatts) : null;
  const watts = isLive ? sample.watts : null;
  const isCharging = (panel ?? 0) > FLOWING_W;
  const isSelling = isLive && isClosed && sample.watts > FLOWING_W;
  const isModelled = meter !== null && state.homes[meter.meter]?.kind === "modelled";
  const charge = isLive ? state.homes[meter.meter]?.house?.batteryCharge : undefined;
  const dash = "–";
  const label = t("flow.label", {
    sun: t(isCharging ? "flow.sun" : "flow.noSun"),
    sale: t(isSelling ? "flow.sale" : "flow.noSale"),
  });
  return html`
    <section class="card live ${isLive ? "" : "stale"}" id=${ids.flow} aria-labelledby="flow-title">
      <div class="card-head">
        <h2 id="flow-title">${t("flow.title")}</h2>
        ${houseChoice(view)}
        <span class="tag ${isLive ? "good" : ""}" id=${ids.meterState} data-state=${meter?.state ?? unseen}>
          ${t(`meter.${state.server === "online" ? (meter?.state ?? unseen) : "unknown"}`)}
        </span>
      </div>
      ${scene(panel, isCharging, isSelling, isClosed && isLive, label)}
      <dl class="figures">
        ${figure(ids.panelWatts, t("flow.panel"), panel === null ? dash : measured(panel, "W", language))}
        ${figure(ids.batteryVolts, t("flow.battery"), isLive ? measured(sample.volts, "V", language) : dash, charge === undefined ? "" : percent(charge, language))}
        <div class="figure">
          <dt>${t("flow.relay")}</dt>
          <dd>
            <b id=${ids.relay} data-relay=${meter?.relay ?? "unknown"}>${t(`relay.${meter?.relay ?? "unknown"}`)}</b>
            ${isModelled ? html`<small id=${ids.firmware}>${t("relay.modelled")}</small>` : meter?.firmware ? firmwareNote(view, meter.firmware) : ""}
          </dd>
        </div>
        ${figure(ids.neighbourWatts, t("flow.neighbour"), watts === null ? dash : measured(watts, "W", language), isLive ? measured(sample.amperes, "A", language) : "", ids.neighbourAmperes)}
        ${figure(ids.today, t("flow.today"), meter && meter.todayMilliWh !== null ? energy(meter.todayMilliWh, language) : dash)}
        ${figure(ids.register, t("flow.register"), sample ? energy(sample.registerMilliWh, language) : dash)}
      </dl>
      ${home(view)}
      <div class="chart" id=${ids.chart} role="img" aria-label=${t("chart.label")}></div>
    </section>
  `;
}
