/**
 * The history of samples, in three tiers: each second for a day, each minute for 30 days, each quarter of an hour for
 * ten years. A row holds the means of its span and the register at its end. About 86,000 + 43,000 + 350,000 rows.
 */
import type { Address } from "../../common/events";
import type { MeterSample } from "../../common/meter";
import type { Db } from "./database";

const DAY_S = 86_400;
export const TIERS = [
  { stepS: 1, keptS: DAY_S },
  { stepS: 60, keptS: 30 * DAY_S },
  { stepS: 900, keptS: 3650 * DAY_S },
] as const;

export interface HistoryPoint {
  /** Beginning of the span. */
  atS: number;
  volts: number;
  amperes: number;
  watts: number;
  panelWatts: number | null;
  registerMilliWh: bigint;
}

interface Row {
  span: number;
  volts: number;
  amperes: number;
  watts: number;
  panel_watts: number | null;
  register_milli_wh: string;
}

/**
 * libsql binds every JavaScript number as REAL, and REAL divides with a fraction: hence the CASTs below.
 * SQLite takes the bare column of the row that holds MAX(at_s): the register at the end of the span.
 */
const MEANS =
  "AVG(volts) AS volts, AVG(amperes) AS amperes, AVG(watts) AS watts, AVG(panel_watts) AS panel_watts, " +
  "register_milli_wh, MAX(at_s)";

export class History {
  private readonly sql: ReturnType<typeof prepareStatements>;

  constructor(db: Db) {
    this.sql = prepareStatements(db);
  }

  /** Writes one finished second; every minute rolls the finer tiers up and forgets what is too old. */
  saveSecond(meter: Address, second: HistoryPoint): void {
    const { atS, volts, amperes, watts, panelWatts, registerMilliWh } = second;
    this.sql.save.run(meter, atS, volts, amperes, watts, panelWatts, registerMilliWh.toString());
    if (atS % 60 === 0) this.rollUp(meter, atS);
  }

  /** Brings the coarser tiers up to `nowS`; whatever a crash left out is made up for by the next call. */
  rollUp(meter: Address, nowS: number): void {
    for (const [i, { stepS }] of TIERS.entries()) {
      const finer = TIERS[i - 1];
      if (!finer) continue;
      const newest = this.sql.newestOfTier.get(meter, stepS) as { at_s: number } | undefined;
      const until = Math.floor(nowS / stepS) * stepS;
      this.sql.rollUp.run(stepS, stepS, stepS, meter, finer.stepS, newest ? newest.at_s + stepS : 0, until);
    }
    for (const { stepS, keptS } of TIERS) this.sql.forget.run(meter, stepS, nowS - keptS);
  }

  /** Means over spans of `stepS` from `fromS` (inclusive) to `toS` (exclusive), empty spans left out. */
  points(meter: Address, fromS: number, toS: number, stepS: number): HistoryPoint[] {
    const tier = [...TIERS].reverse().find((candidate) => candidate.stepS <= stepS) ?? TIERS[0];
    const rows = this.sql.points.all(stepS, stepS, meter, tier.stepS, fromS, toS) as Row[];
    return rows.map((row) => ({
      atS: row.span,
      volts: row.volts,
      amperes: row.amperes,
      watts: row.watts,
      panelWatts: row.panel_watts,
      registerMilliWh: BigInt(row.register_milli_wh),
    }));
  }

  /** The register at `atS`: the last one before, or the first one after; null without any. */
  registerAt(meter: Address, atS: number): bigint | null {
    const row = (this.sql.lastBefore.get(meter, atS) ?? this.sql.firstAfter.get(meter, atS)) as
      | { register_milli_wh: string }
      | undefined;
    return row ? BigInt(row.register_milli_wh) : null;
  }
}

/** Collects samples into whole seconds. */
export class SecondMeans {
  private samples: MeterSample[] = [];

  /** @returns the second before, when `sample` begins another. */
  add(sample: MeterSample): HistoryPoint | null {
    const first = this.samples[0];
    const isNext = first !== undefined && secondOf(first) !== secondOf(sample);
    const done = isNext ? this.means() : null;
    if (isNext) this.samples = [];
    this.samples.push(sample);
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

function prepareStatements(db: Db) {
  return {
    save: db.prepare("INSERT OR REPLACE INTO history VALUES (?, 1, ?, ?, ?, ?, ?, ?)"),
    newestOfTier: db.prepare(
      "SELECT at_s FROM history WHERE meter = ? AND tier_s = ? ORDER BY at_s DESC LIMIT 1",
    ),
    rollUp: db.prepare(
      `INSERT OR REPLACE INTO history
       SELECT meter, ?, span, volts, amperes, watts, panel_watts, register_milli_wh FROM (
         SELECT meter, at_s / CAST(? AS INTEGER) * CAST(? AS INTEGER) AS span, ${MEANS} FROM history
         WHERE meter = ? AND tier_s = ? AND at_s >= ? AND at_s < ? GROUP BY span)`,
    ),
    forget: db.prepare("DELETE FROM history WHERE meter = ? AND tier_s = ? AND at_s < ?"),
    points: db.prepare(
      `SELECT at_s / CAST(? AS INTEGER) * CAST(? AS INTEGER) AS span, ${MEANS} FROM history
       WHERE meter = ? AND tier_s = ? AND at_s >= ? AND at_s < ? GROUP BY span ORDER BY span`,
    ),
    lastBefore: db.prepare(
      `SELECT register_milli_wh FROM history WHERE meter = ? AND at_s + tier_s <= ?
       ORDER BY at_s + tier_s DESC, tier_s LIMIT 1`,
    ),
    firstAfter: db.prepare(
      `SELECT register_milli_wh FROM history WHERE meter = ? AND at_s >= ? ORDER BY at_s + tier_s, tier_s LIMIT 1`,
    ),
  };
}
