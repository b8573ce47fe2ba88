/** What a meter signs, and who keeps it until the chain has it. */
import type { Address } from "../common/address";
import type { SignedReadingView } from "../common/api";

/** A reading the meter's key has signed, waiting for the chain. */
export interface SignedReading extends SignedReadingView {
  meter: Address;
}

/**
 * Brings signed readings to the chain: one queue, one sender, right nonces, repeats after failure, never twice.
 * Asks `pending` whenever it has room, so that nothing is kept in two places.
 */
export interface SettlementSource {
  /** Signed readings that the confirmed chain does not show as settled yet, oldest first, newest per trade. */
  pendingReadings(): SignedReading[];
  /** The chain refused for good (trade closed, meter decommissioned): stop offering it. `reason` names the error. */
  settlementRefused(reading: SignedReading, reason: string): void;
}

/** What a meter signs: a reading, and the purchase that it is of. */
export interface ReadingStatement {
  tradeId: bigint;
  buyer: Address;
  orderedMilliWh: bigint;
  /** The trade's deadline, whole seconds since 1970 in ms. */
  deadlineAtMs: number;
  deliveredMilliWh: bigint;
  registerMilliWh: bigint;
  isFinal: boolean;
}

/** The meter's key: signs readings, never leaves the process. */
export interface ReadingSigner {
  readonly meter: Address;
  sign(reading: ReadingStatement): string;
}
