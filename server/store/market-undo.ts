/** The market's records as they were before the newest blocks: what a reorganisation of a few blocks puts back. */
import type { Step } from "../../market/archive";
import type { Db } from "./db";

export type RecordKind = "meter" | "offer" | "trade";

interface UndoRow {
  after_block: number;
  kind: RecordKind;
  record: string;
  was: string | null;
}

const TABLES = {
  meter: { table: "market_meters", key: "meter" },
  offer: { table: "market_offers", key: "offer_id" },
  trade: { table: "market_trades", key: "trade_id" },
};

export class MarketUndo {
  private readonly sql: ReturnType<typeof prepareStatements>;

  constructor(private readonly db: Db) {
    this.sql = prepareStatements(db);
  }

  /** To be called before the record is written. */
  keep({ after, through }: Step, kind: RecordKind, record: string): void {
    this.sql[kind].keep.run(after, through, record, record);
  }

  /** See `MarketArchive.takeBack`. @param restore writes a record that was there before */
  takeBack(block: number, restore: (kind: RecordKind, was: string) => void): number | null {
    if (block < (this.sql.undoFrom.get() as { undo_from: number }).undo_from) return null;
    let reached = block;
    for (const { after_block, kind, record, was } of this.sql.above.all(block) as UndoRow[]) {
      reached = Math.min(reached, after_block);
      if (was === null) this.sql[kind].remove.run(record);
      else restore(kind, was);
    }
    this.sql.dropAbove.run(block);
    return reached;
  }

  forgetTo(block: number): void {
    this.sql.dropTo.run(block);
    this.sql.raiseUndoFrom.run(block);
  }

  /** For an empty market: there is nothing to take back. */
  clear(): void {
    this.db.exec("DELETE FROM market_undo");
    this.db.exec("UPDATE chain SET undo_from = -1");
  }
}

function prepareStatements(db: Db) {
  const of = (kind: RecordKind) => {
    const { table, key } = TABLES[kind];
    return {
      keep: db.prepare(
        "INSERT INTO market_undo (after_block, through_block, kind, record, was) " +
          `VALUES (?, ?, '${kind}', ?, (SELECT body FROM ${table} WHERE ${key} = ?))`,
      ),
      remove: db.prepare(`DELETE FROM ${table} WHERE ${key} = ?`),
    };
  };
  return {
    meter: of("meter"),
    offer: of("offer"),
    trade: of("trade"),
    undoFrom: db.prepare("SELECT undo_from FROM chain"),
    raiseUndoFrom: db.prepare("UPDATE chain SET undo_from = max(undo_from, ?)"),
    /** Newest first: of several of one record, the oldest is put back last. */
    above: db.prepare(
      "SELECT after_block, kind, record, was FROM market_undo WHERE through_block > ? ORDER BY through_block DESC, id DESC",
    ),
    dropAbove: db.prepare("DELETE FROM market_undo WHERE through_block > ?"),
    dropTo: db.prepare("DELETE FROM market_undo WHERE through_block <= ?"),
  };
}
