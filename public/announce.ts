/** What a screen reader is told as it happens: a trade's next step. Notices are a live region of their own. */
import { energy } from "./format";
import { translator } from "./i18n";
import { ownTrades } from "./select";
import type { PageState } from "./state";
import type { Store } from "./store";

/** What is new between two states, as sentences; nothing on the first snapshot, which is no news. */
export function announceText(before: PageState, after: PageState): string {
  if (!before.hasSnapshot || before.trades === after.trades) return "";
  const t = translator(after.ui.language);
  return ownTrades(after)
    .filter((trade) => before.trades[String(trade.tradeId)]?.status !== trade.status)
    .map((trade) =>
      t("announce.trade", {
        energy: energy(trade.milliWh, after.ui.language),
        status: t(`trade.${trade.status}`),
      }),
    )
    .join(" ");
}

export function announce(store: Store, element: HTMLElement): () => void {
  let before = store.state;
  return store.subscribe((after) => {
    const news = announceText(before, after);
    before = after;
    if (news) element.textContent = news;
  });
}
