/** Another program's transaction on an SQLite file. */
import { spawn } from "node:child_process";
import { join } from "node:path";

const ROOT = join(__dirname, "..", "..");
/** Begins to write, says so, and goes back when told to or when its time is over. */
const PROGRAM = `
  const db = new (require("libsql"))(process.argv[1]);
  db.pragma("busy_timeout = 5000");
  db.exec("BEGIN IMMEDIATE");
  const end = () => { db.exec("ROLLBACK"); process.exit(); };
  process.stdin.once("end", end).resume();
  process.stdout.write("locked", () => process.argv[2] && setTimeout(end, Number(process.argv[2])));
`;

export interface Lock {
  /** Resolves when the other program has ended. */
  release(): Promise<void>;
}

/** @param forMs how long it holds the lock by itself; left out: until `release` */
export async function lockDatabase(file: string, forMs?: number): Promise<Lock> {
  const args = ["-e", PROGRAM, file, ...(forMs === undefined ? [] : [String(forMs)])];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"], cwd: ROOT });
  // It may have ended by itself.
  child.stdin.on("error", () => {});
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await Promise.race([
    new Promise((resolve) => child.stdout.once("data", resolve)),
    gone.then(() => Promise.reject(new Error(`${file} could not be locked`))),
  ]);
  return {
    release() {
      child.stdin.end();
      return gone;
    },
  };
}
