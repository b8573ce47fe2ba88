/** What the tests of the chain share: a follower on a real chain, and the truth to compare with. */

import { EVENT_TOPICS } from "../../chain/events";
import { Follower, type FollowerOptions } from "../../chain/follower";
import { EthereumNode } from "../../chain/node";
import { JsonRpc } from "../../chain/rpc";
import { createLog } from "../../common/log";
import type { TestChain } from "../support/chain";
import { until } from "../support/until";
import { placeOf, type RecordingSink } from "./recording-sink";

export const clock = {
  nowMs: () => performance.timeOrigin + performance.now(),
  steadyMs: () => performance.now(),
};
/** TEST_LOG=1 shows what the server would log. */
export const log = createLog("debug", (line) => process.env.TEST_LOG && console.log(line), clock.nowMs);

export const nodeAt = (url: string, timeoutMs = 5000) => new EthereumNode(new JsonRpc({ url, timeoutMs }));

export function followerOf(
  chain: TestChain,
  sink: RecordingSink,
  more: Partial<FollowerOptions> & { url?: string; timeoutMs?: number } = {},
) {
  const { url = chain.rpcUrl, timeoutMs, ...options } = more;
  return new Follower({
    node: nodeAt(url, timeoutMs),
    sink,
    chainId: chain.chainId,
    confirmations: 1,
    pollIntervalMs: 10,
    artifactsDir: chain.artifactsDir,
    clock,
    log,
    behindGraceMs: 300,
    ...options,
  });
}

/** Places of EnergyTrade's events on the chain as it is now, in blocks with `confirmations`. */
export async function truth(chain: TestChain, confirmations = 1): Promise<string[]> {
  const toBlock = (await chain.head()) - confirmations + 1;
  if (toBlock < 0) return [];
  const logs = await chain.rpc<
    Record<"blockNumber" | "blockHash" | "transactionHash" | "logIndex", string>[]
  >("eth_getLogs", {
    address: chain.trade,
    topics: [EVENT_TOPICS],
    fromBlock: "0x0",
    toBlock: `0x${toBlock.toString(16)}`,
  });
  return logs.map(
    (l) => `${Number(l.blockNumber)}:${l.blockHash}:${l.transactionHash}:${Number(l.logIndex)}`,
  );
}

/** Resolves when the store is at the chain's head and holds its confirmed events, each once, in order. */
export async function untilCaughtUp(chain: TestChain, sink: RecordingSink, confirmations = 1): Promise<void> {
  let [wanted, got] = ["", ""];
  try {
    await until("the store to hold the chain's events", async () => {
      const head = await chain.rpc<{ hash: string }>("eth_getBlockByNumber", "latest", false);
      wanted = (await truth(chain, confirmations)).join("\n");
      got = sink.events.map(placeOf).join("\n");
      return sink.head?.hash === head.hash && got === wanted && sink.state === "following";
    });
  } catch (cause) {
    throw new Error(`state ${sink.state} (${sink.detail})\nwanted\n${wanted}\ngot\n${got}`, { cause });
  }
}
