/**
 * Two servers that pay from one account on one chain use one numbering of transactions, and take each other's numbers.
 * On one machine the second refuses to start. A server on another machine cannot be seen from here: then the one whose
 * number is taken says so in its log (chain/sender.ts).
 */
import { createHash } from "node:crypto";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import type { Address } from "../common/address";

/**
 * Takes the account for this process, until `release` or the process's end, however that comes.
 * @throws Error naming the account and the setting, when another server of this user has it
 */
export function lockSettler(account: Address, rpcUrl: string, folder = tmpdir()): () => void {
  const { hostname, port, protocol } = new URL(rpcUrl);
  const node = `${protocol}//${hostname === "localhost" ? "127.0.0.1" : hostname}:${port}`;
  const name = createHash("sha256").update(`${node} ${account.toLowerCase()}`).digest("hex").slice(0, 16);
  const lock = new Database(join(folder, `neighborwatt-${userInfo().username}-${name}.sqlite`));
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if ((error as { code?: string }).code !== "SQLITE_BUSY") throw error;
    throw new Error(
      `another server on this machine pays for settlements from ${account} at ${rpcUrl}. Each server needs an account ` +
        "of its own: set SETTLER_INDEX to another number, such as 6, and send that account some ether",
      { cause: error },
    );
  }
  return () => {
    lock.exec("ROLLBACK");
    lock.close();
  };
}
