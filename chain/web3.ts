/** Keys and signatures, by web3 and noble: for server and scripts. Transactions are signed in `signer.ts`. */
import { secp256k1 } from "ethereum-cryptography/secp256k1";
import { getEncodedEip712Data } from "web3-eth-abi";
import { create, decrypt, encrypt, privateKeyToAddress, recover } from "web3-eth-accounts";
import type { Eip712TypedData, KeyStore } from "web3-types";
import { bytesToHex, hexToBytes, keccak256 } from "web3-utils";
import type { Address } from "../common/address";
import type { Hex } from "./codec";

export { bytesToHex, keccak256, privateKeyToAddress };

/** Who signed `digest`; null where `signature` (65 bytes: r, s, recovery id 0/1 or 27/28) is none. */
export function recoverAddress(digest: string, signature: Uint8Array): Address | null {
  const v = signature[64] ?? -1;
  if (signature.length !== 65 || ![0, 1, 27, 28].includes(v)) return null;
  try {
    return recover(
      digest,
      bytesToHex(Uint8Array.of(...signature.subarray(0, 64), v < 27 ? v + 27 : v)),
      true,
    );
  } catch (error) {
    // noble's own errors: r or s out of range, or no curve point there.
    if (error instanceof Error) return null;
    throw error;
  }
}

/**
 * 64 bytes as ERC-2098 has them: r, then s with the recovery bit on top. No two signatures are alike, though what is
 * signed is the same (RFC 6979, 3.6: additional data): two servers with one key can be told apart by them.
 */
export function signTypedData(typedData: Eip712TypedData, privateKey: string): Hex {
  const digest = hexToBytes(getEncodedEip712Data(typedData, true));
  const { r, s, recovery } = secp256k1.sign(digest, hexToBytes(privateKey), { extraEntropy: true });
  const vs = s | (BigInt(recovery) << 255n);
  return `0x${r.toString(16).padStart(64, "0")}${vs.toString(16).padStart(64, "0")}`;
}

/** Who made a signature of 64 bytes (ERC-2098, 0x-hex) under `typedData`; null where it is none. */
export function recoverTypedData(typedData: Eip712TypedData, signature: string): Address | null {
  if (!/^0x[0-9a-f]{128}$/i.test(signature)) return null;
  const bytes = hexToBytes(signature);
  const recovery = bytes[32]! >> 7;
  bytes[32]! &= 0x7f;
  return recoverAddress(getEncodedEip712Data(typedData, true), Uint8Array.of(...bytes, recovery));
}

/** The two halves of a signature of 64 bytes, as the contracts take it. */
export const halvesOf = (signature: string): { r: string; vs: string } => ({
  r: signature.slice(0, 66),
  vs: `0x${signature.slice(66)}`,
});

/** scrypt's cost: half a second and 64 MB on a laptop, a few seconds on a Pi. */
const SCRYPT = { kdf: "scrypt", n: 65_536, r: 8, p: 1, dklen: 32 } as const;

/** For a password that everybody knows: what it locks is open, however long it takes. */
const SCRYPT_OF_NO_SECRET = { ...SCRYPT, n: 2 };

/**
 * A version 3 keystore as geth and every wallet read it.
 * @param isSecret false for a password that is in this code
 */
export const encryptKey = (privateKey: string, password: string, isSecret: boolean): Promise<KeyStore> =>
  encrypt(privateKey, password, isSecret ? SCRYPT : SCRYPT_OF_NO_SECRET);

/** @throws an error whose name is KeyDerivationError when the password is wrong */
export const decryptKey = async (keystore: string, password: string): Promise<string> =>
  (await decrypt(keystore, password, true)).privateKey;

export const createPrivateKey = (): string => create().privateKey;
