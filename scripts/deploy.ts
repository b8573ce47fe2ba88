/** Brings a lab's chain to where trading can start: contracts, roles, a trusted meter, a few offers. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { readContracts } from "../chain/artifacts";
import { endsWithUs } from "./ending";
import { isDeployed } from "./lab-chain";

const ROOT = join(__dirname, "..");
const TRUFFLE = join(ROOT, "node_modules", "truffle", "build", "cli.bundled.js");

/**
 * Runs `truffle migrate --network NAME` and waits for its end.
 * @throws with Truffle's own words when it fails
 */
export async function migrate(network: "embedded" | "geth", env: NodeJS.ProcessEnv = {}): Promise<void> {
  const child = spawn(process.execPath, [TRUFFLE, "migrate", "--network", network], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
  const closed = new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  const forget = endsWithUs("truffle migrate", () => {
    child.kill("SIGTERM");
    return closed;
  });
  const code = await closed.finally(forget);
  if (code !== 0) throw new Error(`truffle migrate --network ${network} failed:\n${output}`);
}

/** Migrates unless the artifacts' contracts are on the chain. @returns false when they were */
export async function migrateIfNeeded(
  network: "embedded" | "geth",
  chainId: number,
  rpcUrl: string,
  artifactsDir: string,
): Promise<boolean> {
  const deployment = readContracts(artifactsDir, chainId);
  if (deployment && (await isDeployed(rpcUrl, deployment, artifactsDir))) return false;
  const { port } = new URL(rpcUrl);
  await migrate(network, { ARTIFACTS_DIR: artifactsDir, EMBEDDED_PORT: port, RPC_URL: rpcUrl });
  return true;
}
