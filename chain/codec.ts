/**
 * The two contracts' ABI in bytes and back, for server, scripts and page. web3 takes any name and gives unknown values;
 * the types here are read off the ABIs, so that a wrong function, argument, event or error name fails `tsc`. web3's
 * `Contract` class is left out on purpose: it accepts any method name and weighs 40 kB more than the codec below it.
 */
import {
  decodeLog,
  decodeParameters,
  encodeErrorSignature,
  encodeEventSignature,
  encodeFunctionCall,
  encodeFunctionSignature,
  encodeParameters,
} from "web3-eth-abi";
import type { AbiErrorFragment, AbiEventFragment, AbiFunctionFragment, AbiParameter } from "web3-types";
import { energyTokenAbi } from "../build/abi/EnergyToken";
import { energyTradeAbi } from "../build/abi/EnergyTrade";
import type {
  Abi,
  EventArguments as ArgumentsOf,
  ErrorName as ErrorNameOf,
  EventName,
  TypedContract,
} from "../common/contracts";

export const tokenAbi = energyTokenAbi;
export const tradeAbi = energyTradeAbi;
export type TokenAbi = typeof energyTokenAbi;
export type TradeAbi = typeof energyTradeAbi;
export type Hex = `0x${string}`;

type Methods<A extends Abi> = TypedContract<A>["methods"];
/** "redeem", or with its types where a name is overloaded: "transferAndCall(address,uint256,bytes)". */
export type Method<A extends Abi> = keyof Methods<A> & string;
export type Arguments<A extends Abi, M extends Method<A>> = Parameters<Methods<A>[M]>;
export type ErrorName = ErrorNameOf<TokenAbi> | ErrorNameOf<TradeAbi>;
export type TradeEventName = EventName<TradeAbi>;
export type EventArguments<Name extends TradeEventName> = ArgumentsOf<TradeAbi, Name>;

/** The ABI as web3 types it, writable. */
type Fragment = AbiFunctionFragment & { name: string; inputs: (AbiParameter & { name: string })[] };
const fragments = (type: string, ...abis: Abi[]) =>
  abis.flat().filter((item) => item.type === type) as unknown as Fragment[];
const signatureOf = ({ name, inputs }: Fragment) => `${name}(${inputs.map((input) => input.type).join()})`;

/** An overload is told by its types in the name, or by how many values it is given. */
function functionNamed(abi: Abi, method: string, values?: number): Fragment {
  const named = fragments("function", abi).find(
    (item) =>
      signatureOf(item) === method ||
      (item.name === method && item.inputs.length === (values ?? item.inputs.length)),
  );
  if (!named) throw new TypeError(`The contract has no ${method}`);
  return named;
}

/** The data of a call. */
export const encodeCall = <A extends Abi, M extends Method<A>>(
  abi: A,
  method: M,
  ...args: Arguments<A, M>
): Hex => encodeFunction(abi, method, args);

/** `encodeCall` for a name that is known only at run time. @throws TypeError when the ABI has none of it */
export const encodeFunction = (abi: Abi, method: string, args: readonly unknown[]): Hex =>
  encodeFunctionCall(functionNamed(abi, method, args.length), [...args]) as Hex;

/** What a view has answered: its one value, or all of them by name. */
export function decodeResult(abi: Abi, method: string, data: string): unknown {
  const outputs = functionNamed(abi, method).outputs ?? [];
  const values = decodeParameters([...outputs], data);
  return outputs.length === 1 ? values[0] : values;
}

/** A single unsigned integer, as `balanceOf` returns. */
export const decodeUint = (data: string): bigint => decodeParameters(["uint256"], data)[0] as bigint;

/** A call with more calldata (0x-hex) is not taken apart: nested lists may point at the same bytes many times over. */
const MAX_DECODED = 40_000;

/** Null where the bytes are not of these types: anybody may send anything to a contract. */
function decodeOrNull(types: (AbiParameter | string)[], data: string): Record<string, unknown> | null {
  if (data.length > MAX_DECODED) return null;
  try {
    return decodeParameters(types as AbiParameter[], data);
  } catch (error) {
    // web3 has several errors for it.
    if (error instanceof Error) return null;
    throw error;
  }
}

