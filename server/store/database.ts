/** Opens the SQLite file: one process at a time, migrated, durable at every commit, and in one piece after a stop. */
import { randomInt } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import Database from "libsql";
import { Db, type RawDatabase } from "./db";
import { explain, isBusy, StoreError } from "./failures";
import { migrate } from "./migrations";

export { StoreError } from "./failures";

/** SQLite's file format, 1.3: the header, and where `user_version` and `application_id` stand in it. */
const HEADER_BYTES = 100;
const VERSION_AT = 60;
const ENDING_AT = 68;
/** `application_id` after a clean stop ("nw" and a number); while a server has it open or has crashed, a token above. */
const STOPPED = 0x6e77_0002;
const OLDER_VERSION = 0;
/**
 * Another program (a database browser, a backup) may hold the file for a moment. The delivery stands still while this
 * one waits: it must be less than the half second that trips nothing.
 */
const WAIT_FOR_OTHERS_MS = 300;

/** An open database and the lock on its folder. */
export interface OpenDatabase {
  db: Db;
  /** Leaves everything in the one file. The lock goes in any case. */
  close(): void;
}

/**
 * @param folder made if missing
 * @throws StoreError saying what to change
 */
export function openDatabase(folder: string): OpenDatabase {
  const file = join(folder, "neighborwatt.sqlite");
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw explain(error, file);
  }
  const unlock = lockFolder(folder);
  let raw: RawDatabase | undefined;
  try {
    const isWalThere = sizeOf(`${file}-wal`) > 0;
    if (!existsSync(file)) create(file, isWalThere);
    refuseEmpty(file);
    refuseHalf(file, isWalThere);
    raw = new Database(file);
    raw.pragma(`busy_timeout = ${WAIT_FOR_OTHERS_MS}`);
    raw.pragma("journal_mode = WAL");
    // A commit survives a power cut as well as kill -9; one fsync a second and one per step of a trade.
    raw.pragma("synchronous = FULL");
    const db = new Db(raw, file);
    migrate(db, file);
    markRunning(db, file);
    return { db, close: () => closeAll(db, file, unlock) };
  } catch (error) {
    // What went wrong is told, not what went wrong in letting go of it.
    quietly(() => raw?.close());
    quietly(unlock);
    throw explain(error, file);
  }
}

/** Made under another name and moved when it is whole: whatever a crash leaves, no half file is taken for the journal. */
function create(file: string, isWalThere: boolean): void {
  // SQLite would write the old one's commits into the new file.
  if (isWalThere)
    throw new StoreError(
      `${file}-wal is there without ${file}, which it belongs to: put that file back, or move this one away as well.`,
    );
  const draft = `${file}.new`;
  rmSync(draft, { force: true });
  const raw = new Database(draft);
  try {
    migrate(new Db(raw, draft), draft);
  } finally {
    quietly(() => raw.close());
  }
  renameSync(draft, file);
}

function refuseEmpty(file: string): void {
  if (sizeOf(file) > 0) return;
  throw new StoreError(
    `${file} is empty (0 bytes), as a full disk or a power cut leaves a file. Put back a copy of it if there is one. ` +
      "Else move it away: the chain is read again, and the meter's register goes on above the highest that the chain knows.",
  );
}

/**
 * The newest commits are in the file beside, `-wal`, while a server runs and after a crash. A copy of the one file
 * alone is old or empty, and must not be taken for all there was. Which it is stands in the file's own header, as
 * SQLite's `application_id`; looked at before SQLite opens it, so that a file that is refused stays as it is.
 */
function refuseHalf(file: string, isWalThere: boolean): void {
  if (isWalThere) return;
  const header = Buffer.alloc(HEADER_BYTES);
  const handle = openSync(file, "r");
  try {
    // Shorter, or no database at all: SQLite says so.
    if (readSync(handle, header) < HEADER_BYTES || !header.toString("latin1").startsWith("SQLite format 3"))
      return;
  } finally {
    closeSync(handle);
  }
  const ending = header.readUInt32BE(ENDING_AT);
  const isEnded = ending === STOPPED || ending === OLDER_VERSION;
  if (header.readUInt32BE(VERSION_AT) > 0 && (isEnded || ending === tokenIn(file))) return;
  throw new StoreError(
    `${file} is not whole: it was copied, without ${file}-wal beside it, from a server that ran or had crashed. ` +
      "Copy both files, or stop that server first: then the one file holds everything. If there is no other, move it " +
      "away: the chain is read again, and the meter's register goes on above the highest that the chain knows.",
  );
}

/**
 * A process that ends without `close` may take `-wal` into the file on its way out (libsql's finalizers do), or leave
 * it (a kill): in the place where it ran the file is whole either way. The token in a file beside tells that place.
 */
function markRunning(db: Db, file: string): void {
  const token = randomInt(STOPPED + 1, 2 ** 31);
  writeFileSync(tokenFile(file), `${token}\n`, { flush: true });
  db.pragma(`application_id = ${token}`);
  // Into the main file; `-wal` stays where it is, so that a crash from now on leaves both.
  db.pragma("wal_checkpoint(PASSIVE)");
}

const tokenFile = (file: string): string => file.replace(/\.sqlite$/, ".running");

function tokenIn(file: string): number | null {
  const path = tokenFile(file);
  return existsSync(path) ? Number(readFileSync(path, "utf8")) : null;
}

function closeAll(db: Db, file: string, unlock: () => void): void {
  try {
    db.pragma(`application_id = ${STOPPED}`);
    db.pragma("wal_checkpoint(TRUNCATE)");
    rmSync(tokenFile(file), { force: true });
  } finally {
    quietly(() => db.close());
    quietly(unlock);
  }
}

/**
 * Two servers on one register would sell the same energy twice: the second must not even start. The lock is a
 * transaction that stays open on a file of its own; the kernel ends it with the process, however that ends.
 * (SQLite's `locking_mode = EXCLUSIVE` would do it without a second file, but libsql keeps that lock after `close`.)
 */
function lockFolder(folder: string): () => void {
  const file = join(folder, "lock.sqlite");
  let lock: RawDatabase | undefined;
  try {
    lock = new Database(file);
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    quietly(() => lock?.close());
    if (isBusy((error as { code?: unknown }).code))
      throw new StoreError(`${folder} is in use by another server: stop it, or set another DATA_DIR.`, {
        cause: error,
      });
    throw explain(error, file);
  }
  const held = lock;
  return () => {
    held.exec("ROLLBACK");
    held.close();
  };
}

/** For cleaning up after a failure that is told already. */
function quietly(work: () => void): void {
  try {
    work();
  } catch (error) {
    void error;
  }
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
