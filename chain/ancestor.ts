/** Where the node's chain and the one that was followed part. */
import type { EthereumNode } from "./node";

export interface BlockId {
  block: number;
  hash: string;
}

const AT_ONCE = 32;

/** @param known newest first. @returns the newest that the node's chain has too; null when it has none of them */
export async function commonAncestor(node: EthereumNode, known: BlockId[]): Promise<BlockId | null> {
  for (let i = 0; i < known.length; i += AT_ONCE) {
    const some = known.slice(i, i + AT_ONCE);
    const headers = await node.headers(some.map(({ block }) => block));
    const shared = some.find(({ hash }, j) => headers[j]?.hash === hash);
    if (shared) return shared;
  }
  return null;
}
