/** A market wholly in memory. */
import type { Address } from "../../common/address";
import type { MarketState } from "../../market/fold";
import { byPurchase, canBeBought, newestFirst, passes } from "../../market/questions";
import {
  isInStock,
  type MarketMeter,
  type MarketOffer,
  type MarketReader,
  type MarketTrade,
  type PageOf,
  type TradeFilter,
} from "../../market/types";

export class MemoryMarket implements MarketReader, MarketState {
  constructor(
    private readonly metersBy = new Map<Address, MarketMeter>(),
    private readonly offersBy = new Map<bigint, MarketOffer>(),
    private readonly tradesBy = new Map<bigint, MarketTrade>(),
    /** Asked for with every look at the chain, when most trades are long closed. */
    private readonly open = new Set<bigint>(),
  ) {}

  /** A copy that can go its own way: for events not yet confirmed. */
  fork(): MemoryMarket {
    return new MemoryMarket(
      new Map(this.metersBy),
      new Map(this.offersBy),
      new Map(this.tradesBy),
      new Set(this.open),
    );
  }

  keepMeter(meter: MarketMeter): void {
    this.metersBy.set(meter.meter, meter);
  }

  keepOffer(offer: MarketOffer): void {
    this.offersBy.set(offer.offerId, offer);
  }

  keepTrade(trade: MarketTrade): void {
    this.tradesBy.set(trade.tradeId, trade);
    if (trade.closed === null) this.open.add(trade.tradeId);
    else this.open.delete(trade.tradeId);
  }

  meters(): MarketMeter[] {
    return [...this.metersBy.values()];
  }

  meter(meter: Address): MarketMeter | null {
    return this.metersBy.get(meter) ?? null;
  }

  offers(): MarketOffer[] {
    return [...this.offersBy.values()].reverse();
  }

  offer(offerId: bigint): MarketOffer | null {
    return this.offersBy.get(offerId) ?? null;
  }

  offersInStock(): MarketOffer[] {
    return this.offers().filter(isInStock);
  }

  openOffers(): MarketOffer[] {
    return this.offersInStock().filter((offer) => canBeBought(offer, this));
  }

  trade(tradeId: bigint): MarketTrade | null {
    return this.tradesBy.get(tradeId) ?? null;
  }

  openTrades(): MarketTrade[] {
    return [...this.open].map((tradeId) => this.tradesBy.get(tradeId)!).sort(byPurchase);
  }

  openTradesOf(meter: Address): MarketTrade[] {
    return this.openTrades().filter((trade) => trade.meter === meter);
  }

  trades(filter: TradeFilter, { offset, limit }: PageOf): MarketTrade[] {
    return [...this.tradesBy.values()]
      .filter((trade) => passes(trade, filter))
      .sort(newestFirst)
      .slice(offset, offset + limit);
  }

  countTrades(filter: TradeFilter): number {
    return [...this.tradesBy.values()].filter((trade) => passes(trade, filter)).length;
  }

  tradesOf(party: Address, page: PageOf): MarketTrade[] {
    return this.trades({ party }, page);
  }
}
