/** `npm run geth -- up | status | console | logs | down | wipe`: the private network on this machine. */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { ask } from "../chain/rpc";
import {
  ipcPath,
  LAB_FOLDER,
  type NetworkPlan,
  nodeFolder,
  PROFILES,
  type Profile,
  readPlan,
} from "./folder";
import {
  describe,
  makeLabNetwork,
  type NodeStatus,
  networkStatus,
  startNetwork,
  stopNetwork,
  wipeNetwork,
} from "./network";
import { logFile } from "./node";
import { lookForGeth, requireProgram } from "./programs";

const USAGE = `npm run geth -- COMMAND [options]

  up               makes the network if there is none, starts what does not run, waits for one common head
  status           each node's head, peers and role, and the sealers
  console [1|2]    geth's JavaScript console on a node (node 1 by default)
  logs [1|2] [-f]  the end of the nodes' logs; -f goes on
  down             stops every node
  wipe             stops, and forgets the chain

  --profile ${Object.keys(PROFILES).join(" | ")}   (when the network is made; default one-sealer)
  --period SECONDS    between blocks                               (when the network is made; default 1)
  --dir FOLDER        a network of one's own, made by npm run geth:genesis -- --fresh FOLDER`;

/** A wish that cannot be granted: the message says what to do instead. */
class UsageError extends Error {}

interface Options {
  dir: string;
  profile: Profile | undefined;
  period: number | undefined;
  follow: boolean;
}

function readArguments(argv: string[]): { command: string; operand: string | undefined; options: Options } {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      profile: { type: "string" },
      period: { type: "string" },
      dir: { type: "string" },
      follow: { type: "boolean", short: "f" },
    },
  });
  const { profile, period } = values;
  if (profile !== undefined && !(profile in PROFILES)) {
    throw new UsageError(`--profile ${profile}: it is one of ${Object.keys(PROFILES).join(", ")}`);
  }
  if (period !== undefined && !/^[1-9]\d{0,4}$/.test(period)) {
    throw new UsageError(`--period ${period}: it is a whole number of seconds from 1 up`);
  }
  return {
    command: positionals[0] ?? "help",
    operand: positionals[1],
    options: {
      dir: values.dir ?? LAB_FOLDER,
      profile: profile as Profile | undefined,
      period: period === undefined ? undefined : Number(period),
      follow: values.follow ?? false,
    },
  };
}

function requirePlan(dir: string): NetworkPlan {
  const plan = readPlan(dir);
  if (!plan) throw new UsageError(`there is no network in ${dir} yet: npm run geth -- up`);
  return plan;
}

/** The plan that is there, or a new lab's. Profile and period are in the chain's first block: they cannot change. */
function planFor(options: Options): NetworkPlan {
  const plan = readPlan(options.dir);
  if (!plan) {
    if (options.dir !== LAB_FOLDER) {
      throw new UsageError(`${options.dir} holds no network: npm run geth:genesis -- --fresh ${options.dir}`);
    }
    const { profile = "one-sealer", period = 1 } = options;
    console.log(`A new lab network: ${profile}, a block every ${period} s, everybody's keys (geth/lab.ts).`);
    return makeLabNetwork(options.dir, { profile, period });
  }
  const { profile = plan.profile, period = plan.period } = options;
  if (profile !== plan.profile || period !== plan.period) {
    throw new UsageError(
      `this network was made with --profile ${plan.profile} --period ${plan.period}, which its genesis fixes. ` +
        "Forget its chain first: npm run geth -- wipe",
    );
  }
  return plan;
}

async function up(options: Options): Promise<void> {
  const startedAtMs = Date.now();
  requireProgram(lookForGeth());
  const plan = planFor(options);
  const network = await startNetwork(options.dir, console.log);
  const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
  const how = network.started.length === 0 ? "already up" : `up in ${seconds} s`;
  console.log(`${plan.nodes.length} nodes at the same head, block ${network.head}: ${how}.`);
  console.log(`${plan.profile}: ${PROFILES[plan.profile].liveness}.`);
  console.log(`RPC ${network.rpcUrl}, chain id ${plan.chainId}. Next: npx truffle migrate --network geth`);
}

async function status(options: Options): Promise<void> {
  const plan = requirePlan(options.dir);
  const all = await networkStatus(options.dir, plan);
  for (const one of all) console.log(statusLine(one));
  const living = all.find((one) => "head" in one);
  if (living) {
    const sealers = await ask<string[]>(ipcPath(options.dir, living.node), "clique_getSigners");
    console.log(
      `sealers: ${sealers.join(", ")}; a block every ${plan.period} s; ${PROFILES[plan.profile].liveness}`,
    );
  }
  if (all.some((one) => !("head" in one))) process.exitCode = 1;
}

function statusLine(one: NodeStatus): string {
  if (!("head" in one)) return `${one.node.name}: ${one.silent}`;
  const ageS = Math.max(0, Math.round(Date.now() / 1000 - one.head.atS));
  const work = one.node.sealer === null || one.isSealing ? "" : ", NOT SEALING";
  return (
    `${one.node.name}: block ${one.head.block} ${one.head.hash.slice(0, 10)}… ${ageS} s ago, peers ${one.peers}, ` +
    `pid ${one.pid}, ${describe(one.node)}${work}`
  );
}

/** The node of this number, or all when none is given. */
function choose(plan: NetworkPlan, operand: string | undefined): NetworkPlan["nodes"] {
  if (operand === undefined) return plan.nodes;
  const node = plan.nodes[Number(operand) - 1];
  if (!node) throw new UsageError(`there is no node ${operand}: this network has 1 to ${plan.nodes.length}`);
  return [node];
}

function runHere(program: string, args: string[]): void {
  const { error, status: code } = spawnSync(program, args, { stdio: "inherit" });
  if (error) throw error;
  process.exitCode = code ?? 1;
}

async function down(options: Options): Promise<void> {
  for (const [name, end] of Object.entries(await stopNetwork(options.dir))) console.log(`${name}: ${end}`);
}

async function main(argv: string[]): Promise<void> {
  const { command, operand, options } = readArguments(argv);
  const { dir, follow } = options;
  switch (command) {
    case "up":
      return up(options);
    case "status":
      return status(options);
    case "console":
      return runHere(requireProgram(lookForGeth()), [
        "attach",
        ipcPath(dir, choose(requirePlan(dir), operand ?? "1")[0]!),
      ]);
    case "logs": {
      const files = choose(requirePlan(dir), operand).map((node) => logFile(nodeFolder(dir, node)));
      return runHere("tail", [...(follow ? ["-F"] : []), "-n", "20", ...files]);
    }
    case "down":
      return down(options);
    case "wipe":
      await wipeNetwork(dir);
      return console.log(
        "The chain is forgotten; the contracts have to be migrated again after the next up.",
      );
    case "help":
      return console.log(USAGE);
    default:
      throw new UsageError(`${command}?\n\n${USAGE}`);
  }
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = error instanceof UsageError || "code" in error ? 2 : 1;
});
