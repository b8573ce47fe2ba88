/**
 * web3 and the two contracts, typed: a wrong function, argument or error name fails `tsc`. web3 lives in this folder
 * only. Its `Contract` class is left out on purpose: it accepts any method name, wraps the wallet's error codes away,
 * and weighs 40 kB more than the codec below it. It is loaded when a wallet is connected, and not before: it weighs more
 * than everything else of the first look.
 */
import {
  decodeParameters,
  encodeErrorSignature,
  encodeFunctionCall,
  encodeFunctionSignature,
  encodeParameters,
} from "web3-eth-abi";
import type { AbiErrorFragment, AbiFunctionFragment, AbiParameter } from "web3-types";
import { energyTokenAbi } from "../../build/abi/EnergyToken";
import { energyTradeAbi } from "../../build/abi/EnergyTrade";
import type { Abi, ErrorName as ErrorNameOf, TypedContract } from "../../common/contracts";

export const tokenAbi = energyTokenAbi;
export const tradeAbi = energyTradeAbi;
export type TokenAbi = typeof energyTokenAbi;
export type TradeAbi = typeof energyTradeAbi;

type Methods<A extends Abi> = TypedContract<A>["methods"];
/** "redeem", or with its types where a name is overloaded: "transferAndCall(address,uint256,bytes)". */
type Method<A extends Abi> = keyof Methods<A> & string;
type Arguments<A extends Abi, M extends Method<A>> = Parameters<Methods<A>[M]>;
export type ErrorName = ErrorNameOf<TokenAbi> | ErrorNameOf<TradeAbi>;

/** The ABI as web3 types it, writable. */
type Fragment = AbiFunctionFragment & { name: string; inputs: AbiParameter[] };
const functionsOf = (abi: Abi) => abi.filter((item) => item.type === "function") as unknown as Fragment[];
const errorsOf = (abi: Abi) => abi.filter((item) => item.type === "error") as unknown as Fragment[];

const signatureOf = ({ name, inputs }: Fragment) => `${name}(${inputs.map((input) => input.type).join()})`;

/** The data of a call. */
export function encodeCall<A extends Abi, M extends Method<A>>(
  abi: A,
  method: M,
  ...args: Arguments<A, M>
): string {
  const fragment = functionsOf(abi).find((item) => item.name === method || signatureOf(item) === method);
  if (!fragment) throw new TypeError(`The contract has no ${method}`);
  return encodeFunctionCall(fragment, [...args]);
}

/** A single unsigned integer, as `balanceOf` returns. */
export const decodeUint = (data: string): bigint => decodeParameters(["uint256"], data)[0] as bigint;

/** What `transferAndCall` hands to the trade contract: `abi.encode(uint256 offerId, uint64 milliWh)`. */
export const encodePurchase = (offerId: bigint, milliWh: bigint): string =>
  encodeParameters(["uint256", "uint64"], [offerId, milliWh]);

export function decodePurchase(data: string): { offerId: bigint; milliWh: bigint } {
  const values = decodeParameters(["uint256", "uint64"], data);
  return { offerId: values[0] as bigint, milliWh: values[1] as bigint };
}

export interface Decoded<N extends string = string> {
  name: N;
  args: Record<string, unknown>;
}

function argumentsOf({ inputs }: Fragment, data: string): Record<string, unknown> {
  if (inputs.length === 0) return {};
  const values = decodeParameters(inputs, `0x${data.slice(10)}`);
  return Object.fromEntries(inputs.map((input, index) => [input.name ?? String(index), values[index]]));
}

/** Which function of `abi` a call's data is for; null when it is none of them. */
export function decodeCall(abi: Abi, data: string): Decoded | null {
  for (const item of functionsOf(abi)) {
    if (encodeFunctionSignature(item) !== data.slice(0, 10)) continue;
    return { name: item.name, args: argumentsOf(item, data) };
  }
  return null;
}

/** Which custom error of the contracts the revert data is; null when it is none of theirs. */
export function decodeError(data: string): Decoded<ErrorName> | null {
  for (const item of [...errorsOf(tradeAbi), ...errorsOf(tokenAbi)]) {
    if (encodeErrorSignature(item as unknown as AbiErrorFragment).slice(0, 10) !== data.slice(0, 10))
      continue;
    return { name: item.name as ErrorName, args: argumentsOf(item, data) };
  }
  return null;
}

/** `Error(string)`, the revert with a reason in words; null when the data is not one. */
export const decodeReason = (data: string): string | null =>
  data.startsWith("0x08c379a0") ? (decodeParameters(["string"], `0x${data.slice(10)}`)[0] as string) : null;
