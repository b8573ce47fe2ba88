/** Chores on a lab's chain, signed with the well-known keys of common/lab.ts. Never for another chain: see `labChain`. */

import { type ContractName, type Contracts, readCompiled } from "../chain/artifacts";
import { tokenAbi, tradeAbi } from "../chain/codec";
import { contractAt, type SendFrom } from "../chain/contract";
import type { MeterKey } from "../chain/meter-key";
import { EthereumNode } from "../chain/node";
import { ask, JsonRpc } from "../chain/rpc";
import { Sender, type Transaction } from "../chain/sender";
import { halvesOf } from "../chain/web3";
import { sameAddress } from "../common/address";
import { isSameCode } from "../common/bytecode";
import type { Receipt, SendOptions } from "../common/contracts";
import { isLabChain, LAB_ACCOUNTS } from "../common/lab";
import { createLog } from "../common/log";
import { FIRST_OFFERS } from "./lab-street";

export type LabRole = keyof typeof LAB_ACCOUNTS;

const ANSWERED_WITHIN_MS = 10_000;

/** True when both contracts are where the artifacts say, of the code that the artifacts have. */
export async function isDeployed(
  rpcUrl: string,
  { token, trade }: Contracts,
  artifactsDir: string,
): Promise<boolean> {
  const isThere = async (address: string, name: ContractName) =>
    isSameCode(await ask<string>(rpcUrl, "eth_getCode", address, "latest"), readCompiled(artifactsDir, name));
  return (await isThere(token, "EnergyToken")) && (await isThere(trade, "EnergyTrade"));
}

/**
 * The contracts of a lab's chain with the lab's accounts able to sign.
 * @throws when the chain is no lab's: the keys are everybody's
 */
export async function labChain(rpcUrl: string, deployment: Contracts) {
  const node = new EthereumNode(new JsonRpc({ url: rpcUrl, timeoutMs: ANSWERED_WITHIN_MS }));
  const chainId = await node.chainId();
  if (!isLabChain(chainId, { rpcUrl })) {
    throw new Error(
      `the chain ${chainId} of ${rpcUrl} is no lab's: the well-known development keys are refused there`,
    );
  }
  const log = createLog("warn", console.error, Date.now);
  const clock = { nowMs: () => Date.now(), steadyMs: () => performance.now() };
  const senders = Object.values(LAB_ACCOUNTS).map(
    ({ privateKey }) => new Sender({ node, privateKey, chainId, clock, log }),
  );
  /** Any transaction of a lab's account; waits for its block. */
  const send: SendFrom = (transaction, { from, gas }) => {
    const sender = senders.find(({ address }) => sameAddress(address, from));
    if (!sender) throw new Error(`${from} is none of the lab's accounts: its key is not here`);
    return sender.send(transaction, gas);
  };
  return {
    node,
    chainId,
    token: contractAt(tokenAbi, deployment.token, node, send),
    trade: contractAt(tradeAbi, deployment.trade, node, send),
    send: (transaction: Transaction, options: SendOptions): Promise<Receipt> => send(transaction, options),
    from: (role: LabRole) => ({ from: LAB_ACCOUNTS[role].address }),
  };
}

export type LabChain = Awaited<ReturnType<typeof labChain>>;

/**
 * Trusts the meter and names the lab's prosumer as its seller, unless that was done before. The meter's consent is
 * signed on the way: in a lab both keys are at hand. Elsewhere `npm run meter -- consent` prints it for the operator.
 */
export async function commissionMeter(
  { trade, chainId, from }: LabChain,
  key: MeterKey,
  baselineMilliWh = 0n,
): Promise<void> {
  const { meter } = key;
  const { status } = await trade.methods.meterOf(meter).call();
  if (Number(status) !== 0) return;
  const prosumer = LAB_ACCOUNTS.prosumer.address;
  const nonce = await trade.methods.nonces(meter).call();
  const domain = { chainId, trade: trade.address };
  const consent = halvesOf(key.consent(domain, { prosumer, baselineMilliWh, nonce }));
  await trade.methods.commission(meter, prosumer, baselineMilliWh, consent).send(from("operator"));
}

const DELIVERY_WINDOW_S = 3_600n;

/** Lists a few offers of the meter when it has none open. */
export async function listFirstOffers({ trade, from }: LabChain, meter: string): Promise<number> {
  const count = Number(await trade.methods.offerCount().call());
  for (let offerId = count; offerId >= 1; offerId--) {
    const offer = await trade.methods.offerOf(BigInt(offerId)).call();
    if (sameAddress(offer.meter, meter) && BigInt(offer.remainingMilliWh) > 0n) return 0;
  }
  for (const { milliWh, pricePerKWh } of FIRST_OFFERS) {
    await trade.methods.listOffer(meter, milliWh, pricePerKWh, DELIVERY_WINDOW_S, 1n).send(from("prosumer"));
  }
  return FIRST_OFFERS.length;
}
