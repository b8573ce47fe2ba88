/** The market: every open offer beside what the grid asks, and the purchase of a part of it in one window. */
import { html, nothing } from "lit-html";
import { sameAddress } from "../../common/address";
import type { OfferView } from "../../common/events";
import { MAX_ORDER_MILLI_WH, paymentFor } from "../../common/units";
import {
  dayAndTime,
  duration,
  ENERGY_UNITS,
  type EnergyUnit,
  energy,
  energyInput,
  nwt,
  nwtExact,
  parseEnergy,
  price,
  savingPercent,
} from "../format";
import { ids } from "../ids";
import { configOf, isOnChain, ownMeters } from "../select";
import type { PageState } from "../state";
import { houseName } from "../street";
import { connectButton } from "./header";
import { busyMark, buttonText, inputText, type Parsed, parsed, type View, when } from "./view";

/** What one buys when nothing is typed: half a minute of a lab battery. */
const FIRST_QUANTITY = 20n;

export const openOffers = (state: PageState): OfferView[] =>
  Object.values(state.offers)
    .filter((offer) => offer.status === "open" && offer.remainingMilliWh > 0n)
    .sort((a, b) => {
      const difference = a.pricePerKWh - b.pricePerKWh;
      return difference === 0n ? Number(a.offerId - b.offerId) : difference < 0n ? -1 : 1;
    });

export const unitOf = (state: PageState, id: string): EnergyUnit =>
  ENERGY_UNITS.find((unit) => unit === state.ui.drafts[id]) ?? "mWh";

/** A quantity field with its unit beside it. */
export function quantityField(
  view: View,
  id: string,
  unitId: string,
  text: string,
  label: string,
  problem: string,
) {
  const { state, t, act } = view;
  return html`
    <div class="field quantity">
      <label for=${id}>${label}</label>
      <input id=${id} inputmode="decimal" autocomplete="off" .value=${text} aria-invalid=${problem ? "true" : "false"}
        aria-describedby=${`${id}-problem`} @input=${(event: Event) => act.draft(id, inputText(event))} />
      <select id=${unitId} aria-label=${t("field.unit")}
        @change=${(event: Event) => act.draft(unitId, inputText(event))}>
        ${ENERGY_UNITS.map((unit) => html`<option ?selected=${unit === unitOf(state, unitId)}>${unit}</option>`)}
      </select>
      <p class="problem" id=${`${id}-problem`}>${problem}</p>
    </div>
  `;
}

const lesser = (a: bigint, b: bigint): bigint => (a < b ? a : b);

function quantityOf(view: View, offer: OfferView): { text: string; quantity: Parsed } {
  const { state, t, language } = view;
  const unit = unitOf(state, ids.offerUnit(offer.offerId));
  const remaining = offer.remainingMilliWh;
  // All that remains can be bought even where it is less.
  const least = lesser(offer.smallestOrderMilliWh, remaining);
  const first = lesser(remaining, least > FIRST_QUANTITY ? least : FIRST_QUANTITY);
  const text = state.ui.drafts[ids.offerQuantity(offer.offerId)] ?? energyInput(first, unit);
  const quantity = parsed(text, (typed) => parseEnergy(typed, unit), t(`field.energy.${unit}`));
  if (quantity.value !== null && (quantity.value > remaining || quantity.value > MAX_ORDER_MILLI_WH))
    return {
      text,
      quantity: { value: null, problem: t("offers.tooMuch", { remaining: energy(remaining, language) }) },
    };
  if (quantity.value !== null && quantity.value < least)
    return {
      text,
      quantity: { value: null, problem: t("offers.tooSmall", { smallest: energy(least, language) }) },
    };
  return { text, quantity };
}

const isOwn = (state: PageState, { meter, prosumer }: OfferView): boolean =>
  ownMeters(state).includes(meter) || sameAddress(prosumer, state.wallet.account);

const isConnected = ({ wallet }: PageState) => wallet.status === "connected";

/** Why the button does nothing yet, in words; null when it works. */
function whyNot(view: View, offer: OfferView, payment: bigint | null): string | null {
  const { state, t, language } = view;
  if (!isConnected(state)) return null;
  if (!isOnChain(state)) return t("offers.wrongNetwork");
  if (isOwn(state, offer)) return t("offers.yourOwn");
  if (payment === 0n) return t("offers.tooLittle");
  if (payment !== null && state.balances && state.balances.tokens < payment)
    return t("offers.notEnough", { missing: nwtExact(payment - state.balances.tokens, language) });
  return null;
}

/** What the grid asks; 0 while nobody has said it, and then nothing is compared with it. */
const tariffOf = (state: PageState): bigint => configOf(state)?.gridTariffPerKWh ?? 0n;

function saving({ state, t }: View, { offerId, pricePerKWh }: OfferView) {
  const tariff = tariffOf(state);
  if (tariff === 0n) return nothing;
  const percent = savingPercent(pricePerKWh, tariff);
  return html`
    <span class="tag ${percent > 0n ? "sunny" : ""}" id=${ids.offerSaving(offerId)}>
      ${percent >= 0n ? t("offers.saving", { percent: String(percent) }) : t("offers.dearer", { percent: String(-percent) })}
    </span>`;
}

