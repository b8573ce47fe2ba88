/** A range of blocks with its events, read in several requests and yet of one chain only. */
import { sameAddress } from "../common/address";
import type { ChainEvent } from "./chain-event";
import { EVENT_TOPICS, readEvent } from "./events";
import type { EthereumNode, NodeHeader, RawLog } from "./node";
import { NodeError } from "./rpc";
import type { EventBatch } from "./sink";

export interface Page {
  /** In order. */
  events: ChainEvent[];
  /** Header of any block with events, of `last`, and of those asked for. */
  header(block: number): NodeHeader;
}

/**
 * Events of the blocks `from` to `last.block`, and the headers of `alsoBlocks` (none above `last`).
 *
 * The requests are not atomic: the chain may be reorganised between them. `last` was read before everything else and
 * is read again after it; a hash names a block's whole past, so when both agree all that lies between is of one chain.
 * @returns null when the chain changed meanwhile: read again
 * @throws NodeError when the node contradicts itself on an unchanged chain
 */
export async function readPage(
  node: EthereumNode,
  contract: string,
  from: number,
  last: NodeHeader,
  alsoBlocks: number[],
): Promise<Page | null> {
  const logs = from > last.block ? [] : await node.logs(contract, EVENT_TOPICS, from, last.block);
  for (const { blockNumber, logIndex } of logs) {
    if (blockNumber < from || blockNumber > last.block)
      throw new NodeError(
        `the node gives log ${logIndex} of block ${blockNumber}, asked for blocks ${from} to ${last.block}`,
      );
  }
  const blocks = [...new Set([...logs.map((log) => log.blockNumber), ...alsoBlocks])].filter(
    (block) => block !== last.block,
  );
  const headers = await node.headers(blocks);
  const lastAgain = await node.header(last.block);
  if (lastAgain?.hash !== last.hash) return null;

  const byBlock = new Map([[last.block, last]]);
  headers.forEach((header, i) => {
    if (!header) throw new NodeError(`the node has block ${last.block} but not block ${blocks[i]}`);
    byBlock.set(header.block, header);
  });
  logs.sort((a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex);
  logs.forEach((log, i) => {
    checkLog(log, logs[i - 1], contract, byBlock);
  });
  return {
    events: logs.map(readEvent),
    header(block) {
      const header = byBlock.get(block);
      if (!header) throw new Error(`block ${block} is not on this page`);
      return header;
    },
  };
}

function checkLog(
  log: RawLog,
  before: RawLog | undefined,
  contract: string,
  headers: Map<number, NodeHeader>,
): void {
  const where = `log ${log.logIndex} of block ${log.blockNumber}`;
  if (!sameAddress(log.address, contract))
    throw new NodeError(`the node gives ${where}, which is of another contract (${log.address})`);
  if (log.blockHash !== headers.get(log.blockNumber)?.hash)
    throw new NodeError(`the node gives ${where} with another hash than the block's`);
  if (before && before.blockNumber === log.blockNumber && before.logIndex === log.logIndex)
    throw new NodeError(`the node gives ${where} twice`);
}

/** What the store keeps of a page: the blocks up to `confirmed`. */
export function confirmedBatch(page: Page, confirmed: number): EventBatch {
  const events = page.events.filter((event) => event.block <= confirmed);
  return { headers: headersOf(page, events, confirmed), events, through: page.header(confirmed) };
}

/** The rest of it. */
export function unconfirmed(page: Page, confirmed: number): Pick<EventBatch, "events" | "headers"> {
  const events = page.events.filter((event) => event.block > confirmed);
  return { headers: headersOf(page, events), events };
}

const headersOf = (page: Page, events: ChainEvent[], ...also: number[]) =>
  [...new Set([...events.map((event) => event.block), ...also])].map((block) => page.header(block));
