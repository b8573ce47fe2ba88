/**
 * Transactions signed with a key at hand, and what they pay: the server's, the scripts', and the page's with the
 * well-known lab keys. web3-eth-accounts does the same in four times the weight; a test compares the two byte by byte.
 */
import { RLP } from "@ethereumjs/rlp";
import { keccak256 } from "ethereum-cryptography/keccak";
import { secp256k1 } from "ethereum-cryptography/secp256k1";
import { concatBytes, hexToBytes, toHex } from "ethereum-cryptography/utils";

type Hex = `0x${string}`;

export interface Fees {
  /** wei */
  maxFeePerGas: bigint;
  /** wei */
  maxPriorityFeePerGas: bigint;
}

export interface TransactionFields extends Fees {
  chainId: number;
  nonce: number | bigint;
  /** Left out where the transaction makes a contract. */
  to?: string;
  /** wei */
  value?: bigint;
  data: string;
  gasLimit: bigint;
}

const GWEI = 1_000_000_000n;
/** geth's sealer leaves out transactions that tip less than 1 gwei. */
const TIP = (3n * GWEI) / 2n;
/** On a private chain gas is play money, but a fee that only ever grows would still empty the account. */
const LARGEST_FEE = 500n * GWEI;

/** What to pay on top of a block of this base fee (wei): enough when it doubles. */
export const feesAbove = (baseFee: bigint): Fees => ({
  maxFeePerGas: 2n * baseFee + TIP,
  maxPriorityFeePerGas: TIP,
});

/** A quarter more (nodes want a tenth) and what the base fee asks now; null at the limit. */
export function raisedFees({ maxFeePerGas, maxPriorityFeePerGas }: Fees, baseFee: bigint): Fees | null {
  if (maxFeePerGas >= LARGEST_FEE) return null;
  const [fee, tip] = [(maxFeePerGas * 5n) / 4n, (maxPriorityFeePerGas * 5n) / 4n];
  return { maxFeePerGas: fee > 2n * baseFee + tip ? fee : 2n * baseFee + tip, maxPriorityFeePerGas: tip };
}

/** A quarter more gas than estimated: the state may change before the block. */
export const gasLimitFor = (estimatedGas: bigint): bigint => (estimatedGas * 5n) / 4n;

/** EIP-2718's first byte of an EIP-1559 transaction. */
const TYPE = Uint8Array.of(2);
const hexOf = (bytes: Uint8Array): Hex => `0x${toHex(bytes)}`;

/** `0x02 || rlp([…, signatureYParity, r, s])` (EIP-1559), as `eth_sendRawTransaction` takes it, and its hash. */
export function signTransaction(transaction: TransactionFields, privateKey: string): { raw: Hex; hash: Hex } {
  const { chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, to, value, data } = transaction;
  const accessList: never[] = [];
  const fields = [chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, to, value, data, accessList];
  const digest = keccak256(concatBytes(TYPE, RLP.encode(fields)));
  const { recovery, r, s } = secp256k1.sign(digest, hexToBytes(privateKey));
  const bytes = concatBytes(TYPE, RLP.encode([...fields, recovery, r, s]));
  return { raw: hexOf(bytes), hash: hexOf(keccak256(bytes)) };
}
