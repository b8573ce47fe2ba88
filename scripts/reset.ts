/** `npm run reset`: forgets the embedded chain, its journal and its meter's key; the next `npm start` begins anew. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../server/config";

const { network, dataDir } = loadConfig();
const pidFile = join(dataDir, "chain.pid");
/** By name, never the folder: DATA_DIR may be set to anything. */
const FILES = [
  "chain.json",
  "chain.pid",
  "meter-key.json",
  "neighborwatt.sqlite",
  "neighborwatt.sqlite-wal",
  "neighborwatt.sqlite-shm",
  "neighborwatt.running",
];

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

if (network !== "embedded") {
  console.error("Only the embedded chain is reset here. A geth lab: `npm run geth -- wipe`.");
  process.exitCode = 1;
} else if (existsSync(pidFile) && isRunning(Number(readFileSync(pidFile, "utf8")))) {
  console.error("neighborwatt is running: end it with Ctrl-C first. Nothing was changed.");
  process.exitCode = 1;
} else {
  for (const file of FILES) rmSync(join(dataDir, file), { force: true });
  console.log(`Forgotten: the chain, the journal and the meter's key in ${dataDir}`);
}
