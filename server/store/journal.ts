/**
 * What must outlive a crash beside the chain's own facts: the meter's register, how far each trade has got, and what
 * was signed. Nothing here opens a transaction: the caller writes what belongs together in one (`Store.commit`), so
 * that no signed reading ever stands above the stored register.
 */
import { z } from "zod";
import { decimal } from "../../chain/decimal";
import type { SignedReading } from "../../chain/readings";
import type { Address } from "../../common/address";
import type { RegisterStart } from "../../common/meter";
import type { DeliveryRecord } from "../../common/records";
import { bigintFrom, bigintsAsText } from "../../common/wire";
import type { Db } from "./db";

/** A signed reading and the purchase it was signed for. */
export type StoredReading = SignedReading & { openingTx: string; deadlineAtMs: number };

interface RegisterRow {
  register_milli_wh: string;
  rest_micro_joule: string;
  at_ms: number;
}

interface RecordRow {
  trade_id: string;
  opening_tx: string;
  body: string;
}

interface ReadingRow {
  id: number;
  trade_id: string;
  opening_tx: string;
  meter: string;
  delivered_milli_wh: string;
  register_milli_wh: string;
  is_final: number;
  signature: string;
  signed_at_ms: number;
}

/** The rest of a record, beside the purchase it is of. */
const recordBody = z.object({
  bankedMilliWh: decimal,
  sinceRegisterMilliWh: decimal.nullable(),
  startedAtMs: z.number().nullable(),
  endedAtMs: z.number().nullable(),
  signed: z
    .object({ deliveredMilliWh: decimal, isFinal: z.boolean(), atMs: z.number(), deadlineAtMs: z.number() })
    .nullable(),
  noFlow: z.object({ turns: z.int(), retryAtMs: z.number() }).nullable(),
}) satisfies z.ZodType<Omit<DeliveryRecord, "tradeId" | "openingTx">>;

export class Journal {
  private readonly sql: ReturnType<typeof prepareStatements>;

  constructor(private readonly db: Db) {
    this.sql = prepareStatements(db);
  }

  /** Where the meter's register stood last; null when it was never seen. */
  registerOf(meter: Address): RegisterStart | null {
    const row = this.sql.register.get(meter) as RegisterRow | undefined;
    if (!row) return null;
    return this.db.decode(() => ({
      registerMilliWh: bigintFrom(row.register_milli_wh),
      registerRestMicroJoule: bigintFrom(row.rest_micro_joule),
    }));
  }

  /** When that was written, ms since 1970. */
  registerSeenAtMs(meter: Address): number | null {
    return (this.sql.register.get(meter) as RegisterRow | undefined)?.at_ms ?? null;
  }

  saveRegister(meter: Address, register: RegisterStart, atMs: number): void {
    const { registerMilliWh, registerRestMicroJoule } = register;
    this.sql.saveRegister.run(meter, registerMilliWh.toString(), registerRestMicroJoule.toString(), atMs);
  }

  /** How far one purchase has got; null when nothing was ever delivered for it. */
  recordOf(tradeId: bigint, openingTx: string): DeliveryRecord | null {
    const row = this.sql.record.get(tradeId.toString(), openingTx) as RecordRow | undefined;
    return row ? this.db.decode(() => recordFrom(row)) : null;
  }

  /** The records for which energy counts, one a meter: a purchase that a reorganisation took away may be among them. */
  countingRecords(): { meter: Address; record: DeliveryRecord }[] {
    const rows = this.sql.counting.all() as (RecordRow & { counting_for: string })[];
    return this.db.decode(() => rows.map((row) => ({ meter: row.counting_for, record: recordFrom(row) })));
  }

  saveRecord(meter: Address, { tradeId, openingTx, ...body }: DeliveryRecord): void {
    const countingFor = body.sinceRegisterMilliWh === null ? null : meter;
    const text = JSON.stringify(body, bigintsAsText);
    this.sql.saveRecord.run(tradeId.toString(), openingTx, text, countingFor);
  }

  /** A reading signed before (same purchase, deadline and quantity) keeps its first signature. */
  saveReading(reading: StoredReading): void {
    this.sql.saveReading.run(
      reading.tradeId.toString(),
      reading.openingTx,
      reading.deadlineAtMs,
      reading.meter,
      reading.deliveredMilliWh.toString(),
      reading.registerMilliWh.toString(),
      reading.isFinal ? 1 : 0,
      reading.signature,
      reading.signedAtMs,
    );
  }

