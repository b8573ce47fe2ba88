/**
 * The written list of what may be asked of a node through a door of ours: reading, and sending what its sender has
 * signed. Not on it, and so refused: everything that changes a node or tells of its inside (`anvil_*`, `evm_*`,
 * `debug_*`, `admin_*`, `personal_*`, `miner_*`), what makes the node sign (`eth_sendTransaction`, `eth_sign`), and
 * what it would have to remember for the caller (filters, subscriptions).
 */
import * as p from "./parameters";

interface Method {
  reads: readonly p.Read[];
  /** How many of them must be there. */
  needs: number;
  /** Further parameters would run the call on a state that is none: refused by that name. */
  isRun?: boolean;
}

const nothing: Method = { reads: [], needs: 0 };
const method = (reads: p.Read[], needs = reads.length): Method => ({ reads, needs });

function methods(gasCap: bigint): Record<string, Method> {
  const run: Method = { reads: [p.cappedCall(gasCap), p.block], needs: 1, isRun: true };
  return {
    eth_chainId: nothing,
    eth_blockNumber: nothing,
    eth_syncing: nothing,
    eth_accounts: nothing,
    eth_coinbase: nothing,
    eth_mining: nothing,
    eth_gasPrice: nothing,
    eth_maxPriorityFeePerGas: nothing,
    eth_protocolVersion: nothing,
    net_version: nothing,
    net_listening: nothing,
    net_peerCount: nothing,
    web3_clientVersion: nothing,
    txpool_status: nothing,
    eth_call: run,
    eth_estimateGas: run,
    eth_getBalance: method([p.address, p.block], 1),
    eth_getCode: method([p.address, p.block], 1),
    eth_getTransactionCount: method([p.address, p.block], 1),
    eth_getStorageAt: method([p.address, p.quantity, p.block], 2),
    eth_getLogs: method([p.logFilter]),
    eth_feeHistory: method([p.feeBlocks, p.tagOrNumber, p.percentiles], 2),
    eth_getBlockByHash: method([p.hash, p.flag], 1),
    eth_getBlockByNumber: method([p.tagOrNumber, p.flag], 1),
    eth_getBlockReceipts: method([p.block]),
    eth_getBlockTransactionCountByHash: method([p.hash]),
    eth_getBlockTransactionCountByNumber: method([p.tagOrNumber]),
    eth_getTransactionByHash: method([p.hash]),
    eth_getTransactionReceipt: method([p.hash]),
    eth_getTransactionByBlockHashAndIndex: method([p.hash, p.quantity]),
    eth_getTransactionByBlockNumberAndIndex: method([p.tagOrNumber, p.quantity]),
    eth_getUncleCountByBlockHash: method([p.hash]),
    eth_getUncleCountByBlockNumber: method([p.tagOrNumber]),
    eth_sendRawTransaction: method([p.bytes]),
  };
}

/** Reads the parameters of a call; null for a method that is not on the list. */
export type ReadCall = (method: string, params: unknown) => unknown[] | null;

/** @param gasCap what one call may use of the node */
export function listedMethods(gasCap: bigint): ReadCall {
  const known = new Map(Object.entries(methods(gasCap)));
  return (name, params) => {
    const found = known.get(name);
    if (!found) return null;
    if (!Array.isArray(params)) throw new p.ParameterError("params must be a list");
    const { reads, needs, isRun } = found;
    if (isRun && params.length > reads.length)
      throw new p.ParameterError(
        `${name} takes a call and a block: calls on another state than the chain's are refused`,
        "stateOverride",
      );
    if (params.length < needs || params.length > reads.length)
      throw new p.ParameterError(
        `${name} takes ${needs === reads.length ? needs : `${needs} to ${reads.length}`} parameters`,
      );
    return params.map((value: unknown, i) => (reads[i] as p.Read)(value, `params[${i}]`));
  };
}

/** On the list, for tests and documents. */
export const LISTED_METHODS: readonly string[] = Object.keys(methods(0n));
