/** The whole network: made, started, looked at, stopped. `geth/cli.ts` and the tests call these. */
import fs from "node:fs";
import path from "node:path";
import { ask } from "../chain/rpc";
import { endsWithUs, isEnding } from "../scripts/ending";
import { importLabKey } from "./accounts";
import { askUntil } from "./ask-until";
import {
  GENESIS_FILE,
  genesisFor,
  ipcPath,
  labPlaces,
  makeFolder,
  type NetworkPlan,
  type NodePlan,
  nodeCount,
  nodeFolder,
  type Place,
  PROFILES,
  type Profile,
  readGenesis,
  readPlan,
} from "./folder";
import { LAB_SEALERS } from "./lab";
import { runningPid, startNode, stopNode } from "./node";
import { gethVersion, isOlder, lookForGeth, PINNED_VERSION, requireProgram } from "./programs";
import { handOver, startSealing, untilPeered } from "./sealing";

const SAME_HEAD_WITHIN_MS = 90_000;

export interface LabSettings {
  profile?: Profile;
  /** Seconds between blocks. */
  period?: number;
  /** Where each node listens; the lab's fixed ports when left out. */
  places?: readonly Place[];
  netRestrict?: string;
  geth?: string;
}

/** Makes a lab network's folder: the committed genesis, everybody's keys. */
export function makeLabNetwork(dir: string, settings: LabSettings = {}): NetworkPlan {
  const geth = settings.geth ?? requireProgram(lookForGeth());
  const profile = settings.profile ?? "one-sealer";
  const keys = LAB_SEALERS.slice(0, PROFILES[profile].sealers);
  const base = readGenesis(GENESIS_FILE);
  const sealers = keys.map((key) => key.address);
  const genesis = genesisFor(base, settings.period ?? base.config.clique.period, sealers);
  const places = settings.places ?? labPlaces(nodeCount(profile));
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  ["node1", "node3", "node4"].slice(0, keys.length).forEach((name, i) => {
    importLabKey(geth, path.join(dir, name), keys[i]!);
  });
  const { netRestrict } = settings;
  return makeFolder(dir, {
    genesis,
    profile,
    sealers,
    places,
    isLab: true,
    ...(netRestrict && { netRestrict }),
  });
}

/** What one node says of itself, or why it says nothing. */
export type NodeStatus = { node: NodePlan; pid: number | null } & (
  | { head: { block: number; hash: string; atS: number }; peers: number; isSealing: boolean }
  | { silent: string }
);

export async function statusOf(dir: string, node: NodePlan): Promise<NodeStatus> {
  const pid = runningPid(dir, node);
  if (pid === null) return { node, pid, silent: "not running" };
  try {
    const ipc = ipcPath(dir, node);
    const [block, peers, isSealing] = await Promise.all([
      ask<{ number: string; hash: string; timestamp: string }>(ipc, "eth_getBlockByNumber", "latest", false),
      ask<string>(ipc, "net_peerCount"),
      ask<boolean>(ipc, "eth_mining"),
    ]);
    const head = { block: Number(block.number), hash: block.hash, atS: Number(block.timestamp) };
    return { node, pid, head, peers: Number(peers), isSealing };
  } catch (error) {
    return { node, pid, silent: (error as Error).message };
  }
}

export const networkStatus = (dir: string, plan: NetworkPlan): Promise<NodeStatus[]> =>
  Promise.all(plan.nodes.map((node) => statusOf(dir, node)));

/** Waits until every node has the same block on top, and returns its number. */
export async function untilSameHead(dir: string, nodes: readonly NodePlan[], atLeast = 1): Promise<number> {
  const heads = await askUntil(
    `${nodes.map((node) => node.name).join(" and ")} are not at the same head`,
    async () => {
      const all = await Promise.all(nodes.map((node) => statusOf(dir, node)));
      return all.map((status) => ("head" in status ? status.head : { block: -1, hash: status.silent }));
    },
    (all) => all.every((head) => head.hash === all[0]!.hash && head.block >= atLeast),
    SAME_HEAD_WITHIN_MS,
  );
  return heads[0]!.block;
}

export interface Network {
  readonly dir: string;
  readonly plan: NetworkPlan;
  /** Node 2's HTTP JSON-RPC. */
  readonly rpcUrl: string;
  /** Which nodes this call started; those that ran already are left as they were. */
  readonly started: string[];
  /** On which block all nodes agreed when it was up. */
  readonly head: number;
  stop(): Promise<void>;
}

