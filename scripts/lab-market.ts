/**
 * Brings a lab's street to its market: every household has ether for gas, every meter is commissioned for its household,
 * and every household offers something. What is there already is left alone. All transactions of a kind are sent
 * together, so that many homes take no longer than one.
 */
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { encodeCall, type Hex, tradeAbi } from "../chain/codec";
import type { MeterKey } from "../chain/meter-key";
import { type Call, JsonRpc, RpcError } from "../chain/rpc";
import { feesAbove, signTransaction } from "../chain/signer";
import { halvesOf, privateKeyToAddress } from "../chain/web3";
import { type Address, sameAddress } from "../common/address";
import { LAB_ACCOUNTS } from "../common/lab";
import type { LabChain } from "./lab-chain";
import type { OfferTerms } from "./lab-street";

/** One home of a lab's street. */
export interface LabHome {
  name: string;
  key: MeterKey;
  account: Address;
  /** Null where the account is somebody's own: then nothing is sent for it, and it lists its own offers. */
  privateKey: string | null;
  offers: readonly OfferTerms[];
}

export interface Prepared {
  commissioned: number;
  listed: number;
  /** What is not as the settings say, in words. */
  notes: string[];
}

const DELIVERY_WINDOW_S = 3_600n;
const ETHER = 10n ** 18n;
/** A household with less gets `GIFT` from the faucet. */
const ENOUGH = ETHER;
const GIFT = 10n * ETHER;
/** Twice what either needs (`npm run bench:gas`). */
const GAS_LIMIT = 250_000n;
const AT_ONCE = 100;
const LOOK_MS = 100;
/** No block with one of ours for so long: nobody seals. */
const SEALED_WITHIN_MS = 60_000;

/** @param seal on a chain of one's own: makes a block now. @throws Error naming the transaction that was refused */
export async function prepareStreet(
  lab: LabChain,
  rpcUrl: string,
  homes: LabHome[],
  seal?: () => Promise<void>,
): Promise<Prepared> {
  const rpc = new JsonRpc({ url: rpcUrl, timeoutMs: 10_000 });
  const trade = lab.trade.address;
  const notes: string[] = [];

  const meters = await inTurn(homes, ({ key }) => lab.trade.methods.meterOf(key.meter).call());
  const known = meters.map(({ status }) => Number(status) !== 0);
  for (const [i, { name, account, key }] of homes.entries()) {
    const { prosumer, status } = meters[i]!;
    if (Number(status) > 1)
      notes.push(`${name}: its meter ${key.meter} sells no more; remove its key file for a new one`);
    else if (known[i] && !sameAddress(prosumer, account))
      notes.push(`${name}: its meter sells for ${prosumer}, not for ${account}; a meter never changes hands`);
  }
  const hasOffer = await inTurn(
    homes,
    async ({ key }, i) => known[i]! && (await hasOpenOffer(lab, key.meter)),
  );
  const sellers = homes.filter((home, i) => {
    const isTheirs =
      !known[i] || (Number(meters[i]!.status) === 1 && sameAddress(meters[i]!.prosumer, home.account));
    return isTheirs && home.privateKey !== null && !hasOffer[i];
  });

  const balances = await rpc.all(
    sellers.map(({ account }) => ({
      method: "eth_getBalance",
      params: [account, "latest"],
      schema: z.string().transform(BigInt),
    })),
  );
  const poor = new Set(sellers.filter((_, i) => balances[i]! < ENOUGH).map(({ account }) => account));
  const gifts = [...poor].map((to) => ({
    what: `ether for ${to}`,
    privateKey: LAB_ACCOUNTS.faucet.privateKey,
    to,
    value: GIFT,
    data: "0x" as Hex,
  }));
  const domain = { chainId: lab.chainId, trade };
  const commissions = homes
    .filter((_, i) => !known[i])
    .map(({ name, key, account }) => {
      const consent = halvesOf(key.consent(domain, { prosumer: account, baselineMilliWh: 0n, nonce: 0n }));
      return {
        what: `commissioning the meter of ${name}`,
        privateKey: LAB_ACCOUNTS.operator.privateKey,
        to: trade,
        data: encodeCall(tradeAbi, "commission", key.meter, account, 0n, consent),
      };
    });
  const listings = sellers.flatMap(({ name, key, privateKey, offers }) =>
    offers.map(({ milliWh, pricePerKWh }) => ({
      what: `an offer of ${name}`,
      privateKey: privateKey!,
      to: trade,
      data: encodeCall(tradeAbi, "listOffer", key.meter, milliWh, pricePerKWh, DELIVERY_WINDOW_S, 1n),
    })),
  );
  // A node takes no transaction of an account without ether, and only the prosumer of a commissioned meter may offer.
  await sendTogether(rpc, lab.chainId, [...gifts, ...commissions], seal);
  await sendTogether(rpc, lab.chainId, listings, seal);
  return { commissioned: commissions.length, listed: listings.length, notes };
}

/** A few at once: neither one after the other nor all of a long street. */
async function inTurn<T, R>(list: readonly T[], work: (one: T, i: number) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < list.length; from += AT_ONCE)
    results.push(
      ...(await Promise.all(list.slice(from, from + AT_ONCE).map((one, i) => work(one, from + i)))),
    );
  return results;
}

async function hasOpenOffer({ trade }: LabChain, meter: Address): Promise<boolean> {
  const listed = await trade.getPastEvents("OfferListed", {
    filter: { meter },
    fromBlock: 0,
    toBlock: "latest",
  });
  for (const { returnValues } of listed.reverse()) {
    const { remainingMilliWh } = await trade.methods.offerOf(returnValues.offerId).call();
    if (remainingMilliWh > 0n) return true;
  }
  return false;
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
): Promise<void> {
  if (list.length === 0) return;
  const nonces = await noncesOf(
    rpc,
    list.map(({ privateKey }) => privateKeyToAddress(privateKey)),
  );
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
    if (answer instanceof RpcError) throw new Error(`${list[i]!.what}: ${answer.reason}`, { cause: answer });
  await untilSealed(
    rpc,
    list.map(({ what }, i) => ({ what, hash: signed[i]!.hash })),
    seal,
  );
}

/** Consecutive for each account, in order. */
async function noncesOf(rpc: JsonRpc, senders: Address[]): Promise<number[]> {
  const distinct = [...new Set(senders)];
  const first = await rpc.all(
    distinct.map((sender) => ({
      method: "eth_getTransactionCount",
      params: [sender, "pending"],
      schema: z.string().transform(Number),
    })),
  );
  const next = new Map(distinct.map((sender, i) => [sender, first[i]!]));
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
  sent: { what: string; hash: Hex }[],
  seal: (() => Promise<void>) | undefined,
): Promise<void> {
  let waiting = sent;
  let lastAtMs = performance.now();
  while (waiting.length > 0) {
    await seal?.();
    const receipts = await inBatches(
      rpc,
      waiting.map(({ hash }) => ({ method: "eth_getTransactionReceipt", params: [hash], schema: receipt })),
    );
    const still: typeof sent = [];
    for (const [i, one] of waiting.entries()) {
      const answer = receipts[i];
      if (answer instanceof RpcError) throw answer;
      if (answer?.status === "0x0") throw new Error(`${one.what} was reverted`);
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
