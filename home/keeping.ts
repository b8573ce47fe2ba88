/** What the homes must not lose in a crash, in one transaction for all of them. */
import type { SignedReading } from "../chain/readings";
import type { Address } from "../common/address";
import type { Keep } from "./news";
import type { HomesStore } from "./store";

/** What one home stores, and its readings, signed. */
export interface Entry {
  meter: Address;
  keep: Keep;
  signed: (SignedReading & { openingTx: string; deadlineAtMs: number })[];
}

/**
 * Registers, records, readings, corrections and finished seconds: all or none.
 * @param nowMs the host's time, as a stamp
 */
export function storeTogether(store: HomesStore, entries: readonly Entry[], nowMs: number): void {
  // Before the chain is known nothing is old enough to be forgotten.
  const confirmedAtS = store.ledger.position().confirmedAtS ?? 0;
  store.commit(() => {
    for (const { meter, keep, signed } of entries) {
      for (const second of keep.seconds) store.history.saveSecond(meter, second, confirmedAtS);
      for (const { beforeMilliWh, afterMilliWh } of keep.corrections)
        store.history.markCorrection(meter, nowMs, beforeMilliWh, afterMilliWh);
      store.journal.saveRegister(meter, keep.register, nowMs);
      for (const record of keep.records) store.journal.saveRecord(meter, record);
      for (const reading of signed) store.journal.saveReading(reading);
    }
  });
}
