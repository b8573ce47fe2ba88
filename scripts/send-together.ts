/** Sends many transactions of several accounts at once, also while somebody else sends from the same accounts. */
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import type { Hex } from "../chain/codec";
import { type Call, type JsonRpc, RpcError } from "../chain/rpc";
import { feesAbove, signTransaction } from "../chain/signer";
import { privateKeyToAddress } from "../chain/web3";
import type { Address } from "../common/address";

/** Twice what commissioning or listing needs (`npm run bench:gas`). */
const GAS_LIMIT = 250_000n;
const AT_ONCE = 100;
const LOOK_MS = 100;
/** No block with one of ours for so long: nobody seals. */
const SEALED_WITHIN_MS = 60_000;

/** Another sender of the same account was first with a nonce: what is still missing has to be looked up again. */
export class Overtaken extends Error {
  override name = "Overtaken";
}

export interface Outgoing {
  /** For people: what it is for. */
  what: string;
  privateKey: string;
  to: Address;
  value?: bigint;
  data: Hex;
}

/** Sends all of them at once and waits for their blocks. In one block they stand in this order: the first tips most. */
export async function sendTogether(
  rpc: JsonRpc,
  chainId: number,
  list: Outgoing[],
  seal: (() => Promise<void>) | undefined,
  next?: Map<Address, number>,
): Promise<void> {
  if (list.length === 0) return;
  const senders = list.map(({ privateKey }) => privateKeyToAddress(privateKey));
  const nonces = inOrder(senders, next ?? (await countsOf(rpc, senders, "pending")));
  const { baseFeePerGas } = await rpc.ask<{ baseFeePerGas: string }>("eth_getBlockByNumber", "latest", false);
  const signed = list.map(({ privateKey, to, value, data }, i) => {
    const { maxFeePerGas, maxPriorityFeePerGas } = feesAbove(BigInt(baseFeePerGas));
    const fees = { maxFeePerGas, maxPriorityFeePerGas: maxPriorityFeePerGas - BigInt(i) };
    const gasLimit = data === "0x" ? 21_000n : GAS_LIMIT;
    return signTransaction({ chainId, nonce: nonces[i]!, to, value, data, gasLimit, ...fees }, privateKey);
  });
  const answers = await inBatches(
    rpc,
    signed.map(({ raw }) => ({ method: "eth_sendRawTransaction", params: [raw], schema: z.string() })),
  );
  for (const [i, answer] of answers.entries())
    if (answer instanceof RpcError && !IS_KNOWN.test(answer.reason))
      throw new (IS_TAKEN.test(answer.reason) ? Overtaken : Error)(`${list[i]!.what}: ${answer.reason}`, {
        cause: answer,
      });
  await untilSealed(
    rpc,
    list.map(({ what }, i) => ({ what, hash: signed[i]!.hash, sender: senders[i]!, nonce: nonces[i]! })),
    seal,
  );
}

/** The very same transaction, sent by somebody else. */
const IS_KNOWN = /already (known|imported)/i;
/** As geth and anvil say it. */
const IS_TAKEN = /nonce too low|replacement transaction underpriced/i;

/** Each account's count when none of its transactions waits for a block. */
export async function settledNonces(
  rpc: JsonRpc,
  senders: Address[],
  seal: (() => Promise<void>) | undefined,
): Promise<Map<Address, number>> {
  const beganAtMs = performance.now();
  for (;;) {
    const waiting = await countsOf(rpc, senders, "pending");
    const sealed = await countsOf(rpc, senders, "latest");
    const late = senders.find((sender) => sealed.get(sender)! < waiting.get(sender)!);
    if (late === undefined) return sealed;
    if (performance.now() - beganAtMs > SEALED_WITHIN_MS)
      throw new Error(
        `a transaction of ${late} is in no block after ${SEALED_WITHIN_MS / 1000} s: is anybody sealing?`,
      );
    await seal?.();
    await pause(LOOK_MS);
  }
}

async function countsOf(
  rpc: JsonRpc,
  senders: Address[],
  at: "pending" | "latest",
): Promise<Map<Address, number>> {
  const distinct = [...new Set(senders)];
  const schema = z.string().transform(Number);
  const counts = await inBatches(
    rpc,
    distinct.map((sender) => ({ method: "eth_getTransactionCount", params: [sender, at], schema })),
  );
  return new Map(
    distinct.map((sender, i) => {
      const count = counts[i]!;
      if (count instanceof RpcError) throw count;
      return [sender, count];
    }),
  );
}

/** Consecutive for each account, in order; `next` goes on with them. */
function inOrder(senders: Address[], next: Map<Address, number>): number[] {
  return senders.map((sender) => {
    const nonce = next.get(sender)!;
    next.set(sender, nonce + 1);
    return nonce;
  });
}

async function inBatches<T>(rpc: JsonRpc, calls: Call<T>[]): Promise<(T | RpcError)[]> {
  const answers: (T | RpcError)[] = [];
  for (let from = 0; from < calls.length; from += AT_ONCE)
    answers.push(...(await rpc.batch(calls.slice(from, from + AT_ONCE))));
  return answers;
}

const receipt = z.object({ status: z.enum(["0x0", "0x1"]) }).nullable();

async function untilSealed(
  rpc: JsonRpc,
  sent: { what: string; hash: Hex; sender: Address; nonce: number }[],
  seal: (() => Promise<void>) | undefined,
): Promise<void> {
  let waiting = sent;
  let lastAtMs = performance.now();
  while (waiting.length > 0) {
    await seal?.();
    const counts = await countsOf(
      rpc,
      waiting.map(({ sender }) => sender),
      "latest",
    );
    const receipts = await inBatches(
      rpc,
      waiting.map(({ hash }) => ({ method: "eth_getTransactionReceipt", params: [hash], schema: receipt })),
    );
    const still: typeof sent = [];
    for (const [i, one] of waiting.entries()) {
      const answer = receipts[i];
      if (answer instanceof RpcError) throw answer;
      if (answer?.status === "0x0") throw new Error(`${one.what} was reverted`);
      if (!answer && counts.get(one.sender)! > one.nonce)
        throw new Overtaken(`${one.what}: another transaction took its place`);
      if (!answer) still.push(one);
    }
    if (still.length < waiting.length) lastAtMs = performance.now();
    waiting = still;
    if (waiting.length === 0) return;
    if (performance.now() - lastAtMs > SEALED_WITHIN_MS)
      throw new Error(
        `${waiting[0]!.what} is in no block after ${SEALED_WITHIN_MS / 1000} s: is anybody sealing?`,
      );
    await pause(LOOK_MS);
  }
}