  /** Everything signed for one purchase, oldest first. */
  readingsOf(tradeId: bigint, openingTx: string): SignedReading[] {
    const rows = this.sql.readings.all(tradeId.toString(), openingTx) as ReadingRow[];
    return this.db.decode(() => rows.map(readingFrom));
  }

  /** Whether a reading of these figures was signed here, whichever block its trade was in then. */
  hasSigned(tradeId: bigint, deliveredMilliWh: bigint, registerMilliWh: bigint): boolean {
    const figures = [tradeId, deliveredMilliWh, registerMilliWh].map(String);
    return this.sql.ofFigures.get(...figures) !== undefined;
  }

  isOwnSignature(tradeId: bigint, signature: string): boolean {
    return this.sql.ofSignature.get(tradeId.toString(), signature) !== undefined;
  }

  /** The newest reading of one purchase with this deadline that the chain has not refused, and its place in the order. */
  newestReading(
    tradeId: bigint,
    openingTx: string,
    deadlineAtMs: number,
  ): { order: number; reading: SignedReading } | null {
    const row = this.sql.newest.get(tradeId.toString(), openingTx, deadlineAtMs) as ReadingRow | undefined;
    return row ? this.db.decode(() => ({ order: row.id, reading: readingFrom(row) })) : null;
  }

  /** Why the chain has refused the newest reading of one purchase with this deadline; null where it has not. */
  refusalOfNewest(tradeId: bigint, openingTx: string, deadlineAtMs: number): string | null {
    const row = this.sql.newestOfAll.get(tradeId.toString(), openingTx, deadlineAtMs);
    return (row as { refused: string | null } | undefined)?.refused ?? null;
  }

  refuseReading(reading: SignedReading, reason: string): void {
    this.sql.refuse.run(reason, reading.tradeId.toString(), reading.signature);
  }
}

const recordFrom = (row: RecordRow): DeliveryRecord => ({
  tradeId: bigintFrom(row.trade_id),
  openingTx: row.opening_tx,
  ...recordBody.parse(JSON.parse(row.body)),
});

const readingFrom = (row: ReadingRow): SignedReading => ({
  meter: row.meter,
  tradeId: bigintFrom(row.trade_id),
  deliveredMilliWh: bigintFrom(row.delivered_milli_wh),
  registerMilliWh: bigintFrom(row.register_milli_wh),
  isFinal: row.is_final === 1,
  signature: row.signature,
  signedAtMs: row.signed_at_ms,
});

function prepareStatements(db: Db) {
  const readings = "SELECT * FROM signed_readings WHERE trade_id = ? AND opening_tx = ?";
  return {
    register: db.prepare("SELECT register_milli_wh, rest_micro_joule, at_ms FROM registers WHERE meter = ?"),
    saveRegister: db.prepare("INSERT OR REPLACE INTO registers VALUES (?, ?, ?, ?)"),
    record: db.prepare(
      "SELECT trade_id, opening_tx, body FROM deliveries WHERE trade_id = ? AND opening_tx = ?",
    ),
    counting: db.prepare(
      "SELECT trade_id, opening_tx, body, counting_for FROM deliveries WHERE counting_for IS NOT NULL",
    ),
    saveRecord: db.prepare("INSERT OR REPLACE INTO deliveries VALUES (?, ?, ?, ?)"),
    readings: db.prepare(`${readings} ORDER BY id`),
    newest: db.prepare(`${readings} AND deadline_at_ms = ? AND refused IS NULL ORDER BY id DESC LIMIT 1`),
    newestOfAll: db.prepare(`${readings} AND deadline_at_ms = ? ORDER BY id DESC LIMIT 1`),
    ofFigures: db.prepare(
      "SELECT 1 FROM signed_readings WHERE trade_id = ? AND delivered_milli_wh = ? AND register_milli_wh = ?",
    ),
    ofSignature: db.prepare(
      "SELECT 1 FROM signed_readings WHERE trade_id = ? AND lower(signature) = lower(?)",
    ),
    saveReading: db.prepare(
      "INSERT OR IGNORE INTO signed_readings VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
    ),
    refuse: db.prepare("UPDATE signed_readings SET refused = ? WHERE trade_id = ? AND signature = ?"),
  };
}
