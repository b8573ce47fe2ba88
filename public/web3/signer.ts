/**
 * Signs transactions with a key the page holds: the well-known lab keys, never anyone's own.
 * web3-eth-accounts does the same in four times the weight; a test compares the two byte by byte.
 */
import { RLP } from "@ethereumjs/rlp";
import { keccak256 } from "ethereum-cryptography/keccak";
import { secp256k1 } from "ethereum-cryptography/secp256k1";
import { concatBytes, hexToBytes, toHex } from "ethereum-cryptography/utils";

export interface UnsignedTransaction {
  chainId: number;
  nonce: bigint;
  to: string;
  value: bigint;
  data: string;
  gasLimit: bigint;
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
}

/** EIP-2718's first byte of an EIP-1559 transaction. */
const TYPE = Uint8Array.of(2);

/** The raw transaction of EIP-1559, `0x02 || rlp([…, signatureYParity, r, s])`, as `eth_sendRawTransaction` takes it. */
export function signTransaction(transaction: UnsignedTransaction, privateKey: string): string {
  const { chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, to, value, data } = transaction;
  const accessList: never[] = [];
  const fields = [chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, to, value, data, accessList];
  const digest = keccak256(concatBytes(TYPE, RLP.encode(fields)));
  const { recovery, r, s } = secp256k1.sign(digest, hexToBytes(privateKey));
  return `0x${toHex(concatBytes(TYPE, RLP.encode([...fields, recovery, r, s])))}`;
}
