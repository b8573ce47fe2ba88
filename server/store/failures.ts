/** What SQLite and the file system complain of, in words that name the file and the mend. */
import { statfsSync } from "node:fs";
import { dirname } from "node:path";

/** The data folder cannot be used; the message says why and what to change. */
export class StoreError extends Error {
  override name = "StoreError";
}

const MOVE_AWAY =
  "move it away, with -wal and -shm beside it: the chain is read again, and the meter's register goes on above the " +
  "highest that the chain knows";

/** An error of SQLite or the file system as a StoreError; any other as it is. */
export function explain(error: unknown, file: string): unknown {
  if (error instanceof StoreError || !(error instanceof Error)) return error;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const isSqlite = code.startsWith("SQLITE_");
  if (!isSqlite && !("errno" in error)) return error;
  return new StoreError(wordsFor(code, error.message, file), { cause: error });
}

/** What was read makes no sense: SQLite checks its own pages, not what is written on them. */
export const damaged = (file: string, message: string): StoreError =>
  new StoreError(`${file} is damaged (${message}): ${MOVE_AWAY}.`);

export const isBusy = (code: unknown): boolean => String(code).startsWith("SQLITE_BUSY");

function wordsFor(code: string, message: string, file: string): string {
  const folder = dirname(file);
  if (code === "SQLITE_FULL" || code === "ENOSPC" || code === "EDQUOT" || isFull(code, folder))
    return `The disk is full: ${folder} has no room left (${message}). Make room there, then start again.`;
  if (isBusy(code))
    return `${file} is locked by another program (a database browser, a backup): end what it does there, then start again.`;
  if (code.startsWith("SQLITE_NOTADB") || code.startsWith("SQLITE_CORRUPT"))
    return damaged(file, message).message;
  if (code.startsWith("SQLITE_READONLY") || code === "EROFS" || code === "EACCES" || code === "EPERM")
    return `${file} cannot be written (${message}): let this user write in ${folder}, or set another DATA_DIR.`;
  if (code.startsWith("SQLITE_IOERR") || code === "EIO")
    return `${file} cannot be read or written (${message}): look whether the disk that ${folder} is on is well.`;
  return `Cannot use ${file} (${message}): choose another folder with DATA_DIR.`;
}

/** Where SQLite cannot grow its shared memory it speaks of an I/O error only. */
function isFull(code: string, folder: string): boolean {
  if (!code.startsWith("SQLITE_IOERR") && code !== "SQLITE_CANTOPEN") return false;
  try {
    return statfsSync(folder).bavail === 0;
  } catch (error) {
    void error;
    return false;
  }
}
