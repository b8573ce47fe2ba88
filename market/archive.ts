/**
 * Where the confirmed market is kept. The store implements it: the market's records, the events that they are made of
 * and the cursor are written in one transaction, and who keeps transactions and migrations is the store alone.
 */
import type { Address } from "../common/address";
import type { MarketMeter, MarketOffer, MarketTrade, PageOf, TradeFilter } from "./types";

/** Records made anew, each by its id; those of one kind in the order in which they first came. */
export interface Changed {
  meters: Map<Address, MarketMeter>;
  offers: Map<bigint, MarketOffer>;
  trades: Map<bigint, MarketTrade>;
}

/** What was saved first is older: that is the order of every list. */
export interface MarketArchive {
  meters(): MarketMeter[];
  /** Newest first. */
  offers(): MarketOffer[];
  /** Oldest first. */
  offersInStock(): MarketOffer[];
  offer(offerId: bigint): MarketOffer | null;
  /** Oldest first. */
  openTrades(): MarketTrade[];
  trade(tradeId: bigint): MarketTrade | null;
  /** Newest first. */
  trades(filter: TradeFilter, page: PageOf): MarketTrade[];
  countTrades(filter: TradeFilter): number;
  save(changed: Changed): void;
  clear(): void;
}
