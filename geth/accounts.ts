/** Sealers' accounts: encrypted in the node's own keystore, the password in a file beside it that only we can read. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import type { SealerKey } from "./lab";

const passwordFile = (nodeFolder: string): string => path.join(nodeFolder, "password");

export const readPassword = (nodeFolder: string): string =>
  fs.readFileSync(passwordFile(nodeFolder), "utf8").trim();

function writeNewPassword(nodeFolder: string): string {
  fs.mkdirSync(nodeFolder, { recursive: true, mode: 0o700 });
  const file = passwordFile(nodeFolder);
  fs.writeFileSync(file, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600 });
  return file;
}

/** Imports a lab sealer's well-known key. `--lightkdf`: there is no secret to protect, and it starts a second sooner. */
export function importLabKey(geth: string, nodeFolder: string, key: SealerKey): void {
  fs.rmSync(path.join(nodeFolder, "keystore"), { recursive: true, force: true });
  const password = writeNewPassword(nodeFolder);
  const keyFile = path.join(nodeFolder, "key-to-import");
  fs.writeFileSync(keyFile, key.privateKey.slice(2), { mode: 0o600 });
  try {
    runAccount(geth, ["import", "--lightkdf", "--datadir", nodeFolder, "--password", password, keyFile]);
  } finally {
    fs.rmSync(keyFile);
  }
}

/** Makes a new account in the node's keystore and returns its 0x-address; the key exists nowhere else. */
export function makeAccount(geth: string, nodeFolder: string): string {
  const password = writeNewPassword(nodeFolder);
  const said = runAccount(geth, ["new", "--datadir", nodeFolder, "--password", password]);
  const match = /0x[0-9a-fA-F]{40}/.exec(said);
  if (!match) throw new Error(`geth account new named no address: ${said}`);
  return match[0];
}

function runAccount(geth: string, args: string[]): string {
  return execFileSync(geth, ["--verbosity", "1", "account", ...args], { encoding: "utf8", stdio: "pipe" });
}
