/**
 * `npm start`: everything that is missing on the way from a clone to a page that trades, step by step, each shown
 * with its time; then one line with the address. Ctrl-C, SIGTERM or a
 * closed terminal ends it all, children too.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { readContracts } from "../chain/artifacts";
import type { MeterKey } from "../chain/meter-key";
import { ask } from "../chain/rpc";
import type { HomeSettings } from "../common/home";
import { type Config, loadServedConfig } from "../server/config";
import { loadHomeKeys } from "../server/home-keys";
import { defaultNodes } from "../server/node-list";
import { buildPage } from "./build-page";
import { identityOf, parentOf } from "./chain/process-identity";
import { migrateIfNeeded } from "./deploy";
import { type EmbeddedChain, freePort, startEmbeddedChain } from "./embedded-chain";
import { end, endsWithUs, isEnding, listen } from "./ending";
import { FolderInUseError, type FolderLock, isServerIn, lockFolder } from "./folder-lock";
import { labNodes, prepareGeth } from "./geth-lab";
import { labChain } from "./lab-chain";
import { type LabHome, prepareStreet } from "./lab-market";
import { firstOffersOf, labHouseholds, labKeyOf, STREET_FILE, streetFile } from "./lab-street";

const ROOT = join(__dirname, "..");
const SERVER_READY_WITHIN_MS = 60_000;
const PARENT_LOOK_MS = 500;

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

const isTaken = (port: number): Promise<boolean> =>
  freePort(port).then(
    () => false,
    () => true,
  );

/**
 * The data folder for this program alone, and every port free: all of it before anything is touched.
 * @throws Error that says what runs where, and how to run a second house beside it
 */
async function takeFolder(config: Config): Promise<FolderLock> {
  const beside = "DATA_DIR=data/second PORT=3001 EMBEDDED_PORT=8546 npm start";
  const advice = `End it with Ctrl-C in its terminal, or run a second house beside it:\n  ${beside}`;
  let lock: FolderLock;
  try {
    lock = lockFolder(config.dataDir, { program: "npm start" });
  } catch (error) {
    if (!(error instanceof FolderInUseError)) throw error;
    throw new Error(`${error.message}\n${advice}`, { cause: error });
  }
  endsWithUs("data folder", lock.release);
  if (isServerIn(config.dataDir))
    throw new Error(`A server is running in ${config.dataDir}. Nothing was changed.\n${advice}`);
  const ports = {
    PORT: config.port,
    ...(config.network === "embedded" && { EMBEDDED_PORT: config.embeddedPort }),
  };
  const taken: string[] = [];
  for (const [setting, port] of Object.entries(ports)) {
    if (port !== 0 && (await isTaken(port)))
      taken.push(`Port ${port} is already in use. Stop what listens there, or set ${setting} to another.`);
  }
  if (taken.length > 0) throw new Error(taken.join("\n"));
  return lock;
}

async function startEmbedded(config: Config, lock: FolderLock): Promise<EmbeddedChain> {
  const chain = await startEmbeddedChain({
    port: config.embeddedPort,
    keptIn: lock,
    periodMs: config.blockTimeS * 1000,
    tailBlocks: config.confirmations + 1,
  });
  endsWithUs("chain", () => chain.stop());
  chain.died.then((reason) => {
    console.error(`The embedded chain ended: ${reason}.\n\`npm start\` goes on where it stopped.`);
    return end(1);
  });
  return chain;
}

const describeChain = ({ rpcUrl, replayed, notes }: EmbeddedChain): string =>
  [`${rpcUrl}, ${replayed > 0 ? `${replayed} blocks kept` : "a new chain"}`, ...notes].join("; ");

/** A node at RPC_URL, or the lab's own network: that one is left running, as the chain of a lab should be. */
async function findGeth(config: Config): Promise<{ note: string }> {
  const found = await prepareGeth(config.rpcUrl);
  if (found.started.length > 0)
    endsWithUs("geth network", () =>
      console.log("The geth network goes on; `npm run geth -- down` stops it."),
    );
  return found;
}

/** Beside the settings it reads itself: all nodes of a geth lab, unless somebody chose which ones to show. */
function serverSettings(config: Config, chainId: number): Record<string, string> {
  const isChosen = !isDeepStrictEqual(config.nodes, defaultNodes(config.network, config.rpcUrl));
  const nodes = isChosen ? null : labNodes(config.rpcUrl, chainId);
  return nodes === null ? {} : { CHAIN_NODES: nodes };
}

/** Contracts, trusted meters, offers. On a network that is no lab, its operator does this: geth/README.md. */
async function prepareMarket(
  config: Config,
  chainId: number,
  keys: MeterKey[],
  seal?: () => Promise<void>,
): Promise<void> {
  await step(
    "contracts",
    () => migrateIfNeeded(config.network, chainId, config.rpcUrl, config.artifactsDir),
    (isNew) => (isNew ? "migrated by Truffle" : "there already"),
  );
  const deployment = readContracts(config.artifactsDir, chainId);
  if (!deployment) throw new Error(`Truffle's artifacts in ${config.artifactsDir} name no contracts`);
  const lab = await labChain(config.rpcUrl, deployment);
  const { notes } = await step(
    keys.length === 1 ? "meter and offers" : "meters and offers",
    () => prepareStreet(lab, config.rpcUrl, labHomes(config.homes, keys), seal),
    ({ commissioned, listed }) =>
      commissioned + listed > 0
        ? `${commissioned} commissioned, ${listed} ${listed === 1 ? "offer" : "offers"} listed`
        : "there already",
  );
  for (const note of notes) console.log(`    ${note}`);
}

