/**
 * Every node of the network, for the page's chain view. Each is asked for itself, about once a second and only while
 * somebody looks; one that is gone, slow or talks nonsense is shown as such and keeps nobody else waiting for long.
 * Nothing here moves money or the relay: those follow the one node of RPC_URL, see `follower.ts`.
 */
import { z } from "zod";
import type { Contracts } from "../../chain/artifacts";
import { checksumAddress } from "../../chain/checksum";
import { address, header, integer, type NodeHeader } from "../../chain/node";
import { type Call, JsonRpc, NodeError, RpcError } from "../../chain/rpc";
import type { Address } from "../../common/address";
import type { NetworkView, NodeView } from "../../common/events";
import { type Log, messageOf } from "../../common/log";
import { pause } from "../../common/pause";
import type { Clock, Service } from "../../common/service";
import type { NodeAddress } from "../node-list";
import { RecentBlocks } from "./blocks";

export interface NodesOptions {
  nodes: NodeAddress[];
  chainId: number;
  contracts(): Contracts | null;
  /** Pages that look now. */
  watchers(): number;
  /** Told whenever something has changed. */
  changed(view: NetworkView): void;
  clock: Clock;
  log: Log;
  intervalMs?: number;
  timeoutMs?: number;
}

const INTERVAL_MS = 1000;
const TIMEOUT_MS = 2000;
/** A snapshot shows nothing older than this. */
const FRESH_MS = 5000;
/** A node's own words are in it. */
const MAX_DETAIL = 200;
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** What one node said; what it refuses to say, or may not be asked where it is, is null. */
interface Answer {
  node: NodeAddress;
  rpc: JsonRpc;
  view: NodeView;
  head: NodeHeader | null;
  sealers: Address[] | null;
  periodS: number | null;
}

const pool = z.object({ pending: integer });
const nodeInfo = z.object({
  protocols: z.object({
    eth: z.object({ config: z.object({ clique: z.object({ period: z.int().min(0) }) }) }),
  }),
});
const sealerList = z.array(address.transform(checksumAddress)).max(1000);

export class Nodes implements Service {
  private readonly lines: { node: NodeAddress; rpc: JsonRpc }[];
  private readonly blocks = new RecentBlocks();
  private readonly ending = new AbortController();
  private looking: Promise<NetworkView> | null = null;
  private last: { view: NetworkView; atMs: number } | null = null;
  private told = "";
  private running = Promise.resolve();

  constructor(private readonly options: NodesOptions) {
    const { timeoutMs = TIMEOUT_MS, nodes } = options;
    this.lines = nodes.map((node) => {
      const rpc = new JsonRpc({ url: node.address, timeoutMs, maxAnswerBytes: MAX_ANSWER_BYTES });
      return { node, rpc };
    });
  }

  async start(): Promise<void> {
    const { intervalMs = INTERVAL_MS, watchers, log } = this.options;
    const { signal } = this.ending;
    this.running = (async () => {
      while (!signal.aborted) {
        if (watchers() > 0)
          await this.look().catch((error: unknown) => log.error(`the nodes: ${messageOf(error)}`));
        await pause(intervalMs, signal);
      }
    })();
  }

  async stop(): Promise<void> {
    this.ending.abort();
    for (const { rpc } of this.lines) rpc.stop();
    await this.running;
  }

  /** As it was seen a moment ago; null when nobody has looked lately. */
  recent(): NetworkView | null {
    return this.last && this.options.clock.steadyMs() - this.last.atMs < FRESH_MS ? this.last.view : null;
  }

  /** As it is now, or was within the last second. */
  async view(): Promise<NetworkView> {
    const ageMs = this.last ? this.options.clock.steadyMs() - this.last.atMs : Number.POSITIVE_INFINITY;
    return this.last && ageMs < (this.options.intervalMs ?? INTERVAL_MS) ? this.last.view : this.look();
  }

  private look(): Promise<NetworkView> {
    this.looking ??= this.ask().finally(() => {
      this.looking = null;
    });
    return this.looking;
  }

