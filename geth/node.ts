/** One geth process: its arguments, its start, its end. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { ask } from "../chain/rpc";
import { askUntil } from "./ask-until";
import { ipcPath, type NetworkPlan, type NodePlan, nodeFolder } from "./folder";
import { gethVersion, isOlder } from "./programs";

const START_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 60_000;
/** A block a second writes some 40 MB of log a day. */
const LOG_KEPT_BYTES = 50_000_000;

const pidFile = (folder: string): string => path.join(folder, "geth.pid");
export const logFile = (folder: string): string => path.join(folder, "geth.log");

/** Peering goes into a file, because no flag can bind it to one address or name static peers. */
export function peeringConfig(plan: NetworkPlan, node: NodePlan): string {
  const others = plan.nodes.filter((other) => other.name !== node.name).map((other) => other.enode);
  return [
    "# Written by `npm run geth -- up` at each start.",
    "[Node.P2P]",
    `ListenAddr = "${node.host}:${node.peerPort}"`,
    "NoDiscovery = true",
    // geth waits 10 s before it catches up, unless it has five peers or all it may have; so it may have no more than
    // there are. All of these for calls (ratio 1), and, trusted, let in beyond that number when they call.
    `MaxPeers = ${others.length}`,
    "DialRatio = 1",
    `TrustedNodes = ${JSON.stringify(others)}`,
    `StaticNodes = ${JSON.stringify(others)}`,
    "",
  ].join("\n");
}

/**
 * Milliseconds after which a sealer begins its block again, to take in what came since it began. Never near the moment
 * of sealing, a period after the beginning: there geth 1.10 seals both, the block and the one begun again, at the same
 * height. At 1 s, the least it accepts and a divisor of every period, that befell 44 of 301 blocks.
 */
export const recommitMs = (period: number): number => Math.floor((period * 1000) / (period - 0.5));

/** Everything after `geth`. What each is for stands in `geth/README.md`. */
export function gethArguments(dir: string, plan: NetworkPlan, node: NodePlan): string[] {
  const folder = nodeFolder(dir, node);
  const common = [
    ...["--config", path.join(folder, "peering.toml"), "--datadir", folder, "--ipcpath", ipcPath(dir, node)],
    ...["--networkid", String(plan.chainId), "--syncmode", "full", "--gcmode", "archive", "--cache", "128"],
    ...["--nodiscover", "--nat", "none", "--netrestrict", plan.netRestrict],
    ...["--authrpc.addr", "127.0.0.1", "--authrpc.port", String(node.authPort)],
    ...["--verbosity", "3", "--log.json=false"],
  ];
  // Any tip above zero is sealed: with geth's default, a transaction that tips less than 1 gwei would wait for ever.
  const sealing = [
    ...["--miner.etherbase", node.sealer ?? "", "--miner.gasprice", "1", "--miner.gaslimit", "30000000"],
    ...["--miner.recommit", `${recommitMs(plan.period)}ms`],
  ];
  const rpc = [
    ...["--http", "--http.addr", "127.0.0.1", "--http.port", String(node.rpcPort)],
    ...["--http.api", "eth,net,web3,txpool", "--http.vhosts", "localhost"],
    ...["--http.corsdomain", plan.pageOrigins.join(",")],
  ];
  return [...common, ...(node.sealer === null ? [] : sealing), ...(node.rpcPort === null ? [] : rpc)];
}

/** The process id of the node's running geth; null when it does not run. Another program's id is never returned. */
export function runningPid(dir: string, node: NodePlan): number | null {
  const folder = nodeFolder(dir, node);
  if (!fs.existsSync(pidFile(folder))) return null;
  const pid = Number(fs.readFileSync(pidFile(folder), "utf8"));
  // After a reboot the number may be anybody's: only a process that works on this very folder is ours.
  return ps(pid, "args").includes(folder) && !isGone(pid) ? pid : null;
}

/** Ended, with its files and ports closed; a zombie that nobody has buried yet is as good as gone. */
const isGone = (pid: number): boolean => /^(Z|X|$)/.test(ps(pid, "stat"));

/** One column of the process table; empty where there is no such process. */
function ps(pid: number, column: "args" | "stat"): string {
  // Containers often have no ps; every Linux has /proc.
  if (fs.existsSync("/proc/self/stat")) {
    const file = `/proc/${pid}/${column === "args" ? "cmdline" : "stat"}`;
    try {
      const text = fs.readFileSync(file, "utf8");
      // "1234 (geth) S 1 …": the name may hold spaces and brackets.
      return column === "args" ? text : text.slice(text.lastIndexOf(")") + 2);
    } catch (error) {
      if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
      throw error;
    }
  }
  const { error, stdout } = spawnSync("ps", ["-o", `${column}=`, "-p", String(pid)], { encoding: "utf8" });
  if (error) throw error;
  return stdout.trim();
}