/**
 * Starts what does not run, peers everyone, and only then seals: two sealers that start apart make a fork each. When
 * anything fails, what this call has started is stopped again.
 * @throws Error that says which node, and shows the end of its log
 */
export async function startNetwork(
  dir: string,
  say: (line: string) => void = () => {},
  geth = requireProgram(lookForGeth()),
): Promise<Network> {
  const plan = readPlan(dir);
  if (!plan) throw new Error(`${dir} holds no network`);
  refuseGenesisOfTomorrow(dir);
  refuseNewerForManySealers(plan, gethVersion(geth));
  const started: NodePlan[] = [];
  const forgets: (() => void)[] = [];
  try {
    // Validators first: geth repeats a failed call to a static peer only after 35 s, so whoever calls must find the
    // other one listening.
    for (const node of [...plan.nodes].sort(
      (a, b) => Number(a.sealer !== null) - Number(b.sealer !== null),
    )) {
      if (runningPid(dir, node) !== null) continue;
      if (isEnding()) throw new Error(`${node.name} is not started: this program ends`);
      started.push(node);
      // Half a network is no use to anybody; a whole one is left to whoever asked for it.
      forgets.push(endsWithUs(node.name, () => stopNode(dir, node)));
      await startNode(geth, dir, plan, node);
      say(`${node.name} runs (${describe(node)})`);
    }
    for (const node of plan.nodes) await untilPeered(dir, node, plan.nodes.length - 1);
    for (const node of plan.nodes) if (node.sealer !== null) await startSealing(dir, node);
    for (const node of started) if (node.sealer !== null) await handOver(dir, plan.nodes[1]!, node);
    const head = await untilSameHead(dir, plan.nodes);
    return {
      dir,
      plan,
      rpcUrl: `http://127.0.0.1:${plan.nodes[1]!.rpcPort}`,
      started: started.map((node) => node.name),
      head,
      stop: () => stopNetwork(dir).then(() => undefined),
    };
  } catch (error) {
    for (const node of started.reverse()) await stopNode(dir, node);
    throw error;
  } finally {
    for (const forget of forgets) forget();
  }
}

/** Stops every node, sealers first, so that the validator has the last block. */
export async function stopNetwork(dir: string): Promise<Record<string, string>> {
  const plan = readPlan(dir);
  const ends: Record<string, string> = {};
  if (!plan) return ends;
  for (const node of [...plan.nodes].sort((a, b) => Number(b.sealer !== null) - Number(a.sealer !== null))) {
    ends[node.name] = await stopNode(dir, node);
  }
  return ends;
}

/** Forgets the chain. A lab's nodes go whole; a network of one's own keeps its keys and its genesis. */
export async function wipeNetwork(dir: string): Promise<void> {
  await stopNetwork(dir);
  const plan = readPlan(dir);
  if (!plan) return;
  if (plan.isLab) {
    // By name, never the folder: the server keeps its journal beside the nodes.
    for (const name of [...plan.nodes.map((node) => node.name), "genesis.json", "network.json"])
      fs.rmSync(path.join(dir, name), { recursive: true, force: true });
    if (fs.readdirSync(dir).length === 0) fs.rmdirSync(dir);
    return;
  }
  for (const node of plan.nodes) {
    const folder = path.join(nodeFolder(dir, node), "geth");
    for (const entry of fs.readdirSync(folder)) {
      if (entry !== "nodekey") fs.rmSync(path.join(folder, entry), { recursive: true, force: true });
    }
  }
}

export const describe = (node: NodePlan): string =>
  node.sealer === null
    ? `validates, RPC http://127.0.0.1:${node.rpcPort}`
    : `seals as ${node.sealer}, IPC only`;

/** A sealer waits until its clock has passed the genesis: a Pi whose clock is a year behind would wait a year. */
function refuseGenesisOfTomorrow(dir: string): void {
  const genesisAtS = Number(readGenesis(path.join(dir, "genesis.json")).timestamp);
  const behindS = genesisAtS - Math.floor(Date.now() / 1000);
  if (behindS > 0) {
    throw new Error(
      `this machine's clock is ${behindS} s behind the genesis block: set it (chrony), then start again`,
    );
  }
}

/** Seen with 1.13.15: a sealer discards blocks until it seals itself, so the first block of one never reached the other. */
function refuseNewerForManySealers(plan: NetworkPlan, version: string): void {
  if (PROFILES[plan.profile].sealers === 1 || !isOlder(PINNED_VERSION, version)) return;
  throw new Error(
    `${plan.profile} takes geth ${PINNED_VERSION}: in ${version} two sealers can wait for each other for ever`,
  );
}
