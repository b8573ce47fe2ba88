/** What the page does when a control is pressed. Every failure ends as a notice, never as a red console. */
import { ids } from "./ids";
import * as market from "./market/actions";
import type { Sender } from "./market/send";
import { type AskedFor, mendOf, noticeOf } from "./notices";
import { configOf } from "./select";
import { isWithoutWallet } from "./standing-notices";
import type { PageState } from "./state";
import type { TabStorage } from "./tab-storage";
import type { Actions } from "./views/view";
import type { Session } from "./wallet/session";

export interface Parts {
  sender: Sender;
  session: Session;
  /** For language and appearance. */
  choices: TabStorage;
  /** Of this tab alone: a new one begins with one's own house. */
  tab: TabStorage;
  /** Of the configuration. */
  reload(): void;
  retryServer(): void;
}

export const LANGUAGE_KEY = "neighborwatt/language";
export const THEME_KEY = "neighborwatt/theme";
export const HOUSE_KEY = "neighborwatt/house";

/** Without a secure context there is no clipboard interface: the field is selected and copied the old way. */
async function copyText(text: string, control: string): Promise<void> {
  if (window.isSecureContext) return navigator.clipboard.writeText(text);
  const field = document.getElementById(control);
  if (field instanceof HTMLInputElement) field.select();
  document.execCommand("copy");
}

export function pageActions({ sender, session, choices, tab, reload, retryServer }: Parts): Actions {
  const { store } = sender;
  const ui = (change: Partial<PageState["ui"]>) => store.dispatch({ type: "ui", change });
  const notice = (error: unknown, askedFor?: AskedFor) =>
    store.dispatch({ type: "notice", notice: noticeOf(error, askedFor) });
  const clear = () => store.dispatch({ type: "notice", notice: null });
  /** Runs what may fail and shows how it did. */
  const attempt = (work: () => Promise<unknown>, askedFor?: AskedFor) => {
    clear();
    work().catch((error) => notice(error, askedFor));
  };
  const connect = (uuid: string) => {
    ui({ isChooserOpen: false });
    attempt(() => session.connect(uuid), "connect");
  };
  const getWallet = () => void window.open("https://metamask.io/download/", "_blank", "noopener");
  const unlock = () => {
    const { found, rdns } = store.state.wallet;
    const locked = found.find((choice) => choice.rdns === rdns);
    if (locked) connect(locked.uuid);
  };
  const switchNetwork = () => {
    if (store.state.busy[ids.switchNetwork]) return;
    store.dispatch({ type: "busy", what: ids.switchNetwork, phase: "wallet" });
    const done = () => store.dispatch({ type: "busy", what: ids.switchNetwork, phase: null });
    attempt(() => session.switchToHouse().finally(done), "switch");
  };
  /** Sends, and empties the field when it was sent: the amount is not meant a second time. */
  const sendAmount = async (field: string, work: Promise<string | null>) => {
    if ((await work) !== null) store.dispatch({ type: "draft", id: field, text: "" });
  };

  return {
    pressConnect() {
      const { found, status } = store.state.wallet;
      if (status === "locked") unlock();
      else if (isWithoutWallet(store.state)) getWallet();
      else if (found.length === 1 && found[0]) connect(found[0].uuid);
      else ui({ isChooserOpen: true });
    },
    connect,
    closeChooser: () => ui({ isChooserOpen: false }),
    disconnect: () => attempt(() => session.disconnect()),
    mend(named) {
      const mends: Record<ReturnType<typeof mendOf>, () => void> = {
        reload,
        reloadPage: () => location.reload(),
        getWallet,
        switchNetwork,
        switchAdded: switchNetwork,
        retryServer,
        help: () => ui({ help: store.state.ui.help === named.name ? null : named.name }),
        dismiss: clear,
        connect: () => this.pressConnect(),
        unlock,
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
    showHouse(house) {
      tab.setItem(HOUSE_KEY, house);
      ui({ house });
    },
    showAllTrades: () => ui({ areAllTradesShown: true }),
    buyEnergy: (offer, milliWh) => void market.buyEnergy(sender, offer, milliWh),
    buyTokens: (tokens) => void market.buyTokens(sender, tokens),
    redeem: (tokens) => void sendAmount(ids.redeemAmount, market.redeemTokens(sender, tokens)),
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
