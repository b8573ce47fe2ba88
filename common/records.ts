/** What a home keeps beside the chain's facts: how far each trade has got, and what was measured. */
import type { MeterHistoryPoint } from "./api";

/**
 * A trade for which nothing flows: its load draws nothing, or the battery can give nothing. The meter cannot tell
 * which, nor whose load draws, so nothing final follows from it: the relay opens, the next trade has its turn, and
 * this one is tried again, after a pause that doubles with each turn in vain. What has flowed for it stays its own.
 */
export interface NoFlow {
  /** Turns in vain since energy last flowed for it. */
  turns: number;
  /** The chain's time of the next turn. */
  retryAtMs: number;
}

/** How far a trade has got. Outlives the trade's absence during a reorganisation. */
export interface DeliveryRecord {
  tradeId: bigint;
  openingTx: string;
  /** Delivered before `sinceRegisterMilliWh`. */
  bankedMilliWh: bigint;
  /** The register from which energy counts for this trade; null while another one is served. */
  sinceRegisterMilliWh: bigint | null;
  startedAtMs: number | null;
  endedAtMs: number | null;
  /**
   * Newest reading signed for it; null before the first. `atMs` as everything in a record: the chain's time. The
   * signature names the deadline that the trade had then, and counts for no other.
   */
  signed: { deliveredMilliWh: bigint; isFinal: boolean; atMs: number; deadlineAtMs: number } | null;
  /** Its turns in which nothing flowed; null when it has had none since energy last flowed for it. */
  noFlow: NoFlow | null;
}

/** One purchase: after a reorganisation another one may carry the same id. */
export const deliveryKey = (trade: { tradeId: bigint; openingTx: string }): string =>
  `${trade.tradeId}@${trade.openingTx}`;

/** Means over a span, and the register at its end. */
export interface HistoryPoint extends Omit<MeterHistoryPoint, "atMs"> {
  /** Beginning of the span. */
  atS: number;
}
