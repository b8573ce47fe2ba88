/** What this server says of its own meters; whoever has the homes gives it (`server/main.ts`). */
import type { Speaker } from "../chain/typed-data";
import type { Address } from "../common/address";
import type { SampleView } from "../common/events";
import type { BusReading, MeterWord } from "./messages";

export interface OwnMeter {
  meter: Address;
  /** Of its home. */
  name: string;
  /** For people: "simulated meter". */
  model: string;
  /** The meter's own signature: the key of `speaker` speaks for it. */
  vouchFor(speaker: Speaker): string;
  /** How it is now. */
  word(): Omit<MeterWord, "kind" | "voucher" | "name">;
  /** What it has signed for its open trades, the newest of each. */
  readings(): BusReading[];
}

export interface OwnListener {
  meterChanged(meter: Address): void;
  sampled(sample: SampleView): void;
  /** It may have signed something: of which meter is not always known. */
  readingsSigned(): void;
}

export interface OwnMeters {
  all(): Iterable<OwnMeter>;
  onChange(listener: OwnListener): void;
}
