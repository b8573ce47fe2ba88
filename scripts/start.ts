/**
 * `npm start`: everything that is missing on the way from a clone to a page that trades, step by step, each shown
 * with its time; then one line with the address. Ctrl-C ends it all, children too.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { EMBEDDED_CHAIN_ID, LAB_MNEMONIC } from "../common/lab";
import { loadMeterKey } from "../server/chain/meter-key";
import { type Config, loadServedConfig } from "../server/config";
import { defaultNodes } from "../server/node-list";
import { buildPage } from "./build-page";
import { migrateIfNeeded } from "./deploy";
import { type EmbeddedChain, freePort, jsonRpc, startEmbeddedChain } from "./embedded-chain";
import { labNodes, prepareGeth } from "./geth-lab";
import { commissionMeter, labChain, listFirstOffers, readDeployment } from "./lab-chain";

const ROOT = join(__dirname, "..");
const SERVER_READY_WITHIN_MS = 60_000;
const PARENT_LOOK_MS = 500;

/** What has to end with this program, in the order it was started. */
const running: { name: string; stop: () => Promise<void> }[] = [];
let ending: Promise<void> | undefined;

/** Ends all, last first; a second Ctrl-C while it works changes nothing. */
function end(exitCode: number): Promise<void> {
  ending ??= (async () => {
    for (const { name, stop } of running.reverse()) {
      await stop().catch((error: Error) => console.error(`  ${name} did not end well: ${error.message}`));
    }
    process.exit(exitCode);
  })();
  return ending;
}

/** One line a step: what it does, then how long it took. `work` may return a word of its own. */
async function step<T>(title: string, work: () => Promise<T>, describe?: (result: T) => string): Promise<T> {
  const startedAtMs = performance.now();
  const isTerminal = process.stdout.isTTY;
  if (isTerminal) process.stdout.write(`  … ${title}`);
  try {
    const result = await work();
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
    const note = describe ? `: ${describe(result)}` : "";
    console.log(`${isTerminal ? "\r\x1b[2K" : ""}  ✓ ${title}${note} (${seconds} s)`);
    return result;
  } catch (error) {
    console.log(`${isTerminal ? "\r\x1b[2K" : ""}  ✗ ${title}`);
    throw error;
  }
}

/**
 * A chain left over by a `kill -9` of this program would keep its port: its process id is on file, and it is ended
 * only if what listens there really is the embedded chain.
 */
async function endLeftover(pidFile: string, rpcUrl: string): Promise<void> {
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, "utf8"));
  const chainId = await jsonRpc<string>(rpcUrl, "eth_chainId", []).catch((error: Error) => error.message);
  if (Number(chainId) === EMBEDDED_CHAIN_ID) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
    for (let i = 0; i < 100 && (await isTaken(Number(new URL(rpcUrl).port))); i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  rmSync(pidFile, { force: true });
}

const isTaken = (port: number): Promise<boolean> =>
  freePort(port).then(
    () => false,
    () => true,
  );

async function startEmbedded(config: Config): Promise<EmbeddedChain> {
  const pidFile = join(config.dataDir, "chain.pid");
  await endLeftover(pidFile, config.rpcUrl);
  if (await isTaken(config.embeddedPort)) {
    throw new Error(
      `Port ${config.embeddedPort} is already in use. Stop what listens there, or set EMBEDDED_PORT to another.`,
    );
  }
  const chain = await startEmbeddedChain({
    port: config.embeddedPort,
    stateFile: join(config.dataDir, "chain.json"),
    periodMs: config.blockTimeS * 1000,
    tailBlocks: config.confirmations + 1,
  });
  writeFileSync(pidFile, String(chain.pid));
  running.push({
    name: "chain",
    stop: async () => {
      await chain.stop();
      rmSync(pidFile, { force: true });
    },
  });
  chain.died.then((reason) => {
    console.error(`The embedded chain ended: ${reason}\nStart again: what it had saved is kept.`);
    return end(1);
  });
  return chain;
}

/** A node at RPC_URL, or the lab's own network: that one is left running, as the chain of a lab should be. */
async function findGeth(config: Config): Promise<{ note: string }> {
  const found = await prepareGeth(config.rpcUrl);
  if (found.started.length > 0) {
    running.push({
      name: "geth network",
      stop: async () => console.log("The geth network goes on; `npm run geth -- down` stops it."),
    });
  }
  return found;
}

/** Beside the settings it reads itself: all nodes of a geth lab, unless somebody chose which ones to show. */
function serverSettings(config: Config, chainId: number): Record<string, string> {
  const isChosen = !isDeepStrictEqual(config.nodes, defaultNodes(config.network, config.rpcUrl));
  const nodes = isChosen ? null : labNodes(config.rpcUrl, chainId);
  return nodes === null ? {} : { CHAIN_NODES: nodes };
}

