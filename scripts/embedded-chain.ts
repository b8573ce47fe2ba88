/**
 * The embedded chain's keeper: anvil behind a guard, and on request a log from which the same chain comes back. It
 * seals a block each second while there is something to seal, and a heartbeat otherwise.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type HostClock, heldClock } from "../server/clock";
import { Anvil, anvilVersion, endLeftover } from "./chain/anvil";
import { BlockLog, NotLoggedError } from "./chain/block-log";
import { type Guard, startGuard } from "./chain/guard";
import { freePort } from "./chain/ports";
import { replay } from "./chain/replay";
import type { FolderLock } from "./folder-lock";

export { freePort } from "./chain/ports";

/** Files of a kept chain in its folder. */
export const CHAIN_FILES = { log: "chain.log", process: "chain-process.json" } as const;

/** What versions before the log kept instead. It had a genesis of its own at each start, so nothing can be made of it. */
export const CHAIN_OF_OLD = ["chain.json", "chain.pid"];

export interface EmbeddedChainOptions {
  /** TCP port on loopback; a free one when left out. */
  port?: number;
  /** Keeps the chain in this folder, between runs and through any end. Left out: nothing is kept. */
  keptIn?: FolderLock;
  /** `steady` seals by the clock, `instant` seals each transaction at once, `manual` only when `mine` is called. */
  sealing?: "steady" | "instant" | "manual";
  /** Milliseconds between blocks for `steady`. */
  periodMs?: number;
  /** Empty blocks sealed after the last transaction, for confirmations. */
  tailBlocks?: number;
  /** Milliseconds between blocks when nothing happens. */
  heartbeatMs?: number;
  /** By default this machine's clocks. A wall clock that jumps is believed when it has stayed there (server/clock.ts). */
  host?: HostClock;
}

export interface EmbeddedChain {
  /** For everybody: what a node of a real network would answer, and nothing more (chain/guard.ts). */
  readonly rpcUrl: string;
  readonly port: number;
  /** anvil's. */
  readonly pid: number;
  /** Blocks that came back from the folder. */
  readonly replayed: number;
  /** What was odd about the folder and has been mended, in words; empty when nothing was. */
  readonly notes: readonly string[];
  /** Asks anvil itself, `evm_*` and `anvil_*` included. A block sealed that way is not kept: use `mine`. */
  rpc<T = unknown>(method: string, ...params: unknown[]): Promise<T>;
  /** Seals `blocks` blocks now. */
  mine(blocks?: number): Promise<void>;
  /** Seals what waits, and ends. */
  stop(): Promise<void>;
  /** Ends without a last block, as `kill -9` would. */
  kill(): Promise<void>;
  /** Resolves with a reason when the chain ends by itself. */
  readonly died: Promise<string>;
}

const MACHINE: HostClock = { nowMs: () => Date.now(), steadyMs: () => performance.now() };

interface Block {
  number: string;
  hash: string;
  timestamp: string;
  transactions: string[];
}

/**
 * @throws BlockLogError when the kept chain is damaged; Error when the port is taken; both with nothing changed
 */
export async function startEmbeddedChain(options: EmbeddedChainOptions = {}): Promise<EmbeddedChain> {
  const { keptIn, sealing = "steady", host = MACHINE } = options;
  // A block's time can never be taken back: a clock that is an hour ahead for a moment would end every trade of that hour.
  const { nowMs } = heldClock(host);
  if (keptIn && sealing === "instant") throw new Error("a chain that seals by itself cannot be kept");
  // Before anything is started: the guard opens it last.
  if (options.port) await freePort(options.port);
  if (keptIn) refuseChainOfOld(keptIn.folder);
  const recordFile = keptIn && join(keptIn.folder, CHAIN_FILES.process);
  const notes: string[] = [];
  if (recordFile && (await endLeftover(recordFile)))
    notes.push("ended the chain that an earlier start had left behind");
  const anvil = await Anvil.start({ instant: sealing === "instant", recordFile });
  let log: BlockLog | null = null;
  try {
    let replayed = 0;
    if (keptIn) {
      const opened = await openLog(anvil, join(keptIn.folder, CHAIN_FILES.log));
      log = opened.log;
      replayed = opened.blocks.length;
      if (opened.cutBytes > 0)
        notes.push(
          `cut an unfinished last line of ${opened.cutBytes} bytes off ${log.file}: nobody had seen its block`,
        );
      await replay(anvil, opened.blocks, log.file);
    }
    // Until now anvil's clock stood at the genesis, or at the last block.
    await anvil.rpc("anvil_setTime", Math.floor(nowMs() / 1000));
    const head = await anvil.rpc<Block>("eth_getBlockByNumber", "latest", false);
    const chain = new Keeper(anvil, log, head, nowMs, replayed, notes);
    await chain.open(options.port ?? 0);
    if (sealing === "steady") chain.sealSteadily(options);
    return chain;
  } catch (error) {
    await log?.close();
    await anvil.end();
    throw error;
  }
}

function refuseChainOfOld(folder: string): void {
  const [state] = CHAIN_OF_OLD as [string, ...string[]];
  if (!existsSync(join(folder, state)) || existsSync(join(folder, CHAIN_FILES.log))) return;
  throw new Error(
    `${join(folder, state)} was kept by an older version, and cannot be read by this one. Nothing was changed. ` +
      "Begin anew with `npm run reset`, or set another DATA_DIR.",
  );
}

async function openLog(anvil: Anvil, file: string) {
  const genesis = await anvil.rpc<Block>("eth_getBlockByNumber", "0x0", false);
  return BlockLog.open(file, { genesis: genesis.hash, anvil: anvilVersion() });
}

