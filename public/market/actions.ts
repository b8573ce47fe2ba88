/** What a person can do on the market, each as one transaction of the contracts. */

import type { OfferView } from "../../common/events";
import { LAB_ACCOUNTS } from "../../common/lab";
import { BASE_UNITS, paymentFor } from "../../common/units";
import { ids } from "../ids";
import { nodeOf } from "../node";
import { noticeOf } from "../notices";
import { configOf, isOnChain } from "../select";
import type { NewOffer } from "../views/view";
import { keepTransaction, ownerOf, type Sender, send } from "./send";

const contractsOf = ({ store }: Sender) => {
  const config = configOf(store.state);
  if (!config) throw new Error("The page has no configuration yet");
  return { ...config.contracts, config };
};

/** The wei that buy at least `tokens`: rounded up, since a wei is the least one can send. */
export const costOfTokens = (tokens: bigint, tokensPerEther: bigint): bigint =>
  (tokens + tokensPerEther - 1n) / tokensPerEther;

/** The wei that `tokens` are redeemed for: rounded down, as the contract does. */
export const worthOfTokens = (tokens: bigint, tokensPerEther: bigint): bigint => tokens / tokensPerEther;

/** One window: the payment goes to the trade contract, which opens the trade in the same transaction. */
export async function buyEnergy(sender: Sender, offer: OfferView, milliWh: bigint): Promise<string | null> {
  const { token, trade } = contractsOf(sender);
  const payment = paymentFor(milliWh, offer.pricePerKWh);
  const control = ids.offerBuy(offer.offerId);
  const { store } = sender;
  const account = store.state.wallet.account;
  if (!account || store.state.busy[control]) return null;
  const id = store.state.purchases.some((one) => one.id === "draft") ? `draft-${offer.offerId}` : "draft";
  const purchase = {
    id,
    account,
    offerId: offer.offerId,
    milliWh,
    payment,
  };
  store.dispatch({ type: "purchaseBegun", purchase });
  const hash = await send(sender, {
    kind: "purchase",
    control,
    to: token,
    data: ({ encodeCall, encodePurchase, tokenAbi }) =>
      encodeCall(
        tokenAbi,
        "transferAndCall(address,uint256,bytes)",
        trade,
        payment,
        encodePurchase(offer.offerId, milliWh),
      ),
    details: { offerId: String(offer.offerId), milliWh: String(milliWh), tokens: String(payment) },
  });
  store.dispatch({ type: "purchaseEnded", id });
  return hash;
}

export function buyTokens(sender: Sender, tokens: bigint): Promise<string | null> {
  const { token, config } = contractsOf(sender);
  const value = costOfTokens(tokens, config.tokensPerEther);
  return send(sender, {
    kind: "buyTokens",
    control: ids.buyTokens,
    to: token,
    value,
    details: { tokens: String(value * config.tokensPerEther), wei: String(value) },
  });
}

export function redeemTokens(sender: Sender, tokens: bigint): Promise<string | null> {
  const { token, config } = contractsOf(sender);
  return send(sender, {
    kind: "redeem",
    control: ids.redeem,
    to: token,
    data: ({ encodeCall, tokenAbi }) => encodeCall(tokenAbi, "redeem", tokens),
    details: {
      tokens: String(tokens),
      wei: String(worthOfTokens(tokens, config.tokensPerEther)),
    },
  });
}

export function listOffer(sender: Sender, offer: NewOffer): Promise<string | null> {
  return send(sender, {
    kind: "listOffer",
    control: ids.sellList,
    to: contractsOf(sender).trade,
    data: ({ encodeCall, tradeAbi }) =>
      encodeCall(
        tradeAbi,
        "listOffer",
        offer.meter,
        offer.milliWh,
        offer.pricePerKWh,
        offer.deliveryWindowS,
        offer.smallestOrderMilliWh,
      ),
    details: { milliWh: String(offer.milliWh), tokens: String(offer.pricePerKWh) },
  });
}

export const withdrawOffer = (sender: Sender, offerId: bigint): Promise<string | null> =>
  send(sender, {
    kind: "withdrawOffer",
    control: ids.sellWithdraw(offerId),
    to: contractsOf(sender).trade,
    data: ({ encodeCall, tradeAbi }) => encodeCall(tradeAbi, "withdrawOffer", offerId),
    details: { offerId: String(offerId) },
  });

export const refundTrade = (sender: Sender, tradeId: bigint): Promise<string | null> =>
  send(sender, {
    kind: "refund",
    control: ids.tradeRefund(tradeId),
    to: contractsOf(sender).trade,
    data: ({ encodeCall, tradeAbi }) => encodeCall(tradeAbi, "refund", tradeId),
    details: { tradeId: String(tradeId) },
  });

/** What the faucet gives: enough for a hundred lab evenings. */
export const FAUCET_WEI = BASE_UNITS;

/** Play ether to a newcomer's own wallet, signed by the page with the lab's faucet key. Lab chains only. */
export async function askFaucet(sender: Sender): Promise<void> {
  const { store, storage, nowMs } = sender;
  const config = configOf(store.state);
  const owner = ownerOf(sender);
  if (!config?.faucet || !owner || !isOnChain(store.state) || store.state.busy[ids.faucet]) return;
  const { account } = owner;
  store.dispatch({ type: "notice", notice: null });
  store.dispatch({ type: "busy", what: ids.faucet, phase: "checking" });
  try {
    const { sendFromLab } = await import("../wallet/lab-send");
    const transaction = { to: account, value: FAUCET_WEI, data: "0x" };
    const hash = await sendFromLab(nodeOf(config), config.chainId, LAB_ACCOUNTS.faucet, transaction);
    keepTransaction(store, storage, owner, {
      hash,
      nonce: null,
      kind: "faucet",
      account,
      sentAtMs: nowMs(),
      details: { wei: String(FAUCET_WEI) },
      status: "pending",
      block: null,
      isConfirmed: false,
    });
  } catch (error) {
    store.dispatch({ type: "notice", notice: noticeOf(error) });
  } finally {
    store.dispatch({ type: "busy", what: ids.faucet, phase: null });
  }
}

/** Shows the token in the wallet's own list. */
export async function watchToken({ store, provider }: Sender): Promise<void> {
  const config = configOf(store.state);
  const control = ids.watchToken;
  // On another network the wallet would take it into that one's list.
  if (!config || !isOnChain(store.state) || store.state.busy[control]) return;
  store.dispatch({ type: "notice", notice: null });
  store.dispatch({ type: "busy", what: control, phase: "wallet" });
  const options = { address: config.contracts.token, symbol: "NWT", decimals: 18 };
  try {
    await provider().request({
      method: "wallet_watchAsset",
      params: { type: "ERC20", options } as unknown as readonly unknown[],
    });
  } catch (error) {
    store.dispatch({ type: "notice", notice: noticeOf(error, "watch") });
  } finally {
    store.dispatch({ type: "busy", what: control, phase: null });
  }
}