/** Contracts, a trusted meter, a few offers. On a network that is no lab, its operator does this: geth/README.md. */
async function prepareMarket(config: Config, chainId: number, meter: string): Promise<void> {
  await step(
    "contracts",
    () => migrateIfNeeded(config.network, chainId, config.rpcUrl, config.artifactsDir),
    (isNew) => (isNew ? "migrated by Truffle" : "there already"),
  );
  const deployment = readDeployment(config.artifactsDir, chainId);
  if (!deployment) throw new Error(`Truffle's artifacts in ${config.artifactsDir} name no contracts`);
  const lab = await labChain(config.rpcUrl, deployment);
  await step("meter commissioned", async () => commissionMeter(lab, meter));
  await step(
    "offers",
    () => listFirstOffers(lab, meter),
    (count) => (count > 0 ? `${count} listed` : "there already"),
  );
}

/** Where the page is served: for a browser of this machine, and for those of other machines. */
interface Served {
  url: string;
  urlsForOthers: string[];
}

/** The server in a process of its own; resolves with its addresses when it is ready. */
function startServer(settings: Record<string, string>): Promise<Served> {
  const child: ChildProcess = spawn(process.execPath, ["--require", "tsx/cjs", "server/main.ts"], {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: { ...process.env, ...settings },
    // Ctrl-C reaches the whole group of a terminal; this program alone decides the order.
    detached: process.platform !== "win32",
  });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(String(signal ?? code)));
  });
  running.push({
    name: "server",
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`the server was not ready within ${SERVER_READY_WITHIN_MS / 1000} s`)),
      SERVER_READY_WITHIN_MS,
    );
    child.on("message", ({ ready, url, urlsForOthers = [] }: Partial<Served> & { ready?: boolean }) => {
      if (!ready || !url) return;
      clearTimeout(timer);
      resolve({ url, urlsForOthers });
    });
    ended.then((reason) => {
      clearTimeout(timer);
      if (ending) return;
      reject(new Error(`the server ended (${reason}); its last lines say why`));
      console.error(`The server ended (${reason}). \`npm start\` goes on where it stopped.`);
      void end(1);
    });
  });
}

async function main(): Promise<void> {
  const config = await loadServedConfig();
  const startedAtMs = performance.now();
  console.log(`neighborwatt, ${config.network} network, ${config.meter} meter`);
  if (config.port !== 0 && (await isTaken(config.port))) {
    throw new Error(
      `Port ${config.port} is already in use. Stop what listens there, or set PORT to another.`,
    );
  }
  mkdirSync(config.dataDir, { recursive: true });
  const done = (isNew: boolean) => (isNew ? "made" : "there already");
  await step("page built", buildPage, done);
  if (config.network === "embedded")
    await step(
      "embedded chain",
      () => startEmbedded(config),
      ({ rpcUrl }) => rpcUrl,
    );
  else
    await step(
      "geth network",
      () => findGeth(config),
      ({ note }) => note,
    );
  const chainId = Number(await jsonRpc<string>(config.rpcUrl, "eth_chainId", []));
  if (chainId !== config.chainId)
    throw new Error(
      `The node at ${config.rpcUrl} serves chain ${chainId}, not ${config.chainId}: correct NETWORK, RPC_URL or CHAIN_ID.`,
    );
  const meter = await step(
    "meter's key",
    () =>
      loadMeterKey({
        file: join(config.dataDir, "meter-key.json"),
        password: config.meterKeystorePassword,
        createIfMissing: true,
      }),
    (key) => key.meter,
  );
  if (config.isLab && config.mnemonic === LAB_MNEMONIC) await prepareMarket(config, chainId, meter.meter);
  const served = await step("server and meter", () => startServer(serverSettings(config, chainId)));
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
  console.log(`\nReady in ${seconds} s: open ${served.url}   (Ctrl-C ends it)`);
  for (const url of served.urlsForOthers)
    console.log(`From other machines and phones of this network: ${url}`);
  console.log();
}

process.on("SIGINT", () => void end(0));
process.on("SIGTERM", () => void end(0));
/** Whoever ends npm alone (a supervisor; not a terminal, which tells everybody) leaves this program behind, untold. */
function endWithNpm(): void {
  const npm = process.ppid;
  setInterval(() => {
    if (process.ppid !== npm) void end(0);
  }, PARENT_LOOK_MS).unref();
}
if (process.env.npm_lifecycle_event) endWithNpm();
main().catch((error: Error) => {
  console.error(`\n${error.message}`);
  return end(1);
});
