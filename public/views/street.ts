/** The street: every house on one cable, and who sells to whom now, by drawing and in words. A press chooses a house. */
import { html, nothing, svg } from "lit-html";
import { guard } from "lit-html/directives/guard.js";
import type { StreetHouseView } from "../../common/events";
import { measured, percent } from "../format";
import { ids } from "../ids";
import { configOf, shownHouse } from "../select";
import { FLOWING_W, houseName, houses, isOwnHouse, neighbourName, type Sale, salesOf } from "../street";
import { sunOpacity } from "./flow";
import { type View, when } from "./view";

/** From here on a house is drawn small, so that two hundred of them are still one look. */
const MANY_HOUSES = 24;
/** Sales in words before the rest is folded away. */
const SALES_SHOWN = 6;

/** What the drawing of one house shows. */
interface Drawn {
  house: StreetHouseView;
  isSelling: boolean;
  isBuying: boolean;
}

const BATTERY_HEIGHT = 26;

function drawing({ house, isSelling, isBuying }: Drawn) {
  const { roofW, batteryCharge, state } = house;
  const filled = BATTERY_HEIGHT * (batteryCharge ?? 0);
  const wire = isSelling ? "drop out" : isBuying ? "drop in" : "drop";
  return svg`
    <svg class=${state === "elsewhere" ? "street-house elsewhere" : "street-house"} viewBox="0 0 96 84" aria-hidden="true">
      ${roofW === null ? nothing : svg`<circle cx="15" cy="15" r="9" class="disc" opacity=${sunOpacity(roofW)} />`}
      <path d="M48 66 V84" class="wire" />
      <path d=${isBuying ? "M48 84 V66" : "M48 66 V84"} class=${wire} />
      <path d="M22 66 V38 L48 18 L74 38 V66 Z" class="wall" />
      <path d="M15 42 L48 16 L81 42" class="roof" />
      ${roofW === null ? nothing : svg`<path d="M24 34 L45 18 L50 24 L29 40 Z" class="panel" />`}
      <rect x="30" y="44" width="15" height="13" rx="1.5" class=${isBuying ? "window lit" : "window"} />
      ${
        batteryCharge === null
          ? nothing
          : svg`
            <rect x="56" y="38" width="11" height=${BATTERY_HEIGHT} rx="2" class="case" />
            <rect x="56" y=${38 + BATTERY_HEIGHT - filled} width="11" height=${filled} rx="2" class="charge" />`
      }
    </svg>`;
}

/** What the drawing says, in words; also the name of the button. */
function facts(view: View, { house, isSelling }: Drawn, sellers: Sale[]): string[] {
  const { state, t, language } = view;
  if (house.state === "elsewhere") return [t("street.elsewhere")];
  if (house.state !== "online") return [t(`meter.${house.state}`)];
  const words: string[] = [];
  if (house.roofW !== null) words.push(t("street.roof", { watts: measured(house.roofW, "W", language) }));
  if (house.batteryCharge !== null)
    words.push(t("street.battery", { percent: percent(house.batteryCharge, language) }));
  if (isSelling && house.sellsTo)
    words.push(
      t("street.sells", {
        watts: measured(house.watts ?? 0, "W", language),
        buyer: neighbourName(state, house.sellsTo),
      }),
    );
  for (const { seller } of sellers) words.push(t("street.buys", { seller: houseName(state, seller.meter) }));
  return words;
}

function houseButton(view: View, drawn: Drawn, sellers: Sale[]) {
  const { state, t, act, language } = view;
  const { house, isSelling } = drawn;
  const { meter } = house;
  return html`
    <li class=${isSelling || drawn.isBuying ? "flowing" : ""}>
      <button type="button" id=${ids.house(meter)} aria-pressed=${meter === shownHouse(state) ? "true" : "false"}
        data-state=${house.state} data-flow=${isSelling ? "sells" : drawn.isBuying ? "buys" : "none"}
        @click=${() => act.showHouse(meter)}>
        ${drawing(drawn)}
        <b>${houseName(state, meter)}</b>
        ${isOwnHouse(state, house) ? html`<i class="tag sunny">${t("street.own")}</i>` : nothing}
        <small aria-hidden="true">${isSelling ? measured(house.watts ?? 0, "W", language) : house.state === "elsewhere" ? t("street.elsewhere") : ""}</small>
        <span class="visually-hidden">${facts(view, drawn, sellers).join(", ")}</span>
      </button>
    </li>`;
}

function saleLine({ state, t, language }: View, { seller, buyer, isFlowing }: Sale) {
  const names = { seller: houseName(state, seller.meter), buyer: neighbourName(state, buyer) };
  return html`
    <li id=${ids.sale(seller.meter)}>
      ${t(isFlowing ? "street.sale" : "street.saleWaits", names)}
      ${isFlowing ? html`<b>${measured(seller.watts ?? 0, "W", language)}</b>` : nothing}
    </li>`;
}

function salesInWords(view: View, sales: Sale[]) {
  const { t } = view;
  if (sales.length === 0) return html`<p class="empty">${t("street.noSale")}</p>`;
  const line = (sale: Sale) => saleLine(view, sale);
  return html`
    <ul class="sales">${sales.slice(0, SALES_SHOWN).map(line)}</ul>
    ${when(
      sales.length > SALES_SHOWN,
      () => html`
        <details>
          <summary>${t("street.moreSales", { count: sales.length - SALES_SHOWN })}</summary>
          <ul class="sales">${sales.slice(SALES_SHOWN).map(line)}</ul>
        </details>`,
    )}
  `;
}

/** How large all this is, and how fast its sun: a desk's, where no house has a real panel. */
function scale({ state, t }: View) {
  const isModelled = Object.values(state.homes).some(({ kind }) => kind === "modelled");
  const minutes = configOf(state)?.sunDayMinutes;
  if (!isModelled || minutes === undefined) return nothing;
  return html`<p class="fine" id=${ids.streetScale}>${t("street.scale", { minutes })}</p>`;
}

function content(view: View, all: StreetHouseView[]) {
  const { state, t } = view;
  const sales = salesOf(state);
  const flowing = sales.filter(({ isFlowing }) => isFlowing);
  const toHouse = (house: StreetHouseView) =>
    flowing.filter(({ buyer }) => buyer.toLowerCase() === house.prosumer.toLowerCase());
  return html`
    <div class="card-head"><h2 id="street-title">${t("street.title")}</h2><small>${t("street.hint")}</small></div>
    <ul class=${all.length > MANY_HOUSES ? "houses many" : "houses"} aria-label=${t("street.houses")}>
      ${all.map((house) => {
        const sellers = toHouse(house);
        const isSelling = house.sellsTo !== null && (house.watts ?? 0) > FLOWING_W;
        return houseButton(view, { house, isSelling, isBuying: sellers.length > 0 }, sellers);
      })}
    </ul>
    <h3>${t("street.sales")}</h3>
    ${salesInWords(view, sales)} ${scale(view)}
  `;
}

/** One house has no street: its own picture says it all. Drawn anew only when something in it has changed. */
export function street(view: View) {
  const { state } = view;
  const all = houses(state);
  if (all.length < 2) return nothing;
  const { account } = state.wallet;
  const { language } = state.ui;
  const seen = [state.street, shownHouse(state), account, language, configOf(state), state.server];
  return html`
    <section class="card street ${state.server === "online" ? "" : "stale"}" id=${ids.street} aria-labelledby="street-title">
      ${guard(seen, () => content(view, all))}
    </section>
  `;
}
