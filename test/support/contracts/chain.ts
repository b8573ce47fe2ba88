/** The chain under `truffle test`: plain RPC, decoded events, refusals by name, and time where it can be moved. */
import assert from "node:assert/strict";
import { decodeLog, decodeParameters, encodeEventSignature, encodeFunctionSignature } from "web3-eth-abi";
import { energyTokenAbi } from "../../../build/abi/EnergyToken";
import { energyTradeAbi } from "../../../build/abi/EnergyTrade";
import type { ErrorName, EventName } from "../../../common/contracts";

interface Entry {
  type: string;
  name: string;
  inputs: { name: string; type: string; indexed?: boolean }[];
}
type Value = string | bigint | boolean;
export type Event = [
  name: EventName<typeof energyTokenAbi | typeof energyTradeAbi>,
  args: Record<string, Value>,
];
export type Refusal = ErrorName<typeof energyTokenAbi | typeof energyTradeAbi>;

const entries = [...energyTradeAbi, ...energyTokenAbi] as unknown as Entry[];
const events = new Map(
  entries.filter(({ type }) => type === "event").map((entry) => [encodeEventSignature(entry), entry]),
);
const errors = new Map(
  entries
    .filter(({ type }) => type === "error")
    .map((entry) => [
      encodeFunctionSignature(`${entry.name}(${entry.inputs.map(({ type }) => type)})`),
      entry,
    ]),
);

interface RpcAnswer {
  result?: unknown;
  error?: { message: string };
}
interface CallbackProvider {
  send(payload: object, callback: (error: Error | null, answer?: RpcAnswer) => void): void;
}

/** One JSON-RPC call to the chain that `truffle test` runs on. */
export function rpc<T>(method: string, ...params: unknown[]): Promise<T> {
  const provider = web3.currentProvider as unknown as CallbackProvider;
  return new Promise((resolve, reject) => {
    provider.send({ jsonrpc: "2.0", id: 1, method, params }, (error, answer) => {
      const failure = error ?? answer?.error;
      if (failure)
        reject(failure instanceof Error ? failure : Object.assign(new Error(failure.message), failure));
      else resolve(answer?.result as T);
    });
  });
}

/** Moves the chain's clock; false where that cannot be done: a real network. */
export async function canTravel(): Promise<boolean> {
  const version = await rpc<string>("web3_clientVersion");
  return /ganache|testrpc|anvil/i.test(version);
}

export async function travel(seconds: bigint): Promise<void> {
  await rpc("evm_increaseTime", Number(seconds));
  await rpc("evm_mine");
}

/** Chain time, Unix seconds. */
export async function chainTime(blockNumber?: number): Promise<bigint> {
  const block = blockNumber === undefined ? "latest" : `0x${blockNumber.toString(16)}`;
  return BigInt((await rpc<{ timestamp: string }>("eth_getBlockByNumber", block, false)).timestamp);
}

const named = (inputs: Entry["inputs"], decoded: Record<string, unknown>): Record<string, Value> =>
  Object.fromEntries(inputs.map(({ name }) => [name, decoded[name] as Value]));

/** Every event of a transaction, of both contracts, in order, with all of its arguments. */
export function eventsOf({ receipt }: Truffle.TransactionResponse<Truffle.AnyEvent>): Event[] {
  const logs = (receipt.rawLogs ?? receipt.logs) as { topics: string[]; data: string }[];
  return logs.map(({ topics, data }) => {
    const entry = events.get(topics[0]!);
    assert(entry, `an event of neither contract: ${topics[0]}`);
    return [entry.name as Event[0], named(entry.inputs, decodeLog(entry.inputs, data, topics.slice(1)))];
  });
}

/** The revert bytes: each client and provider puts them elsewhere in its error. */
function revertData(error: unknown): string | undefined {
  if (typeof error === "string") return /^0x[0-9a-f]{8,}$/i.test(error) ? error : undefined;
  if (typeof error !== "object" || error === null) return undefined;
  const { data, result, error: inner, cause } = error as Record<string, unknown>;
  return revertData(data) ?? revertData(result) ?? revertData(inner) ?? revertData(cause);
}

/** The custom error that a refused `.call` reverted with. */
export function nameOfRefusal(error: unknown): Refusal {
  const data = revertData(error);
  assert(data, `refused without revert data: ${String(error)}`);
  const entry = errors.get(data.slice(0, 10));
  assert(entry, `refused with unknown bytes ${data}`);
  return entry.name as Refusal;
}

/** Asserts that a `.call` reverts with this custom error and these arguments, in order. */
export async function refuses(call: Promise<unknown>, name: Refusal, ...args: Value[]): Promise<void> {
  const error = await call.then(
    () => assert.fail(`nothing was refused, expected ${name}`),
    (reason: unknown) => reason,
  );
  if (error instanceof assert.AssertionError) throw error;
  const data = revertData(error);
  assert(data, `refused without revert data: ${String(error)}`);
  const entry = errors.get(data.slice(0, 10));
  assert(entry, `refused with unknown bytes ${data}`);
  const decoded = entry.inputs.length > 0 ? decodeParameters(entry.inputs, data.slice(10)) : {};
  assert.deepEqual([entry.name, Object.values(named(entry.inputs, decoded))], [name, args]);
}
