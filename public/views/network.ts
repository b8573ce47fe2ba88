/** Every node as the server sees it, who may seal, and the last blocks with our contracts' transactions in them. */
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import type { BlockView, CallView, NodeView } from "../../common/events";
import { duration, energy, eth, momentOf, nwt, price, shortHex } from "../format";
import type { Language } from "../i18n";
import { ids } from "../ids";
import { type View, when } from "./view";

/** Of interest to contracts only. */
const UNSHOWN = new Set(["consent", "data", "v", "r", "s", "vs"]);

/** An argument's value in its own unit, which the ABI's name for it tells. */
export function argumentText(name: string, value: string, language: Language): string {
  if (!/^\d+$/.test(value)) return value.startsWith("0x") ? shortHex(value) : value;
  const amount = BigInt(value);
  if (/milliWh$/i.test(name)) return energy(amount, language);
  if (name === "pricePerKWh") return price(amount, language);
  if (name === "deliveryWindow") return duration(Number(amount), language);
  if (name === "wei") return eth(amount, language);
  if (name === "value" || name === "tokens") return nwt(amount, language);
  return value;
}

const hex = (text: string) => html`<code title=${text}>${shortHex(text)}</code>`;
const figure = (value: number | null | undefined) => value ?? "–";

function nodeRow({ state, t, language }: View, node: NodeView) {
  const role = node.isSealing === null ? "–" : t(node.isSealing ? "network.seals" : "network.validates");
  const tone = node.state === "answers" ? "good" : "bad";
  const cell = (label: string, value: unknown) =>
    html`<td><span class="cell-label">${label}</span>${value}</td>`;
  return html`
    <tr id=${ids.node(node.name)} data-state=${node.state}>
      <th scope="row">${node.name}</th>
      <td>
        <span class="tag ${tone}" id=${ids.nodeState(node.name)}>${t(`network.state.${node.state}`)}</span>
        ${when(node.detail, () => html`<small lang="en">${node.detail}</small>`)}
      </td>
      ${cell(t("network.role"), role)}
      ${cell(
        t("network.head"),
        node.head
          ? html`<span id=${ids.nodeHead(node.name)} data-block=${node.head.block}>${node.head.block}</span>
              ${hex(node.head.hash)} <small>${momentOf(node.head.atMs, state.nowMs, language)}</small>`
          : "–",
      )}
      ${cell(t("network.peers"), figure(node.peers))}
      ${cell(t("network.pending"), figure(node.pending))}
    </tr>
  `;
}

const callRow = ({ t, language }: View, call: CallView) => html`
  <li class="call" id=${ids.call(call.txHash)} data-call=${call.name} data-done=${String(call.isDone)}>
    <span>
      <b>${call.contract}.${call.name}</b>
      ${call.args
        .filter(({ name }) => !UNSHOWN.has(name))
        .map(
          ({ name, value }) =>
            html` <span class="argument"><i>${name}</i> <span title=${value}>${argumentText(name, value, language)}</span></span>`,
        )}
      <small>${t("network.from")} ${hex(call.from)} · ${hex(call.txHash)}</small>
    </span>
    ${when(!call.isDone, () => html`<span class="tag bad">${t("network.refused")}</span>`)}
  </li>
`;

const blockRow = (view: View, block: BlockView) => html`
  <li class="block" id=${ids.block(block.block)} data-hash=${block.hash} data-sealer=${block.sealer ?? ""}>
    <div class="block-head">
      <b>${block.block}</b>
      <small>${momentOf(block.atMs, view.state.nowMs, view.language)}</small>
      ${block.sealer ? html`<small>${view.t("network.sealedBy")} ${hex(block.sealer)}</small>` : nothing}
      <small>${block.transactionCount === 0 ? view.t("network.empty") : view.t("network.transactions", { count: block.transactionCount })}</small>
    </div>
    ${when(block.calls.length > 0, () => html`<ul>${block.calls.map((call) => callRow(view, call))}</ul>`)}
    ${when(
      block.callCount > block.calls.length,
      () => html`<small>${view.t("network.more", { count: block.callCount - block.calls.length })}</small>`,
    )}
  </li>
`;

export function network(view: View) {
  const { state, t, language } = view;
  const seen = state.network;
  const columns = ["node", "state", "role", "head", "peers", "pending"] as const;
  return html`
    <section class="card network" id=${ids.network} aria-labelledby="network-title">
      <div class="card-head">
        <h2 id="network-title">${t("network.title")}</h2>
        ${when(
          typeof seen?.periodS === "number",
          () => html`<span class="tag" id=${ids.networkPeriod} data-period=${seen?.periodS ?? ""}>
            ${t("network.period", { period: duration(seen?.periodS ?? 0, language) })}</span>`,
        )}
      </div>
      ${seen ? nothing : html`<p class="empty">${t("loading")}</p>`}
      ${when(
        seen,
        () => html`
          <table class="nodes">
            <thead><tr>${columns.map((name) => html`<th scope="col">${t(`network.${name}`)}</th>`)}</tr></thead>
            <tbody>${seen?.nodes.map((node) => nodeRow(view, node))}</tbody>
          </table>
          ${when(
            seen?.sealers.length,
            () =>
              html`<p class="sealers" id=${ids.sealers}><b>${t("network.sealers")}</b> ${seen?.sealers.map(hex)}</p>`,
          )}
          <h3 id="blocks-title">${t("network.blocks")}</h3>
          <div class="blocks" role="region" tabindex="0" aria-labelledby="blocks-title">
            <ol id=${ids.blocks}>
              ${repeat(
                seen?.blocks ?? [],
                ({ hash }) => hash,
                (block) => blockRow(view, block),
              )}
            </ol>
          </div>
        `,
      )}
    </section>
  `;
}
