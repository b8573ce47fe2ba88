/**
 * Whether the wallet sees the chain that the page sees. A wallet knows a network by its id alone: after a chain was
 * begun anew, MetaMask keeps the old one's block number, asks for blocks that are not there, and counts the account's
 * transactions on from the old chain's.
 */
import { blockHash } from "../node";
import { failureKind } from "./failure";
import type { Provider } from "./provider";

/** Two nodes of one network may be this far apart. */
const TOLERATED_BLOCKS = 2;
/** Block 0 comes from a file, and is the same when that chain is begun anew; block 1 has the time of its sealing. */
const COMPARED_BLOCKS = [0, 1];

const headOf = async (provider: Provider) => Number(await provider.request({ method: "eth_blockNumber" }));

/** Where the page's own node stands; null while it does not answer, which says nothing of the wallet. */
async function standOf(node: Provider): Promise<{ head: number; hashes: (string | null)[] } | null> {
  try {
    const head = await headOf(node);
    return { head, hashes: await Promise.all(COMPARED_BLOCKS.map((block) => blockHash(node, block))) };
  } catch (error) {
    if (failureKind(error) === "walletOffline") return null;
    throw error;
  }
}

/**
 * @param node the page's own
 * @returns false when the wallet is ahead of the chain, or on another of the same id; true while nothing says so; null
 * while the page's own node does not answer
 * @throws ProviderFailure when the wallet does not answer
 */
export async function seesSameChain(node: Provider, wallet: Provider): Promise<boolean | null> {
  // In this order: a block sealed between the two questions makes nobody look ahead.
  const walletHead = await headOf(wallet);
  const real = await standOf(node);
  if (!real) return null;
  if (walletHead > real.head + TOLERATED_BLOCKS) return false;
  for (const [i, block] of COMPARED_BLOCKS.entries()) {
    if (block > walletHead) break;
    const [seen, hash] = [await blockHash(wallet, block), real.hashes[i] ?? null];
    if (seen !== null && hash !== null && seen !== hash) return false;
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
