/** Which signed readings the chain still lacks: computed from what it says, so that nothing is kept in two places. */

import type { SettlementSource, SignedReading } from "../../chain/readings";
import type { Log } from "../../common/log";
import { signaturesCount } from "../../market/types";
import type { Journal } from "./journal";
import type { Ledger } from "./ledger";

export interface Settlements extends SettlementSource {
  /** Open trades whose newest reading the chain has refused for good: what they delivered is not paid. */
  refusedForGood(): { tradeId: bigint; reason: string }[];
}

export function createSettlements(ledger: Ledger, journal: Journal, log: Log): Settlements {
  const openTrades = () =>
    ledger.confirmed.openTrades().filter(({ meter }) => signaturesCount(ledger.confirmed.meter(meter)));
  return {
    pendingReadings() {
      const pending: { order: number; reading: SignedReading }[] = [];
      for (const trade of openTrades()) {
        const newest = journal.newestReading(trade.tradeId, trade.opened.txHash, trade.deadlineAtMs);
        if (!newest) continue;
        if (newest.reading.isFinal || newest.reading.deliveredMilliWh > trade.settledMilliWh)
          pending.push(newest);
      }
      return pending.sort((a, b) => a.order - b.order).map(({ reading }) => reading);
    },
    refusedForGood: () =>
      openTrades().flatMap(({ tradeId, opened, deadlineAtMs }) => {
        const reason = journal.refusalOfNewest(tradeId, opened.txHash, deadlineAtMs);
        return reason === null ? [] : [{ tradeId, reason }];
      }),
    settlementRefused(reading, reason) {
      log.error(`the chain refuses the reading of trade ${reading.tradeId} for good: ${reason}`);
      journal.refuseReading(reading, reason);
    },
  };
}
