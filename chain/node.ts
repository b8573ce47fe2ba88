/** What the server reads from an Ethereum node, each answer checked before it is believed. */
import { z } from "zod";
import type { Address } from "../common/address";
import { type RawHeader, sealerOf } from "./clique";
import { encodeCall, tradeAbi } from "./codec";
import { type Call, type JsonRpc, NodeError, type RpcError } from "./rpc";
import type { BlockHeader } from "./sink";

export const hex = z.string().regex(/^0x([0-9a-f]{2})*$/i, "not 0x-hex bytes");
const hexOf = (bytes: number) =>
  z.string().regex(new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`, "i"), `not ${bytes} bytes of 0x-hex`);
export const quantity = z.string().regex(/^0x[0-9a-f]{1,64}$/i, "not a 0x-hex number");
export const integer = quantity.transform((text, context) => {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  context.addIssue({ code: "custom", message: "too large a number" });
  return z.NEVER;
});
export const hash = hexOf(32).transform((text) => text.toLowerCase());
export const address = hexOf(20);

const rawHeader: z.ZodType<RawHeader> = z.object({
  hash,
  parentHash: hash,
  sha3Uncles: hash,
  miner: address,
  stateRoot: hash,
  transactionsRoot: hash,
  receiptsRoot: hash,
  logsBloom: hexOf(256),
  difficulty: quantity,
  number: quantity,
  gasLimit: quantity,
  gasUsed: quantity,
  timestamp: quantity,
  extraData: hex,
  mixHash: hash,
  nonce: hexOf(8),
  baseFeePerGas: quantity.optional(),
});

/** A header, and what a transaction's fee must at least be there (wei; 0 before London). */
export interface NodeHeader extends BlockHeader {
  baseFee: bigint;
}

/** The head is looked at many times a second and recovering a sealer costs a millisecond: remembered by block hash. */
const sealers = new Map<string, Address | null>();
const SEALERS_REMEMBERED = 1024;

function rememberedSealer(raw: RawHeader): Address | null {
  let sealer = sealers.get(raw.hash);
  if (sealer === undefined) {
    sealer = sealerOf(raw);
    if (sealers.size >= SEALERS_REMEMBERED) sealers.clear();
    sealers.set(raw.hash, sealer);
  }
  return sealer;
}

/** The last second that a date can name; whoever shows a later one fails. */
const LAST_SECOND = 8_640_000_000_000;

export const header = rawHeader.transform((raw, context): NodeHeader => {
  const [block, atS] = [Number(raw.number), Number(raw.timestamp)];
  if (!Number.isSafeInteger(block) || !(atS <= LAST_SECOND)) {
    context.addIssue({ code: "custom", message: "too large a number" });
    return z.NEVER;
  }
  const { hash, parentHash } = raw;
  return {
    block,
    hash,
    parentHash,
    atS,
    sealer: rememberedSealer(raw),
    baseFee: BigInt(raw.baseFeePerGas ?? 0),
  };
});

const log = z
  .object({
    address,
    topics: z.array(hash).max(4),
    data: hex,
    blockNumber: integer,
    blockHash: hash,
    transactionHash: hash,
    logIndex: integer,
    removed: z.boolean().optional(),
  })
  .refine((entry) => entry.removed !== true, "a log of a block that was removed");
export type RawLog = z.infer<typeof log>;

const receipt = z.object({
  transactionHash: hash,
  blockNumber: integer,
  blockHash: hash,
  status: z.enum(["0x0", "0x1"]).transform((status) => status === "0x1"),
  gasUsed: quantity.transform(BigInt),
  contractAddress: address.nullish(),
});
export type Receipt = z.infer<typeof receipt>;

export interface CallRequest {
  from: string;
  /** Left out where it makes a contract. */
  to?: string;
  data: string;
  /** 0x-hex wei */
  value?: string;
}

/** Few enough that recovering their sealers does not hold up the rest of the server. */
const HEADERS_AT_ONCE = 50;

type BlockTag = number | "latest" | "pending";
const tag = (block: BlockTag) => (typeof block === "number" ? `0x${block.toString(16)}` : block);

export class EthereumNode {
  constructor(private readonly rpc: JsonRpc) {}

  chainId(): Promise<number> {
    return this.rpc.call("eth_chainId", [], integer);
  }

  async head(): Promise<NodeHeader> {
    return this.rpc.call("eth_getBlockByNumber", ["latest", false], header);
  }

  /** Headers in the order asked for; null for a block the node does not have. */
  async headers(blocks: number[]): Promise<(NodeHeader | null)[]> {
    const answers: (NodeHeader | null)[] = [];
    for (let i = 0; i < blocks.length; i += HEADERS_AT_ONCE) {
      const calls = blocks.slice(i, i + HEADERS_AT_ONCE).map((block) => ({
        method: "eth_getBlockByNumber",
        params: [tag(block), false],
        schema: header.nullable(),
      }));
      answers.push(...(await this.rpc.all(calls)));
    }
    answers.forEach((answer, i) => {
      if (answer && answer.block !== blocks[i])
        throw new NodeError(`the node gives block ${answer.block} when asked for block ${blocks[i]}`);
    });
    return answers;
  }

  async header(block: number): Promise<NodeHeader | null> {
    return (await this.headers([block]))[0]!;
  }

  /** Logs of one contract with one of `topics` first, from both ends included. */
  logs(contract: string, topics: string[], from: number, to: number): Promise<RawLog[]> {
    const filter = { address: contract, topics: [topics], fromBlock: tag(from), toBlock: tag(to) };
    return this.rpc.call("eth_getLogs", [filter], z.array(log));
  }

  async hasCode(contract: string): Promise<boolean> {
    return (await this.rpc.call("eth_getCode", [contract, "latest"], hex)) !== "0x";
  }

  /** `GRACE_PERIOD` of an EnergyTrade, seconds. */
  gracePeriodS(trade: string): Promise<number> {
    const request = { to: trade, data: encodeCall(tradeAbi, "GRACE_PERIOD") };
    return this.rpc.call("eth_call", [request, "latest"], hex.transform(Number));
  }

  /** `nonces` of an EnergyTrade: how many consents of a meter were used. */
  consentNonce(trade: string, meter: string): Promise<bigint> {
    const request = { to: trade, data: encodeCall(tradeAbi, "nonces", meter) };
    return this.rpc.call("eth_call", [request, "latest"], hex.transform(BigInt));
  }

  /** What a view answers on the newest block. */
  read(request: { to: string; data: string }): Promise<string> {
    return this.rpc.call("eth_call", [request, "latest"], hex);
  }

  balance(account: string): Promise<bigint> {
    return this.rpc.call("eth_getBalance", [account, "latest"], quantity.transform(BigInt));
  }

  /** Transactions `account` has sent: those in blocks (`latest`), or those that wait as well (`pending`). */
  nonce(account: string, block: "latest" | "pending"): Promise<number> {
    return this.rpc.call("eth_getTransactionCount", [account, block], integer);
  }

  /** On the newest block: by default nodes take the transactions of their pool for granted, ours among them. */
  estimateGas(request: CallRequest): Promise<bigint> {
    return this.rpc.call("eth_estimateGas", [request, "latest"], quantity.transform(BigInt));
  }

  /** What each call would do on the state after a block, each on its own; a revert is an RpcError in its place. */
  tryCalls(requests: CallRequest[], at: "latest" | { blockHash: string }): Promise<(string | RpcError)[]> {
    const block = at === "latest" ? at : { ...at, requireCanonical: true };
    return this.rpc.batch(
      requests.map(
        (request): Call<string> => ({ method: "eth_call", params: [request, block], schema: hex }),
      ),
    );
  }

  send(rawTransaction: string): Promise<string> {
    return this.rpc.call("eth_sendRawTransaction", [rawTransaction], hash);
  }

  receipts(txHashes: string[]): Promise<(Receipt | null)[]> {
    return this.rpc.all(
      txHashes.map((txHash) => ({
        method: "eth_getTransactionReceipt",
        params: [txHash],
        schema: receipt.nullable(),
      })),
    );
  }

  /** The calldata of a transaction, and for whom it is; null when the node does not have it. */
  async calldata(txHash: string): Promise<{ to: string | null; input: string } | null> {
    const transaction = z.object({ to: address.nullish(), input: hex }).nullable();
    const found = await this.rpc.call("eth_getTransactionByHash", [txHash], transaction);
    return found && { to: found.to ?? null, input: found.input };
  }

  /** Whether the node has the transaction, waiting or in a block. */
  async knows(txHash: string): Promise<boolean> {
    const transaction = z.object({ hash }).nullable();
    return (await this.rpc.call("eth_getTransactionByHash", [txHash], transaction)) !== null;
  }

  stop(): void {
    this.rpc.stop();
  }
}
