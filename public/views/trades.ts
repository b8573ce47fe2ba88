/** My trades, each with its way from the wallet's window to the money. */
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { sameAddress } from "../../common/address";
import type { TradeView } from "../../common/events";
import { energy, momentOf, nwtExact, price, shortHex } from "../format";
import type { Key } from "../i18n";
import { ids } from "../ids";
import { configOf, isOnChain, ownPurchases, ownTrades, walletName } from "../select";
import {
  draftTimeline,
  type Entry,
  entriesOf,
  type Step,
  tradeTimeline,
  transactionTimeline,
} from "../timeline";
import { busyMark, buttonText, type View, when } from "./view";

/** Closed trades on show before one asks for all of them. */
const CLOSED_SHOWN = 3;

const isClosed = ({ status }: TradeView): boolean => status === "settled" || status === "refunded";

/** The figures that the sentences of a timeline may name. */
function valuesOf(entry: Entry, language: "en" | "ko"): Record<string, string | number> {
  if (entry.kind === "draft") return {};
  if (entry.kind === "transaction") return { block: entry.record.block ?? "–" };
  const { trade } = entry;
  return {
    block: trade.opened.block,
    sealer: shortHex(trade.opened.sealer ?? ""),
    confirmations: Math.min(trade.confirmations, trade.confirmationsNeeded),
    needed: trade.confirmationsNeeded,
    delivered: energy(trade.deliveredMilliWh, language),
    ordered: energy(trade.milliWh, language),
    paid: nwtExact(trade.paid, language),
    refunded: nwtExact(trade.refunded, language),
  };
}

function timeline({ t, language, state }: View, entry: Entry, steps: Step[]) {
  const values = { ...valuesOf(entry, language), wallet: walletName(state) };
  return html`
    <ol class="timeline">
      ${steps.map(
        ({ name, state: stepState, note }) => html`
          <li class=${stepState} id=${ids.tradeStep(entry.id, name)} data-state=${stepState}
            aria-current=${stepState === "active" ? "step" : nothing}>
            <i aria-hidden="true"></i>
            <b>${t(`step.${name}`)}</b>
            <span class="visually-hidden">${t(`step.state.${stepState}` as Key)}</span>
            <span>${note ? t(`step.note.${note}`, values) : ""}</span>
          </li>`,
      )}
    </ol>
  `;
}

function progress({ t }: View, trade: TradeView) {
  const ordered = Number(trade.milliWh);
  return html`
    <progress id=${ids.tradeProgress(trade.tradeId)} max=${ordered} .value=${Number(trade.deliveredMilliWh)}
      aria-label=${t("trades.progress")}></progress>`;
}

/** The seller may give the money back at any time, anyone once deadline and grace have passed. */
function refundButton(view: View, trade: TradeView) {
  const { state, t, act } = view;
  const isSeller = sameAddress(trade.seller, state.wallet.account);
  if (isClosed(trade) || !isOnChain(state)) return nothing;
  const graceS = configOf(state)?.gracePeriodS;
  const isOver = graceS !== undefined && state.nowMs >= trade.deadlineAtMs + graceS * 1000;
  if (!isSeller && !isOver) return nothing;
  const id = ids.tradeRefund(trade.tradeId);
  return html`
    <button type="button" class="button quiet small" id=${id} aria-disabled=${busyMark(view, id)}
      @click=${() => act.refund(trade.tradeId)}>
      ${buttonText(view, id, t(isSeller ? "trades.refundSeller" : "trades.refund"))}
    </button>`;
}

