/** `npm run reset`: forgets the embedded chain, its journal and its meter's key; the next `npm start` begins anew. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../server/config";
import { endLeftover } from "./chain/anvil";
import { CHAIN_FILES, CHAIN_OF_OLD } from "./embedded-chain";
import { FolderInUseError, isServerIn, lockFolder } from "./folder-lock";

/** By name, never the folder: DATA_DIR may be set to anything. */
const FILES = [
  ...Object.values(CHAIN_FILES),
  ...CHAIN_OF_OLD,
  "meter-key.json",
  "neighborwatt.sqlite",
  "neighborwatt.sqlite-wal",
  "neighborwatt.sqlite-shm",
  "neighborwatt.running",
];

async function main(): Promise<void> {
  const { network, dataDir } = loadConfig();
  if (network !== "embedded")
    throw new Error("Only the embedded chain is reset here. A geth lab: `npm run geth -- wipe`.");
  const lock = lockFolder(dataDir, { program: "npm run reset" });
  try {
    if (isServerIn(dataDir)) throw new Error(`A server is running in ${dataDir}. Nothing was changed.`);
    await endLeftover(join(dataDir, CHAIN_FILES.process));
    for (const file of FILES) rmSync(join(dataDir, file), { force: true });
  } finally {
    lock.release();
  }
  console.log(`Forgotten: the chain, the journal and the meter's key in ${dataDir}`);
}

main().catch((error: Error) => {
  const mend = error instanceof FolderInUseError ? "\nEnd it with Ctrl-C in its terminal first." : "";
  console.error(`${error.message}${mend}`);
  process.exitCode = 1;
});
