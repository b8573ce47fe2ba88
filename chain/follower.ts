/**
 * Follows EnergyTrade from the stored cursor: every event once, in order, when it has enough confirmations; those
 * still without are previewed. A node that is gone, behind, reorganised or reset is waited for or followed, forever.
 */
import { type Log, messageOf } from "../common/log";
import { pause } from "../common/pause";
import type { Clock, Service } from "../common/service";
import { type BlockId, commonAncestor } from "./ancestor";
import { artifactsStamp, type DeployedContracts } from "./artifacts";
import { adopt, checkChainId, recognize, WrongChainError } from "./identity";
import type { EthereumNode, NodeHeader } from "./node";
import { confirmedBatch, type Page, readPage, unconfirmed } from "./page";
import { NodeError, RpcError, TooLargeError } from "./rpc";
import type { ChainSink } from "./sink";

export interface FollowerOptions {
  /** Its own: stopping ends what is under way there. */
  node: EthereumNode;
  sink: ChainSink;
  chainId: number;
  /** A block is confirmed with `head − block + 1` at least this. */
  confirmations: number;
  pollIntervalMs: number;
  artifactsDir: string;
  clock: Clock;
  log: Log;
  /** Blocks of one `eth_getLogs`, at most. */
  pageBlocks?: number;
  /** How long a node may be behind what was followed already before that counts as gone from the chain. */
  behindGraceMs?: number;
}

const LONGEST_RETRY_MS = 2000;
const WAIT_FOR_CONTRACTS_MS = 500;
const LOOK_AT_ARTIFACTS_MS = 1000;
const PAGE_BLOCKS = 2000;
/** A full block has a hundred events, an idle day none: the first pages are short, and grow while little is on them. */
const FIRST_PAGE_BLOCKS = 64;
const FEW_EVENTS = 1000;
const LARGEST_MIND_CHANGES = 5;

export class Follower implements Service {
  private found: DeployedContracts | null = null;
  /** False when the node may have another chain than at the last look. */
  private isRecognized = false;
  private foundStamp = "";
  private lookedAtArtifactsMs = Number.NEGATIVE_INFINITY;
  /** Hash of the head whose events the sink has; null when it has to be looked at again whatever it is. */
  private followedHead: string | null = null;
  private behindSinceMs: number | null = null;
  private blocksAtOnce: number;
  private mindChanges = 0;
  private state = "";
  private running: Promise<void> = Promise.resolve();
  private readonly stopping = new AbortController();

  constructor(private readonly options: FollowerOptions) {
    this.blocksAtOnce = Math.min(FIRST_PAGE_BLOCKS, this.mostBlocks);
  }

  private get mostBlocks(): number {
    return this.options.pageBlocks ?? PAGE_BLOCKS;
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
    this.options.node.stop();
    await this.running;
  }

  /** Where the contracts are, a lost node or not; null when they are not on its chain, or it was never reached. */
  contracts(): DeployedContracts | null {
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
    if (error instanceof NodeError) this.tell("nodeLost", `${messageOf(error)}; trying again`);
    // Not the node's fault but the store's. The cursor stands where it stood.
    else this.tell("nodeLost", `the chain cannot be followed: ${messageOf(error)}; trying again`);
  }

  /** One look at the node. @returns milliseconds until the next */
  private async step(): Promise<number> {
    const { node, sink, confirmations, pollIntervalMs } = this.options;
    this.lookAtArtifacts();
    const head = await node.head();
    const missing = this.isRecognized ? null : await this.recognizeChain();
    if (head.hash === this.followedHead) return pollIntervalMs;

    const cursor = sink.cursor();
    if (cursor && head.block < cursor.block) return this.meetNodeBehind(head, cursor.block, missing);
    this.behindSinceMs = null;
    if (missing !== null) return this.waitForContracts(missing, cursor);

    const from = cursor ? cursor.block + 1 : 0;
    const last = await this.lastOfPage(head, from);
    const confirmed = Math.min(head.block - confirmations + 1, last.block);
    const page = await this.read(from, last, [cursor?.block ?? last.block, Math.max(confirmed, 0)]);
    if (!page) return 0;
    if (cursor && page.header(cursor.block).hash !== cursor.hash) {
      await this.goBack(`block ${cursor.block} was replaced`);
      return 0;
    }
    if (confirmed >= from) sink.apply(confirmedBatch(page, confirmed));
    if (last.block < head.block) {
      this.tell("rebuilding", `reading block ${last.block} of ${head.block}`);
      return 0;
    }
    const early = unconfirmed(page, confirmed);
    sink.preview(early.events, early.headers, head);
    this.followedHead = head.hash;
    this.tell("following", `chain ${this.options.chainId}`);
    return pollIntervalMs;
  }

  private async lastOfPage(head: NodeHeader, from: number): Promise<NodeHeader> {
    // Never so few that nothing on the page is confirmed: the follower would stand still.
    const blocks = Math.max(this.blocksAtOnce, this.options.confirmations + 1);
    if (from + blocks > head.block) return head;
    const last = await this.options.node.header(from + blocks - 1);
    if (!last) throw new NodeError(`the node has block ${head.block} but not block ${from + blocks - 1}`);
    return last;
  }

