/** `npm run reset`: forgets the embedded chain, its journal and its meters' keys; the next `npm start` begins anew. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Config, loadConfig } from "../server/config";
import { endLeftover } from "./chain/anvil";
import { CHAIN_FILES, CHAIN_OF_OLD } from "./embedded-chain";
import { FolderInUseError, isServerIn, lockFolder } from "./folder-lock";
import { STREET_FILE } from "./lab-street";

/** By name, never the folder: DATA_DIR may be set to anything. */
const FILES = [
  ...Object.values(CHAIN_FILES),
  ...CHAIN_OF_OLD,
  STREET_FILE,
  "neighborwatt.sqlite",
  "neighborwatt.sqlite-wal",
  "neighborwatt.sqlite-shm",
  "neighborwatt.running",
];

/** Of the homes in the settings, and of those that `npm start` has made by itself, in a longer street too. */
function keyFiles({ dataDir, homes }: Config): string[] {
  const there = existsSync(dataDir) ? readdirSync(dataDir) : [];
  return [
    ...homes.map(({ meter }) => meter.keyFile),
    ...there.filter((file) => /^meter-key(-\d{1,3})?\.json$/.test(file)),
  ];
}

async function main(): Promise<void> {
  const config = loadConfig();
  const { network, dataDir } = config;
  if (network !== "embedded")
    throw new Error("Only the embedded chain is reset here. A geth lab: `npm run geth -- wipe`.");
  const lock = lockFolder(dataDir, { program: "npm run reset" });
  try {
    if (isServerIn(dataDir)) throw new Error(`A server is running in ${dataDir}. Nothing was changed.`);
    await endLeftover(join(dataDir, CHAIN_FILES.process));
    for (const file of [...FILES, ...keyFiles(config)]) rmSync(join(dataDir, file), { force: true });
  } finally {
    lock.release();
  }
  console.log(`Forgotten: the chain, the journal and the meters' keys in ${dataDir}`);
}

main().catch((error: Error) => {
  const mend = error instanceof FolderInUseError ? "\nEnd it with Ctrl-C in its terminal first." : "";
  console.error(`${error.message}${mend}`);
  process.exitCode = 1;
});
