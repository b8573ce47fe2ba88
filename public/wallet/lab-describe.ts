/** A transaction in words: what the person is about to sign, read from its bytes and not from what the page meant. */

import { decodeCall, decodePurchase, tokenAbi, tradeAbi } from "../../chain/codec";
import { sameAddress } from "../../common/address";
import type { ConfigView } from "../../common/api";
import { duration, energy, eth, nwtExact, price, shortHex } from "../format";
import { type Language, translator } from "../i18n";
import type { LabTransaction } from "./lab-send";

/** One sentence, such as "Buy 20 mWh of offer 3 for 0.0024 NWT". */
export function describeTransaction(
  transaction: LabTransaction,
  config: Pick<ConfigView, "contracts" | "tokensPerEther">,
  language: Language,
): string {
  const t = translator(language);
  const { to, value, data } = transaction;
  const { token, trade } = config.contracts;
  const amount = (arg: unknown) => nwtExact(arg as bigint, language);
  if (data === "0x" && sameAddress(to, token)) {
    const tokens = value * config.tokensPerEther;
    return t("lab.say.buyTokens", { tokens: nwtExact(tokens, language), ether: eth(value, language) });
  }
  if (data === "0x") return t("lab.say.send", { ether: eth(value, language), to: shortHex(to) });
  const call = sameAddress(to, token)
    ? decodeCall(tokenAbi, data)
    : sameAddress(to, trade)
      ? decodeCall(tradeAbi, data)
      : null;
  const args = call?.args ?? {};
  // Cut off: no argument is there, as of no function that is told here.
  const name = Object.keys(args).length > 0 ? call?.name : undefined;
  switch (name) {
    case "transferAndCall": {
      if (!sameAddress(args.to as string, trade) || typeof args.data !== "string") break;
      const order = decodePurchase(args.data);
      if (!order) break;
      return t("lab.say.purchase", {
        energy: energy(order.milliWh, language),
        offerId: String(order.offerId),
        payment: amount(args.value),
      });
    }
    case "redeem":
      return t("lab.say.redeem", {
        tokens: amount(args.tokens),
        ether: eth((args.tokens as bigint) / config.tokensPerEther, language),
      });
    case "listOffer": {
      const offer = t("lab.say.listOffer", {
        energy: energy(args.milliWh as bigint, language),
        price: price(args.pricePerKWh as bigint, language),
        window: duration(Number(args.deliveryWindow), language),
      });
      const smallest = args.smallestOrderMilliWh as bigint;
      // One milliwatt-hour is no condition.
      return smallest <= 1n
        ? offer
        : t("lab.say.smallestOrder", { offer, smallest: energy(smallest, language) });
    }
    case "withdrawOffer":
      return t("lab.say.withdrawOffer", { offerId: String(args.offerId) });
    case "refund":
      return t("lab.say.refund", { tradeId: String(args.tradeId) });
  }
  return t("lab.say.other", { to: shortHex(to), data: data.slice(0, 10) });
}