  /** @returns null when the stretch has to be read again, by now perhaps a shorter one */
  private async read(from: number, last: NodeHeader, alsoBlocks: number[]): Promise<Page | null> {
    try {
      const page = await readPage(this.options.node, this.found!.trade, from, last, alsoBlocks);
      this.mindChanges = page ? 0 : this.mindChanges + 1;
      if (this.mindChanges > LARGEST_MIND_CHANGES)
        throw new NodeError("the node's chain changes at every look");
      if (page && page.events.length < FEW_EVENTS)
        this.blocksAtOnce = Math.min(this.blocksAtOnce * 2, this.mostBlocks);
      return page;
    } catch (error) {
      if (!(error instanceof NodeError) || this.blocksAtOnce === 1) throw error;
      // Nodes limit an answer in ways of their own, and a slow one does not answer in time: fewer blocks may pass.
      this.blocksAtOnce = Math.ceil(this.blocksAtOnce / 2);
      if (!(error instanceof RpcError || error instanceof TooLargeError)) throw error;
      return null;
    }
  }

  /**
   * The node's head is below the cursor. Either it lost blocks (a killed embedded chain), or it is still catching up
   * (a validator after a restart). Both look the same while what it has agrees with what was followed, so it gets a
   * little time; waiting costs nothing, going back and forth would open the relay of a running delivery. And while it
   * has nothing to compare with, nothing is forgotten.
   */
  private async meetNodeBehind(
    head: NodeHeader,
    cursorBlock: number,
    missing: string | null,
  ): Promise<number> {
    const { sink, node, clock, pollIntervalMs, behindGraceMs = 3000 } = this.options;
    this.followedHead = null;
    this.behindSinceMs ??= clock.steadyMs();
    const where = `the node is at block ${head.block}, behind block ${cursorBlock} that was followed already`;
    const known = sink.knownBlocks().find(({ block }) => block <= head.block);
    const agrees = known && (await node.header(known.block))?.hash === known.hash;
    if (!known || (agrees && clock.steadyMs() - this.behindSinceMs < behindGraceMs)) {
      if (missing) this.tell("noContracts", missing);
      else this.tell("nodeLost", `${where}; waiting for it to catch up`);
      return pollIntervalMs;
    }
    this.behindSinceMs = null;
    await this.goBack(where);
    return 0;
  }

  /** Forgets the blocks that the node's chain does not have; all, when it has none of them. */
  private async goBack(reason: string): Promise<void> {
    const { sink, node } = this.options;
    this.followedHead = null;
    // So deep a change may have taken the contracts, or brought others.
    this.isRecognized = false;
    const ancestor = await commonAncestor(node, sink.knownBlocks());
    if (ancestor) {
      this.tell("rebuilding", `${reason}: going back to block ${ancestor.block}`);
      return sink.rollback(ancestor.block);
    }
    // Not a rollback: a trade of the old chain must not lend its deliveries to one of the new with the same id.
    this.tell("rebuilding", "the chain was reset: offers and trades of the old one are forgotten");
    sink.reset(sink.chainIdentity()!);
  }

  /** @returns why there are no contracts; null when there are */
  private async recognizeChain(): Promise<string | null> {
    const { node, sink, chainId, artifactsDir } = this.options;
    this.foundStamp = artifactsStamp(artifactsDir);
    const recognition = await recognize(node, chainId, artifactsDir);
    const forgotten = adopt(sink, recognition);
    if (forgotten) this.tell("rebuilding", forgotten);
    this.found = recognition.contracts;
    this.isRecognized = this.found !== null;
    if (this.isRecognized) return null;
    this.followedHead = null;
    return recognition.detail;
  }

  /** A reset chain can have the old one's genesis block: what the store has of the old one must not outlive it. */
  private async waitForContracts(detail: string, cursor: BlockId | null): Promise<number> {
    if (cursor && (await this.options.node.header(cursor.block))?.hash !== cursor.hash)
      await this.goBack(`block ${cursor.block} was replaced`);
    this.tell("noContracts", detail);
    return WAIT_FOR_CONTRACTS_MS;
  }

  /** A migration may have moved the contracts while the server runs. */
  private lookAtArtifacts(): void {
    const { clock, artifactsDir } = this.options;
    if (clock.steadyMs() - this.lookedAtArtifactsMs < LOOK_AT_ARTIFACTS_MS) return;
    this.lookedAtArtifactsMs = clock.steadyMs();
    if (!this.isRecognized || artifactsStamp(artifactsDir) === this.foundStamp) return;
    this.isRecognized = false;
    this.followedHead = null;
  }

  private tell(state: "following" | "nodeLost" | "rebuilding" | "noContracts", detail: string): void {
    const { sink, log } = this.options;
    const line = `${state}: ${detail}`;
    if (line === this.state) return;
    this.state = line;
    log[state === "following" ? "info" : "warn"](line);
    sink.nodeState(state, detail);
  }
}
