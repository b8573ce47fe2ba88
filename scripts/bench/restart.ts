/**
 * `npm run bench:restart`: a server behind which lie 100,000 closed trades. How long it takes to catch up with the
 * chain with an empty database, beside the bare `eth_getLogs` of the same blocks; how long a start takes with the
 * database that it then has; and its resident memory, beside that of a server with 1,000. The server is the real
 * program. The chain is `restart-chain.ts`: see there what of it is made up. `-- --trades 20000` for fewer, `-- --json`
 * for one JSON object.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { loadMeterKey } from "../../chain";
import { EMBEDDED_CHAIN_ID } from "../../common/lab";
import { DEVELOPMENT_KEYSTORE_PASSWORD } from "../../server/config";
import { endsWithUs, runProgram } from "../ending";
import { type NodeReport, TOKEN_CONTRACT, TRADE_CONTRACT } from "./restart-chain";

const ROOT = join(__dirname, "..", "..");
const FEW_TRADES = 1_000;
const AIM = { catchUpFactor: 1.5, startS: 2, moreMB: 50 };
/** After a start, before its memory is read: what the start itself needed is given back by then. */
const SETTLE_MS = 5_000;
const WITHIN_MS = 480_000;

interface Started {
  /** From the program's start until its page is served, and until it has followed the chain to the head; seconds. */
  readyS: number;
  followingS: number;
  /** Processor time of the program until both: what a busy machine does not change. */
  cpuS: number;
  residentMB: number;
}

interface Figures {
  trades: number;
  events: number;
  rawS: number;
  catchUpS: number;
  catchUpFactor: number;
  databaseMB: number;
  start: Started;
  startWithFew: Started;
  aim: typeof AIM;
}

/** A program of ours, ended with this one. */
function program(file: string, args: string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, ["--require", "tsx/cjs", file, ...args], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, ...env },
  });
  endsWithUs(file, () => end(child));
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await gone;
}

/** A street's chain, and what of its logs was asked for and when. */
interface Node {
  url: string;
  asked: { from: number; to: number; count: number; atMs: number }[];
  child: ChildProcess;
}

async function startNode(trades: number, meters: string[]): Promise<Node> {
  const child = program("scripts/bench/restart-chain.ts", [String(trades), ...meters]);
  child.stderr?.pipe(process.stderr);
  const asked: Node["asked"] = [];
  const url = await new Promise<string>((resolve, reject) => {
    child.once("exit", () => reject(new Error("the node of the bench ended")));
    child.on("message", ({ url, logs }: NodeReport) => {
      if (logs) asked.push({ ...logs, atMs: performance.now() });
      if (url) resolve(url);
    });
  });
  return { url, asked, child };
}

interface Server {
  child: ChildProcess;
  started: Started;
  /** When it was at the head, on the same clock as `asked`. */
  followingAtMs: number;
}

async function startServer(node: Node, folder: string): Promise<Server> {
  const startMs = performance.now();
  const child = program("server/main.ts", [], {
    NETWORK: "embedded",
    RPC_URL: node.url,
    PORT: "0",
    DATA_DIR: join(folder, "data"),
    ARTIFACTS_DIR: join(folder, "contracts"),
    LOG_LEVEL: "info",
  });
  let output = "";
  let readyAtMs = 0;
  let followingAtMs = 0;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`the server is not at the head in time\n${output}`)),
      WITHIN_MS,
    );
    const look = () => {
      if (readyAtMs === 0 || followingAtMs === 0) return;
      clearTimeout(timer);
      resolve();
    };
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk) => {
        output += String(chunk);
        if (followingAtMs === 0 && /following: chain/.test(output)) followingAtMs = performance.now();
        look();
      });
    child.on("message", ({ ready }: { ready?: boolean }) => {
      if (ready) readyAtMs = performance.now();
      look();
    });
    child.once("exit", () => reject(new Error(`the server ended\n${output}`)));
  });
  const cpuS = cpuSeconds(child.pid!);
  await pause(SETTLE_MS);
  const inS = (atMs: number) => (atMs - startMs) / 1000;
  const started = {
    readyS: inS(readyAtMs),
    followingS: inS(followingAtMs),
    cpuS,
    residentMB: residentMB(child.pid!),
  };
  return { child, started, followingAtMs };
}

/** Linux alone says it in a file; elsewhere this bench does not run. */
function residentMB(pid: number): number {
  const [, kB] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kB) / 1024;
}

