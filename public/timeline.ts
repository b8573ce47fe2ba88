/** A trade's way from the wallet's window to the money, as steps. Pure: what the chain and the meter have said so far. */
import type { TradeView, TradeWait } from "../common/events";
import type { PurchaseDraft } from "./state";
import type { TransactionRecord } from "./transactions";

export type StepName = "wallet" | "pending" | "sealed" | "confirmed" | "delivering" | "closed";
export const STEPS: readonly StepName[] = [
  "wallet",
  "pending",
  "sealed",
  "confirmed",
  "delivering",
  "closed",
];
/** `stopped`: by the person's own choice, which is no failure. */
export type StepState = "done" | "active" | "waiting" | "failed" | "stopped";
/** Which sentence a step says, where its state alone does not tell. */
export type StepNote =
  | "lookAtWallet"
  | "notSealedYet"
  | "inBlock"
  | "inBlockBy"
  | "confirmations"
  | "elsewhere"
  | "queued"
  | "flowing"
  | "waitsForMeter"
  | "noFlow"
  | "retry"
  | "deadlinePassed"
  | "chainUnread"
  | "uncommissioned"
  | "halted"
  | "readingRefused"
  | "delivered"
  | "settling"
  | "settled"
  | "refunded"
  | "reverted"
  | "missing"
  | "cancelled"
  | "replaced";

export interface Step {
  name: StepName;
  state: StepState;
  note: StepNote | null;
}

/** One card of "my trades": a purchase being made, a transaction on its way, or a trade of the chain. */
export type Entry =
  | { kind: "draft"; id: string; draft: PurchaseDraft }
  | { kind: "transaction"; id: string; record: TransactionRecord }
  | { kind: "trade"; id: string; trade: TradeView };

/** Everything before `current` is done, everything after it waits. */
function steps(current: StepName, state: StepState, notes: Partial<Record<StepName, StepNote>>): Step[] {
  const at = STEPS.indexOf(current);
  return STEPS.map((name, index) => ({
    name,
    state: index < at ? "done" : index === at ? state : "waiting",
    note: notes[name] ?? null,
  }));
}

export const draftTimeline = (): Step[] => steps("wallet", "active", { wallet: "lookAtWallet" });

export function transactionTimeline(record: TransactionRecord): Step[] {
  switch (record.status) {
    case "pending":
      return steps("pending", "active", { pending: "notSealedYet" });
    case "sealed":
      // The receipt is here before the server's word about the trade.
      return steps("confirmed", "active", { sealed: "inBlock" });
    case "reverted":
      return steps("sealed", "failed", { sealed: "reverted" });
    case "missing":
      return steps("pending", "failed", { pending: "missing" });
    case "cancelled":
      return steps("pending", "stopped", { pending: "cancelled" });
    case "replaced":
      return steps("pending", "failed", { pending: "replaced" });
  }
}

const WAITS: Record<TradeWait["reason"], StepNote> = {
  otherTrade: "queued",
  noFlow: "noFlow",
  retry: "retry",
  meter: "waitsForMeter",
  deadline: "deadlinePassed",
  chain: "chainUnread",
  commission: "uncommissioned",
  halted: "halted",
  refused: "readingRefused",
};

export function tradeTimeline(trade: TradeView, isMeterOnline: boolean): Step[] {
  const sealed: StepNote = trade.opened.sealer ? "inBlockBy" : "inBlock";
  const confirmed: StepNote = "confirmations";
  const waits = trade.wait && WAITS[trade.wait.reason];
  switch (trade.status) {
    case "sealed":
      return steps("confirmed", "active", { sealed, confirmed });
    case "confirmed":
      return steps("delivering", "active", { sealed, confirmed, delivering: "elsewhere" });
    case "queued":
      return steps("delivering", "active", { sealed, confirmed, delivering: waits ?? "queued" });
    case "delivering":
      return steps("delivering", "active", {
        sealed,
        confirmed,
        delivering: waits ?? (isMeterOnline ? "flowing" : "waitsForMeter"),
      });
    case "settling":
      return waits === "readingRefused"
        ? steps("closed", "failed", { sealed, confirmed, delivering: "delivered", closed: waits })
        : steps("closed", "active", { sealed, confirmed, delivering: "delivered", closed: "settling" });
    case "settled":
      return steps("closed", "done", { sealed, confirmed, delivering: "delivered", closed: "settled" });
    case "refunded":
      return steps("closed", "done", { sealed, confirmed, delivering: "delivered", closed: "refunded" });
  }
}

/**
 * My trades, newest first: what is on its way, then what the chain knows. A purchase whose trade has arrived is the
 * trade's card alone.
 */
export function entriesOf(
  drafts: readonly PurchaseDraft[],
  records: readonly TransactionRecord[],
  trades: readonly TradeView[],
): Entry[] {
  const opened = new Set(trades.map((trade) => trade.opened.txHash.toLowerCase()));
  const onTheirWay = records.filter(
    (record) => record.kind === "purchase" && !opened.has(record.hash.toLowerCase()),
  );
  return [
    ...drafts.map((draft) => ({ kind: "draft" as const, id: draft.id, draft })),
    ...onTheirWay.map((record) => ({ kind: "transaction" as const, id: record.hash, record })),
    ...trades.map((trade) => ({ kind: "trade" as const, id: String(trade.tradeId), trade })),
  ];
}
