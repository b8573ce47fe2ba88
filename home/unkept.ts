/** What a home has measured and corrected, and the journal does not have yet. */
import type { MeterSample, RegisterStart } from "../common/meter";
import { type DeliveryRecord, deliveryKey, type HistoryPoint } from "../common/records";
import type { Correction, Keep } from "./news";
import type { ReadingToSign } from "./plan";
import { SecondMeans } from "./second-means";

export class Unkept {
  private readonly means = new SecondMeans();
  private seconds: HistoryPoint[] = [];
  private corrections: Correction[] = [];
  /** Records that count on from a corrected register. */
  private moved = new Map<string, DeliveryRecord>();
  private isMeasured = false;
  /** Of the last entry, on the steady clock. */
  private keptAtMs = Number.NEGATIVE_INFINITY;

  /** A corrected register must not wait. */
  get isUrgent(): boolean {
    return this.corrections.length > 0;
  }

  measured(sample: MeterSample): void {
    this.isMeasured = true;
    this.add(this.means.add(sample));
  }

  /** What was measured before has the register from before. */
  corrected(correction: Correction, moved: DeliveryRecord[]): void {
    this.add(this.means.finish());
    this.corrections.push(correction);
    for (const record of moved) this.moved.set(deliveryKey(record), record);
  }

  /** The records are of a chain that is gone. */
  forgetRecords(): void {
    this.moved.clear();
  }

  /** True when something was measured since the last entry, and that is older than this. */
  isDue(steadyMs: number, afterMs: number): boolean {
    return this.isMeasured && steadyMs - this.keptAtMs >= afterMs;
  }

  /** Everything, with these records changed on top and these readings to sign. */
  keep(register: RegisterStart, changed: DeliveryRecord[], toSign: ReadingToSign[]): Keep {
    const records = new Map(this.moved);
    for (const record of changed) records.set(deliveryKey(record), record);
    return {
      seconds: [...this.seconds],
      corrections: [...this.corrections],
      register,
      records: [...records.values()],
      toSign,
    };
  }

  /** The second that is not over counts as one: nothing more will be measured. */
  finish(): void {
    this.add(this.means.finish());
  }

  kept({ seconds, corrections, records }: Keep, steadyMs: number): void {
    this.keptAtMs = steadyMs;
    this.isMeasured = false;
    this.seconds = this.seconds.slice(seconds.length);
    this.corrections = this.corrections.slice(corrections.length);
    for (const record of records) this.moved.delete(deliveryKey(record));
  }

  private add(second: HistoryPoint | null): void {
    if (second) this.seconds.push(second);
  }
}
