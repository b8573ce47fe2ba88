/**
 * A network's folder, and everything that is decided when it is made:
 *
 *     network.json            the plan below
 *     genesis.json            the same for each node
 *     node1/ node2/ …         a geth data folder each: keystore/, geth/chaindata, geth/nodekey, geth.log, geth.pid
 */
import { createHash, randomBytes } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { privateKeyToPublicKey } from "web3-eth-accounts";
import { ROOT } from "./programs";
import type { Genesis } from "./puppeth";

export const LAB_FOLDER = path.join(ROOT, "data", "geth");
export const GENESIS_FILE = path.join(__dirname, "genesis.json");
/** The validating node's RPC: what Truffle, MetaMask and the server use. */
export const RPC_PORT = 8547;

/** How many sealers, and what the network survives. Node 2 is always the one that validates and serves RPC. */
export const PROFILES = {
  "one-sealer": { sealers: 1, liveness: "it lives while node 1 does" },
  "two-sealers": {
    sealers: 2,
    liveness:
      "it HALTS when either sealer stops (two of two must take turns), and goes on when that one is back",
  },
  "three-sealers": { sealers: 3, liveness: "it survives the loss of any one of its three sealers" },
} as const;
export type Profile = keyof typeof PROFILES;

export interface NodePlan {
  /** "node1": also its data folder's name. */
  name: string;
  /** Address it seals with; null for a node that only validates. */
  sealer: string | null;
  /** Address its peers reach it at, and the only one it listens on. */
  host: string;
  peerPort: number;
  /** geth opens this port on loopback whatever one does; it is guarded by a JWT. */
  authPort: number;
  /** HTTP JSON-RPC on loopback; null for a sealer, always: its account is unlocked. */
  rpcPort: number | null;
  enode: string;
  /** What runs geth, such as `ip netns exec name`; empty for the machine itself. */
  launcher: string[];
}

export interface NetworkPlan {
  chainId: number;
  /** Seconds between blocks. */
  period: number;
  profile: Profile;
  /** True where the keys are everybody's. */
  isLab: boolean;
  /** Whom a node accepts as a peer at all, CIDR. */
  netRestrict: string;
  /** Pages whose scripts may ask node 2; `*` stands for any port. */
  pageOrigins: string[];
  nodes: NodePlan[];
}

/** Where a node listens; the test of a cut link gives its own. */
export interface Place {
  host?: string;
  peerPort: number;
  authPort: number;
  rpcPort: number;
  launcher?: string[];
}

/** Fixed ports on loopback, beside geth's defaults so that another geth does not collide. */
export const labPlaces = (count: number): Place[] =>
  Array.from({ length: count }, (_, i) => ({ peerPort: 30311 + i, authPort: 8561 + i, rpcPort: RPC_PORT }));

/** Node 1 seals, node 2 validates, any further node seals. */
export const nodeCount = (profile: Profile): number => PROFILES[profile].sealers + 1;

export const nodeFolder = (dir: string, node: NodePlan): string => path.resolve(dir, node.name);

/**
 * In the data folder, or under the system's temporary folder where the path would be too long: a Unix socket's has at
 * most 104 bytes on macOS and 108 on Linux.
 */
export function ipcPath(dir: string, node: NodePlan): string {
  const natural = path.join(nodeFolder(dir, node), "geth.ipc");
  if (Buffer.byteLength(natural) < 100) return natural;
  return path.join(
    os.tmpdir(),
    `geth-${createHash("sha256").update(natural).digest("hex").slice(0, 16)}.ipc`,
  );
}

export function readPlan(dir: string): NetworkPlan | null {
  const file = path.join(dir, "network.json");
  return fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, "utf8")) as NetworkPlan) : null;
}

export const readGenesis = (file: string): Genesis => JSON.parse(fs.readFileSync(file, "utf8")) as Genesis;

/** The committed genesis for another period or other sealers: what puppeth would have written for them. */
export function genesisFor(genesis: Genesis, period: number, sealers: readonly string[]): Genesis {
  if (!Number.isSafeInteger(period) || period < 1) {
    throw new RangeError(`period ${period} is not a whole number of seconds from 1 up`);
  }
  const ascending = sealers.map((address) => address.slice(2).toLowerCase()).sort();
  return {
    ...genesis,
    config: { ...genesis.config, clique: { ...genesis.config.clique, period } },
    extraData: `0x${"00".repeat(32)}${ascending.join("")}${"00".repeat(65)}`,
  };
}

export interface NewNetwork {
  genesis: Genesis;
  profile: Profile;
  isLab: boolean;
  /** One for each sealer of the profile. */
  sealers: readonly string[];
  places: readonly Place[];
  netRestrict?: string;
  pageOrigins?: string[];
}

/** Writes the plan, the genesis and each node's peering key; the keystores are the caller's to fill. */
export function makeFolder(dir: string, network: NewNetwork): NetworkPlan {
  const { genesis, profile, sealers, places, isLab } = network;
  const order = [sealers[0] ?? null, null, ...sealers.slice(1)];
  if (sealers.length !== PROFILES[profile].sealers || places.length !== order.length) {
    throw new RangeError(
      `${profile} takes ${PROFILES[profile].sealers} sealers and ${nodeCount(profile)} places`,
    );
  }
  const plan: NetworkPlan = {
    chainId: genesis.config.chainId,
    period: genesis.config.clique.period,
    profile,
    isLab,
    netRestrict: network.netRestrict ?? "127.0.0.0/8",
    pageOrigins: network.pageOrigins ?? ["http://localhost:*", "http://127.0.0.1:*"],
    nodes: order.map((sealer, i) => planNode(dir, i, sealer, places[i]!)),
  };
  fs.writeFileSync(path.join(dir, "genesis.json"), `${JSON.stringify(genesis, null, 2)}\n`);
  // Last: a folder without it is one that is not finished, and is made again.
  fs.writeFileSync(path.join(dir, "network.json"), `${JSON.stringify(plan, null, 2)}\n`);
  return plan;
}

function planNode(dir: string, index: number, sealer: string | null, place: Place): NodePlan {
  const name = `node${index + 1}`;
  const host = place.host ?? "127.0.0.1";
  // geth would make the key itself at its first start; made here, every node can name its peers before any has run.
  const key = randomBytes(32);
  fs.mkdirSync(path.join(dir, name, "geth"), { recursive: true, mode: 0o700 });
  fs.writeFileSync(path.join(dir, name, "geth", "nodekey"), key.toString("hex"), { mode: 0o600 });
  const publicKey = privateKeyToPublicKey(key, false).replace(/^0x/, "").slice(-128);
  return {
    name,
    sealer,
    host,
    peerPort: place.peerPort,
    authPort: place.authPort,
    rpcPort: index === 1 ? place.rpcPort : null,
    enode: `enode://${publicKey}@${host}:${place.peerPort}`,
    launcher: place.launcher ?? [],
  };
}
