/** What a meter measured before this page was there, or while it had no server: the chart's past. */
import { type ErrorView, fromWire, type MeterHistoryView } from "../common/api";
import type { MeterView } from "../common/events";
import type { Wire } from "../common/wire";
import { HISTORY_MS } from "./state";
import type { Store } from "./store";

/** Means over whole seconds, up to the meter's last sample: that is the server's clock, this machine's may differ. */
export async function loadHistory(store: Store, { meter, lastSample }: MeterView): Promise<void> {
  if (!lastSample) return;
  const fromMs = Math.floor(lastSample.atMs) - HISTORY_MS;
  try {
    const response = await fetch(`api/meters/${meter}/readings?from=${fromMs}&step=1`);
    const answer = (await response.json()) as Wire<MeterHistoryView> | ErrorView;
    if ("error" in answer) throw new Error(answer.error.message);
    store.dispatch({ type: "history", meter, points: fromWire<MeterHistoryView>(answer).points });
  } catch (error) {
    // The chart begins now, then; nothing else needs it.
    console.info("No history:", error instanceof Error ? error.message : error);
  }
}