  private async ask(): Promise<NetworkView> {
    const answers = await Promise.all(this.lines.map(({ node, rpc }) => this.askNode(node, rpc)));
    const blocks = await this.readBlocks(answers);
    const known = answers.find(({ sealers }) => sealers !== null)?.sealers;
    const view: NetworkView = {
      nodes: answers.map(({ view }) => view),
      sealers: known ?? [...new Set(blocks.flatMap(({ sealer }) => sealer ?? []))].sort(),
      periodS: answers.find(({ periodS }) => periodS !== null)?.periodS ?? shortestGapS(blocks),
      blocks,
    };
    this.last = { view, atMs: this.options.clock.steadyMs() };
    const json = JSON.stringify(view);
    if (json !== this.told) this.options.changed(view);
    this.told = json;
    return view;
  }

  private async askNode(node: NodeAddress, rpc: JsonRpc): Promise<Answer> {
    const view: NodeView = {
      ...{ name: node.name, state: "answers", detail: "", head: null },
      ...{ peers: null, pending: null, isSealing: null },
    };
    const silent: Answer = { node, rpc, view, head: null, sealers: null, periodS: null };
    try {
      const [chainId, head, peers, txpool, isSealing, sealers, info] = (await rpc.batch<unknown>(
        questionsFor(node),
      )) as Answered;
      if (chainId instanceof RpcError) throw chainId;
      if (head instanceof RpcError) throw head;
      if (chainId !== this.options.chainId) {
        view.state = "wrongChain";
        view.detail = `serves chain ${chainId}, not ${this.options.chainId}`;
        return silent;
      }
      view.head = { block: head.block, hash: head.hash, atMs: head.atS * 1000 };
      view.peers = said(peers);
      view.pending = said(txpool)?.pending ?? null;
      view.isSealing = said(isSealing);
      const periodS = said(info)?.protocols.eth.config.clique.period ?? null;
      return { ...silent, head, sealers: said(sealers), periodS };
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      // Where it listens is the operator's own business; the page is told why it does not answer.
      view.state = "silent";
      view.detail = error.message.replace(`the node at ${node.address} `, "").slice(0, MAX_DETAIL);
      return silent;
    }
  }

  /** From whoever is farthest ahead and can give them. */
  private async readBlocks(answers: Answer[]): Promise<NetworkView["blocks"]> {
    const ahead = answers
      .flatMap(({ rpc, head, node }) => (head ? [{ rpc, head, node }] : []))
      .sort((a, b) => b.head.block - a.head.block);
    for (const { rpc, head, node } of ahead) {
      try {
        return await this.blocks.upTo(head, rpc, this.options.contracts());
      } catch (error) {
        if (!(error instanceof NodeError)) throw error;
        this.options.log.debug(`${node.name}'s blocks: ${error.message}`);
      }
    }
    return this.last?.view.blocks ?? [];
  }
}

type Said<T> = T | RpcError | undefined;
type Answered = [
  chainId: number | RpcError,
  head: NodeHeader | RpcError,
  peers: Said<number>,
  txpool: Said<z.infer<typeof pool>>,
  isSealing: Said<boolean>,
  sealers: Said<Address[]>,
  info: Said<z.infer<typeof nodeInfo>>,
];

const said = <T>(answer: Said<T>): T | null =>
  answer instanceof RpcError || answer === undefined ? null : answer;

/** In the order of `Answered`. `clique` and `admin` are behind the IPC socket alone. */
function questionsFor({ address }: NodeAddress): Call<unknown>[] {
  const ask = (method: string, schema: z.ZodType<unknown>, ...params: unknown[]) => ({
    method,
    params,
    schema,
  });
  const open = [
    ask("eth_chainId", integer),
    ask("eth_getBlockByNumber", header, "latest", false),
    ask("net_peerCount", integer),
    ask("txpool_status", pool),
    ask("eth_mining", z.boolean()),
  ];
  if (!address.startsWith("/")) return open;
  return [...open, ask("clique_getSigners", sealerList), ask("admin_nodeInfo", nodeInfo)];
}

/** Clique refuses a block that comes sooner than the period: the shortest gap is the period, or a little more. */
function shortestGapS(blocks: NetworkView["blocks"]): number | null {
  const sealed = blocks.filter(({ sealer }) => sealer !== null);
  const gaps = sealed.slice(1).map(({ atMs }, i) => (sealed[i]!.atMs - atMs) / 1000);
  return gaps.length > 0 ? Math.min(...gaps) : null;
}
