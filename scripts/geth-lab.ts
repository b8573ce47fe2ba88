/** The geth network for `npm start`: the one at RPC_URL, or the lab's own, started and left running. */

import { ask } from "../chain/rpc";
import { GETH_CHAIN_ID } from "../common/lab";
import { ipcPath, LAB_FOLDER, type NetworkPlan, RPC_PORT, readPlan } from "../geth/folder";
import { makeLabNetwork, startNetwork } from "../geth/network";
import { runningPid } from "../geth/node";

export interface GethLab {
  dir: string;
  rpcUrl: string;
}

export const GETH_LAB: GethLab = { dir: LAB_FOLDER, rpcUrl: `http://127.0.0.1:${RPC_PORT}` };

/**
 * @returns what was done, in words; `started` names the nodes that run because of this call, and go on after it
 * @throws Error naming the mend: no node at an address that is not the lab's, or no geth to start one with
 */
export async function prepareGeth(
  rpcUrl: string,
  lab = GETH_LAB,
): Promise<{ note: string; started: string[] }> {
  let silence: Error | null = null;
  await ask<string>(rpcUrl, "eth_chainId").catch((error: Error) => {
    silence = error;
  });
  const plan = readPlan(lab.dir);
  const isLabs = rpcUrl === lab.rpcUrl && (silence !== null || (plan !== null && isRunning(lab.dir, plan)));
  if (!isLabs) {
    if (silence === null) return { note: `the node at ${rpcUrl}`, started: [] };
    throw new Error(
      `No node answers at ${rpcUrl}. Start it, or unset RPC_URL: \`npm start\` then starts the lab's own network.`,
      { cause: silence },
    );
  }
  if (!plan) makeLabNetwork(lab.dir);
  // A node that has died since is started again: one that answers does not mean that blocks are sealed.
  const { started, head } = await startNetwork(lab.dir);
  const how = started.length > 0 ? `${started.join(" and ")} started` : "runs already";
  return { note: `${how}, block ${head}`, started };
}

/** Whether the node that serves RPC is the lab's own; another network may have its port. */
const isRunning = (dir: string, plan: NetworkPlan): boolean =>
  plan.nodes.some((node) => node.rpcPort !== null && runningPid(dir, node) !== null);

/** Every node of the lab as CHAIN_NODES takes them, sealers by their IPC sockets; null when it is not the lab's chain. */
export function labNodes(rpcUrl: string, chainId: number, lab = GETH_LAB): string | null {
  const plan = readPlan(lab.dir);
  if (!plan || rpcUrl !== lab.rpcUrl || chainId !== GETH_CHAIN_ID) return null;
  return plan.nodes
    .map((node) => `${node.name}=${node.rpcPort === null ? ipcPath(lab.dir, node) : rpcUrl}`)
    .join();
}
