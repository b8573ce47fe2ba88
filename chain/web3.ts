/**
 * Everything the server takes from web3: ABI coding, keys and signatures. The one module in `server/` that imports it.
 * Where web3 takes any name and gives unknown values, the types here come from the contract's own ABI: a wrong
 * function, argument or event field does not compile.
 */
import { secp256k1 } from "ethereum-cryptography/secp256k1";
import {
  decodeLog,
  decodeParameters,
  encodeErrorSignature,
  encodeEventSignature,
  encodeFunctionCall,
  encodeFunctionSignature,
  getEncodedEip712Data,
} from "web3-eth-abi";
import {
  create,
  decrypt,
  encrypt,
  privateKeyToAddress,
  recover,
  signTransaction as sign,
  TransactionFactory,
} from "web3-eth-accounts";
import type {
  AbiErrorFragment,
  AbiEventFragment,
  AbiFunctionFragment,
  AbiInput,
  Eip712TypedData,
  KeyStore,
} from "web3-types";
import { bytesToHex, hexToBytes, keccak256, toChecksumAddress } from "web3-utils";
import { energyTokenAbi } from "../build/abi/EnergyToken";
import { energyTradeAbi } from "../build/abi/EnergyTrade";
import type { Address } from "../common/address";
import type {
  EventArguments as ArgumentsOf,
  EventName,
  MethodName,
  TypedContract,
} from "../common/contracts";

export type Hex = `0x${string}`;
type TradeAbi = typeof energyTradeAbi;
export type TradeEventName = EventName<TradeAbi>;
export type TradeFunctionName = MethodName<TradeAbi>;
export type EventArguments<Name extends TradeEventName> = ArgumentsOf<TradeAbi, Name>;
export type FunctionArguments<Name extends TradeFunctionName> = Parameters<
  TypedContract<TradeAbi>["methods"][Name]
>;

// ---------------------------------------------------------------- the contract's ABI

const named = (type: "event" | "function", name: string) =>
  energyTradeAbi.find((part) => part.type === type && part.name === name)!;

/** The calldata of a call to EnergyTrade. */
export function encodeTradeCall<Name extends TradeFunctionName>(
  name: Name,
  args: FunctionArguments<Name>,
): Hex {
  return encodeFunctionCall(named("function", name) as AbiFunctionFragment, [...args]) as Hex;
}

export const tradeEventTopic = (name: TradeEventName): string =>
  encodeEventSignature(named("event", name) as AbiEventFragment);

/** @throws Error when the bytes are not that event's. `topics` without the event's own first one. */
export function decodeTradeEvent<Name extends TradeEventName>(
  name: Name,
  data: string,
  topics: string[],
): EventArguments<Name> {
  const { inputs } = named("event", name) as AbiEventFragment;
  const indexed = inputs!.filter((input) => input.indexed).length;
  // Every event of EnergyTrade has arguments of 32 bytes each; web3 alone would read what is missing as zero.
  if (topics.length !== indexed || data.length !== 2 + 64 * (inputs!.length - indexed))
    throw new Error(`a ${name} event of a wrong length`);
  return decodeLog(
    inputs as AbiEventFragment["inputs"] & [],
    data,
    topics,
  ) as unknown as EventArguments<Name>;
}

const errorFragments = [...energyTradeAbi, ...energyTokenAbi].filter((part) => part.type === "error");
const errorBySelector = new Map(
  errorFragments.map((fragment) => [
    encodeErrorSignature(fragment as AbiErrorFragment).slice(0, 10),
    fragment,
  ]),
);

/** A custom error of either contract; null for other bytes. */
export function decodeContractError(data: string): { name: string; args: Record<string, unknown> } | null {
  const fragment = errorBySelector.get(data.slice(0, 10).toLowerCase());
  if (!fragment) return null;
  const values: Record<string, unknown> = fragment.inputs.length
    ? decodeParameters([...fragment.inputs], `0x${data.slice(10)}`)
    : {};
  return {
    name: fragment.name,
    args: Object.fromEntries(fragment.inputs.map(({ name }) => [name, values[name]])),
  };
}

/** A call with more calldata (0x-hex) is not taken apart: nested lists may point at the same bytes many times over. */
const MAX_DECODED = 40_000;

function decodeOrNull(types: AbiInput[], data: string): Record<string, unknown> | null {
  if (data.length > MAX_DECODED) return null;
  try {
    return decodeParameters(types, data);
  } catch (error) {
    // Anybody may send anything to a contract; web3 has several errors for bytes that are not of these types.
    if (error instanceof Error) return null;
    throw error;
  }
}

