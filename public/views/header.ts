import { html, svg } from "lit-html";
import { ref } from "lit-html/directives/ref.js";
import { shortHex } from "../format";
import { type Key, LANGUAGES } from "../i18n";
import { ids } from "../ids";
import { walletName } from "../select";
import { isWithoutWallet } from "../standing-notices";
import type { Theme } from "../state";
import { LAB_RDNS } from "../wallet/lab-id";
import { type View, when } from "./view";

const NEXT_THEME: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };

const THEME_SIGN: Record<Theme, string> = { auto: "◐", light: "☀", dark: "☾" };

const mark = svg`
  <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
    <circle cx="22" cy="10" r="7" class="mark-sun" />
    <path d="M3 18 13 9l10 9v10H3z" class="mark-house" />
    <path d="M9 28v-6h8v6" class="mark-sun" />
  </svg>`;

const account = ({ state, t, act }: View) => html`
  <div class="account">
    <span class="account-text">
      <small id=${ids.walletName}>${walletName(state)}</small>
      <code id=${ids.account} data-address=${state.wallet.account ?? ""}>${shortHex(state.wallet.account ?? "")}</code>
    </span>
    <button type="button" class="button quiet small" id=${ids.disconnect} @click=${() => act.disconnect()}>
      ${t("header.disconnect")}
    </button>
  </div>
`;

function connectText({ state, t }: View): string {
  const wallet = walletName(state);
  const { status, found } = state.wallet;
  if (status === "connecting") return t("busy.wallet", { wallet });
  if (status === "locked") return t("header.unlock", { wallet });
  if (isWithoutWallet(state)) return t("mend.getWallet");
  if (found.length !== 1) return t("header.connect");
  return found[0]!.rdns === LAB_RDNS ? t("header.useLab") : t("header.connectTo", { wallet: found[0]!.name });
}

/** The first step of everybody without a connected wallet, named by what it will do. */
export const connectButton = (view: View, id: string) => html`
  <button type="button" class="button primary" id=${id} data-wallets=${view.state.wallet.found.length}
    @click=${() => view.act.pressConnect()}>${connectText(view)}</button>
`;

export function header(view: View) {
  const { state, t, language, act } = view;
  const { status } = state.wallet;
  const theme = state.ui.theme;
  return html`
    <header class="top">
      <h1><a class="brand" href="#app">${mark}<span>neighborwatt</span></a></h1>
      <p class="claim">${t("header.claim")}</p>
      <span class="server ${state.server}" id=${ids.serverState} data-state=${state.server}>
        <i aria-hidden="true"></i>${t(`server.${state.server}`)}
      </span>
      <div class="switches">
        <div class="languages" role="group" aria-label=${t("header.language")}>
          ${LANGUAGES.map(
            (code) => html`
              <button type="button" lang=${code} id=${code === "ko" ? ids.languageKo : ids.languageEn}
                aria-pressed=${language === code} @click=${() => act.setLanguage(code)}>
                ${t(`language.${code}` as Key)}
              </button>`,
          )}
        </div>
        <button type="button" class="theme" id=${ids.theme} data-theme-choice=${theme}
          @click=${() => act.setTheme(NEXT_THEME[theme])}>
          <span class="visually-hidden">${t("header.theme")}: </span
          ><span aria-hidden="true">${THEME_SIGN[theme]}</span> ${t(`theme.${theme}`)}
        </button>
      </div>
      ${status === "connected" ? account(view) : connectButton(view, ids.connect)}
    </header>
  `;
}

/** A dialog opens only once it is in the document, which it is when this drawing has ended. */
const openModal = (element: Element | undefined) =>
  queueMicrotask(() => {
    if (element instanceof HTMLDialogElement && element.isConnected && !element.open) element.showModal();
  });

/** Which wallet to connect, when there are several. */
export const chooser = ({ state, t, act }: View) =>
  when(
    state.ui.isChooserOpen,
    () => html`
      <dialog class="chooser" id=${ids.walletMenu} aria-label=${t("chooser.title")} ${ref(openModal)}
        @close=${() => act.closeChooser()}>
        <h2>${t("chooser.title")}</h2>
        ${when(state.wallet.found.length === 0, () => html`<p class="empty">${t("chooser.none")}</p>`)}
        <ul>
          ${state.wallet.found.map(
            (choice) => html`
              <li>
                <button type="button" id=${ids.walletChoice(choice.rdns)} @click=${() => act.connect(choice.uuid)}>
                  <img src=${choice.icon} alt="" width="28" height="28" />
                  <span>${choice.rdns === LAB_RDNS ? t("lab.name") : choice.name}</span>
                </button>
              </li>`,
          )}
        </ul>
        <button type="button" class="button quiet" id=${ids.chooserClose} @click=${() => act.closeChooser()}>
          ${t("chooser.close")}
        </button>
      </dialog>`,
  );
