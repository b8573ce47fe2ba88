/**
 * One writer for a data folder. Every program that changes something in it (`npm start`, `npm run reset`, a chain that
 * is kept) takes this lock before it touches anything. The lock is a transaction that stays open on a file of its own:
 * the kernel ends it with the process, however that ends, so that no lock is ever stale and no process id decides.
 */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "libsql";

/** What the holder says of itself, for a program that finds the folder locked. */
export interface Holder {
  /** As it is typed: `npm start`. */
  program: string;
  /** Where it can be seen, such as http://localhost:3000. */
  page?: string;
  chain?: string;
}

export class FolderInUseError extends Error {
  override name = "FolderInUseError";
  constructor(
    readonly folder: string,
    readonly holder: (Holder & { pid: number }) | null,
  ) {
    const who = holder
      ? `\`${holder.program}\` (process ${holder.pid}${holder.page ? `, page ${holder.page}` : ""}${holder.chain ? `, chain ${holder.chain}` : ""})`
      : "another program";
    super(`${folder} is in use by ${who}. Nothing was changed.`);
  }
}

export interface FolderLock {
  readonly folder: string;
  /** Says anew who holds it. */
  describe(holder: Holder): void;
  release(): void;
}

/**
 * @param folder made if missing
 * @throws FolderInUseError when another program has it
 */
export function lockFolder(folder: string, holder: Holder): FolderLock {
  const holderFile = join(folder, "running.json");
  let release: (() => void) | null;
  try {
    mkdirSync(folder, { recursive: true });
    const file = join(folder, "running.sqlite");
    // SQLite would only say that it cannot open it.
    closeSync(openSync(file, "a"));
    release = lockFile(file);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const isFull = code === "ENOSPC" || code === "SQLITE_FULL";
    const isForbidden = code === "EACCES" || code === "EPERM" || code === "EROFS";
    const what = isFull
      ? `The disk is full: ${folder} has no room left. Make room there, then start again.`
      : isForbidden
        ? `This user may not write in ${folder} (${message}): change its owner, or choose another folder with DATA_DIR.`
        : `Cannot use ${folder} (${message}): choose another folder with DATA_DIR.`;
    throw new Error(what, { cause });
  }
  if (!release) throw new FolderInUseError(folder, readHolder(holderFile));
  const describe = (now: Holder) => writeFileSync(holderFile, JSON.stringify({ ...now, pid: process.pid }));
  try {
    describe(holder);
  } catch (error) {
    release();
    throw error;
  }
  return {
    folder,
    describe,
    release: () => {
      rmSync(holderFile, { force: true });
      release();
    },
  };
}

/** Whether a server that was started by itself (`npx tsx server/main.ts`) works in this folder. */
export function isServerIn(folder: string): boolean {
  const release = lockFile(join(folder, "lock.sqlite"));
  release?.();
  return release === null;
}

function lockFile(file: string): (() => void) | null {
  const lock = new Database(file);
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if ((error as { code?: string }).code === "SQLITE_BUSY") return null;
    throw error;
  }
  return () => {
    lock.exec("ROLLBACK");
    lock.close();
  };
}

function readHolder(file: string): (Holder & { pid: number }) | null {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Holder & { pid: number };
  } catch (error) {
    // It is only a courtesy: the lock itself is what counts.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
