/** What the server's node sees, and this account's transactions in the blocks. */
import { html } from "lit-html";
import { energy, eth, momentOf, nwtExact, price, shortHex } from "../format";
import { ids } from "../ids";
import { configOf } from "../select";
import type { TransactionRecord } from "../transactions";
import { type View, when } from "./view";

/** The sentence of a transaction's kind, with its own figures. */
function sentence({ t, language }: View, { kind, details }: TransactionRecord): string {
  const { offerId = "–", tradeId = "–", milliWh, tokens, wei } = details;
  return t(`transaction.${kind}`, {
    offerId,
    tradeId,
    energy: milliWh ? energy(BigInt(milliWh), language) : "–",
    tokens: tokens ? nwtExact(BigInt(tokens), language) : "–",
    price: tokens ? price(BigInt(tokens), language) : "–",
    ether: wei ? eth(BigInt(wei), language) : "–",
  });
}

const transactionRow = (view: View, record: TransactionRecord) => html`
  <li id=${ids.transaction(record.hash)} data-status=${record.status} data-kind=${record.kind}>
    <span>
      ${sentence(view, record)}
      <small><code title=${record.hash}>${shortHex(record.hash)}</code> · ${momentOf(record.sentAtMs, view.state.nowMs, view.language)}</small>
    </span>
    <span class="tag ${record.status === "sealed" ? "good" : record.status === "pending" ? "sunny" : "bad"}"
      id=${ids.transactionStatus(record.hash)}>
      ${view.t(`transaction.status.${record.status}`, { block: record.block ?? "–" })}
    </span>
  </li>
`;

export function chain(view: View) {
  const { state, t, language } = view;
  const config = configOf(state);
  const { chain } = state;
  const fact = (id: string, label: string, value: unknown) =>
    html`<div><dt>${label}</dt><dd id=${id}>${value}</dd></div>`;
  const address = (hex: string) => html`<code title=${hex}>${shortHex(hex)}</code>`;
  return html`
    <section class="card" id=${ids.chain} aria-labelledby="chain-title">
      <div class="card-head">
        <h2 id="chain-title">${t("chain.title")}</h2>
        <span class="tag ${chain?.state === "following" ? "good" : ""}" id=${ids.chainState} data-state=${chain?.state ?? "unknown"}>
          ${chain ? t(`chain.state.${chain.state}`) : t("loading")}
        </span>
      </div>
      <dl class="chain-facts">
        ${fact(ids.chainName, t("chain.name"), config ? `${config.chainName} · ${config.chainId}` : "–")}
        ${fact(ids.chainHead, t("chain.head"), chain?.head ? `${chain.head.block} · ${momentOf(chain.head.atMs, state.nowMs, language)}` : "–")}
        ${when(chain?.head?.sealer, () => fact(ids.chainSealer, t("chain.sealer"), address(chain?.head?.sealer ?? "")))}
        ${fact(ids.chainFollowed, t("chain.followed"), chain?.followedBlock ?? "–")}
        ${fact(ids.chainConfirmations, t("chain.confirmations"), config?.confirmationsNeeded ?? "–")}
        ${fact(ids.contractToken, "EnergyToken", config ? address(config.contracts.token) : "–")}
        ${fact(ids.contractTrade, "EnergyTrade", config ? address(config.contracts.trade) : "–")}
      </dl>
      <h3>${t("chain.mine")}</h3>
      ${when(state.transactions.length === 0, () => html`<p class="empty">${t("chain.noneMine")}</p>`)}
      <ul class="plain-list" id=${ids.transactions}>${state.transactions.map((record) => transactionRow(view, record))}</ul>
    </section>
  `;
}