const MINUTE_MS = 60_000;

/**
 * From when anyone may send back what was not delivered, were it bought now: the window, then the contract's grace. To
 * the minute, and rounded up: nobody is promised it before the contract allows it.
 */
function moneyBack({ state, t, language }: View, offer: OfferView) {
  const { offerId, deliveryWindowS } = offer;
  const graceS = configOf(state)?.gracePeriodS;
  if (graceS === undefined || state.nowMs === 0 || isOwn(state, offer)) return nothing;
  const byMs = state.nowMs + (deliveryWindowS + graceS) * 1000;
  const by = dayAndTime(Math.ceil(byMs / MINUTE_MS) * MINUTE_MS, language);
  return html`<p class="fine" id=${ids.offerMoneyBack(offerId)}>${t("offers.moneyBack", { by })}</p>`;
}

/** What a buyer must take at least, where the prosumer set it. */
export function smallestOrder(
  { t, language }: View,
  { smallestOrderMilliWh, remainingMilliWh }: OfferView,
  id: string,
) {
  if (smallestOrderMilliWh <= 1n) return nothing;
  const sentence =
    remainingMilliWh <= smallestOrderMilliWh
      ? t("offers.allOrNothing")
      : t("offers.smallest", { smallest: energy(smallestOrderMilliWh, language) });
  return html` · <span id=${id}>${sentence}</span>`;
}

function offerCard(view: View, offer: OfferView) {
  const { state, t, language, act } = view;
  const { offerId } = offer;
  const pricePerKWh = offer.pricePerKWh;
  const { text, quantity } = quantityOf(view, offer);
  const payment = quantity.value === null ? null : paymentFor(quantity.value, pricePerKWh);
  const reason = whyNot(view, offer, payment);
  const control = ids.offerBuy(offerId);
  const buyId = `${control}-why`;
  return html`
    <li class="offer" id=${ids.offer(offerId)}>
      <div class="offer-price">
        <b id=${ids.offerPrice(offerId)}>${price(pricePerKWh, language)}</b>
        ${saving(view, offer)}
        <small>${t("offers.seller", { house: houseName(state, offer.meter) })} · ${t("offers.number", { offerId })} ·
          <span id=${ids.offerRemaining(offerId)}>${t("offers.remaining", { remaining: energy(offer.remainingMilliWh, language) })}</span> ·
          ${t("offers.window", { window: duration(offer.deliveryWindowS, language) })}
          ${smallestOrder(view, offer, ids.offerSmallest(offerId))}</small>
      </div>
      <form @submit=${(event: Event) => {
        event.preventDefault();
        if (isConnected(state) && quantity.value !== null && reason === null)
          act.buyEnergy(offer, quantity.value);
      }}>
        ${quantityField(view, ids.offerQuantity(offerId), ids.offerUnit(offerId), text, t("offers.quantity"), quantity.problem ?? "")}
        <button type="button" class="button quiet small" id=${ids.offerAll(offerId)}
          @click=${() => act.draft(ids.offerQuantity(offerId), energyInput(offer.remainingMilliWh, unitOf(state, ids.offerUnit(offerId))))}>
          ${t("offers.all")}
        </button>
        <p class="sum">${t("offers.payment")} <b id=${ids.offerPayment(offerId)} data-base-units=${String(payment ?? "")}>${payment === null ? "–" : nwtExact(payment, language)}</b></p>
        ${when(
          isConnected(state),
          () => html`
            <button class="button primary" id=${control} ?disabled=${quantity.value === null || reason !== null} aria-disabled=${busyMark(view, control)}
              aria-describedby=${buyId}>${buttonText(view, control, t("offers.buy"))}</button>`,
        )}
        <p class="why" id=${buyId}>${reason ?? ""}</p>
        ${moneyBack(view, offer)}
      </form>
    </li>
  `;
}

export function offers(view: View) {
  const { state, t, language } = view;
  const open = openOffers(state);
  const tariff = tariffOf(state);
  return html`
    <section class="card" id=${ids.offers} aria-labelledby="offers-title">
      <div class="card-head">
        <h2 id="offers-title">${t("offers.title")}</h2>
        ${when(
          tariff > 0n,
          () =>
            html`<span class="grid-tariff">${t("offers.grid")} <b id=${ids.gridTariff}>${nwt(tariff, language)}/kWh</b></span>`,
        )}
      </div>
      ${when(open.length === 0, () => html`<p class="empty">${state.hasSnapshot ? t("offers.none") : t("loading")}</p>`)}
      ${when(
        open.length > 0 && !isConnected(state),
        () =>
          html`<div class="next-step"><p>${t("offers.connectFirst")}</p>${connectButton(view, ids.offersConnect)}</div>`,
      )}
      <ul class="offer-list">${open.map((offer) => offerCard(view, offer))}</ul>
    </section>
  `;
}
