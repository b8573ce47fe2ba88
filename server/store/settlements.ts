/** Which signed readings the chain still lacks: computed from what it says, so that nothing is kept in two places. */

import type { SettlementSource, SignedReading } from "../../chain/readings";
import type { Log } from "../../common/log";
import type { Journal } from "./journal";
import type { Ledger } from "./ledger";
import { signaturesCount } from "./market";

export function createSettlementSource(ledger: Ledger, journal: Journal, log: Log): SettlementSource {
  return {
    pendingReadings() {
      const { confirmed } = ledger;
      const pending: { order: number; reading: SignedReading }[] = [];
      for (const trade of confirmed.openTrades()) {
        if (!signaturesCount(confirmed.meters.get(trade.meter))) continue;
        const newest = journal.newestReading(trade.tradeId, trade.opened.txHash, trade.deadlineAtMs);
        if (!newest) continue;
        if (newest.reading.isFinal || newest.reading.deliveredMilliWh > trade.settledMilliWh)
          pending.push(newest);
      }
      return pending.sort((a, b) => a.order - b.order).map(({ reading }) => reading);
    },
    settlementRefused(reading, reason) {
      log.error(`the chain refuses the reading of trade ${reading.tradeId} for good: ${reason}`);
      journal.refuseReading(reading, reason);
    },
  };
}
