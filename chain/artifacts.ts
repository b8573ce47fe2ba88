/** Where the contracts are: Truffle's artifacts know it by chain id once `truffle migrate` has run. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Address } from "../common/address";
import { checksumAddress } from "./web3";

export interface Contracts {
  token: Address;
  trade: Address;
}

/** The contracts as they were found on the chain. */
export interface DeployedContracts extends Contracts {
  /** `GRACE_PERIOD`: seconds from a trade's deadline until anyone may refund it. */
  gracePeriodS: number;
}

const artifact = z.object({
  networks: z.record(z.string(), z.object({ address: z.string().regex(/^0x[0-9a-f]{40}$/i) })),
});

const artifactFile = (directory: string, name: string) => join(directory, `${name}.json`);
const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === "ENOENT";

/**
 * Both addresses; null while they are not compiled or not deployed on `chainId`.
 * @throws Error naming the file when it is not an artifact (or is just being written: try again)
 */
export function readContracts(directory: string, chainId: number): Contracts | null {
  const [token, trade] = ["EnergyToken", "EnergyTrade"].map((name) => {
    const file = artifactFile(directory, name);
    try {
      const address = artifact.parse(JSON.parse(readFileSync(file, "utf8"))).networks[chainId]?.address;
      return address === undefined ? null : checksumAddress(address);
    } catch (cause) {
      if (isMissing(cause)) return null;
      throw new Error(`${file} is not a Truffle artifact: compile and migrate again`, { cause });
    }
  });
  return token && trade ? { token, trade } : null;
}

/** Changes whenever a migration or a compilation has written the artifacts. */
export function artifactsStamp(directory: string): string {
  return ["EnergyToken", "EnergyTrade"]
    .map((name) => {
      try {
        return statSync(artifactFile(directory, name)).mtimeMs;
      } catch (error) {
        if (isMissing(error)) return 0;
        throw error;
      }
    })
    .join();
}
