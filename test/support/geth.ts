/** Real geth networks for tests: on free ports, in a folder of their own, gone afterwards. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FeeMarketEIP1559Transaction, privateKeyToAddress, signTransaction } from "web3-eth-accounts";
import { ask } from "../../chain/rpc";
import { GETH_CHAIN_ID } from "../../common/lab";
import { askUntil } from "../../geth/ask-until";
import { ipcPath, type NodePlan, nodeCount, nodeFolder, type Place } from "../../geth/folder";
import { guardNetwork } from "../../geth/guard";
import { install, lookForTools } from "../../geth/install";
import {
  type LabSettings,
  makeLabNetwork,
  type Network,
  startNetwork,
  statusOf,
  untilSameHead,
} from "../../geth/network";
import { killNode, lastLines, logFile, runningPid } from "../../geth/node";
import { lookForGeth, lookForPuppeth } from "../../geth/programs";
import { endsWithUs } from "../../scripts/ending";
import { need } from "./need";

/** Builds geth and puppeth where Go and a C compiler are, and skips (in CI: fails) where they are not. */
export async function needGeth(context: Mocha.Context): Promise<void> {
  const isThere = () => "program" in lookForGeth() && "program" in lookForPuppeth();
  if (!isThere() && "go" in lookForTools()) {
    context.timeout(900_000);
    await install();
  }
  need(context, "geth", isThere());
}

/** TCP ports that nobody has, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const held: Server[] = [];
  for (let i = 0; i < count; i++) {
    const server = createServer();
    await new Promise<void>((resolve, reject) =>
      server.once("error", reject).listen(0, "127.0.0.1", resolve),
    );
    held.push(server);
  }
  const ports = held.map((server) => (server.address() as { port: number }).port);
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

export async function freePlaces(count: number): Promise<Place[]> {
  const ports = await freePorts(count * 3);
  return Array.from({ length: count }, (_, i) => ({
    peerPort: ports[3 * i]!,
    authPort: ports[3 * i + 1]!,
    rpcPort: ports[3 * i + 2]!,
  }));
}

export interface Receipt {
  blockNumber: string;
  blockHash: string;
  status: string;
}

/** A network under test. Nodes are named by number, from 1: node 2 is the one that only validates. */
export class TestNetwork {
  private forget: () => void = () => {};
  private constructor(
    readonly dir: string,
    readonly network: Network,
    private readonly release: () => void,
  ) {}

  /**
   * A new lab network at period 1; `stop` it in `after`.
   * @param prepare changes the folder before the first start
   */
  static async start(
    settings: LabSettings = {},
    prepare: (dir: string) => void = () => {},
  ): Promise<TestNetwork> {
    const dir = mkdtempSync(join(tmpdir(), "nw-geth-"));
    const profile = settings.profile ?? "one-sealer";
    const release = guardNetwork(dir);
    try {
      makeLabNetwork(dir, {
        ...settings,
        places: settings.places ?? (await freePlaces(nodeCount(profile))),
      });
      prepare(dir);
      const network = await startNetwork(dir);
      const net = new TestNetwork(dir, network, release);
      // A test run that is ended in the middle leaves no nodes either.
      net.forget = endsWithUs("network of a test", () => net.stop());
      return net;
    } catch (error) {
      rmSync(dir, { recursive: true, force: true });
      release();
      throw error;
    }
  }

  /** Of node 2, over HTTP. */
  get rpcUrl(): string {
    return this.network.rpcUrl;
  }

  node(number: number): NodePlan {
    const node = this.network.plan.nodes[number - 1];
    assert(node, `there is no node ${number}`);
    return node;
  }

  folder(number: number): string {
    return nodeFolder(this.dir, this.node(number));
  }

  log(number: number, lines = 400): string {
    return lastLines(logFile(this.folder(number)), lines);
  }

  /** Over the node's IPC socket. */
  ask<T>(number: number, method: string, ...params: unknown[]): Promise<T> {
    return ask<T>(ipcPath(this.dir, this.node(number)), method, ...params);
  }

  async head(number: number): Promise<{ block: number; hash: string }> {
    const status = await statusOf(this.dir, this.node(number));
    assert("head" in status, `node ${number} does not answer`);
    return status.head;
  }

  /**
   * The newest block with two confirmations. The head itself is no promise: after a start geth 1.10 can seal a
   * height twice within milliseconds, empty and with the transactions that wait, and keep the one while its peer keeps the other.
   */
  async confirmed(number: number): Promise<{ block: number; hash: string }> {
    const { block } = await this.untilBlock(number, 1);
    return { block: block - 1, hash: (await this.hashes(number, block - 1)).at(-1) as string };
  }

  /** Waits until the node's head is at least at `block`. */
  untilBlock(number: number, block: number): Promise<{ block: number; hash: string }> {
    return askUntil(
      `node ${number} does not reach block ${block}`,
      () => this.head(number),
      (head) => head.block >= block,
      60_000,
    );
  }

  untilSameHead(numbers: number[], atLeast = 1): Promise<number> {
    return untilSameHead(
      this.dir,
      numbers.map((number) => this.node(number)),
      atLeast,
    );
  }

