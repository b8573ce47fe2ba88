/** The newest blocks with our transactions in them, for the chain view. Read once each, by whichever node has them. */
import { z } from "zod";
import type { Contracts } from "../../chain/artifacts";
import { hash, header, type NodeHeader } from "../../chain/node";
import { type JsonRpc, NodeError } from "../../chain/rpc";
import type { BlockView, CallView } from "../../common/events";
import { rawTransaction, readCall } from "./calls";

const BLOCKS_KEPT = 20;
/** A block of 30 million gas holds some two hundred trades: the page is told how many, and sees the first. */
const CALLS_SHOWN = 12;
/** Full blocks are large. */
const BLOCKS_AT_ONCE = 5;

const block = header.and(z.object({ transactions: z.array(rawTransaction) }));
type Block = z.infer<typeof block>;
const receipt = z.object({ transactionHash: hash, status: z.enum(["0x0", "0x1"]) });

export class RecentBlocks {
  /** Newest first. */
  private known: (BlockView & { parentHash: string })[] = [];
  private readAs = "";

  /** Up to `head`, newest first. @throws NodeError when the node has not got them, or contradicts itself */
  async upTo(head: NodeHeader, rpc: JsonRpc, contracts: Contracts | null): Promise<BlockView[]> {
    // Blocks read before the contracts were known have none of their calls.
    const wanted = JSON.stringify(contracts);
    if (this.readAs !== wanted) this.known = [];
    this.readAs = wanted;
    const first = Math.max(0, head.block - BLOCKS_KEPT + 1);
    if (this.known[0]?.hash !== head.hash) {
      const older = this.known.filter(({ block }) => block >= first && block < head.block);
      const joint = older.at(-1)?.block === first ? older[0] : undefined;
      const newer = joint ? await this.read(joint.block + 1, head, rpc, contracts) : [];
      const isJoined = joint !== undefined && newer.at(-1)?.parentHash === joint.hash;
      // Otherwise there is nothing to go on from, or the chain went another way.
      this.known = isJoined ? [...newer, ...older] : await this.read(first, head, rpc, contracts);
    }
    return this.known.map(({ parentHash, ...view }) => view);
  }

  private async read(from: number, head: NodeHeader, rpc: JsonRpc, contracts: Contracts | null) {
    const blocks: Block[] = [];
    for (let first = from; first <= head.block; first += BLOCKS_AT_ONCE) {
      const numbers = Array.from(
        { length: Math.min(BLOCKS_AT_ONCE, head.block - first + 1) },
        (_, i) => first + i,
      );
      const calls = numbers.map((number) => ({
        method: "eth_getBlockByNumber",
        params: [`0x${number.toString(16)}`, true],
        schema: block,
      }));
      blocks.push(...(await rpc.all(calls)));
    }
    blocks.forEach((one, i) => {
      const isNext = i === 0 || one.parentHash === blocks[i - 1]!.hash;
      if (one.block !== from + i || !isNext) throw new NodeError("its chain changed while it was read");
    });
    if (blocks.at(-1)?.hash !== head.hash) throw new NodeError("its head changed while it was read");
    return Promise.all(blocks.reverse().map((one) => viewOf(one, rpc, contracts)));
  }
}

async function viewOf(block: Block, rpc: JsonRpc, contracts: Contracts | null) {
  const ours = contracts ? block.transactions.flatMap((one) => readCall(one, contracts) ?? []) : [];
  const shown = ours.slice(0, CALLS_SHOWN);
  const receipts = await rpc.all(
    shown.map(({ txHash }) => ({ method: "eth_getTransactionReceipt", params: [txHash], schema: receipt })),
  );
  const calls = shown.map((call, i): CallView => ({ ...call, isDone: receipts[i]!.status === "0x1" }));
  return {
    block: block.block,
    hash: block.hash,
    parentHash: block.parentHash,
    atMs: block.atS * 1000,
    sealer: block.sealer,
    transactionCount: block.transactions.length,
    calls,
    callCount: ours.length,
  };
}
