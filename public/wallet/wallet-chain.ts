/**
 * Whether the wallet sees the chain that the page sees. A wallet knows a network by its id alone: after a chain was
 * begun anew, MetaMask keeps the old one's block number, asks for blocks that are not there, and counts the account's
 * transactions on from the old chain's.
 */
import { blockHash } from "../node";
import type { Provider } from "./provider";

/** Two nodes of one network may be this far apart. */
const TOLERATED_BLOCKS = 2;
/** Block 0 comes from a file, and is the same when that chain is begun anew; block 1 has the time of its sealing. */
const COMPARED_BLOCKS = [0, 1];

/**
 * @param node the page's own
 * @returns false when the wallet is ahead of the chain, or on another of the same id; true while nothing says so
 */
export async function seesSameChain(node: Provider, wallet: Provider): Promise<boolean> {
  const headOf = async (provider: Provider) => Number(await provider.request({ method: "eth_blockNumber" }));
  // In this order: a block sealed between the two questions makes nobody look ahead.
  const walletHead = await headOf(wallet);
  const nodeHead = await headOf(node);
  if (walletHead > nodeHead + TOLERATED_BLOCKS) return false;
  for (const block of COMPARED_BLOCKS) {
    if (block > walletHead) break;
    const [seen, real] = [await blockHash(wallet, block), await blockHash(node, block)];
    if (seen !== null && real !== null && seen !== real) return false;
  }
  return true;
}

/** The wallet would send to another chain than the page shows. */
export class OldChainError extends Error {
  override name = "OldChainError";
  constructor() {
    super("the wallet is on another chain than the page");
  }
}

/** A transaction that waits for others that do not exist, and would run by itself once the account's count gets there. */
export interface NonceAhead {
  hash: string;
  nonce: number;
  /** What the chain expects next. */
  expected: number;
}

/** @returns null for a transaction whose turn it is, or that the node does not have */
export async function findNonceAhead(
  node: Provider,
  { hash, account }: { hash: string; account: string },
): Promise<NonceAhead | null> {
  const sent = (await node.request({ method: "eth_getTransactionByHash", params: [hash] })) as {
    nonce: string;
    blockNumber: string | null;
  } | null;
  if (!sent || sent.blockNumber !== null) return null;
  const count = await node.request({ method: "eth_getTransactionCount", params: [account, "pending"] });
  const [nonce, expected] = [Number(sent.nonce), Number(count)];
  return nonce > expected ? { hash, nonce, expected } : null;
}
