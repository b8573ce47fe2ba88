/** Seals the blocks of a log again on a fresh anvil. */
import type { Anvil } from "./anvil";
import { BlockLogError, type LoggedBlock } from "./block-log";

/** Blocks that anvil seals in one call: a second's work on a small machine, well within a call's time. */
const MOST_AT_ONCE = 250;
const CHECKED_EVERY = 100;

interface Sealed {
  hash: string;
}

/**
 * @param file for messages: block n stands in line n + 1
 * @throws BlockLogError when a block comes out with another hash than the one that was seen
 */
export async function replay(anvil: Anvil, blocks: readonly LoggedBlock[], file: string): Promise<void> {
  const clock = new BlockClock(anvil);
  let checked = 0;
  for (let from = 0; from < blocks.length; ) {
    const count = lengthOfRun(blocks, from);
    const block = blocks[from]!;
    if (count > 1) await clock.sealRun(count, block.timestampS - blocks[from - 1]!.timestampS);
    else {
      for (const transaction of block.transactions) await send(anvil, transaction, block, file);
      await anvil.rpc("evm_mine", { timestamp: block.timestampS });
    }
    from += count;
    // A hash names the whole past, so few need to be looked at.
    if (from - checked >= CHECKED_EVERY || from === blocks.length) {
      await check(anvil, blocks, from - 1, file);
      checked = from;
    }
  }
  await clock.end();
}

async function send(anvil: Anvil, transaction: string, { number }: LoggedBlock, file: string): Promise<void> {
  await anvil.rpc("eth_sendRawTransaction", transaction).catch((cause: Error) => {
    const what = `a transaction of block ${number} is refused when it is sent again (${cause.message})`;
    throw new BlockLogError(file, number + 1, what, cause);
  });
}

/** How many empty blocks follow each other from here at the same distance in time: anvil seals those in one call. */
function lengthOfRun(blocks: readonly LoggedBlock[], from: number): number {
  const before = blocks[from - 1];
  if (!before || blocks[from]!.transactions.length > 0) return 1;
  const step = blocks[from]!.timestampS - before.timestampS;
  let to = from + 1;
  for (; to < blocks.length && to - from < MOST_AT_ONCE; to++) {
    const block = blocks[to]!;
    if (block.transactions.length > 0 || block.timestampS - blocks[to - 1]!.timestampS !== step) break;
  }
  return to - from;
}

/** anvil's own clock for blocks that it seals by the dozen. */
class BlockClock {
  private stepS: number | null = null;
  constructor(private readonly anvil: Anvil) {}

  async sealRun(count: number, stepS: number): Promise<void> {
    if (this.stepS !== stepS) await this.anvil.rpc("anvil_setBlockTimestampInterval", stepS);
    this.stepS = stepS;
    await this.anvil.rpc("anvil_mine", `0x${count.toString(16)}`);
  }

  async end(): Promise<void> {
    if (this.stepS !== null) await this.anvil.rpc("anvil_removeBlockTimestampInterval");
  }
}

async function check(anvil: Anvil, blocks: readonly LoggedBlock[], at: number, file: string): Promise<void> {
  const hashOf = async ({ number }: LoggedBlock) =>
    (await anvil.rpc<Sealed | null>("eth_getBlockByNumber", `0x${number.toString(16)}`, false))?.hash;
  if ((await hashOf(blocks[at]!)) === blocks[at]!.hash) return;
  // The first that differs is the one to be told.
  for (const block of blocks.slice(0, at + 1)) {
    const hash = await hashOf(block);
    if (hash === block.hash) continue;
    const what = `block ${block.number} comes out as ${hash} when it is sealed again, and was ${block.hash}`;
    throw new BlockLogError(file, block.number + 1, what);
  }
}
