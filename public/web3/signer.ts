/** Signs transactions with a key the page holds: the well-known lab keys, never anyone's own. Loaded when needed. */
import { Common, FeeMarketEIP1559Transaction } from "web3-eth-accounts";
import { bytesToHex, hexToBytes } from "web3-utils";

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

/** The raw EIP-1559 transaction, as `eth_sendRawTransaction` takes it. */
export function signTransaction(transaction: UnsignedTransaction, privateKey: string): string {
  const { chainId, ...data } = transaction;
  const common = Common.custom({ chainId }, { hardfork: "london" });
  const signed = FeeMarketEIP1559Transaction.fromTxData({ ...data, chainId }, { common }).sign(
    hexToBytes(privateKey),
  );
  return bytesToHex(signed.serialize());
}
