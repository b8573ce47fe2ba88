/** The tables, as one migration after another. */
import type { Db } from "./db";
import { StoreError } from "./failures";

/**
 * Migration n brings `user_version` from n to n + 1; never edit one that has been published, add another.
 * Energy and money are TEXT: token base units do not fit 64 bits, and a JavaScript number must never see either.
 */
export const MIGRATIONS = [
  `
  CREATE TABLE chain (one INTEGER PRIMARY KEY CHECK (one = 1), identity TEXT, cursor_block INTEGER, cursor_hash TEXT) STRICT;
  INSERT INTO chain (one) VALUES (1);
  CREATE TABLE blocks (
    block INTEGER PRIMARY KEY, hash TEXT NOT NULL, parent_hash TEXT NOT NULL, at_s INTEGER NOT NULL, sealer TEXT
  ) STRICT;
  CREATE TABLE events (
    tx_hash TEXT NOT NULL, log_index INTEGER NOT NULL, block INTEGER NOT NULL, block_hash TEXT NOT NULL,
    body TEXT NOT NULL, PRIMARY KEY (tx_hash, log_index)
  ) STRICT;
  CREATE INDEX events_in_order ON events (block, log_index);

  CREATE TABLE registers (
    meter TEXT PRIMARY KEY, register_milli_wh TEXT NOT NULL, rest_micro_joule TEXT NOT NULL, at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE deliveries (
    trade_id TEXT NOT NULL, opening_tx TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (trade_id, opening_tx)
  ) STRICT;
  CREATE TABLE signed_readings (
    id INTEGER PRIMARY KEY, trade_id TEXT NOT NULL, opening_tx TEXT NOT NULL, meter TEXT NOT NULL,
    delivered_milli_wh TEXT NOT NULL, register_milli_wh TEXT NOT NULL, is_final INTEGER NOT NULL,
    signature TEXT NOT NULL, signed_at_ms INTEGER NOT NULL, refused TEXT,
    UNIQUE (trade_id, opening_tx, delivered_milli_wh, is_final)
  ) STRICT;

  CREATE TABLE history (
    meter TEXT NOT NULL, tier_s INTEGER NOT NULL, at_s INTEGER NOT NULL, volts REAL NOT NULL, amperes REAL NOT NULL,
    watts REAL NOT NULL, panel_watts REAL, register_milli_wh TEXT NOT NULL, PRIMARY KEY (meter, tier_s, at_s)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE register_marks (
    id INTEGER PRIMARY KEY, meter TEXT NOT NULL, at_ms INTEGER NOT NULL,
    before_milli_wh TEXT NOT NULL, after_milli_wh TEXT NOT NULL
  ) STRICT;
  `,
  // A reading names its trade's deadline; those signed before name none, and settle nothing.
  `
  CREATE TABLE readings_with_deadline (
    id INTEGER PRIMARY KEY, trade_id TEXT NOT NULL, opening_tx TEXT NOT NULL, deadline_at_ms INTEGER NOT NULL,
    meter TEXT NOT NULL, delivered_milli_wh TEXT NOT NULL, register_milli_wh TEXT NOT NULL, is_final INTEGER NOT NULL,
    signature TEXT NOT NULL, signed_at_ms INTEGER NOT NULL, refused TEXT,
    UNIQUE (trade_id, opening_tx, deadline_at_ms, delivered_milli_wh, is_final)
  ) STRICT;
  INSERT INTO readings_with_deadline
    SELECT id, trade_id, opening_tx, 0, meter, delivered_milli_wh, register_milli_wh, is_final, signature, signed_at_ms,
      refused FROM signed_readings;
  DROP TABLE signed_readings;
  ALTER TABLE readings_with_deadline RENAME TO signed_readings;
  `,
  // It was one text, "genesis:contract", with "none" for no contract.
  `
  ALTER TABLE chain ADD COLUMN genesis_hash TEXT;
  ALTER TABLE chain ADD COLUMN trade TEXT;
  UPDATE chain SET
    genesis_hash = substr(identity, 1, instr(identity, ':') - 1),
    trade = nullif(substr(identity, instr(identity, ':') + 1), 'none');
  ALTER TABLE chain DROP COLUMN identity;
  `,
  // A bigint is its decimal text, without a tag; fields are called as everywhere else, and none is missing.
  `
  UPDATE events SET body = replace(body, '"bigint:', '"');
  UPDATE deliveries SET body = replace(replace(replace(body,
    '"banked":', '"bankedMilliWh":'), '"since":', '"sinceRegisterMilliWh":'), '"delivered":', '"deliveredMilliWh":');
  UPDATE deliveries SET body = json_insert(body, '$.noFlow', NULL) WHERE json_valid(body);
  UPDATE deliveries SET body = json_insert(body, '$.signed.deadlineAtMs', 0)
    WHERE json_valid(body) AND json_type(body, '$.signed') = 'object';
  `,
  // What was opened up to this block may have readings that an earlier journal, now lost, has signed.
  "ALTER TABLE chain ADD COLUMN watched_from INTEGER",
  // The market's records, which the events make: `market_fold` is the fold that has made them, null where none has.
  `
  ALTER TABLE chain ADD COLUMN market_fold INTEGER;
  CREATE TABLE market_meters (id INTEGER PRIMARY KEY, meter TEXT NOT NULL UNIQUE, body TEXT NOT NULL) STRICT;
  CREATE TABLE market_offers (
    id INTEGER PRIMARY KEY, offer_id TEXT NOT NULL UNIQUE, is_in_stock INTEGER NOT NULL, body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX offers_in_stock ON market_offers (id) WHERE is_in_stock = 1;
  CREATE TABLE market_trades (
    id INTEGER PRIMARY KEY, trade_id TEXT NOT NULL UNIQUE, meter TEXT NOT NULL, seller TEXT NOT NULL COLLATE NOCASE,
    buyer TEXT NOT NULL COLLATE NOCASE, closed TEXT, body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX trades_by_meter ON market_trades (meter, id, closed);
  CREATE INDEX trades_by_seller ON market_trades (seller, id, closed);
  CREATE INDEX trades_by_buyer ON market_trades (buyer, id, closed, seller);
  CREATE INDEX trades_by_end ON market_trades (closed, id);
  `,
  // The meter whose register counts for a trade, null while none does: a server had one meter, and has several now.
  `
  ALTER TABLE deliveries ADD COLUMN counting_for TEXT;
  UPDATE deliveries SET counting_for = (SELECT meter FROM registers ORDER BY at_ms DESC LIMIT 1)
    WHERE CASE WHEN json_valid(body) THEN json_extract(body, '$.sinceRegisterMilliWh') IS NOT NULL ELSE 0 END;
  CREATE INDEX deliveries_counting ON deliveries (counting_for) WHERE counting_for IS NOT NULL;
  `,
  // The market's records as they were before the newest blocks changed them; `was` is null where there was none yet.
  // The market can be taken back to block `undo_from`, and not below it; -1 is before the first.
  `
  CREATE TABLE market_undo (
    id INTEGER PRIMARY KEY, after_block INTEGER NOT NULL, through_block INTEGER NOT NULL, kind TEXT NOT NULL,
    record TEXT NOT NULL, was TEXT
  ) STRICT;
  CREATE INDEX undo_by_block ON market_undo (through_block);
  ALTER TABLE chain ADD COLUMN undo_from INTEGER NOT NULL DEFAULT -1;
  UPDATE chain SET undo_from = cursor_block WHERE cursor_block IS NOT NULL;
  `,
];

export function migrate(db: Db, file: string): void {
  const version = db.userVersion();
  if (version > MIGRATIONS.length)
    throw new StoreError(
      `${file} was written by a newer version (${version}, this one knows ${MIGRATIONS.length}).`,
    );
  for (let from = version; from < MIGRATIONS.length; from++)
    db.transaction(() => {
      db.exec(MIGRATIONS[from]!);
      db.exec(`PRAGMA user_version = ${from + 1}`);
    });
}
