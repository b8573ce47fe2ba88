/**
 * The lab wallet's window: a modal `<dialog>`, so that the browser itself keeps the focus inside and the page behind
 * it inert. Escape rejects.
 */
import { html, render, type TemplateResult } from "lit-html";
import { sameAddress } from "../../common/address";
import type { ConfigView } from "../../common/api";
import { LAB_ACCOUNTS } from "../../common/lab";
import { eth, shortHex } from "../format";
import { type Language, type Translate, translator } from "../i18n";
import { ids } from "../ids";
import { describeTransaction } from "./lab-describe";
import type { Fees, LabTransaction } from "./lab-send";

export type LabRole = "prosumer" | "consumer" | "consumer2";
const ROLES: readonly LabRole[] = ["consumer", "prosumer", "consumer2"];

/** Shows one window and resolves to what was answered, null for a rejection; the window is gone by then. */
function inDialog<T>(content: (answer: (value: T | null) => void) => TemplateResult): Promise<T | null> {
  const dialog = document.createElement("dialog");
  dialog.id = ids.lab;
  dialog.className = "lab";
  dialog.setAttribute("aria-labelledby", ids.labTitle);
  document.body.append(dialog);
  return new Promise((resolve) => {
    let answered: T | null = null;
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answered);
    });
    render(
      content((value) => {
        answered = value;
        dialog.close();
      }),
      dialog,
    );
    dialog.showModal();
  });
}

const head = (t: Translate, title: string) => html`
  <header class="lab-head">
    <span class="lab-mark" aria-hidden="true"></span>
    <span>${t("lab.name")}</span>
    <span class="tag">${t("lab.tag")}</span>
  </header>
  <h2 id=${ids.labTitle}>${title}</h2>
`;

/** Which house to be; null when rejected. */
export function askForAccount(language: Language): Promise<LabRole | null> {
  const t = translator(language);
  return inDialog<LabRole>(
    (answer) => html`
      ${head(t, t("lab.connect.title"))}
      <p>${t("lab.connect.text")}</p>
      <div class="lab-accounts">
        ${ROLES.map(
          (role) => html`
            <button type="button" class="lab-account" id=${ids.labAccount(role)} @click=${() => answer(role)}>
              <strong>${t(`lab.role.${role}`)}</strong>
              <small>${t(`lab.role.${role}.text`)}</small>
              <code>${shortHex(LAB_ACCOUNTS[role].address)}</code>
            </button>
          `,
        )}
      </div>
      <div class="lab-buttons">
        <button type="button" class="button quiet" id=${ids.labReject} @click=${() => answer(null)}>
          ${t("lab.reject")}
        </button>
      </div>
      <p class="fine">${t("lab.keys")}</p>
    `,
  );
}

export interface Confirmation {
  config: ConfigView;
  role: LabRole;
  transaction: LabTransaction;
  fees: Fees;
  language: Language;
}

/** True when confirmed, null when rejected. */
export function askForConfirmation({
  config,
  role,
  transaction,
  fees,
  language,
}: Confirmation): Promise<true | null> {
  const t = translator(language);
  const { token, trade } = config.contracts;
  const target = sameAddress(transaction.to, token)
    ? "EnergyToken"
    : sameAddress(transaction.to, trade)
      ? "EnergyTrade"
      : null;
  return inDialog<true>(
    (answer) => html`
      ${head(t, t("lab.confirm.title"))}
      <p class="lab-action" id=${ids.labAction}>${describeTransaction(transaction, config, language)}</p>
      <dl class="facts">
        <dt>${t("lab.from")}</dt>
        <dd id=${ids.labFrom}>${t(`lab.role.${role}`)} <code>${shortHex(LAB_ACCOUNTS[role].address)}</code></dd>
        <dt>${t("lab.to")}</dt>
        <dd id=${ids.labTo}>${target} <code>${shortHex(transaction.to)}</code></dd>
        <dt>${t("lab.fee")}</dt>
        <dd id=${ids.labFee}>${eth(fees.gasLimit * fees.maxFeePerGas, language)}</dd>
        <dt>${t("lab.network")}</dt>
        <dd>${config.chainName} · ${config.chainId}</dd>
      </dl>
      <div class="lab-buttons">
        <button type="button" class="button quiet" id=${ids.labReject} @click=${() => answer(null)}>
          ${t("lab.reject")}
        </button>
        <button type="button" class="button primary" id=${ids.labConfirm} autofocus @click=${() => answer(true)}>
          ${t("lab.confirm")}
        </button>
      </div>
      <p class="fine">${t("lab.keys")}</p>
    `,
  );
}
