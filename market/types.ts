/** What the market is made of, and what anybody may ask of it. */
import type { EventPlace } from "../chain/chain-event";
import type { Address } from "../common/address";
import type { OfferFacts, TradeFacts } from "../common/events";

export interface MarketMeter {
  meter: Address;
  prosumer: Address;
  /** Retired: sells no more, and its signatures still count. */
  status: "commissioned" | "retired" | "decommissioned";
  /** Highest register in a settlement, its baseline before the first. */
  registerMilliWh: bigint;
}

/** Whether what a meter signs is paid for; false for one that nobody has commissioned. */
export const signaturesCount = (meter: MarketMeter | null): boolean =>
  meter !== null && meter.status !== "decommissioned";

export interface MarketOffer extends OfferFacts {
  isWithdrawn: boolean;
  /** Bought as often as one offer can be. */
  isExhausted: boolean;
}

/** Whether anything of it is left: it can be bought while its meter sells, and as long as it is not exhausted. */
export const isInStock = (offer: MarketOffer): boolean => !offer.isWithdrawn && offer.remainingMilliWh > 0n;

export interface MarketTrade extends TradeFacts {
  opened: TradeFacts["opened"] & EventPlace;
  /** False while the block that opened it lacks confirmations. */
  isConfirmed: boolean;
  /** How the chain closed it; null while open. */
  closed: "settled" | "refunded" | null;
}

/** What events changed. */
export interface Touched {
  offers: Set<bigint>;
  trades: Set<bigint>;
  meters: Set<Address>;
}

export const nothingTouched = (): Touched => ({ offers: new Set(), trades: new Set(), meters: new Set() });

/** Every one of these that is named must hold. */
export interface TradeFilter {
  meter?: Address | undefined;
  /** Seller or buyer, in any case of letters. */
  party?: Address | undefined;
  /** How the chain closed it; null for the open ones. */
  closed?: MarketTrade["closed"] | undefined;
}

export interface PageOf {
  offset: number;
  limit: number;
}

/** What anybody asks of the market. The records are values: none changes after it was given. */
export interface MarketReader {
  /** In the order of their commissioning. */
  meters(): MarketMeter[];
  meter(meter: Address): MarketMeter | null;
  /** All ever listed, newest first. */
  offers(): MarketOffer[];
  offer(offerId: bigint): MarketOffer | null;
  /** Those that somebody can buy from now, newest first. */
  openOffers(): MarketOffer[];
  trade(tradeId: bigint): MarketTrade | null;
  /** Trades that the chain has not closed, in purchase order. */
  openTrades(): MarketTrade[];
  /** Those of one meter, in purchase order. */
  openTradesOf(meter: Address): MarketTrade[];
  /** Open and closed ones, newest first. */
  trades(filter: TradeFilter, page: PageOf): MarketTrade[];
  countTrades(filter: TradeFilter): number;
  /** What one party has bought and sold, newest first. */
  tradesOf(party: Address, page: PageOf): MarketTrade[];
}
