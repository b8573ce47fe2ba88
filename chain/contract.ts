/** A contract by its ABI: what it says and what it is told, in the types of that ABI. */
import type { Address } from "../common/address";
import type { Abi, Receipt, SendOptions, TypedContract } from "../common/contracts";
import { decodeResult, decodeTradeEvent, encodeFunction, type Hex, tradeEventTopic } from "./codec";
import type { EthereumNode } from "./node";
import type { Transaction } from "./sender";

/** Brings a transaction into a block for the account that is named. */
export type SendFrom = (transaction: Transaction, options: SendOptions) => Promise<Receipt>;

interface Filter {
  filter?: Record<string, unknown>;
  fromBlock?: bigint | number;
  toBlock?: bigint | number | "latest";
}

export function contractAt<A extends Abi>(
  abi: A,
  to: Address,
  node: EthereumNode,
  send: SendFrom,
): TypedContract<A> {
  const method =
    (name: string) =>
    (...args: unknown[]) => {
      const data = encodeFunction(abi, name, args);
      return {
        encodeABI: (): Hex => data,
        call: async () => decodeResult(abi, name, await node.read({ to, data })),
        send: (options: SendOptions) => send({ to, data, ...options }, options),
      };
    };
  const methods = new Proxy({}, { get: (_, name) => method(String(name)) });
  const getPastEvents = async (
    name: Parameters<typeof decodeTradeEvent>[0],
    { filter = {}, fromBlock = 0, toBlock = "latest" }: Filter = {},
  ) => {
    const last = toBlock === "latest" ? (await node.head()).block : Number(toBlock);
    const logs = await node.logs(to, [tradeEventTopic(name)], Number(fromBlock), last);
    const events = logs.map((log) => ({
      event: name,
      returnValues: decodeTradeEvent(name, log.data, log.topics.slice(1)) as Record<string, unknown>,
      blockNumber: BigInt(log.blockNumber),
      transactionHash: log.transactionHash,
    }));
    const wanted = Object.entries(filter);
    return events.filter(({ returnValues }) =>
      wanted.every(([key, value]) => String(returnValues[key]).toLowerCase() === String(value).toLowerCase()),
    );
  };
  return { address: to, methods, getPastEvents } as unknown as TypedContract<A>;
}
