/** How the market's readers choose and order trades and offers, wherever these are kept. */
import { sameAddress } from "../common/address";
import { isInStock, type MarketOffer, type MarketReader, type MarketTrade, type TradeFilter } from "./types";

export const byPurchase = (a: MarketTrade, b: MarketTrade): number =>
  a.opened.block - b.opened.block || a.opened.logIndex - b.opened.logIndex;

export const newestFirst = (a: MarketTrade, b: MarketTrade): number => byPurchase(b, a);

export const isParty = (trade: MarketTrade, party: string): boolean =>
  sameAddress(trade.buyer, party) || sameAddress(trade.seller, party);

export const passes = (trade: MarketTrade, { meter, party, closed }: TradeFilter): boolean =>
  (closed === undefined || trade.closed === closed) &&
  (meter === undefined || trade.meter === meter) &&
  (party === undefined || isParty(trade, party));

export const canBeBought = (offer: MarketOffer, market: Pick<MarketReader, "meter">): boolean =>
  isInStock(offer) && !offer.isExhausted && market.meter(offer.meter)?.status === "commissioned";
