/** What the confirmed market says of one home. */

import type { DeliveryRecord } from "../common/records";
import { signaturesCount } from "../market/types";
import type { Home } from "./home";
import type { HomeMarket } from "./news";
import type { HomesStore } from "./store";

/** @param counting when everything is looked at anew: the records for which the home's register counts; else null */
export function marketOf(
  home: Home,
  { ledger, journal }: HomesStore,
  counting: DeliveryRecord[] | null,
): HomeMarket {
  const isReplaced = counting !== null;
  const onChain = ledger.confirmed.meter(home.meter);
  const trades = ledger.confirmed.openTradesOf(home.meter).map((trade) => ({
    tradeId: trade.tradeId,
    openingTx: trade.opened.txHash,
    buyer: trade.buyer,
    milliWh: trade.milliWh,
    settledMilliWh: trade.settledMilliWh,
    deadlineAtMs: trade.deadlineAtMs,
  }));
  const records = trades
    .filter((trade) => isReplaced || home.recordOf(trade) === null)
    .map(({ tradeId, openingTx }) => journal.recordOf(tradeId, openingTx))
    .filter((record) => record !== null);
  return {
    trades,
    records: [...(counting ?? []), ...records],
    isReplaced,
    isCommissioned: signaturesCount(onChain),
    registerMilliWh: onChain?.registerMilliWh ?? 0n,
  };
}
