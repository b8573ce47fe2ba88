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

/** The blocks that made records: those above `after`, up to and with `through`. */
export interface Step {
  after: number;
  through: number;
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
  /** @param step what `takeBack` can undo later; null for what nobody will take back */
  save(changed: Changed, step: Step | null): void;
  /**
   * Undoes the steps that end above `block`.
   * @returns the block whose end the records are of now: `block`, or a lower one where a step began below it; null when
   *   that is too far back, and nothing was changed
   */
  takeBack(block: number): number | null;
  /** Nobody will take the records back to a block below this one. */
  forgetStepsTo(block: number): void;
  clear(): void;
}
