/**
 * Brings a lab's street to its market: every household has ether for gas, every meter is commissioned for its household,
 * and every household offers something. What is there already is left alone. All transactions of a kind are sent
 * together, so that many homes take no longer than one.
 */
import { z } from "zod";
import { encodeCall, type Hex, tradeAbi } from "../chain/codec";
import type { MeterKey } from "../chain/meter-key";
import { JsonRpc } from "../chain/rpc";
import { halvesOf, privateKeyToAddress } from "../chain/web3";
import { type Address, sameAddress } from "../common/address";
import { LAB_ACCOUNTS } from "../common/lab";
import type { LabChain } from "./lab-chain";
import type { OfferTerms } from "./lab-street";
import { Overtaken, sendTogether, settledNonces } from "./send-together";

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
const AT_ONCE = 100;
/** Each is lost to another sender of the same accounts at most once in a block. */
const MOST_PASSES = 10;

/**
 * Two starts may do this at once, and one may have been ended in the middle: what both want is sent under the same
 * nonce, so that the chain takes it once, and whoever comes second does what is still missing.
 * @param seal on a chain of one's own: makes a block now
 * @throws Error naming the transaction that was refused
 */
export async function prepareStreet(
  lab: LabChain,
  rpcUrl: string,
  homes: LabHome[],
  seal?: () => Promise<void>,
): Promise<Prepared> {
  const rpc = new JsonRpc({ url: rpcUrl, timeoutMs: 10_000 });
  for (let pass = 1; ; pass++)
    try {
      return await prepareOnce(lab, rpc, homes, seal);
    } catch (error) {
      if (!(error instanceof Overtaken) || pass === MOST_PASSES) throw error;
    }
}

async function prepareOnce(
  lab: LabChain,
  rpc: JsonRpc,
  homes: LabHome[],
  seal: (() => Promise<void>) | undefined,
): Promise<Prepared> {
  const trade = lab.trade.address;
  // Before the state is read: whatever another sender does after this costs us the nonce.
  const senders = [
    LAB_ACCOUNTS.faucet.privateKey,
    LAB_ACCOUNTS.operator.privateKey,
    ...homes.flatMap(({ privateKey }) => privateKey ?? []),
  ];
  const nonces = await settledNonces(rpc, senders.map(privateKeyToAddress), seal);
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
  const missing = await inTurn(homes, async (home, i) =>
    known[i] ? missingOffers(lab, home) : [...home.offers],
  );
  const sellers = homes.filter((home, i) => {
    const isTheirs =
      !known[i] || (Number(meters[i]!.status) === 1 && sameAddress(meters[i]!.prosumer, home.account));
    return isTheirs && home.privateKey !== null && missing[i]!.length > 0;
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
  const listings = sellers.flatMap((home) => {
    const { name, key, privateKey } = home;
    return missing[homes.indexOf(home)]!.map(({ milliWh, pricePerKWh }) => ({
      what: `an offer of ${name}`,
      privateKey: privateKey!,
      to: trade,
      data: encodeCall(tradeAbi, "listOffer", key.meter, milliWh, pricePerKWh, DELIVERY_WINDOW_S, 1n),
    }));
  });
  // A node takes no transaction of an account without ether, and only the prosumer of a commissioned meter may offer.
  await sendTogether(rpc, lab.chainId, [...gifts, ...commissions], seal, nonces);
  await sendTogether(rpc, lab.chainId, listings, seal, nonces);
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

/** All of them when none is open; else those that a start which was ended in the middle has left out. */
async function missingOffers({ trade }: LabChain, { key, offers }: LabHome): Promise<OfferTerms[]> {
  const listed = (
    await trade.getPastEvents("OfferListed", {
      filter: { meter: key.meter },
      fromBlock: 0,
      toBlock: "latest",
    })
  ).map(({ returnValues }) => returnValues);
  const unlisted = offers.filter(
    ({ milliWh, pricePerKWh }) =>
      !listed.some((one) => one.milliWh === milliWh && one.pricePerKWh === pricePerKWh),
  );
  for (const { offerId } of listed.reverse()) {
    const { remainingMilliWh } = await trade.methods.offerOf(offerId).call();
    // With none of ours among them, the offers are the household's own.
    if (remainingMilliWh > 0n) return unlisted.length === offers.length ? [] : unlisted;
  }
  return [...offers];
}
