/** What the page does when a control is pressed. Every failure ends as a notice, never as a red console. */
import { ids } from "./ids";
import * as market from "./market/actions";
import type { Sender } from "./market/send";
import { mendOf, noticeOf } from "./notices";
import { configOf } from "./select";
import type { PageState } from "./state";
import type { TabStorage } from "./tab-storage";
import type { Actions } from "./views/view";
import type { Session } from "./wallet/session";

export interface Parts {
  sender: Sender;
  session: Session;
  /** For language and appearance. */
  choices: TabStorage;
  /** Of the configuration. */
  reload(): void;
  retryServer(): void;
}

export const LANGUAGE_KEY = "neighborwatt/language";
export const THEME_KEY = "neighborwatt/theme";

/** Without a secure context there is no clipboard interface: the field is selected and copied the old way. */
async function copyText(text: string, control: string): Promise<void> {
  if (window.isSecureContext) return navigator.clipboard.writeText(text);
  const field = document.getElementById(control);
  if (field instanceof HTMLInputElement) field.select();
  document.execCommand("copy");
}

export function pageActions({ sender, session, choices, reload, retryServer }: Parts): Actions {
  const { store } = sender;
  const ui = (change: Partial<PageState["ui"]>) => store.dispatch({ type: "ui", change });
  const notice = (error: unknown) => store.dispatch({ type: "notice", notice: noticeOf(error) });
  const clear = () => store.dispatch({ type: "notice", notice: null });
  /** Runs what may fail and shows how it did. */
  const attempt = (work: () => Promise<unknown>) => {
    clear();
    work().catch(notice);
  };
  const connect = (uuid: string) => {
    ui({ isChooserOpen: false });
    attempt(() => session.connect(uuid));
  };
  const switchNetwork = () => attempt(() => session.switchToHouse());

  return {
    pressConnect() {
      const { found } = store.state.wallet;
      if (found.length === 1 && found[0]) connect(found[0].uuid);
      else ui({ isChooserOpen: true });
    },
    connect,
    closeChooser: () => ui({ isChooserOpen: false }),
    disconnect: () => attempt(() => session.disconnect()),
    mend(named) {
      const mends: Record<ReturnType<typeof mendOf>, () => void> = {
        reload,
        reloadPage: () => location.reload(),
        getWallet: () => void window.open("https://metamask.io/download/", "_blank", "noopener"),
        switchNetwork,
        switchAdded: switchNetwork,
        retryServer,
        help: () => ui({ help: store.state.ui.help === named.name ? null : named.name }),
        dismiss: clear,
        connect: () => this.pressConnect(),
        getEther: () => {
          clear();
          if (configOf(store.state)?.faucet) void market.askFaucet(sender);
          else document.getElementById(ids.tokens)?.scrollIntoView();
        },
      };
      mends[mendOf(named)]();
    },
    dismiss: clear,
    setLanguage(language) {
      choices.setItem(LANGUAGE_KEY, language);
      ui({ language });
    },
    setTheme(theme) {
      choices.setItem(THEME_KEY, theme);
      ui({ theme });
    },
    draft: (id, text) => store.dispatch({ type: "draft", id, text }),
    showMeter: (meter) => ui({ meter }),
    showAllTrades: () => ui({ areAllTradesShown: true }),
    buyEnergy: (offer, milliWh) => void market.buyEnergy(sender, offer, milliWh),
    buyTokens: (tokens) => void market.buyTokens(sender, tokens),
    redeem: (tokens) => void market.redeemTokens(sender, tokens),
    listOffer: (offer) => void market.listOffer(sender, offer),
    withdrawOffer: (offerId) => void market.withdrawOffer(sender, offerId),
    refund: (tradeId) => void market.refundTrade(sender, tradeId),
    askFaucet: () => void market.askFaucet(sender),
    watchToken: () => void market.watchToken(sender),
    // A wallet that never answers would keep card and button for good; what it still sends gets a card of its own.
    forgetPurchase({ id, offerId }) {
      store.dispatch({ type: "purchaseEnded", id });
      store.dispatch({ type: "busy", what: ids.offerBuy(offerId), phase: null });
    },
    forgetTransaction: (hash) =>
      store.dispatch({
        type: "transactions",
        transactions: store.state.transactions.filter((record) => record.hash !== hash),
      }),
    copy: (text, control) => attempt(() => copyText(text, control)),
  };
}
