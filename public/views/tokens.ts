/** What the wallet holds, buying tokens with ether, and getting the ether back. */
import { html } from "lit-html";
import { BASE_UNITS } from "../../common/units";
import { eth, isPlenty, nwt, nwtExact, nwtInput, parseNwt } from "../format";
import { ids } from "../ids";
import { costOfTokens, worthOfTokens } from "../market/actions";
import { configOf, isOnChain } from "../select";
import { LAB_RDNS } from "../wallet/lab-id";
import { busyMark, buttonText, inputText, parsed, type View, when } from "./view";

const FIRST_AMOUNT = "10";

interface Exchange {
  amountId: string;
  resultId: string;
  buttonId: string;
  label: string;
  resultLabel: string;
  button: string;
  text: string;
  /** Of the parsed amount. */
  result(tokens: bigint): string;
  problem(tokens: bigint): string | null;
  act(tokens: bigint): void;
}

function exchange(view: View, given: Exchange, more: unknown = "") {
  const { state, t, act } = view;
  const amount = parsed(given.text, parseNwt, t("field.nwt"));
  const problem = amount.problem ?? (amount.value === null ? "" : given.problem(amount.value)) ?? "";
  const isReady = amount.value !== null && problem === "" && isOnChain(state);
  const submit = (event: Event) => {
    event.preventDefault();
    if (isReady && amount.value !== null) given.act(amount.value);
  };
  return html`
    <form class="exchange" @submit=${submit}>
      <div class="field">
        <label for=${given.amountId}>${given.label}</label>
        <input id=${given.amountId} inputmode="decimal" autocomplete="off" .value=${given.text}
          aria-invalid=${problem ? "true" : "false"} aria-describedby=${`${given.amountId}-problem`}
          @input=${(event: Event) => act.draft(given.amountId, inputText(event))} />
        <p class="problem" id=${`${given.amountId}-problem`}>${problem}</p>
      </div>
      <p class="sum">${given.resultLabel} <b id=${given.resultId}>${amount.value === null ? "–" : given.result(amount.value)}</b></p>
      <button class="button ${given.buttonId === ids.buyTokens ? "primary" : "quiet"}" id=${given.buttonId} ?disabled=${!isReady} aria-disabled=${busyMark(view, given.buttonId)}>
        ${buttonText(view, given.buttonId, given.button)}
      </button>
      ${more}
    </form>
  `;
}

function buyForm(view: View, rate: bigint) {
  const { state, t, language, act } = view;
  return exchange(view, {
    amountId: ids.buyTokensAmount,
    resultId: ids.buyTokensCost,
    buttonId: ids.buyTokens,
    label: t("tokens.buyAmount"),
    resultLabel: t("tokens.cost"),
    button: t("tokens.buy"),
    text: state.ui.drafts[ids.buyTokensAmount] ?? FIRST_AMOUNT,
    result: (tokens) => eth(costOfTokens(tokens, rate), language),
    problem: (tokens) =>
      state.balances && costOfTokens(tokens, rate) > state.balances.wei ? t("tokens.noEther") : null,
    act: act.buyTokens,
  });
}

function redeemForm(view: View, rate: bigint) {
  const { state, t, language, act } = view;
  const held = state.balances?.tokens ?? 0n;
  return exchange(
    view,
    {
      amountId: ids.redeemAmount,
      resultId: ids.redeemWorth,
      buttonId: ids.redeem,
      label: t("tokens.redeemAmount"),
      resultLabel: t("tokens.worth"),
      button: t("tokens.redeem"),
      text: state.ui.drafts[ids.redeemAmount] ?? "",
      result: (tokens) => eth(worthOfTokens(tokens, rate), language),
      problem: (tokens) => (tokens > held ? t("tokens.notEnough", { held: nwtExact(held, language) }) : null),
      act: act.redeem,
    },
    html`<button type="button" class="button quiet small" id=${ids.redeemAll} ?disabled=${held === 0n}
      @click=${() => act.draft(ids.redeemAmount, nwtInput(held))}>${t("tokens.redeemAll")}</button>`,
  );
}

export function tokens(view: View) {
  const { state, t, language, act } = view;
  const config = configOf(state);
  const isConnected = state.wallet.status === "connected";
  const rate = config?.tokensPerEther ?? 1n;
  const isForeign = state.wallet.rdns !== LAB_RDNS;
  const { balances } = state;
  return html`
    <section class="card" id=${ids.tokens} aria-labelledby="tokens-title">
      <div class="card-head"><h2 id="tokens-title">${t("tokens.title")}</h2></div>
      <dl class="balances">
        <div>
          <dt>${t("tokens.energy")}</dt>
          <dd id=${ids.balanceNwt} data-exact=${String(balances?.tokens ?? "")} title=${balances ? nwtExact(balances.tokens, language) : ""}>${balances ? nwt(balances.tokens, language) : "–"}</dd>
        </div>
        <div>
          <dt>${t("tokens.ether")}</dt>
          <dd id=${ids.balanceEth} data-exact=${String(balances?.wei ?? "")}>${!balances ? "–" : isPlenty(balances.wei) ? t("tokens.plenty") : eth(balances.wei, language)}</dd>
        </div>
      </dl>
      ${when(!isConnected, () => html`<p class="empty">${t("tokens.connectFirst")}</p>`)}
      ${when(isConnected, () => html`${buyForm(view, rate)} ${redeemForm(view, rate)}`)}
      ${when(isConnected, () => html`<p class="fine">${t("tokens.rate", { tokens: nwt(rate * BASE_UNITS, language) })}</p>`)}
      <div class="row">
        ${when(
          isConnected && isForeign && config?.faucet,
          () => html`
            <button type="button" class="button quiet small" id=${ids.faucet} ?disabled=${!isOnChain(state)} aria-disabled=${busyMark(view, ids.faucet)}
              @click=${() => act.askFaucet()}>${buttonText(view, ids.faucet, t("tokens.faucet"))}</button>`,
        )}
        ${when(
          isConnected && isForeign,
          () => html`
            <button type="button" class="button quiet small" id=${ids.watchToken} ?disabled=${!isOnChain(state)}
              aria-disabled=${busyMark(view, ids.watchToken)} @click=${() => act.watchToken()}>
              ${buttonText(view, ids.watchToken, t("tokens.watch"))}
            </button>`,
        )}
      </div>
    </section>
  `;
}