  /** `kill -9`. */
  kill(number: number): Promise<void> {
    return killNode(this.dir, this.node(number));
  }

  /** Stops the node's process where it stands, until `thaw`. */
  freeze(number: number): void {
    this.signal(number, "SIGSTOP");
  }

  thaw(number: number): void {
    this.signal(number, "SIGCONT");
  }

  private signal(number: number, signal: NodeJS.Signals): void {
    const pid = runningPid(this.dir, this.node(number));
    assert(pid !== null, `node ${number} does not run`);
    process.kill(pid, signal);
  }

  /** Starts whatever does not run, as `npm run geth -- up` does. */
  async up(): Promise<void> {
    await startNetwork(this.dir);
  }

  /** Hash of each block from 0 to `through`, as this node has it. */
  async hashes(number: number, through: number): Promise<string[]> {
    const blocks = Array.from({ length: through + 1 }, (_, i) => `0x${i.toString(16)}`);
    const headers = await Promise.all(
      blocks.map((block) => this.ask<{ hash: string }>(number, "eth_getBlockByNumber", block, false)),
    );
    return headers.map((header) => header.hash);
  }

  /** Waits until this node knows a receipt for each of these transactions. */
  async untilSealed(number: number, txHashes: readonly string[]): Promise<Receipt[]> {
    const receipts: Receipt[] = [];
    for (const txHash of txHashes) {
      const receipt = await askUntil(
        `${txHash} is not sealed for node ${number}`,
        () => this.ask<Receipt | null>(number, "eth_getTransactionReceipt", txHash),
        (answer) => answer !== null,
        60_000,
      );
      receipts.push(receipt!);
    }
    return receipts;
  }

  /** Stops every node and removes the folder. */
  async stop(): Promise<void> {
    this.forget();
    await this.network.stop();
    rmSync(this.dir, { recursive: true, force: true });
    this.release();
  }
}

/** Sends 1-wei transfers from one account through one node, and remembers them. */
export class Transfers {
  readonly txHashes: string[] = [];
  /** Nobody's, and this sender's alone: its balance in wei is how many of the transfers were carried out. */
  readonly recipient: string;

  constructor(
    private readonly net: TestNetwork,
    private readonly throughNode: number,
    private readonly privateKey: string,
  ) {
    this.recipient = `0x${privateKeyToAddress(privateKey).slice(2, 10).padEnd(40, "5e")}`;
  }

  async send(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const transaction = FeeMarketEIP1559Transaction.fromTxData({
        chainId: GETH_CHAIN_ID,
        nonce: this.txHashes.length,
        maxFeePerGas: 3_000_000_000n,
        maxPriorityFeePerGas: 1_000_000_000n,
        gasLimit: 21_000n,
        to: this.recipient,
        value: 1n,
      });
      const { rawTransaction } = await signTransaction(transaction, this.privateKey);
      this.txHashes.push(
        await this.net.ask<string>(this.throughNode, "eth_sendRawTransaction", rawTransaction),
      );
    }
  }

  /** Every transfer is in a block of each node's chain, the same for all, and carried out exactly once. */
  async assertAllSealedOnce(nodes: number[]): Promise<void> {
    const sealed = await this.net.untilSealed(nodes[0]!, this.txHashes);
    // Not by their heads, which can be twins for a moment: see `confirmed`.
    await this.net.untilSameHead(
      nodes,
      Math.max(...sealed.map(({ blockNumber }) => Number(blockNumber))) + 1,
    );
    const [first, ...others] = await Promise.all(
      nodes.map((node) => this.net.untilSealed(node, this.txHashes)),
    );
    for (const receipts of others) assert.deepEqual(receipts, first);
    assert(first!.every((receipt) => receipt.status === "0x1"));
    for (const node of nodes) {
      const balance = await this.net.ask<string>(node, "eth_getBalance", this.recipient, "latest");
      assert.equal(Number(balance), this.txHashes.length, `what node ${node} says the recipient has`);
    }
  }
}

/** TCP ports a process listens on, as "address:port", read from the kernel (Linux). */
export function listeningPorts(pid: number): string[] {
  const inodes = new Set<string>();
  for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
    const target = readlinkSync(`/proc/${pid}/fd/${descriptor}`);
    const match = /^socket:\[(\d+)\]$/.exec(target);
    if (match) inodes.add(match[1]!);
  }
  const LISTEN = "0A";
  return ["tcp", "tcp6"].flatMap((kind) =>
    readFileSync(`/proc/${pid}/net/${kind}`, "utf8")
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === LISTEN && inodes.has(fields[9]!))
      .map((fields) => readableAddress(fields[1]!)),
  );
}

/** The kernel writes 127.0.0.1:8547 as 0100007F:2163. */
function readableAddress(hex: string): string {
  const [address, port] = hex.split(":") as [string, string];
  if (address.length > 8) return `[${address}]:${Number.parseInt(port, 16)}`;
  const bytes = address.match(/../g)!.reverse();
  return `${bytes.map((byte) => Number.parseInt(byte, 16)).join(".")}:${Number.parseInt(port, 16)}`;
}
