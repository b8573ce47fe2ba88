/** By which signature a reading was settled: it stands in the calldata of the transaction, and in no event. */

import { decodeCall, tradeAbi } from "./codec";
import type { EthereumNode } from "./node";

/**
 * @returns 64 bytes, 0x-hex; null when the node has no such transaction (a reorganisation took it), or when a contract
 * of somebody's brought the reading and its calldata is not EnergyTrade's
 * @throws NodeError
 */
export async function settledSignature(
  node: Pick<EthereumNode, "calldata">,
  txHash: string,
  tradeId: bigint,
): Promise<string | null> {
  const transaction = await node.calldata(txHash);
  if (!transaction) return null;
  return signatureOf(transaction.input, tradeId);
}

interface Reading {
  tradeId: bigint;
}
interface Signature {
  r: string;
  vs: string;
}

function signatureOf(calldata: string, tradeId: bigint): string | null {
  const call = decodeCall(tradeAbi, calldata);
  const {
    reading,
    signature,
    readings = [reading],
    signatures = [signature],
  } = (call?.args ?? {}) as {
    reading?: Reading;
    signature?: Signature;
    readings?: (Reading | undefined)[];
    signatures?: (Signature | undefined)[];
  };
  const at = readings.findIndex((one) => one?.tradeId === tradeId);
  const halves = at < 0 ? undefined : signatures[at];
  return halves ? `${halves.r}${halves.vs.slice(2)}` : null;
}
