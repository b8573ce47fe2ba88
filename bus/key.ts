/**
 * A server's key on the bus: Ed25519, which Node does itself (37 µs to sign, 108 µs to check; secp256k1 in JavaScript
 * takes 350 and 1,600). It says who speaks, and has no say about money: whoever steals it can lie about a meter's
 * state, and cannot sign a reading.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { BusKey } from "./topics";

export interface OwnBusKey {
  /** Its name on the bus. */
  key: BusKey;
  privateKey: KeyObject;
}

const ownKey = (privateKey: KeyObject): OwnBusKey => ({
  key: Buffer.from(createPublicKey(privateKey).export({ format: "jwk" }).x!, "base64url").toString("hex"),
  privateKey,
});

export const createBusKey = (): OwnBusKey => ownKey(generateKeyPairSync("ed25519").privateKey);

/**
 * Reads the key, or makes one where there is no file.
 * @throws Error naming the file and the mend: not a key, or others may read it
 */
export async function loadBusKey(file: string): Promise<OwnBusKey> {
  let pem: string;
  try {
    pem = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const made = createBusKey();
    await mkdir(dirname(file), { recursive: true });
    // wx: of two servers started at once the second fails, instead of replacing the first one's key.
    await writeFile(file, made.privateKey.export({ format: "pem", type: "pkcs8" }), {
      mode: 0o600,
      flag: "wx",
      flush: true,
    });
    return made;
  }
  // Windows has no such bits.
  if (process.platform !== "win32" && ((await stat(file)).mode & 0o077) !== 0)
    throw new Error(`others may read the bus key at ${file}: run \`chmod 600 ${file}\``);
  return parseKey(file, pem);
}

function parseKey(file: string, pem: string): OwnBusKey {
  const broken = `${file} is no Ed25519 key: restore it from a backup, or remove it, and a new one is made`;
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch (cause) {
    throw new Error(broken, { cause });
  }
  if (privateKey.asymmetricKeyType !== "ed25519") throw new Error(broken);
  return ownKey(privateKey);
}

/** Null where the 64 digits are no public key. */
export function publicKeyOf(key: BusKey): KeyObject | null {
  try {
    return createPublicKey({
      key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(key, "hex").toString("base64url") },
      format: "jwk",
    });
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}
