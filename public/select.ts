/** Questions that more than one view or action asks of the state. */
import { type Address, sameAddress } from "../common/address";
import type { ConfigView } from "../common/api";
import type { MeterView, TradeView } from "../common/events";
import { translator } from "./i18n";
import type { PageState, PurchaseDraft } from "./state";
import { LAB_RDNS } from "./wallet/lab-id";

/** Ready configuration, or null: most of the page waits for it. */
export const configOf = (state: PageState): ConfigView | null =>
  state.config.status === "ready" ? state.config.view : null;

/** Connected, and to the chain that the house trades on. */
export const isOnChain = (state: PageState): boolean =>
  state.wallet.status === "connected" && state.wallet.chainId === configOf(state)?.chainId;

/** The house on show, by its meter: the one chosen in this tab, else one's own, else the first. */
export function shownHouse(state: PageState): Address | null {
  const chosen = state.street[state.ui.house ?? ""];
  if (chosen) return chosen.meter;
  const all = Object.values(state.street);
  const own = all.find(({ prosumer }) => sameAddress(prosumer, state.wallet.account));
  return (own ?? all[0])?.meter ?? null;
}

/** The meter of the house on show. */
export const shownMeter = (state: PageState): MeterView | null =>
  state.meters[shownHouse(state) ?? ""] ?? null;

/** The meters whose energy the connected account sells. */
export const ownMeters = (state: PageState): string[] =>
  (configOf(state)?.meters ?? [])
    .filter((entry) => sameAddress(entry.prosumer, state.wallet.account))
    .map((entry) => entry.meter);

/** Newest first; bought or sold by the connected account. */
export const ownTrades = (state: PageState): TradeView[] =>
  Object.values(state.trades)
    .filter(
      (trade) =>
        sameAddress(trade.buyer, state.wallet.account) || sameAddress(trade.seller, state.wallet.account),
    )
    .sort((a, b) => b.opened.block - a.opened.block || (b.tradeId > a.tradeId ? 1 : -1));

/** Purchases whose window is open, of the connected account. */
export const ownPurchases = (state: PageState): PurchaseDraft[] =>
  state.purchases.filter(({ account }) => sameAddress(account, state.wallet.account));

/** Wallets have one name; the page's own has one a language. */
export const walletName = ({ wallet, ui }: PageState): string =>
  wallet.rdns === LAB_RDNS ? translator(ui.language)("lab.name") : wallet.name;
