/**
 * The chain of `npm run bench:restart`, in a process of its own: a JSON-RPC node that serves a street's trades, long
 * closed. anvil would seal 100,000 trades for the better part of an hour. What is made up is that nobody sealed the
 * blocks; each log is encoded by the ABI codec as the contract would have written it, when it is asked for, and a block
 * holds what a full block of the private network holds.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { encodeParameters } from "web3-eth-abi";
import type { TradeEventName } from "../../chain/codec";
import { tradeAbi, tradeEventTopic } from "../../chain/codec";
import { EMBEDDED_CHAIN_ID } from "../../common/lab";

export const TRADE_CONTRACT = "0x00000000000000000000000000000000000e7ade";
export const TOKEN_CONTRACT = "0x00000000000000000000000000000000000070ce";
/** Seconds that a readings may come after the deadline. */
const GRACE_PERIOD_S = 600;
/** Purchases in a block, and settlements of those of the block before. */
const TRADES_IN_BLOCK = 50;
const TRADES_OF_OFFER = 100;
const PRICE_PER_KWH = 120n * 10n ** 18n;
const ORDER_MILLI_WH = 100n;
const FIRST_S = 1_790_000_000;
/** Block 1: meters; block 2: the first offers. */
const FIRST_TRADES_BLOCK = 3;
/** Nothing in them: what is below is confirmed. */
const LAST_EMPTY_BLOCKS = 8;

/** What the node tells the program that has started it. */
export interface NodeReport {
  url?: string;
  /** A question for logs, from both ends included. */
  logs?: { from: number; to: number; count: number };
}

type Values = Record<string, bigint | string | boolean>;

const hashOf = (text: string): string => `0x${createHash("sha256").update(text).digest("hex")}`;
const quantity = (value: number): string => `0x${value.toString(16)}`;
const accountOf = (name: string): string => `0x${hashOf(name).slice(-40)}`;
const topicOf = (value: Values[string]): string =>
  `0x${(typeof value === "bigint" ? value.toString(16) : String(value).slice(2)).padStart(64, "0").toLowerCase()}`;

class Street {
  readonly head: number;
  readonly #offers: number;

  constructor(
    private readonly trades: number,
    private readonly meters: string[],
  ) {
    this.#offers = Math.ceil(trades / TRADES_OF_OFFER);
    this.head = FIRST_TRADES_BLOCK + Math.ceil(trades / TRADES_IN_BLOCK) + LAST_EMPTY_BLOCKS;
  }

  header(block: number) {
    const nothing = `0x${"0".repeat(64)}`;
    return {
      number: quantity(block),
      hash: hashOf(`block ${block}`),
      parentHash: hashOf(`block ${block - 1}`),
      timestamp: quantity(FIRST_S + block),
      ...{ sha3Uncles: nothing, stateRoot: nothing, transactionsRoot: nothing, receiptsRoot: nothing },
      ...{ miner: TOKEN_CONTRACT, logsBloom: `0x${"0".repeat(512)}`, extraData: "0x", mixHash: nothing },
      ...{ difficulty: "0x1", gasLimit: "0x1c9c380", gasUsed: "0x0", nonce: "0x0000000000000000" },
      ...{ baseFeePerGas: "0x7", size: "0x400", transactions: [], uncles: [] },
    };
  }

