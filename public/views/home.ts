/** A modelled house: household, grid and what the street's trades have brought it. Nothing of what nobody knows. */
import { html, nothing } from "lit-html";
import { energy, measured, nwt, price } from "../format";
import { ids } from "../ids";
import { configOf, shownHouse } from "../select";
import { gainsOf } from "../street";
import { type View, when } from "./view";

/** Less than this of the grid is the rounding of the figures beside it. */
const NOTHING_W = 0.005;

const figure = (id: string, label: string, value: string, note: string) => html`
  <div class="figure"><dt>${label}</dt><dd><b id=${id}>${value}</b><small>${note}</small></dd></div>
`;

/** What arrives now, W: by the receiving meter, else by the model; null while nobody knows. */
function streetInW({ homes, server }: View["state"], meter: string): number | null {
  const { receiving = null, house = null } = homes[meter] ?? {};
  if (server !== "online") return null;
  if (receiving === null) return house?.streetInW ?? null;
  // Below zero is the sensor's noise around its zero point.
  return receiving.state === "online" && receiving.lastSample
    ? Math.max(0, receiving.lastSample.watts)
    : null;
}

function streetFigure({ state, t, language }: View, meter: string) {
  const watts = streetInW(state, meter);
  if (watts === null) return nothing;
  return figure(ids.streetIn, t("house.streetIn"), measured(watts, "W", language), "");
}

function gridFigures({ state, t, language }: View, meter: string) {
  const house = state.homes[meter]?.house;
  if (!house) return nothing;
  const { gridW, loadW, gridImportMilliWh, gridExportMilliWh } = house;
  const direction = gridW > NOTHING_W ? "fromGrid" : gridW < -NOTHING_W ? "intoGrid" : "noGrid";
  return html`
    ${figure(ids.houseLoad, t("house.load"), measured(loadW, "W", language), "")}
    ${figure(ids.houseGrid, t("house.grid"), measured(Math.abs(gridW), "W", language), t(`house.${direction}`))}
    ${figure(ids.houseImport, t("house.import"), energy(gridImportMilliWh, language), t("house.sinceStart"))}
    ${figure(ids.houseExport, t("house.export"), energy(gridExportMilliWh, language), t("house.sinceStart"))}
  `;
}

/** What the street's trades have brought the house's account. */
function gainFigures({ state, t, language }: View, meter: string) {
  const config = configOf(state);
  const account = state.street[meter]?.prosumer;
  const gains = account && gainsOf(state, account);
  if (!gains || !config) return nothing;
  const count = t("house.ofTrades", { count: gains.trades });
  const than = (key: "house.savedThan" | "house.earnedThan", perKWh: bigint) =>
    `${t(key, { price: price(perKWh, language) })}, ${count}`;
  return html`
    ${when(gains.saved !== 0n, () => figure(ids.houseSaved, t("house.saved"), nwt(gains.saved, language), than("house.savedThan", config.gridTariffPerKWh)))}
    ${when(gains.earned !== 0n, () => figure(ids.houseEarned, t("house.earned"), nwt(gains.earned, language), than("house.earnedThan", config.feedInPerKWh)))}
  `;
}

export function home(view: View) {
  const meter = shownHouse(view.state);
  if (meter === null) return nothing;
  const parts = [streetFigure(view, meter), gridFigures(view, meter), gainFigures(view, meter)].filter(
    (part) => part !== nothing,
  );
  return parts.length === 0 ? nothing : html`<dl class="figures house-figures">${parts}</dl>`;
}
