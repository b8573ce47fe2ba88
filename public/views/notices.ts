import { html, nothing } from "lit-html";
import { ids } from "../ids";
import { helpKey, mendOf, type Notice, textKey, titleKey, toneOf } from "../notices";
import { configOf } from "../select";
import { noticesOf } from "../standing-notices";
import { busyMark, buttonText, type View, when } from "./view";

/** For a wallet that would refuse the address: every field of its "add a network" form, to copy. */
export const networkCard = ({ state, t, act }: View) => {
  const config = configOf(state);
  if (!config) return html``;
  const fields = [
    [ids.copyNetworkName, t("network.name"), config.chainName],
    [ids.copyRpcUrl, t("network.rpc"), config.rpcUrl],
    [ids.copyChainId, t("network.chainId"), String(config.chainId)],
    [ids.copySymbol, t("network.symbol"), "ETH"],
  ] as const;
  return html`
    <div class="network-card">
      ${fields.map(
        ([id, label, value]) => html`
          <label for=${id}>${label}</label>
          <input id=${id} readonly .value=${value} />
          <button type="button" class="button quiet small" aria-label=${`${t("network.copy")}: ${label}`}
            @click=${() => act.copy(value, id)}>${t("network.copy")}</button>`,
      )}
    </div>
  `;
};

function noticeCard(view: View, notice: Notice) {
  const { state, t, act } = view;
  const { name, values } = notice;
  const help = helpKey(notice);
  const isUnfolded = state.ui.help === name;
  const mend = mendOf(notice);
  const text = t(`mend.${mend}`);
  const isSwitch = mend === "switchNetwork" || mend === "switchAdded";
  // What mends is the next step; words to read or to put away are not.
  const rank = mend === "help" || mend === "dismiss" ? "" : "primary";
  return html`
    <div class="notice ${toneOf(notice)}" id=${ids.notice(name)} data-notice=${name}>
      <div>
        <strong>${t(titleKey(notice), values)}</strong>
        <span>${t(textKey(notice), values)}</span>
        ${help && isUnfolded ? html`<p class="help">${t(help, values)}</p>` : nothing}
      </div>
      <button type="button" class="button small ${rank}" id=${ids.noticeMend(name)}
        aria-expanded=${help ? String(isUnfolded) : nothing}
        aria-disabled=${isSwitch ? busyMark(view, ids.switchNetwork) : nothing}
        @click=${() => act.mend(notice)}>${isSwitch ? buttonText(view, ids.switchNetwork, text) : text}</button>
      ${when(name === "chainNotAddable", () => networkCard(view))}
    </div>
  `;
}

/** The standing ones in their place; how the last action ended sticks to the window's edge, in sight of what was pressed. */
export function notices(view: View) {
  const all = noticesOf(view.state);
  const last = view.state.notice?.name;
  const [standing, ended] = [
    all.filter(({ name }) => name !== last),
    all.filter(({ name }) => name === last),
  ];
  return html`
    <section class="notices" id=${ids.notices} aria-label=${view.t("notices.label")} aria-live="polite">
      ${standing.map((notice) => noticeCard(view, notice))}
    </section>
    <section class="notices last" id=${ids.noticeLast} aria-label=${view.t("notices.last")} aria-live="polite">
      ${ended.map((notice) => noticeCard(view, notice))}
    </section>
  `;
}
