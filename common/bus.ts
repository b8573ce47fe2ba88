/** What the server and the page know of other servers, by the bus that they share. Nothing of it is believed about money. */
import type { Address } from "./address";
import type { SignedReadingView } from "./api";
import type { BusView, SampleView } from "./events";
import type { MeterFault, MeterFirmware, MeterState, RelayPosition } from "./meter";

/** What another server says of its meter: its word, signed with its key, for which the meter's own key has vouched. */
export interface ElsewhereMeter {
  meter: Address;
  /** Of its home. */
  name: string;
  /** False: its server is gone or silent, and the rest is what it said last. */
  isOnline: boolean;
  state: MeterState;
  detail: string;
  fault: MeterFault | null;
  /** Null where it is not known. */
  relay: RelayPosition | null;
  firmware: MeterFirmware | null;
  todayMilliWh: bigint;
  registerMilliWh: bigint;
  /** The trade whose turn it is; null while it is nobody's. */
  servedTradeId: bigint | null;
  /** The newest; null when there is no fresh one. */
  lastSample: SampleView | null;
  /** When its server said this, ms since 1970 by that server's clock. */
  saidAtMs: number;
}

/** What makes a trade this one: a reading is of no other. */
export interface PurchaseFacts {
  tradeId: bigint;
  meter: Address;
  buyer: Address;
  /** Ordered. */
  milliWh: bigint;
  deadlineAtMs: number;
}

export interface ElsewhereListener {
  /** Something of `of(meter)` but its sample, or of its readings. */
  meterChanged(meter: Address): void;
  sampled(sample: SampleView): void;
}

/** Meters of other servers. */
export interface ElsewhereMeters {
  /** Null for a meter that no other server has spoken for, and for each of this server's own. */
  of(meter: Address): ElsewhereMeter | null;
  /** The newest reading that the trade's meter has signed for it; null where none has come. */
  readingOf(trade: PurchaseFacts): SignedReadingView | null;
  onChange(listener: ElsewhereListener): void;
}

/**
 * Why a message of the bus changed nothing. `topic`: none of the tree. `size`, `utf8`, `json`, `schema`: not what it
 * should be. `rate`: too many. `unknownMeter`: nobody has commissioned it here. `own`: under this server's key, or of
 * its meter. `signature`: not signed by the key in its topic. `voucher`: the meter has not vouched for that key.
 * `superseded`: it has vouched for another one since. `stranger`: no meter has. `old`: said before what is known
 * already, or too long ago. `future`: later than this machine's clock allows. `reading`: not signed by its meter.
 */
export const DROP_REASONS = [
  "topic",
  "size",
  "utf8",
  "json",
  "schema",
  "rate",
  "unknownMeter",
  "own",
  "signature",
  "voucher",
  "superseded",
  "stranger",
  "old",
  "future",
  "reading",
  "internal",
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** How the bus is doing, for `/healthz`, `/metrics` and the page. */
export interface BusReport {
  view(): BusView;
  /** Messages since the start that changed something. */
  readonly taken: number;
  /** Messages since the start that changed nothing, by reason. */
  readonly dropped: ReadonlyMap<DropReason, number>;
}