/** Each home with its household: the one of its settings, or the lab's own for this place in the street. */
function labHomes(homes: HomeSettings[], keys: MeterKey[]): LabHome[] {
  const households = labHouseholds(homes.length);
  return homes.map(({ name, account }, i) => {
    const household = account ?? households[i]!.address;
    const privateKey = labKeyOf(household, households);
    return { name, key: keys[i]!, account: household, privateKey, offers: firstOffersOf(i + 1) };
  });
}

/** For one line: how many homes of which kind. */
function describeHomes(homes: HomeSettings[]): string {
  const kinds = homes.map(({ meter }) => (meter.port ? `serial:${meter.port}` : meter.kind));
  if (homes.length === 1) return `${kinds[0]} meter`;
  const parts = [...new Set(kinds)].map((kind) => `${kinds.filter((one) => one === kind).length} ${kind}`);
  return `${homes.length} homes (${parts.join(", ")})`;
}

/** What was typed behind `npm start --`. @throws Error with the usage */
function readArguments(): Record<string, string> {
  try {
    const { homes } = parseArgs({ options: { homes: { type: "string" } } }).values;
    return homes === undefined ? {} : { STREET_HOMES: homes };
  } catch (cause) {
    throw new Error(`${(cause as Error).message}\nusage: npm start [-- --homes NUMBER]`, { cause });
  }
}

/**
 * The settings, and those that the server gets beside its own. Where nobody names homes, a lab's street of several is
 * written into the data folder first: a file for HOMES like any other, to look at and to copy.
 */
async function loadStreet(config: Config): Promise<{ config: Config; settings: Record<string, string> }> {
  if (config.streetHomes === null || config.streetHomes === 1) return { config, settings: {} };
  const file = resolve(config.dataDir, STREET_FILE);
  writeFileSync(file, streetFile(config.streetHomes));
  // The count has done its work: beside HOMES it would be refused.
  const settings = { HOMES: file, STREET_HOMES: "" };
  return { config: await loadServedConfig({ ...process.env, ...settings }), settings };
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
  endsWithUs("server", () => {
    child.kill("SIGTERM");
    return ended;
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
      if (isEnding()) return;
      reject(new Error(`the server ended (${reason}); its last lines say why`));
      console.error(`The server ended (${reason}). \`npm start\` goes on where it stopped.`);
      void end(1);
    });
  });
}

async function main(): Promise<void> {
  const found = await loadServedConfig({ ...process.env, ...readArguments() });
  const startedAtMs = performance.now();
  const lock = await takeFolder(found);
  const { config, settings } = await loadStreet(found);
  console.log(`neighborwatt, ${config.network} network, ${describeHomes(config.homes)}`);
  const done = (isNew: boolean) => (isNew ? "made" : "there already");
  await step("page built", buildPage, done);
  let seal: (() => Promise<void>) | undefined;
  if (config.network === "embedded") {
    const chain = await step("embedded chain", () => startEmbedded(config, lock), describeChain);
    seal = () => chain.mine();
  } else
    await step(
      "geth network",
      () => findGeth(config),
      ({ note }) => note,
    );
  const chainId = Number(await ask<string>(config.rpcUrl, "eth_chainId"));
  if (chainId !== config.chainId)
    throw new Error(
      `The node at ${config.rpcUrl} serves chain ${chainId}, not ${config.chainId}: correct NETWORK, RPC_URL or CHAIN_ID.`,
    );
  const keys = await step(
    config.homes.length === 1 ? "meter's key" : "meters' keys",
    () => loadHomeKeys(config),
    (all) => (all.length === 1 ? all[0]!.meter : `${all.length}`),
  );
  if (config.isLab) await prepareMarket(config, chainId, keys, seal);
  const served = await step("server and meter", () =>
    startServer({ ...serverSettings(config, chainId), ...settings }),
  );
  lock.describe({ program: "npm start", page: served.url, chain: config.rpcUrl });
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
  console.log(`\nReady in ${seconds} s: open ${served.url}   (Ctrl-C ends it)`);
  for (const url of served.urlsForOthers)
    console.log(`From other machines and phones of this network: ${url}`);
  console.log();
}

/**
 * Someone may end npm alone, by a signal that reaches nobody else: then this program ends too. Between them npm has a
 * shell (`sh -c …`), which goes on when npm is killed with -9.
 */
function endWithNpm(): void {
  const parent = process.ppid;
  const isShell = /^\S*sh -c /.test(identityOf(parent)?.command ?? "");
  const npm = isShell ? parentOf(parent) : parent;
  setInterval(() => {
    if (process.ppid !== parent || (npm > 0 && !isThere(npm))) void end(0);
  }, PARENT_LOOK_MS).unref();
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

listen(0);
if (process.env.npm_lifecycle_event) endWithNpm();
main().catch((error: Error) => {
  // What was being done when a signal came fails because its parts are ended.
  if (!isEnding()) console.error(`\n${error.message}`);
  return end(1);
});
