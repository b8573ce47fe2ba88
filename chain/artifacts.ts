/** Where the contracts are: Truffle's artifacts know it by chain id once `truffle migrate` has run. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Address } from "../common/address";
import type { CompiledCode } from "../common/bytecode";
import { checksumAddress } from "./checksum";

export interface Contracts {
  token: Address;
  trade: Address;
}

/** The contracts as they were found on the chain. */
export interface DeployedContracts extends Contracts {
  /** `GRACE_PERIOD`: seconds from a trade's deadline until anyone may refund it. */
  gracePeriodS: number;
}

const hex = z.string().regex(/^0x[0-9a-f]*$/i);
const deployed = z.object({
  networks: z.record(z.string(), z.object({ address: z.string().regex(/^0x[0-9a-f]{40}$/i) })),
});
const span = z.object({ start: z.int(), length: z.int() });
const compiled = z.object({
  bytecode: hex,
  deployedBytecode: hex,
  immutableReferences: z.record(z.string(), z.array(span)).optional(),
});

export type ContractName = "EnergyToken" | "EnergyTrade";
const NAMES = ["EnergyToken", "EnergyTrade"] as const;

const artifactFile = (directory: string, name: string) => join(directory, `${name}.json`);
const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === "ENOENT";

/** @throws Error naming the file when it is not an artifact (or is just being written: try again) */
function read<T>(directory: string, name: ContractName, schema: z.ZodType<T>): T {
  const file = artifactFile(directory, name);
  const text = readFileSync(file, "utf8");
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${file} is not a Truffle artifact: compile and migrate again`, { cause });
  }
}

/**
 * Both addresses; null while they are not compiled or not deployed on `chainId`.
 * @throws Error naming the file when it is not an artifact
 */
export function readContracts(directory: string, chainId: number): Contracts | null {
  const [token, trade] = NAMES.map((name) => {
    try {
      const address = read(directory, name, deployed).networks[chainId]?.address;
      return address === undefined ? null : checksumAddress(address);
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  });
  return token && trade ? { token, trade } : null;
}

/** What the compiler made of a contract. @throws Error when there is no artifact of it */
export const readCompiled = (directory: string, name: ContractName): CompiledCode & { bytecode: string } =>
  read(directory, name, compiled);

/** Changes whenever a migration or a compilation has written the artifacts. */
export function artifactsStamp(directory: string): string {
  return NAMES.map((name) => {
    try {
      return statSync(artifactFile(directory, name)).mtimeMs;
    } catch (error) {
      if (isMissing(error)) return 0;
      throw error;
    }
  }).join();
}
