/** What the homes need of the store and of the chain's facts in it: the server's store is one, a test may bring another. */
import type { ChainEvent } from "../chain/chain-event";
import type { SignedReading } from "../chain/readings";
import type { BlockHeader } from "../chain/sink";
import type { Address } from "../common/address";
import type { RegisterStart } from "../common/meter";
import type { DeliveryRecord, HistoryPoint } from "../common/records";
import type { MarketReader } from "../market/types";

export interface ChainListener {
  confirmed?(events: ChainEvent[]): void;
  marketChanged(touched: { trades: ReadonlySet<bigint>; meters: ReadonlySet<Address> }): void;
  marketReplaced(): void;
  chainChanged(): void;
}

export interface HomesStore {
  /** Everything `work` writes is stored together or not at all. */
  commit(work: () => void): void;
  readonly ledger: {
    readonly confirmed: MarketReader;
    onChange(listener: ChainListener): void;
    position(): {
      state: string;
      head: BlockHeader | null;
      /** Unix seconds; null before the first. */
      confirmedAtS: number | null;
      isKnown: boolean;
    };
    cursor(): { block: number } | null;
    readonly watchedFrom: number | null;
  };
  readonly journal: {
    registerOf(meter: Address): RegisterStart | null;
    registerSeenAtMs(meter: Address): number | null;
    saveRegister(meter: Address, register: RegisterStart, atMs: number): void;
    recordOf(tradeId: bigint, openingTx: string): DeliveryRecord | null;
    countingRecords(): { meter: Address; record: DeliveryRecord }[];
    saveRecord(meter: Address, record: DeliveryRecord): void;
    saveReading(reading: SignedReading & { openingTx: string; deadlineAtMs: number }): void;
    hasSigned(tradeId: bigint, deliveredMilliWh: bigint, registerMilliWh: bigint): boolean;
    isOwnSignature(tradeId: bigint, signature: string): boolean;
  };
  readonly history: {
    markStart(meter: Address, atMs: number, registerMilliWh: bigint): void;
    markCorrection(meter: Address, atMs: number, before: bigint, after: bigint): void;
    saveSecond(meter: Address, second: HistoryPoint, confirmedAtS?: number): void;
  };
}
