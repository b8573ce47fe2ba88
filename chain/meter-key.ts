/**
 * The meter's key: whoever holds it says what was delivered. It lies in an encrypted keystore on the machine the meter
 * is wired to, so that machine, and whoever knows the password on it, is trusted to meter honestly.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Address } from "../common/address";
import { checksumAddress } from "./checksum";
import type { ReadingSigner, ReadingStatement } from "./readings";
import { type Domain, type SignedType, type Speaker, speakerData, typedData } from "./typed-data";
import { createPrivateKey, decryptKey, encryptKey, privateKeyToAddress, signTypedData } from "./web3";

/** What a meter agrees to: who sells what it measures from now on, above which register. */
export interface Commission {
  prosumer: Address;
  baselineMilliWh: bigint;
  /** `nonces(meter)` of the contract. */
  nonce: bigint;
}

export interface MeterKey {
  readonly meter: Address;
  /** Signs for one EnergyTrade on one chain: a signature counts nowhere else. */
  signerFor(domain: Domain): ReadingSigner;
  /** The meter's consent to be commissioned, 64 bytes (ERC-2098), 0x-hex. */
  consent(domain: Domain, commission: Commission): string;
  /** "This key speaks for me on the bus": 64 bytes (ERC-2098), 0x-hex. It has no say about money. */
  vouchFor(speaker: Speaker): string;
}

export interface MeterKeyOptions {
  /** A version 3 keystore, mode 0600. */
  file: string;
  password: string;
  /** Makes a new key where there is no file. */
  createIfMissing?: boolean;
  /** The password is in this code: a new key's file is then made at once, since no work would protect it. */
  isPasswordPublic?: boolean;
}

/** @throws Error that names the file: none there, not a keystore, or another password's */
export async function loadMeterKey({
  file,
  password,
  createIfMissing = false,
  isPasswordPublic = false,
}: MeterKeyOptions): Promise<MeterKey> {
  let keystore: string;
  try {
    keystore = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    if (!createIfMissing) throw new Error(`there is no meter key at ${file}`, { cause: error });
    return createMeterKey(file, password, !isPasswordPublic);
  }
  return meterKeyOf(await unlock(file, keystore, password));
}

async function createMeterKey(file: string, password: string, isSecret: boolean): Promise<MeterKey> {
  const privateKey = createPrivateKey();
  const keystore = await encryptKey(privateKey, password, isSecret);
  await mkdir(dirname(file), { recursive: true });
  // wx: of two servers started at once the second fails, instead of replacing the first one's key.
  await writeFile(file, `${JSON.stringify(keystore)}\n`, { mode: 0o600, flag: "wx", flush: true });
  return meterKeyOf(privateKey);
}

async function unlock(file: string, keystore: string, password: string): Promise<string> {
  try {
    return await decryptKey(keystore, password);
  } catch (cause) {
    if ((cause as Error).name === "KeyDerivationError")
      throw new Error(`the password does not open the meter key at ${file}`, { cause });
    throw new Error(
      `${file} is not a keystore: restore it from a backup, or remove it and commission a new meter`,
      {
        cause,
      },
    );
  }
}

/** A key that is in memory already. */
export function meterKeyOf(privateKey: string): MeterKey {
  const meter = checksumAddress(privateKeyToAddress(privateKey));
  const sign = (domain: Domain, primaryType: SignedType, message: Record<string, unknown>) =>
    signTypedData(typedData(domain, primaryType, message), privateKey);
  return {
    meter,
    signerFor: (domain) => ({
      meter,
      sign: ({ deadlineAtMs, ...reading }: ReadingStatement) =>
        sign(domain, "Reading", { ...reading, deadline: BigInt(deadlineAtMs) / 1000n }),
    }),
    consent: (domain, commission) => sign(domain, "Commission", { ...commission }),
    vouchFor: (speaker) => signTypedData(speakerData(speaker), privateKey),
  };
}
