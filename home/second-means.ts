/** The samples of a meter, as the history has them: a mean for each second. */
import type { MeterSample } from "../common/meter";
import type { HistoryPoint } from "../common/records";

/** Collects samples into whole seconds. */
export class SecondMeans {
  private samples: MeterSample[] = [];

  /** @returns the second before, when `sample` begins another. */
  add(sample: MeterSample): HistoryPoint | null {
    const first = this.samples[0];
    const done = first !== undefined && secondOf(first) !== secondOf(sample) ? this.finish() : null;
    this.samples.push(sample);
    return done;
  }

  /** The second that is not over yet, as far as it has got; null without a sample in it. */
  finish(): HistoryPoint | null {
    if (this.samples.length === 0) return null;
    const done = this.means();
    this.samples = [];
    return done;
  }

  private means(): HistoryPoint {
    const of = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const panel = this.samples.flatMap(({ panelWatts }) => (panelWatts === null ? [] : [panelWatts]));
    return {
      atS: secondOf(this.samples[0]!),
      volts: of(this.samples.map(({ volts }) => volts)),
      amperes: of(this.samples.map(({ amperes }) => amperes)),
      watts: of(this.samples.map(({ watts }) => watts)),
      panelWatts: panel.length > 0 ? of(panel) : null,
      registerMilliWh: this.samples.at(-1)!.registerMilliWh,
    };
  }
}

const secondOf = (sample: MeterSample): number => Math.floor(sample.atMs / 1000);
