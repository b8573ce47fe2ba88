/**
 * The chain, as the rest of the server uses it:
 *
 *     const chain = createChain({ rpcUrl, chainId, confirmations: 1, artifactsDir, sink, source, mnemonic, clock, log });
 *     await chain.follower.start();     // throws when the node serves another chain; a node that is gone is waited for
 *     await chain.settlement.start();
 *     chain.settlement.wake();          // after signing a reading
 *     chain.contracts();                // where they are, or null
 *     await chain.stop();               // both; or each by its own stop()
 *
 * The follower tells `sink` everything, what state it is in included; `following` is told only at the node's head.
 */
import type { Log } from "../common/log";
import { namedLog } from "../common/log";
import type { Clock } from "../common/service";
import { Follower } from "./follower";
import { EthereumNode } from "./node";
import type { SettlementSource } from "./readings";
import { JsonRpc } from "./rpc";
import { Sender } from "./sender";
import { settledSignature } from "./settled-signature";
import { Settlement } from "./settlement";
import { settlerKey } from "./settler-key";
import type { ChainSink } from "./sink";

export type { DeployedContracts } from "./artifacts";
export { loadMeterKey, type MeterKey } from "./meter-key";

export interface ChainOptions {
  /** http:// or https:// */
  rpcUrl: string;
  /** What the node must say it serves. */
  chainId: number;
  /** k: a block counts with `head − block + 1` ≥ k. */
  confirmations: number;
  /** Milliseconds between looks at the head: on average half of it is added to every event. */
  pollIntervalMs?: number;
  /** Truffle's `build/contracts`. */
  artifactsDir: string;
  sink: ChainSink;
  source: SettlementSource;
  mnemonic: string;
  /** Which account of the mnemonic pays the gas of settlements; by default 4. */
  settlerIndex?: number;
  clock: Clock;
  log: Log;
  /** For one request to the node. */
  requestTimeoutMs?: number;
  /** How long a node may be behind what was followed before its blocks count as lost. */
  behindGraceMs?: number;
  /** A settlement in no block after this long is sent again for a higher fee. */
  stuckAfterMs?: number;
}

export type Chain = ReturnType<typeof createChain>;

/** @throws Error when the mnemonic is none, or is the lab's on a chain that is not */
export function createChain(options: ChainOptions) {
  const { rpcUrl, chainId, confirmations, artifactsDir, sink, source, clock } = options;
  const pollIntervalMs = options.pollIntervalMs ?? 75;
  const newNode = () =>
    new EthereumNode(new JsonRpc({ url: rpcUrl, timeoutMs: options.requestTimeoutMs ?? 5000 }));
  const log = namedLog(options.log, "settlement");
  const node = newNode();
  const looker = newNode();
  const sender = new Sender({
    node,
    privateKey: settlerKey(options.mnemonic, chainId, options.settlerIndex),
    chainId,
    clock,
    log,
    stuckAfterMs: options.stuckAfterMs,
  });
  const follower = new Follower({
    node: newNode(),
    sink,
    chainId,
    confirmations,
    pollIntervalMs,
    artifactsDir,
    clock,
    log: namedLog(options.log, "chain"),
    behindGraceMs: options.behindGraceMs,
  });
  const settlement = new Settlement({
    node,
    follower,
    sink,
    source,
    sender,
    pollIntervalMs,
    clock,
    log,
  });
  return {
    follower,
    settlement,
    /** Who pays the gas of settlements. */
    settler: sender.address,
    contracts: () => follower.contracts(),
    /** By which signature a transaction settled a trade; null where that cannot be told from its calldata. */
    signatureIn: (txHash: string, tradeId: bigint) => settledSignature(looker, txHash, tradeId),
    async stop(): Promise<void> {
      looker.stop();
      await settlement.stop();
      await follower.stop();
    },
  };
}