class Keeper implements EmbeddedChain {
  readonly died: Promise<string>;
  private reportDeath!: (reason: string) => void;
  private isStopping = false;
  private guard!: Guard;
  private sealer: Promise<void> = Promise.resolve();
  /** The sealing under way or the last one; it is rejected when its block could not be kept. */
  private sealed: Promise<Block | null> = Promise.resolve(null);

  constructor(
    private readonly anvil: Anvil,
    private readonly log: BlockLog | null,
    /** The last block that is kept. */
    private head: Block,
    private readonly nowMs: () => number,
    readonly replayed: number,
    readonly notes: readonly string[],
  ) {
    this.died = new Promise((resolve) => {
      this.reportDeath = resolve;
    });
    anvil.ended.then((reason) => this.die(reason));
  }

  get rpcUrl(): string {
    return `http://127.0.0.1:${this.port}`;
  }
  get port(): number {
    return this.guard.port;
  }
  get pid(): number {
    return this.anvil.pid;
  }

  async open(port: number): Promise<void> {
    this.guard = await startGuard({
      port,
      forward: (body, signal) => this.anvil.forward(body, signal),
      // What the node told can hold a block whose line is still on its way to the disk: only the last one, since they
      // are sealed one after the other, and only if its sealing had begun before the answer was there.
      kept: async () => void (await this.sealed),
    });
  }

  rpc<T = unknown>(method: string, ...params: unknown[]): Promise<T> {
    return this.anvil.rpc<T>(method, ...params);
  }

  async mine(blocks = 1): Promise<void> {
    for (let i = 0; i < blocks; i++) await this.seal();
  }

  /** One block, and its line on the disk. */
  private seal(): Promise<Block> {
    // The one before has told its own failure already (the `next.catch` below, and the program that asked for the block); here
    // only its end is waited for.
    const next = this.sealed.catch(() => null).then(() => this.sealNow());
    this.sealed = next;
    // A call that failed on the way (a machine that slept) is made good by the next sealing; until then the guard
    // holds everything back.
    next.catch((error: unknown) => {
      if (error instanceof NotLoggedError) void this.die(error.message);
    });
    return next;
  }

  private async sealNow(): Promise<Block> {
    // The wall's clock may have been put back: a block is always younger than the one below it.
    const timestampS = Math.max(Math.floor(this.nowMs() / 1000), Number(this.head.timestamp) + 1);
    await this.anvil.rpc("evm_mine", { timestamp: timestampS });
    const latest = await this.blockAt("latest");
    for (let number = Number(this.head.number) + 1; number <= Number(latest.number); number++)
      await this.keep(await this.blockAt(`0x${number.toString(16)}`));
    return latest;
  }

  private async keep(block: Block): Promise<void> {
    if (this.log) {
      const transactions = await Promise.all(
        block.transactions.map((hash) => this.anvil.rpc<string>("debug_getRawTransaction", hash)),
      );
      const { hash } = block;
      await this.log.append({
        number: Number(block.number),
        timestampS: Number(block.timestamp),
        hash,
        transactions,
      });
    }
    this.head = block;
  }

  private blockAt(tag: string): Promise<Block> {
    return this.anvil.rpc<Block>("eth_getBlockByNumber", tag, false);
  }

  private async waiting(): Promise<number> {
    return Number((await this.anvil.rpc<{ pending: string }>("txpool_status")).pending);
  }

  /** Seals while transactions wait or confirmations are owed; a heartbeat keeps chain time going. */
  sealSteadily({ periodMs = 1000, tailBlocks = 3, heartbeatMs = 30_000 }: EmbeddedChainOptions): void {
    this.sealer = (async () => {
      let owed = tailBlocks;
      let sealedAtMs = performance.now();
      let nextAtMs = sealedAtMs;
      while (!this.isStopping) {
        nextAtMs = Math.max(nextAtMs + periodMs, performance.now());
        await new Promise((resolve) => setTimeout(resolve, nextAtMs - performance.now()));
        if (this.isStopping) return;
        try {
          // By chain time where that runs, since evenly spaced heartbeats replay at once; by steady time beside it,
          // for a wall's clock that was put back.
          const isBeat =
            this.nowMs() >= Number(this.head.timestamp) * 1000 + heartbeatMs ||
            performance.now() - sealedAtMs >= heartbeatMs + periodMs;
          if ((await this.waiting()) === 0 && owed === 0 && !isBeat) continue;
          const { transactions } = await this.seal();
          sealedAtMs = performance.now();
          owed = transactions.length > 0 ? tailBlocks : Math.max(0, owed - 1);
        } catch (error) {
          if (this.isStopping) return;
          console.error(`embedded chain: ${(error as Error).message}; trying again`);
        }
      }
    })();
  }

  async stop(): Promise<void> {
    if (!this.isStopping) {
      this.isStopping = true;
      await this.sealer;
    }
    try {
      if (!this.closing && this.log && (await this.waiting()) > 0) await this.seal();
    } finally {
      await this.close();
    }
  }

  async kill(): Promise<void> {
    this.isStopping = true;
    await this.close();
  }

  private async die(reason: string): Promise<void> {
    if (this.isStopping) return;
    this.isStopping = true;
    await this.close();
    this.reportDeath(reason);
  }

  private closing: Promise<void> | undefined;
  private close(): Promise<void> {
    this.closing ??= (async () => {
      await this.anvil.end();
      // With anvil gone the sealing under way fails, as it must; a block that could not be kept has been told by then.
      await this.sealed.catch(() => {});
      await this.sealer;
      await this.guard?.close();
      await this.log?.close();
    })();
    return this.closing;
  }
}