const functionBySelector = (abi: readonly { readonly type: string }[]) =>
  new Map(
    abi
      .filter((part) => part.type === "function")
      .map((part) => [
        encodeFunctionSignature(part as AbiFunctionFragment),
        part as AbiFunctionFragment & { name: string },
      ]),
  );
const functions = {
  EnergyToken: functionBySelector(energyTokenAbi),
  EnergyTrade: functionBySelector(energyTradeAbi),
};

/** Which function calldata is for, and with what (nothing where the bytes are not its arguments); null for no function. */
export function decodeCall(
  contract: keyof typeof functions,
  data: Hex,
): { name: string; args: Record<string, unknown> } | null {
  const fragment = functions[contract].get(data.slice(0, 10));
  if (!fragment) return null;
  const inputs = [...(fragment.inputs ?? [])];
  const values = decodeOrNull(inputs, `0x${data.slice(10)}`) ?? {};
  return { name: fragment.name, args: Object.fromEntries(inputs.map(({ name }) => [name, values[name]])) };
}

/** What `transferAndCall` hands to EnergyTrade; null where it is something else. */
export function decodeOrder(data: Hex): { offerId: bigint; milliWh: bigint } | null {
  const values = data.length === 2 + 2 * 64 ? decodeOrNull(["uint256", "uint64"], data) : null;
  return values && { offerId: values[0] as bigint, milliWh: values[1] as bigint };
}

/** What Solidity's own `revert("text")` and failed assertions carry. */
export const decodeText = (bytes: string): string => String(decodeParameters(["string"], bytes)[0]);

// ---------------------------------------------------------------- keys and signatures

export { bytesToHex, keccak256, privateKeyToAddress };
export const checksumAddress = (address: string): Address => toChecksumAddress(address);

/** Who signed `digest`; null where `signature` (65 bytes: r, s, recovery id 0/1 or 27/28) is none. */
export function recoverAddress(digest: string, signature: Uint8Array): Address | null {
  const v = signature[64] ?? -1;
  if (signature.length !== 65 || ![0, 1, 27, 28].includes(v)) return null;
  try {
    return recover(
      digest,
      bytesToHex(Uint8Array.of(...signature.subarray(0, 64), v < 27 ? v + 27 : v)),
      true,
    );
  } catch (error) {
    // noble's own errors: r or s out of range, or no curve point there.
    if (error instanceof Error) return null;
    throw error;
  }
}

/**
 * 64 bytes as ERC-2098 has them: r, then s with the recovery bit on top. No two signatures are alike, though what is
 * signed is the same (RFC 6979, 3.6: additional data): two servers with one key can be told apart by them.
 */
export function signTypedData(typedData: Eip712TypedData, privateKey: string): Hex {
  const digest = hexToBytes(getEncodedEip712Data(typedData, true));
  const { r, s, recovery } = secp256k1.sign(digest, hexToBytes(privateKey), { extraEntropy: true });
  const vs = s | (BigInt(recovery) << 255n);
  return `0x${r.toString(16).padStart(64, "0")}${vs.toString(16).padStart(64, "0")}`;
}

/** The two halves of a signature of 64 bytes, as the contracts take it. */
export const halvesOf = (signature: string): { r: string; vs: string } => ({
  r: signature.slice(0, 66),
  vs: `0x${signature.slice(66)}`,
});

export interface TransactionFields {
  chainId: number;
  nonce: number;
  /** Left out where the transaction makes a contract. */
  to?: Address;
  /** wei */
  value?: bigint;
  data: Hex;
  gasLimit: bigint;
  /** wei */
  maxFeePerGas: bigint;
  /** wei */
  maxPriorityFeePerGas: bigint;
}

/** An EIP-1559 transaction, ready for `eth_sendRawTransaction`. */
export async function signTransaction(
  fields: TransactionFields,
  privateKey: string,
): Promise<{ raw: Hex; hash: Hex }> {
  const transaction = TransactionFactory.fromTxData({ value: 0n, ...fields, type: 2 });
  const { rawTransaction, transactionHash } = await sign(transaction, privateKey);
  return { raw: rawTransaction as Hex, hash: transactionHash as Hex };
}

/** scrypt's cost: half a second and 64 MB on a laptop, a few seconds on a Pi. */
const SCRYPT = { kdf: "scrypt", n: 65_536, r: 8, p: 1, dklen: 32 } as const;

/** A version 3 keystore as geth and every wallet read it. */
export const encryptKey = (privateKey: string, password: string): Promise<KeyStore> =>
  encrypt(privateKey, password, SCRYPT);

/** @throws an error whose name is KeyDerivationError when the password is wrong */
export const decryptKey = async (keystore: string, password: string): Promise<string> =>
  (await decrypt(keystore, password, true)).privateKey;

export const createPrivateKey = (): string => create().privateKey;
