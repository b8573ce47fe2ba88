/** What a screen reader is told as it happens: a trade's next step. Notices are a live region of their own. */
import { energy } from "./format";
import { translator } from "./i18n";
import { ownTrades } from "./select";
import type { PageState } from "./state";
import type { Store } from "./store";

/**
 * What is new between two states, as sentences. What a snapshot shows for the first time is no news: another account was
 * connected, or another house is on show.
 */
export function announceText(before: PageState, after: PageState): string {
  if (!before.hasSnapshot || before.trades === after.trades) return "";
  const t = translator(after.ui.language);
  return ownTrades(after)
    .filter(({ tradeId, status }) => {
      const was = before.trades[String(tradeId)];
      return was ? was.status !== status : before.snapshots === after.snapshots;
    })
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
