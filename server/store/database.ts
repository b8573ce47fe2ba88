/** Opens the SQLite file: one process at a time, migrated, durable at every commit. */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import Database from "libsql";

export type Db = Database.Database;

/**
 * Migration n brings `user_version` from n to n + 1; never edit one that has been published, add another.
 * Energy and money are TEXT: token base units do not fit 64 bits, and a JavaScript number must never see either.
 */
const MIGRATIONS = [
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
];

/** The data folder cannot be used; the message says why and what to change. */
export class StoreError extends Error {
  override name = "StoreError";
}

/** An open database and the lock on its folder. */
export interface OpenDatabase {
  db: Db;
  close(): void;
}

/**
 * @param folder made if missing
 * @throws StoreError saying what to change
 */
export function openDatabase(folder: string): OpenDatabase {
  mkdirSync(folder, { recursive: true });
  const unlock = lockFolder(folder);
  const file = join(folder, "neighborwatt.sqlite");
  let db: Db | undefined;
  try {
    db = new Database(file);
    db.pragma("journal_mode = WAL");
    // A commit survives a power cut as well as kill -9; one fsync a second and one per step of a trade.
    db.pragma("synchronous = FULL");
    migrate(db, file);
  } catch (error) {
    db?.close();
    unlock();
    throw explain(error, file);
  }
  const opened = db;
  return {
    db,
    close: () => {
      opened.close();
      unlock();
    },
  };
}

/**
 * Two servers on one register would sell the same energy twice: the second must not even start. The lock is a
 * transaction that stays open on a file of its own; the kernel ends it with the process, however that ends.
 * (SQLite's `locking_mode = EXCLUSIVE` would do it without a second file, but libsql keeps that lock after `close`.)
 */
function lockFolder(folder: string): () => void {
  const file = join(folder, "lock.sqlite");
  let lock: Db;
  try {
    lock = new Database(file);
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    throw explain(error, file);
  }
  return () => {
    lock.exec("ROLLBACK");
    lock.close();
  };
}

function explain(error: unknown, file: string): unknown {
  if (error instanceof StoreError || !(error instanceof Error)) return error;
  const code = "code" in error ? error.code : undefined;
  if (code === "SQLITE_BUSY")
    return new StoreError(`${dirname(file)} is in use by another server: stop it, or set another DATA_DIR.`);
  if (code === "SQLITE_NOTADB" || code === "SQLITE_CORRUPT")
    return new StoreError(`${file} is damaged (${error.message}): move it away; the chain is read again.`);
  return new StoreError(`Cannot use ${file} (${error.message}): choose another folder with DATA_DIR.`);
}

function migrate(db: Db, file: string): void {
  const [row] = db.pragma("user_version") as { user_version: number }[];
  const version = row!.user_version;
  if (version > MIGRATIONS.length)
    throw new StoreError(
      `${file} was written by a newer version (${version}, this one knows ${MIGRATIONS.length}).`,
    );
  for (let from = version; from < MIGRATIONS.length; from++)
    db.transaction(() => {
      db.exec(MIGRATIONS[from]!);
      db.exec(`PRAGMA user_version = ${from + 1}`);
    })();
}