/** proc(5), `stat`: user and system time in ticks of 10 ms. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Only what the server reads of an artifact. */
function writeArtifacts(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, address] of [
    ["EnergyToken", TOKEN_CONTRACT],
    ["EnergyTrade", TRADE_CONTRACT],
  ]) {
    const artifact = {
      networks: { [EMBEDDED_CHAIN_ID]: { address } },
      bytecode: "0x",
      deployedBytecode: "0x",
    };
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(artifact));
  }
}

/** Each block once: of questions that begin at one block the last was answered, those before it were for too many. */
function answered(asked: Node["asked"]): Node["asked"] {
  return [...new Map(asked.filter(({ count }) => count > 0).map((one) => [one.from, one])).values()];
}

/** The same questions for logs once more, and nothing done with the answers but reading them as JSON. */
async function readRaw(node: Node, asked: Node["asked"]): Promise<{ events: number; rawS: number }> {
  const startMs = performance.now();
  let events = 0;
  for (const { from, to } of asked) {
    const range = { fromBlock: `0x${from.toString(16)}`, toBlock: `0x${to.toString(16)}` };
    const response = await fetch(node.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_getLogs", params: [range] }),
    });
    events += ((await response.json()) as { result: unknown[] }).result.length;
  }
  return { events, rawS: (performance.now() - startMs) / 1000 };
}

/** A server that reads all of a street's past, and then a start with what it has stored. */
async function measure(trades: number): Promise<Omit<Figures, "startWithFew" | "aim" | "trades">> {
  const folder = mkdtempSync(join(tmpdir(), "nw-restart-"));
  const forget = endsWithUs("folder", () => rmSync(folder, { recursive: true, force: true }));
  try {
    writeArtifacts(join(folder, "contracts"));
    const key = await loadMeterKey({
      file: join(folder, "data", "meter-key.json"),
      password: DEVELOPMENT_KEYSTORE_PASSWORD,
      createIfMissing: true,
    });
    // A street of six; the first is this server's.
    const others = Array.from({ length: 5 }, (_, i) => `0x${String(i + 1).padStart(40, "a")}`);
    const node = await startNode(trades, [key.meter, ...others]);
    const first = await startServer(node, folder);
    const asked = [...node.asked];
    const beginMs = asked[0]!.atMs;
    await end(first.child);
    const raw = await readRaw(node, answered(asked));
    const second = await startServer(node, folder);
    await end(second.child);
    await end(node.child);
    const catchUpS = (first.followingAtMs - beginMs) / 1000;
    return {
      ...raw,
      catchUpS,
      catchUpFactor: catchUpS / raw.rawS,
      databaseMB: statSync(join(folder, "data", "neighborwatt.sqlite")).size / 2 ** 20,
      start: second.started,
    };
  } finally {
    forget();
    rmSync(folder, { recursive: true, force: true });
  }
}

function printTable({ trades, startWithFew, start, aim, ...rest }: Figures): void {
  const line = (what: string, figure: string, wanted = "") =>
    console.log(`${what.padEnd(52)}${figure.padStart(12)}  ${wanted}`);
  const s = (value: number) => `${value.toFixed(2)} s`;
  const mb = (value: number) => `${value.toFixed(1)} MB`;
  line(
    `${trades.toLocaleString("en")} closed trades, ${rest.events.toLocaleString("en")} events`,
    mb(rest.databaseMB),
  );
  line("eth_getLogs of all blocks alone", s(rest.rawS));
  line("catching up with an empty database", s(rest.catchUpS));
  line("  times the bare eth_getLogs", rest.catchUpFactor.toFixed(2), `aim: at most ${aim.catchUpFactor}`);
  line(
    "start with the kept database, at the chain's head",
    s(start.followingS),
    `aim: at most ${aim.startS} s`,
  );
  line("  with the meter's first sample", s(start.readyS));
  line("  its processor time", s(start.cpuS));
  line(`  the same with ${FEW_TRADES.toLocaleString("en")} trades`, s(startWithFew.followingS));
  line(`  their processor time`, s(startWithFew.cpuS));
  line("resident memory after that start", mb(start.residentMB));
  line(
    `  more than with ${FEW_TRADES.toLocaleString("en")} trades`,
    mb(start.residentMB - startWithFew.residentMB),
    `aim: at most ${aim.moreMB} MB`,
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { trades: { type: "string", default: "100000" }, json: { type: "boolean", default: false } },
  });
  const trades = Number(values.trades);
  if (!Number.isSafeInteger(trades) || trades < 1) throw new Error("--trades: a whole number from 1");
  const { start: startWithFew } = await measure(FEW_TRADES);
  const figures: Figures = { trades, ...(await measure(trades)), startWithFew, aim: AIM };
  if (values.json) console.log(JSON.stringify(figures));
  else printTable(figures);
}

runProgram(main);