/** Writes the genesis block into the node's database, or checks that it is this one. */
export function initialise(geth: string, dir: string, node: NodePlan): void {
  const folder = nodeFolder(dir, node);
  try {
    const genesis = path.join(dir, "genesis.json");
    execFileSync(geth, ["--verbosity", "1", "init", "--datadir", folder, genesis], { stdio: "pipe" });
  } catch (cause) {
    const said = String((cause as { stderr?: Buffer }).stderr ?? cause).trim();
    throw new Error(`${node.name} refuses ${path.join(dir, "genesis.json")}: ${said}`, { cause });
  }
}

/**
 * Refuses a port that another program has. geth 1.10 would notice by itself, but does not always end: when a peer has
 * called meanwhile, its stop waits for that peer, which waits for a block synchronisation that never began.
 * @throws Error that names the port
 */
async function refuseTakenPorts(node: NodePlan): Promise<void> {
  // A node with a launcher may have a network of its own, in which this process cannot look.
  if (node.launcher.length > 0) return;
  const places: [host: string, port: number | null][] = [
    [node.host, node.peerPort],
    ["127.0.0.1", node.authPort],
    ["127.0.0.1", node.rpcPort],
  ];
  for (const [host, port] of places) if (port !== null) await refuseTakenPort(node, host, port);
}

function refuseTakenPort(node: NodePlan, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once("error", (cause: NodeJS.ErrnoException) => {
      const reason =
        cause.code === "EADDRINUSE" ? "another program uses it. End that program" : cause.message;
      reject(new Error(`${node.name} needs ${host}:${port}, but ${reason}, then start again`, { cause }));
    });
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}

/** Starts the node and waits until its IPC answers. It outlives this process; `stopNode` ends it. */
export async function startNode(geth: string, dir: string, plan: NetworkPlan, node: NodePlan): Promise<void> {
  const folder = nodeFolder(dir, node);
  await refuseTakenPorts(node);
  initialise(geth, dir, node);
  fs.writeFileSync(path.join(folder, "peering.toml"), peeringConfig(plan, node));
  const log = logFile(folder);
  if ((fs.statSync(log, { throwIfNoEntry: false })?.size ?? 0) > LOG_KEPT_BYTES)
    fs.renameSync(log, `${log}.old`);
  const output = fs.openSync(log, "a");
  // From 1.12 on, unlocking an account over IPC has to be asked for.
  const unlocking = isOlder(gethVersion(geth), "1.12.0") ? [] : ["--rpc.enabledeprecatedpersonal"];
  const [program, ...args] = [...node.launcher, geth, ...gethArguments(dir, plan, node), ...unlocking];
  const child = spawn(program!, args, { detached: true, stdio: ["ignore", output, output] });
  fs.closeSync(output);
  let ended: string | null = null;
  child.once("error", (error) => {
    ended = error.message;
  });
  child.once("exit", (code, signal) => {
    ended = `geth ended (${signal ?? code}). The end of ${log}:\n${lastLines(log, 8)}`;
  });
  if (child.pid !== undefined) fs.writeFileSync(pidFile(folder), String(child.pid));
  child.unref();
  await askUntil(
    `${node.name} does not answer on ${ipcPath(dir, node)}`,
    () => ask<string>(ipcPath(dir, node), "web3_clientVersion"),
    () => true,
    START_WITHIN_MS,
    () => ended,
  );
}

export function lastLines(file: string, count: number): string {
  if (!fs.existsSync(file)) return "";
  return fs.readFileSync(file, "utf8").trimEnd().split("\n").slice(-count).join("\n");
}

/**
 * Ends the node by SIGINT, as geth wants it, and waits; after a minute by SIGKILL, which an archive node survives.
 * Does nothing when it does not run.
 */
export async function stopNode(
  dir: string,
  node: NodePlan,
): Promise<"stopped" | "killed" | "was not running"> {
  const pid = runningPid(dir, node);
  if (pid === null) return "was not running";
  process.kill(pid, "SIGINT");
  if (await hasEnded(dir, node, pid)) return "stopped";
  await killNode(dir, node);
  return "killed";
}

/** `kill -9`, and waits until the process is gone. */
export async function killNode(dir: string, node: NodePlan): Promise<void> {
  const pid = runningPid(dir, node);
  if (pid === null) return;
  process.kill(pid, "SIGKILL");
  if (!(await hasEnded(dir, node, pid))) throw new Error(`${node.name} (${pid}) survived SIGKILL`);
}

async function hasEnded(dir: string, node: NodePlan, pid: number): Promise<boolean> {
  const deadline = Date.now() + STOP_WITHIN_MS;
  while (!isGone(pid)) {
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  fs.rmSync(pidFile(nodeFolder(dir, node)), { force: true });
  return true;
}
