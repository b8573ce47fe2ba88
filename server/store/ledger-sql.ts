/** What the ledger asks of its tables, and how. */
import type { Db } from "./db";

export function prepareStatements(db: Db) {
  return {
    chain: db.prepare(
      "SELECT genesis_hash, trade, cursor_block, cursor_hash, (SELECT at_s FROM blocks WHERE block = cursor_block) AS cursor_at_s FROM chain",
    ),
    moveCursor: db.prepare("UPDATE chain SET cursor_block = ?, cursor_hash = ?"),
    startChain: db.prepare(
      "UPDATE chain SET genesis_hash = ?, trade = ?, cursor_block = NULL, cursor_hash = NULL, watched_from = NULL",
    ),
    watchedFrom: db.prepare("SELECT watched_from FROM chain"),
    watchFrom: db.prepare("UPDATE chain SET watched_from = ? WHERE watched_from IS NULL"),
    marketFold: db.prepare("SELECT market_fold FROM chain"),
    marketFoldedBy: db.prepare("UPDATE chain SET market_fold = ?"),
    knownBlocks: db.prepare("SELECT block, hash FROM blocks ORDER BY block DESC"),
    newestBlock: db.prepare("SELECT block, hash FROM blocks ORDER BY block DESC LIMIT 1"),
    findBlock: db.prepare("SELECT hash FROM blocks WHERE block = ?"),
    storeBlock: db.prepare("INSERT OR IGNORE INTO blocks VALUES (?, ?, ?, ?, ?)"),
    pruneBlocks: db.prepare(
      "DELETE FROM blocks WHERE block >= ? AND block < ? AND block NOT IN (SELECT block FROM events)",
    ),
    dropBlocksAbove: db.prepare("DELETE FROM blocks WHERE block > ?"),
    /** A row value, so that the index leads to where the last page ended. */
    eventsAfter: db.prepare(
      "SELECT block, log_index, body, at_s, sealer FROM events JOIN blocks USING (block) " +
        "WHERE (block, log_index) > (?, ?) ORDER BY block, log_index LIMIT ?",
    ),
    findEvent: db.prepare("SELECT 1 FROM events WHERE tx_hash = ? AND log_index = ?"),
    storeEvent: db.prepare("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?)"),
    dropEventsAbove: db.prepare("DELETE FROM events WHERE block > ?"),
    forgetRefusals: db.prepare("UPDATE signed_readings SET refused = NULL WHERE refused IS NOT NULL"),
  };
}
