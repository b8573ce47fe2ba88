/**
 * The history of samples, in three tiers: each second for a day, each minute for 30 days, each quarter of an hour for
 * ten years. A row holds the means of its span and the register at its end. About 86,000 + 43,000 + 350,000 rows.
 *
 * A register that is corrected (its journal was lost, and the chain knows a higher one) jumps without any energy. The
 * marks remember it, and every register from before is told as it should have stood: a difference is energy, always.
 */
import type { Address } from "../../common/address";
import type { HistoryPoint } from "../../common/records";
import { least, most } from "../../common/units";
import { bigintFrom } from "../../common/wire";
import type { Db } from "./db";

const DAY_S = 86_400;
export const TIERS = [
  { stepS: 1, keptS: DAY_S },
  { stepS: 60, keptS: 30 * DAY_S },
  { stepS: 900, keptS: 3650 * DAY_S },
] as const;

interface Row {
  span: number;
  volts: number;
  amperes: number;
  watts: number;
  panel_watts: number | null;
  register_milli_wh: string;
}

interface RegisterRow {
  register_milli_wh: string;
  at_ms: number;
}

interface MarkRow {
  meter: string;
  at_ms: number;
  before_milli_wh: string;
  after_milli_wh: string;
}

/**
 * libsql binds every JavaScript number as REAL, and REAL divides with a fraction: hence the CASTs below.
 * SQLite takes the bare column of the row that holds MAX(at_s): the register at the end of the span.
 */
const MEANS =
  "AVG(volts) AS volts, AVG(amperes) AS amperes, AVG(watts) AS watts, AVG(panel_watts) AS panel_watts, " +
  "register_milli_wh, MAX(at_s)";

/** The register at a moment of its own: at a start (`before` and `after` are one), or at a correction. */
interface Mark {
  meter: Address;
  atMs: number;
  before: bigint;
  after: bigint;
}

export class History {
  private readonly sql: ReturnType<typeof prepareStatements>;
  /** Corrections, the newest first. A few in a meter's life. */
  private corrections: Mark[];

  constructor(private readonly db: Db) {
    this.sql = prepareStatements(db);
    this.corrections = (this.sql.corrections.all() as MarkRow[]).map((row) => this.markOf(row));
  }

  /** Changes with each correction: what was read before it is to be read again. */
  get revision(): number {
    return this.corrections.length;
  }

  /**
   * Writes one finished second; every minute rolls the finer tiers up and forgets what is too old.
   * @param confirmedAtS the chain's confirmed time: a host whose clock is wrong for a moment must not forget years
   */
  saveSecond(meter: Address, second: HistoryPoint, confirmedAtS = Number.POSITIVE_INFINITY): void {
    const { atS, volts, amperes, watts, panelWatts, registerMilliWh } = second;
    this.sql.save.run(meter, atS, volts, amperes, watts, panelWatts, registerMilliWh.toString());
    if (atS % 60 !== 0) return;
    this.rollUp(meter, atS);
    for (const { stepS, keptS } of TIERS)
      this.sql.forget.run(meter, stepS, Math.min(atS, confirmedAtS) - keptS);
  }

  /** Brings the coarser tiers up to `nowS`; whatever a crash left out is made up for by the next call. */
  rollUp(meter: Address, nowS: number): void {
    for (const [i, { stepS }] of TIERS.entries()) {
      const finer = TIERS[i - 1];
      if (!finer) continue;
      const newest = this.sql.newestOfTier.get(meter, stepS) as { at_s: number } | undefined;
      const until = Math.floor(nowS / stepS) * stepS;
      // The newest may be in the future, written while the clock was wrong: the present is rolled up all the same.
      const from = newest ? Math.min(newest.at_s + stepS, until - stepS) : 0;
      this.sql.rollUp.run(stepS, stepS, stepS, meter, finer.stepS, from, until);
    }
  }

  /** The register is known to stand there at this moment, which perhaps no row says: at a start. */
  markStart(meter: Address, atMs: number, registerMilliWh: bigint): void {
    this.sql.mark.run(meter, atMs, registerMilliWh.toString(), registerMilliWh.toString());
  }

  /** The register was corrected without any energy. Within the transaction that stores the corrected register. */
  markCorrection(meter: Address, atMs: number, before: bigint, after: bigint): void {
    this.sql.mark.run(meter, atMs, before.toString(), after.toString());
    this.corrections = [{ meter, atMs, before, after }, ...this.corrections];
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
      registerMilliWh: this.corrected(meter, row.span * 1000, this.register(row)),
    }));
  }

  /** The register at `atS`: the last one known before, or the first one after; null without any. */
  registerAt(meter: Address, atS: number): bigint | null {
    const [before, markBefore, after, markAfter] = [
      this.sql.lastBefore.get(meter, atS),
      this.sql.markBefore.get(meter, atS * 1000),
      this.sql.firstAfter.get(meter, atS),
      this.sql.markAfter.get(meter, atS * 1000),
    ] as (RegisterRow | undefined)[];
    const read = (row: RegisterRow) => this.corrected(meter, row.at_ms, this.register(row));
    // The register never goes back: of two that were before, the higher is the later.
    const earlier = [before, markBefore].filter((row) => row !== undefined).map(read);
    if (earlier.length > 0) return earlier.reduce(most);
    const later = [after, markAfter].filter((row) => row !== undefined).map(read);
    return later.length > 0 ? later.reduce(least) : null;
  }

  /** What a register from before a correction would have been with it. */
  private corrected(meter: Address, atMs: number, registerMilliWh: bigint): bigint {
    return this.corrections
      .filter((mark) => mark.meter === meter && atMs <= mark.atMs && registerMilliWh < mark.after)
      .reduce((sum, mark) => sum + mark.after - mark.before, registerMilliWh);
  }

  private register(row: { register_milli_wh: string }): bigint {
    return this.db.decode(() => bigintFrom(row.register_milli_wh));
  }

  private markOf(row: MarkRow): Mark {
    return this.db.decode(() => ({
      meter: row.meter,
      atMs: row.at_ms,
      before: bigintFrom(row.before_milli_wh),
      after: bigintFrom(row.after_milli_wh),
    }));
  }
}

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
      `SELECT register_milli_wh, at_s * 1000 AS at_ms FROM history WHERE meter = ? AND at_s + tier_s <= ?
       ORDER BY at_s + tier_s DESC, tier_s LIMIT 1`,
    ),
    firstAfter: db.prepare(
      `SELECT register_milli_wh, at_s * 1000 AS at_ms FROM history WHERE meter = ? AND at_s >= ?
       ORDER BY at_s + tier_s, tier_s LIMIT 1`,
    ),
    mark: db.prepare("INSERT INTO register_marks VALUES (NULL, ?, ?, ?, ?)"),
    corrections: db.prepare(
      "SELECT * FROM register_marks WHERE before_milli_wh <> after_milli_wh ORDER BY id DESC",
    ),
    markBefore: db.prepare(
      `SELECT after_milli_wh AS register_milli_wh, at_ms FROM register_marks
       WHERE meter = ? AND at_ms <= ? ORDER BY at_ms DESC, id DESC LIMIT 1`,
    ),
    markAfter: db.prepare(
      `SELECT before_milli_wh AS register_milli_wh, at_ms FROM register_marks
       WHERE meter = ? AND at_ms >= ? ORDER BY at_ms, id LIMIT 1`,
    ),
  };
}