  logs(block: number): object[] {
    const logs: object[] = [];
    const add = (name: TradeEventName, values: Values) => {
      logs.push({
        address: TRADE_CONTRACT,
        ...encoded(name, values),
        blockNumber: quantity(block),
        blockHash: hashOf(`block ${block}`),
        transactionHash: hashOf(`transaction ${block} ${logs.length}`),
        transactionIndex: quantity(logs.length),
        logIndex: quantity(logs.length),
        removed: false,
      });
    };
    if (block === 1)
      for (const meter of this.meters)
        add("MeterCommissioned", { meter, prosumer: accountOf(meter), baselineMilliWh: 0n });
    if (block === 2) for (let offer = 0; offer < this.#offers; offer++) add("OfferListed", this.offer(offer));
    const first = (block - FIRST_TRADES_BLOCK) * TRADES_IN_BLOCK;
    for (const n of this.numbers(first - TRADES_IN_BLOCK)) add("TradeSettled", this.settlement(n));
    for (const n of this.numbers(first)) add("TradeOpened", this.purchase(n, block));
    return logs;
  }

  private *numbers(from: number): Iterable<number> {
    for (let n = Math.max(from, 0); n < Math.min(from + TRADES_IN_BLOCK, this.trades); n++) yield n;
  }

  /** Trade n is of offer n mod offers: all of them are bought from at the same time. */
  private idOf(n: number): bigint {
    return BigInt(1 + (n % this.#offers)) * 1_000_000n + BigInt(1 + Math.floor(n / this.#offers));
  }

  private offer(n: number): Values {
    const meter = this.meters[n % this.meters.length]!;
    return {
      offerId: BigInt(n + 1),
      meter,
      prosumer: accountOf(meter),
      milliWh: ORDER_MILLI_WH * BigInt(TRADES_OF_OFFER),
      pricePerKWh: PRICE_PER_KWH,
      deliveryWindow: 3600n,
      smallestOrderMilliWh: 1n,
    };
  }

  private purchase(n: number, block: number): Values {
    return {
      tradeId: this.idOf(n),
      offerId: this.idOf(n) / 1_000_000n,
      buyer: accountOf(`buyer ${n % 20}`),
      milliWh: ORDER_MILLI_WH,
      payment: (ORDER_MILLI_WH * PRICE_PER_KWH) / 1_000_000n,
      deadline: BigInt(FIRST_S + block + 3600),
    };
  }

  private settlement(n: number): Values {
    return {
      tradeId: this.idOf(n),
      deliveredMilliWh: ORDER_MILLI_WH,
      registerMilliWh: ORDER_MILLI_WH * BigInt(n + 1),
      paid: (ORDER_MILLI_WH * PRICE_PER_KWH) / 1_000_000n,
      refunded: 0n,
      isClosed: true,
    };
  }
}

function encoded(name: TradeEventName, values: Values): { topics: string[]; data: string } {
  const { inputs } = tradeAbi.find((part) => part.type === "event" && part.name === name) as unknown as {
    inputs: { name: string; type: string; indexed: boolean }[];
  };
  const valueFor = (input: { name: string }) => {
    const value = values[input.name];
    if (value === undefined) throw new Error(`${name} has a ${input.name} that is not given`);
    return value;
  };
  const plain = inputs.filter(({ indexed }) => !indexed);
  return {
    topics: [
      tradeEventTopic(name),
      ...inputs.filter(({ indexed }) => indexed).map((input) => topicOf(valueFor(input))),
    ],
    data: encodeParameters(
      plain.map(({ type }) => type),
      plain.map(valueFor),
    ),
  };
}

interface Question {
  id: number;
  method: string;
  params: unknown[];
}

function answer(street: Street, { method, params }: Question): unknown {
  switch (method) {
    case "eth_chainId":
      return quantity(EMBEDDED_CHAIN_ID);
    case "eth_blockNumber":
      return quantity(street.head);
    case "eth_getBlockByNumber": {
      const block = params[0] === "latest" ? street.head : Number(params[0]);
      return block <= street.head ? street.header(block) : null;
    }
    case "eth_getCode":
      return "0x00";
    case "eth_call":
      return topicOf(BigInt(GRACE_PERIOD_S));
    case "eth_getLogs": {
      const { fromBlock, toBlock } = params[0] as { fromBlock: string; toBlock: string };
      const [from, to] = [Number(fromBlock), Number(toBlock)];
      const logs: object[] = [];
      for (let block = from; block <= to; block++) logs.push(...street.logs(block));
      process.send?.({ logs: { from, to, count: logs.length } } satisfies NodeReport);
      return logs;
    }
    default:
      throw new Error(`the method ${method} does not exist`);
  }
}

function serve(street: Street): void {
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const asked = JSON.parse(body) as Question | Question[];
    const answerOne = (question: Question) => {
      const envelope = { jsonrpc: "2.0", id: question.id };
      try {
        return { ...envelope, result: answer(street, question) };
      } catch (error) {
        return { ...envelope, error: { code: -32601, message: (error as Error).message } };
      }
    };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(Array.isArray(asked) ? asked.map(answerOne) : answerOne(asked)));
  });
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as { port: number };
    process.send?.({ url: `http://127.0.0.1:${port}` } satisfies NodeReport);
  });
  process.on("disconnect", () => process.exit(0));
}

if (require.main === module) {
  const [trades, ...meters] = process.argv.slice(2);
  serve(new Street(Number(trades), meters));
}
