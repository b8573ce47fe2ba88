/**
 * Follows EnergyTrade from the stored cursor: every event once, in order, when it has enough confirmations; those
 * still without are previewed. A node that is gone, behind, reorganised or reset is waited for or followed, forever.
 */
import { type Log, messageOf } from "../log";
import type { ChainSink, Clock, Service } from "../types";
import { artifactsStamp, type Contracts } from "./artifacts";
import { adopt, checkChainId, recognize, WrongChainError } from "./identity";
import type { EthereumNode, NodeHeader } from "./node";
import { type Page, readPage } from "./page";
import { pause } from "./pause";
import { NodeError } from "./rpc";

export interface FollowerOptions {
  node: EthereumNode;
  sink: ChainSink;
  chainId: number;
  /** A block is confirmed with `head − block + 1` at least this. */
  confirmations: number;
  pollIntervalMs: number;
  artifactsDir: string;
  clock: Clock;
  log: Log;
  /** Blocks of one `eth_getLogs`. */
  pageBlocks?: number;
  /** How long a node may be behind what was followed already before that counts as gone from the chain. */
  behindGraceMs?: number;
}

const LONGEST_RETRY_MS = 2000;
const WAIT_FOR_CONTRACTS_MS = 500;
const LOOK_AT_ARTIFACTS_MS = 1000;
const ANCESTORS_AT_ONCE = 32;
const LARGEST_MIND_CHANGES = 5;

export class Follower implements Service {
  private found: Contracts | null = null;
  /** False when the node may have another chain than at the last look. */
  private isRecognized = false;
  private foundStamp = "";
  private lookedAtArtifactsMs = 0;
  /** Hash of the head whose events the sink has; null when it has to be looked at again whatever it is. */
  private followedHead: string | null = null;
  private behindSinceMs: number | null = null;
  private blocksAtOnce: number;
  private mindChanges = 0;
  private state = "";
  private running: Promise<void> = Promise.resolve();
  private readonly stopping = new AbortController();

  constructor(private readonly options: FollowerOptions) {
    this.blocksAtOnce = options.pageBlocks ?? 2000;
  }