function tradeCard(view: View, entry: Entry & { kind: "trade" }) {
  const { state, t, language } = view;
  const { trade } = entry;
  const id = trade.tradeId;
  const isSeller = sameAddress(trade.seller, state.wallet.account);
  const isMeterOnline = state.street[trade.meter]?.state === "online";
  const figures = [
    [
      ids.tradeDelivered(id),
      t("trades.delivered"),
      energy(trade.deliveredMilliWh, language),
      trade.deliveredMilliWh,
    ],
    [ids.tradePayment(id), t("trades.payment"), nwtExact(trade.payment, language), trade.payment],
    [ids.tradePaid(id), t("trades.paid"), nwtExact(trade.paid, language), trade.paid],
    [ids.tradeRefunded(id), t("trades.refunded"), nwtExact(trade.refunded, language), trade.refunded],
  ] as const;
  return html`
    <li class="trade ${state.ui.target === String(id) ? "target" : ""}" id=${ids.trade(id)} data-status=${trade.status}>
      <div class="trade-head">
        <a id=${ids.tradeLink(id)} href=${`#trade/${id}`}>${t(isSeller ? "trades.sold" : "trades.bought", { energy: energy(trade.milliWh, language) })}</a>
        <span class="tag ${isClosed(trade) ? "good" : "sunny"}" id=${ids.tradeStatus(id)}>${t(`trade.${trade.status}`)}</span>
        <small>${price(trade.pricePerKWh, language)} · ${momentOf(trade.opened.atMs, state.nowMs, language)} · ${t("trades.number", { tradeId: id })}</small>
      </div>
      ${progress(view, trade)}
      ${timeline(view, entry, tradeTimeline(trade, isMeterOnline && state.server === "online"))}
      <dl class="trade-figures">
        ${figures.map(([figureId, label, text, exact]) => html`<div><dt>${label}</dt><dd id=${figureId} data-exact=${exact}>${text}</dd></div>`)}
      </dl>
      ${refundButton(view, trade)}
    </li>
  `;
}

function entryCard(view: View, entry: Entry) {
  if (entry.kind === "trade") return tradeCard(view, entry);
  const { t, language, act } = view;
  const details =
    entry.kind === "draft"
      ? { milliWh: entry.draft.milliWh, payment: entry.draft.payment }
      : {
          milliWh: BigInt(entry.record.details.milliWh ?? "0"),
          payment: BigInt(entry.record.details.tokens ?? "0"),
        };
  const steps = entry.kind === "draft" ? draftTimeline() : transactionTimeline(entry.record);
  const forget = () =>
    entry.kind === "draft" ? act.forgetPurchase(entry.draft) : act.forgetTransaction(entry.record.hash);
  return html`
    <li class="trade" id=${ids.trade(entry.id)} data-status=${entry.kind === "draft" ? "draft" : entry.record.status}>
      <div class="trade-head">
        <span>${t("trades.bought", { energy: energy(details.milliWh, language) })}</span>
        <small>${nwtExact(details.payment, language)}</small>
      </div>
      ${timeline(view, entry, steps)}
      <button type="button" class="button quiet small" id=${ids.transactionForget(entry.id)} @click=${forget}>
        ${t("trades.forget")}
      </button>
    </li>
  `;
}

/** Everything that is under way, the one the address bar names, and the newest closed ones. */
export function entriesOnShow(entries: readonly Entry[], target: string | null): Entry[] {
  let closed = 0;
  return entries.filter((entry) => {
    if (entry.kind !== "trade" || !isClosed(entry.trade)) return true;
    closed += 1;
    return closed <= CLOSED_SHOWN || entry.id === target;
  });
}

export function trades(view: View) {
  const { state, t, act } = view;
  const entries = entriesOf(ownPurchases(state), state.transactions, ownTrades(state));
  const shown = state.ui.areAllTradesShown ? entries : entriesOnShow(entries, state.ui.target);
  const older = entries.length - shown.length;
  const isConnected = state.wallet.status === "connected";
  return html`
    <section class="card" id=${ids.trades} aria-labelledby="trades-title">
      <div class="card-head"><h2 id="trades-title">${t("trades.title")}</h2></div>
      ${when(entries.length === 0, () => html`<p class="empty">${t(isConnected ? "trades.none" : "trades.connectFirst")}</p>`)}
      <ul class="trade-list">${repeat(
        shown,
        ({ id }) => id,
        (entry) => entryCard(view, entry),
      )}</ul>
      ${when(
        older > 0,
        () => html`
          <button type="button" class="button quiet small" id=${ids.tradesAll} @click=${() => act.showAllTrades()}>
            ${t("trades.all", { count: older })}
          </button>`,
      )}
    </section>
  `;
}
