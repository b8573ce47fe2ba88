/** Sends a transaction signed with a well-known lab key, straight to the node. */
import type { Fees as TransactionFees } from "../../chain/signer";
import { EMBEDDED_CHAIN_ID, GETH_CHAIN_ID, isLabChain } from "../../common/lab";
import { messageOf } from "./failure";
import { failure, type Provider } from "./provider";

export interface LabAccount {
  address: string;
  privateKey: string;
}

export interface LabTransaction {
  to: string;
  value: bigint;
  data: string;
}

export interface Fees extends TransactionFees {
  gasLimit: bigint;
}

const hex = (value: bigint) => `0x${value.toString(16)}`;

/**
 * Everybody has these keys: they sign on the lab's chains only, whatever a page or a configuration says.
 * @throws ProviderFailure 4901 when the node's chain is another
 */
export async function requireChain(rpc: Provider, chainId: number): Promise<void> {
  const actual = Number(await rpc.request({ method: "eth_chainId" }));
  if (actual === chainId && isLabChain(chainId)) return;
  throw failure(
    4901,
    `The node's chain is ${actual}: the lab's keys sign on ${EMBEDDED_CHAIN_ID} and ${GETH_CHAIN_ID} only`,
  );
}

/** Gas and fees as the node estimates them now. @throws ProviderFailure with the revert data when it must fail */
export async function estimateFees(rpc: Provider, from: string, transaction: LabTransaction): Promise<Fees> {
  const call = { from, to: transaction.to, value: hex(transaction.value), data: transaction.data };
  const [{ feesAbove, gasLimitFor }, gas, head] = await Promise.all([
    import("../../chain/signer"),
    rpc.request({ method: "eth_estimateGas", params: [call] }) as Promise<string>,
    rpc.request({ method: "eth_getBlockByNumber", params: ["latest", false] }) as Promise<{
      baseFeePerGas?: string;
    }>,
  ]);
  return { gasLimit: gasLimitFor(BigInt(gas)), ...feesAbove(BigInt(head.baseFeePerGas ?? "0x0")) };
}

/** Another sender of the same key was faster: everybody has these keys, and two devices send at once. */
const isNumberTaken = (error: unknown): boolean =>
  /replacement transaction underpriced|nonce too low|already (known|imported)/i.test(messageOf(error));
/** A class presses at once: each turn one of them is through. */
const ATTEMPTS = 40;

/**
 * Resolves to the hash. A number that another device has taken meanwhile is replaced by the next.
 * @throws ProviderFailure the node's own, 4901 on another chain
 */
export async function sendFromLab(
  rpc: Provider,
  chainId: number,
  account: LabAccount,
  transaction: LabTransaction,
  fees?: Fees,
): Promise<string> {
  await requireChain(rpc, chainId);
  const { signTransaction } = await import("../../chain/signer");
  const agreed = fees ?? (await estimateFees(rpc, account.address, transaction));
  let nonce = -1n;
  for (let attempt = 1; ; attempt++) {
    const params = [account.address, "pending"];
    const count = BigInt((await rpc.request({ method: "eth_getTransactionCount", params })) as string);
    // A node may not count yet what it has just refused ours for.
    nonce = count > nonce ? count : nonce + 1n;
    const { raw } = signTransaction({ chainId, nonce, ...transaction, ...agreed }, account.privateKey);
    try {
      return (await rpc.request({ method: "eth_sendRawTransaction", params: [raw] })) as string;
    } catch (error) {
      if (attempt === ATTEMPTS || !isNumberTaken(error)) throw error;
    }
  }
}