export interface Decoded<N extends string = string> {
  name: N;
  args: Record<string, unknown>;
}

/** By name; null where the bytes behind the selector are not these arguments. */
function argumentsOf({ inputs }: Fragment, data: string): Record<string, unknown> | null {
  const values = inputs.length === 0 ? {} : decodeOrNull(inputs, `0x${data.slice(10)}`);
  return values && Object.fromEntries(inputs.map(({ name }) => [name, values[name]]));
}

/** By the first four bytes of what calls a function, or of what an error carries; made when it is first asked for. */
function bySelector(type: "function" | "error", ...abis: Abi[]): (data: string) => Fragment | undefined {
  let found: Map<string, Fragment> | null = null;
  const selector = (item: Fragment) =>
    type === "function"
      ? encodeFunctionSignature(item)
      : encodeErrorSignature(item as unknown as AbiErrorFragment).slice(0, 10);
  return (data) => {
    found ??= new Map(fragments(type, ...abis).map((item) => [selector(item), item]));
    return found.get(data.slice(0, 10).toLowerCase());
  };
}
const functions = new Map<Abi, (data: string) => Fragment | undefined>(
  [tokenAbi, tradeAbi].map((abi) => [abi, bySelector("function", abi)]),
);
const errors = bySelector("error", tradeAbi, tokenAbi);

/** Which function of `abi` a call's data is for, and with what (nothing where the bytes are not its arguments); null when it is none. */
export function decodeCall(abi: TokenAbi | TradeAbi, data: string): Decoded | null {
  const fragment = functions.get(abi)?.(data);
  return fragment ? { name: fragment.name, args: argumentsOf(fragment, data) ?? {} } : null;
}

/** Which custom error of the contracts the revert data is; null when it is none of theirs, or cut off. */
export function decodeError(data: string): Decoded<ErrorName> | null {
  const fragment = errors(data);
  const args = fragment && argumentsOf(fragment, data);
  return args ? { name: fragment.name as ErrorName, args } : null;
}

/** `Error(string)`, the revert with a reason in words; null when the data is not one. */
export function decodeReason(data: string): string | null {
  const reason = data.startsWith("0x08c379a0") && decodeOrNull(["string"], `0x${data.slice(10)}`)?.[0];
  return typeof reason === "string" ? reason : null;
}

/** What `transferAndCall` hands to the trade contract: `abi.encode(uint256 offerId, uint64 milliWh)`. */
export const encodePurchase = (offerId: bigint, milliWh: bigint): Hex =>
  encodeParameters(["uint256", "uint64"], [offerId, milliWh]) as Hex;

/** Null where it is something else. */
export function decodePurchase(data: string): { offerId: bigint; milliWh: bigint } | null {
  const values = data.length === 2 + 2 * 64 ? decodeOrNull(["uint256", "uint64"], data) : null;
  return values && { offerId: values[0] as bigint, milliWh: values[1] as bigint };
}

const eventNamed = (name: TradeEventName) =>
  tradeAbi.find((part) => part.type === "event" && part.name === name) as unknown as AbiEventFragment & {
    inputs: [];
  };

export const tradeEventTopic = (name: TradeEventName): string => encodeEventSignature(eventNamed(name));

/** @throws Error when the bytes are not that event's. `topics` without the event's own first one. */
export function decodeTradeEvent<Name extends TradeEventName>(
  name: Name,
  data: string,
  topics: string[],
): EventArguments<Name> {
  const inputs = eventNamed(name).inputs as { indexed?: boolean }[];
  const indexed = inputs.filter((input) => input.indexed).length;
  // Every event of EnergyTrade has arguments of 32 bytes each; web3 alone would read what is missing as zero.
  if (topics.length !== indexed || data.length !== 2 + 64 * (inputs.length - indexed))
    throw new Error(`a ${name} event of a wrong length`);
  return decodeLog(inputs as [], data, topics) as unknown as EventArguments<Name>;
}
