/** The order in which a sealer comes to seal: peers first, then its account, then what waits elsewhere. */

import { ask } from "../chain/rpc";
import { readPassword } from "./accounts";
import { askUntil } from "./ask-until";
import { ipcPath, type NodePlan, nodeFolder } from "./folder";

const PEER_WITHIN_MS = 90_000;

/**
 * Waits until the node talks to `count` peers about blocks. `net_peerCount` counts them a moment sooner, and a first
 * block sealed in that moment reaches nobody: two sealers then wait for each other for ever.
 */
export const untilPeered = (dir: string, node: NodePlan, count: number): Promise<unknown> =>
  askUntil(
    `${node.name} has not found its ${count} peer${count === 1 ? "" : "s"}`,
    () => ask<{ protocols: { eth?: "handshake" | object } }[]>(ipcPath(dir, node), "admin_peers"),
    (peers) => peers.filter(({ protocols }) => typeof protocols.eth === "object").length >= count,
    PEER_WITHIN_MS,
  );

/** Unlocks the sealer's account and starts it. Both over IPC, in this order: sealing that finds it locked stops silently. */
export async function startSealing(dir: string, node: NodePlan): Promise<void> {
  const ipc = ipcPath(dir, node);
  if (await ask<boolean>(ipc, "eth_mining")) return;
  await ask<true>(ipc, "personal_unlockAccount", node.sealer, readPassword(nodeFolder(dir, node)), 0);
  await ask<null>(ipc, "miner_start");
}

/**
 * Hands the transactions that wait in `from` to the sealer `to`. A sealer takes no transaction from a peer until it
 * seals, its peer offers each only once, and so what waits at the moment of its start would wait for ever.
 */
export async function handOver(dir: string, from: NodePlan, to: NodePlan): Promise<number> {
  type Waiting = Record<string, Record<string, { hash: string }>>;
  const { pending } = await ask<{ pending: Waiting }>(ipcPath(dir, from), "txpool_content");
  let handed = 0;
  for (const ofOneAccount of Object.values(pending)) {
    const inOrder = Object.entries(ofOneAccount).sort(([a], [b]) => Number(a) - Number(b));
    for (const [, { hash }] of inOrder) {
      const raw = await ask<string>(ipcPath(dir, from), "eth_getRawTransactionByHash", hash);
      if (!raw || raw === "0x") continue; // replaced by a better paid one meanwhile
      try {
        await ask<string>(ipcPath(dir, to), "eth_sendRawTransaction", raw);
        handed += 1;
      } catch (error) {
        // It arrived by itself, or is in a block meanwhile.
        if (!/already known|nonce too low/.test((error as Error).message)) throw error;
      }
    }
  }
  return handed;
}