  /** @throws WrongChainError. A node that cannot be reached is no error: it is waited for. */
  async start(): Promise<void> {
    try {
      await checkChainId(this.options.node, this.options.chainId);
    } catch (error) {
      if (error instanceof WrongChainError || !(error instanceof NodeError)) throw error;
    }
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** Where the contracts are, a lost node or not; null when they are not on its chain, or it was never reached. */
  contracts(): Contracts | null {
    return this.found;
  }

  /** Whether the sink is at the node's head, as far as the last look could tell. */
  isFollowing(): boolean {
    return this.followedHead !== null;
  }

  private async run(): Promise<void> {
    let failures = 0;
    while (!this.stopping.signal.aborted) {
      let waitMs: number;
      try {
        waitMs = await this.step();
        failures = 0;
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        waitMs = Math.min(this.options.pollIntervalMs * 2 ** ++failures, LONGEST_RETRY_MS);
        this.lose(error);
      }
      await pause(waitMs, this.stopping.signal);
    }
  }

  private lose(error: unknown): void {
    this.isRecognized = false;
    this.followedHead = null;
    const message = messageOf(error);
    if (error instanceof NodeError) this.tell("nodeLost", `${message}; trying again`);
    // Not the node's fault: the store, or a broken artifact. The cursor stands where it stood.
    else this.options.log.error(`following the chain failed and is tried again: ${message}`);
  }

  /** One look at the node. @returns milliseconds until the next */
  private async step(): Promise<number> {
    const { node, sink, confirmations, pollIntervalMs } = this.options;
    this.lookAtArtifacts();
    const head = await node.head();
    if (!this.isRecognized && !(await this.recognizeChain())) return WAIT_FOR_CONTRACTS_MS;
    if (head.hash === this.followedHead) return pollIntervalMs;

    const cursor = sink.cursor();
    if (cursor && head.block < cursor.block) return this.meetNodeBehind(head, cursor.block);
    this.behindSinceMs = null;

    const from = cursor ? cursor.block + 1 : 0;
    const last = await this.lastOfPage(head, from);
    const confirmed = Math.min(head.block - confirmations + 1, last.block);
    const page = await this.read(from, last, [cursor?.block ?? last.block, Math.max(confirmed, 0)]);
    if (!page) return 0;
    if (cursor && page.header(cursor.block).hash !== cursor.hash) {
      await this.rollBack(`block ${cursor.block} was replaced`);
      return 0;
    }
    this.deliver(page, from, confirmed);
    if (last.block < head.block) {
      const percent = Math.floor((100 * last.block) / head.block);
      this.tell("rebuilding", `reading block ${last.block} of ${head.block} (${percent} %)`);
      return 0;
    }
    const early = page.events.filter((event) => event.block > confirmed);
    const headers = [...new Set(early.map((event) => event.block))].map((block) => page.header(block));
    sink.preview(early, headers, head);
    this.followedHead = head.hash;
    this.tell("following", `chain ${this.options.chainId}`);
    return pollIntervalMs;
  }

  private deliver(page: Page, from: number, confirmed: number): void {
    if (confirmed < from) return;
    const events = page.events.filter((event) => event.block <= confirmed);
    const blocks = [...new Set([...events.map((event) => event.block), confirmed])];
    this.options.sink.apply({
      headers: blocks.map((block) => page.header(block)),
      events,
      through: page.header(confirmed),
    });
  }

  private async lastOfPage(head: NodeHeader, from: number): Promise<NodeHeader> {
    // Never so few that nothing on the page is confirmed: the follower would stand still.
    const blocks = Math.max(this.blocksAtOnce, this.options.confirmations + 1);
    if (from + blocks > head.block) return head;
    const last = await this.options.node.header(from + blocks - 1);
    if (!last) throw new NodeError(`the node has block ${head.block} but not block ${from + blocks - 1}`);
    return last;
  }

  private async read(from: number, last: NodeHeader, alsoBlocks: number[]): Promise<Page | null> {
    const { node, pageBlocks = 2000 } = this.options;
    try {
      const page = await readPage(node, this.found!.trade, from, last, alsoBlocks);
      this.mindChanges = page ? 0 : this.mindChanges + 1;
      if (this.mindChanges > LARGEST_MIND_CHANGES)
        throw new NodeError("the node's chain changes at every look");
      this.blocksAtOnce = Math.min(2 * this.blocksAtOnce, pageBlocks);
      return page;
    } catch (error) {
      // Nodes limit the answer in ways of their own; fewer blocks may pass.
      this.blocksAtOnce = Math.max(1, this.blocksAtOnce >> 1);
      throw error;
    }
  }

  /**
   * The node's head is below the cursor. Either it lost blocks (a killed embedded chain), or it is still catching up
   * (a validator after a restart). Both look the same while what it has agrees with what was followed, so it gets a
   * little time; waiting costs nothing, going back and forth would open the relay of a running delivery.
   */
  private async meetNodeBehind(head: NodeHeader, cursorBlock: number): Promise<number> {
    const { sink, node, clock, pollIntervalMs, behindGraceMs = 3000 } = this.options;
    this.followedHead = null;
    this.behindSinceMs ??= clock.nowMs();
    const known = sink.knownBlocks().find(({ block }) => block <= head.block);
    const agrees = known === undefined || (await node.header(known.block))?.hash === known.hash;
    const where = `the node is at block ${head.block}, behind block ${cursorBlock} that was followed already`;
    if (agrees && clock.nowMs() - this.behindSinceMs < behindGraceMs) {
      this.tell("nodeLost", `${where}; waiting for it to catch up`);
      return pollIntervalMs;
    }
    this.behindSinceMs = null;
    await this.rollBack(where);
    return 0;
  }

  private async rollBack(reason: string): Promise<void> {
    const { sink, node, log } = this.options;
    this.followedHead = null;
    const known = sink.knownBlocks();
    let ancestor = 0;
    for (let i = 0; i < known.length && ancestor === 0; i += ANCESTORS_AT_ONCE) {
      const some = known.slice(i, i + ANCESTORS_AT_ONCE);
      const headers = await node.headers(some.map(({ block }) => block));
      ancestor = some.find(({ hash }, j) => headers[j]?.hash === hash)?.block ?? 0;
    }
    log.warn(`reorganisation: ${reason}; going back to block ${ancestor}`);
    sink.rollback(ancestor);
    // So deep a change may have taken the contracts, or brought others.
    this.isRecognized = false;
  }

  private async recognizeChain(): Promise<boolean> {
    const { node, sink, chainId, artifactsDir, log } = this.options;
    this.foundStamp = artifactsStamp(artifactsDir);
    const recognition = await recognize(node, chainId, artifactsDir);
    const forgotten = adopt(sink, recognition);
    if (forgotten) {
      log.warn(forgotten);
      this.tell("rebuilding", forgotten);
    }
    this.found = recognition.contracts;
    this.isRecognized = this.found !== null;
    if (!this.isRecognized) {
      this.followedHead = null;
      this.tell("noContracts", recognition.detail);
    }
    return this.isRecognized;
  }

  /** A migration may have moved the contracts while the server runs. */
  private lookAtArtifacts(): void {
    const { clock, artifactsDir } = this.options;
    if (clock.nowMs() - this.lookedAtArtifactsMs < LOOK_AT_ARTIFACTS_MS) return;
    this.lookedAtArtifactsMs = clock.nowMs();
    if (!this.isRecognized || artifactsStamp(artifactsDir) === this.foundStamp) return;
    this.isRecognized = false;
    this.followedHead = null;
  }

  private tell(state: "following" | "nodeLost" | "rebuilding" | "noContracts", detail: string): void {
    const { sink, log } = this.options;
    const line = `${state}: ${detail}`;
    if (line === this.state) return;
    this.state = line;
    if (state === "following" || state === "rebuilding") log.info(line);
    else log.warn(line);
    sink.nodeState(state, detail);
  }
}
