/** The prosumer's side: list an offer of a meter's energy, and take offers off the market. */
import { html } from "lit-html";
import { sameAddress } from "../../common/address";
import { MAX_ORDER_MILLI_WH } from "../../common/units";
import { duration, energy, parseEnergy, parseNwt, price } from "../format";
import { ids } from "../ids";
import { configOf, isOnChain, ownMeters } from "../select";
import { houseName } from "../street";
import { openOffers, quantityField, smallestOrder, unitOf } from "./offers";
import { busyMark, buttonText, inputText, parsed, type View, when } from "./view";

/** Seconds from a purchase to its deadline; the contract takes a minute to thirty days. */
const WINDOWS_S = [300, 3600, 21_600, 86_400, 604_800];

function listForm(view: View, meters: string[]) {
  const { state, t, language, act } = view;
  const { drafts } = state.ui;
  const unit = unitOf(state, ids.sellUnit);
  const text = drafts[ids.sellQuantity] ?? "";
  const quantity = parsed(text, (typed) => parseEnergy(typed, unit), t(`field.energy.${unit}`));
  const isTooLarge = quantity.value !== null && quantity.value > MAX_ORDER_MILLI_WH;
  const problem = isTooLarge
    ? t("sell.tooMuch", { maximum: energy(MAX_ORDER_MILLI_WH, language) })
    : (quantity.problem ?? "");
  const priceText = drafts[ids.sellPrice] ?? "";
  const perKWh = parsed(priceText, parseNwt, t("field.nwt"));
  const windowS = Number(drafts[ids.sellWindow] ?? 3600);
  const meter = meters.find((one) => one === drafts[ids.sellMeter]) ?? meters[0]!;
  // In the unit of the energy to sell; left empty, any quantity can be bought.
  const smallestText = drafts[ids.sellSmallest] ?? "";
  const smallest = parsed(smallestText, (typed) => parseEnergy(typed, unit), t(`field.energy.${unit}`));
  const isAboveOffer = smallest.value !== null && quantity.value !== null && smallest.value > quantity.value;
  const smallestProblem = isAboveOffer ? t("sell.smallestTooMuch") : (smallest.problem ?? "");
  const isReady =
    quantity.value !== null &&
    !isTooLarge &&
    perKWh.value !== null &&
    smallestProblem === "" &&
    isOnChain(state);
  const submit = (event: Event) => {
    event.preventDefault();
    if (isReady && quantity.value !== null && perKWh.value !== null)
      act.listOffer({
        meter,
        milliWh: quantity.value,
        pricePerKWh: perKWh.value,
        deliveryWindowS: BigInt(windowS),
        smallestOrderMilliWh: smallest.value ?? 1n,
      });
  };
  return html`
    <form class="sell-form" @submit=${submit}>
      ${when(
        meters.length > 1,
        () => html`
          <div class="field">
            <label for=${ids.sellMeter}>${t("sell.meter")}</label>
            <select id=${ids.sellMeter} @change=${(event: Event) => act.draft(ids.sellMeter, inputText(event))}>
              ${meters.map((one) => html`<option value=${one} ?selected=${one === meter}>${houseName(state, one)}</option>`)}
            </select>
          </div>`,
      )}
      ${quantityField(view, ids.sellQuantity, ids.sellUnit, text, t("sell.quantity"), problem)}
      <div class="field">
        <label for=${ids.sellPrice}>${t("sell.price")}</label>
        <input id=${ids.sellPrice} inputmode="decimal" autocomplete="off" .value=${priceText}
          aria-invalid=${perKWh.problem ? "true" : "false"} aria-describedby="sell-price-problem"
          @input=${(event: Event) => act.draft(ids.sellPrice, inputText(event))} />
        <p class="problem" id="sell-price-problem">${perKWh.problem ?? ""}</p>
      </div>
      <div class="field">
        <label for=${ids.sellSmallest}>${t("sell.smallest", { unit })}</label>
        <input id=${ids.sellSmallest} inputmode="decimal" autocomplete="off" .value=${smallestText}
          placeholder=${t("sell.smallestAny")}
          aria-invalid=${smallestProblem ? "true" : "false"} aria-describedby="sell-smallest-problem"
          @input=${(event: Event) => act.draft(ids.sellSmallest, inputText(event))} />
        <p class="problem" id="sell-smallest-problem">${smallestProblem}</p>
      </div>
      <div class="field">
        <label for=${ids.sellWindow}>${t("sell.window")}</label>
        <select id=${ids.sellWindow} @change=${(event: Event) => act.draft(ids.sellWindow, inputText(event))}>
          ${WINDOWS_S.map((one) => html`<option value=${one} ?selected=${one === windowS}>${duration(one, language)}</option>`)}
        </select>
      </div>
      <button class="button primary" id=${ids.sellList} ?disabled=${!isReady} aria-disabled=${busyMark(view, ids.sellList)}>
        ${buttonText(view, ids.sellList, t("sell.list"))}
      </button>
    </form>
  `;
}

/** Shown to a prosumer only: another account has nothing to sell here. */
export function sell(view: View) {
  const { state, t, language, act } = view;
  const meters = ownMeters(state);
  if (!configOf(state) || meters.length === 0) return html``;
  const mine = openOffers(state).filter((offer) => sameAddress(offer.prosumer, state.wallet.account));
  return html`
    <section class="card" id=${ids.sell} aria-labelledby="sell-title">
      <div class="card-head"><h2 id="sell-title">${t("sell.title")}</h2></div>
      ${listForm(view, meters)}
      ${when(mine.length === 0, () => html`<p class="empty">${t("sell.none")}</p>`)}
      <ul class="plain-list">
        ${mine.map((offer) => {
          const id = ids.sellWithdraw(offer.offerId);
          return html`
            <li id=${ids.sellOffer(offer.offerId)}>
              <span>
                <b>${energy(offer.remainingMilliWh, language)}</b> ${price(offer.pricePerKWh, language)}
                <small>${t("offers.number", { offerId: offer.offerId })}${smallestOrder(view, offer, ids.sellOfferSmallest(offer.offerId))}</small>
              </span>
              <button type="button" class="button quiet small" id=${id} ?disabled=${!isOnChain(state)} aria-disabled=${busyMark(view, id)}
                @click=${() => act.withdrawOffer(offer.offerId)}>${buttonText(view, id, t("sell.withdraw"))}</button>
            </li>`;
        })}
      </ul>
    </section>
  `;
}
