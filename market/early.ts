/**
 * The market with what is sealed and not yet confirmed laid over it. It holds the early records alone; every other
 * question falls through to the confirmed market.
 */
import type { Address } from "../common/address";
import type { MarketState } from "./fold";
import { byPurchase, canBeBought, newestFirst, passes } from "./questions";
import {
  isInStock,
  type MarketMeter,
  type MarketOffer,
  type MarketReader,
  type MarketTrade,
  type PageOf,
  type TradeFilter,
} from "./types";

/** Early trades are open and newer than every confirmed one: both follow from where an early event stands. */
export class EarlyMarket implements MarketReader, MarketState {
  private readonly earlyMeters = new Map<Address, MarketMeter>();
  private readonly earlyOffers = new Map<bigint, MarketOffer>();
  private readonly earlyTrades = new Map<bigint, MarketTrade>();

  constructor(private readonly confirmed: MarketReader & Pick<MarketState, "offersInStock">) {}

  keepMeter(meter: MarketMeter): void {
    this.earlyMeters.set(meter.meter, meter);
  }

  keepOffer(offer: MarketOffer): void {
    this.earlyOffers.set(offer.offerId, offer);
  }

  keepTrade(trade: MarketTrade): void {
    this.earlyTrades.set(trade.tradeId, trade);
  }

  meters(): MarketMeter[] {
    return laidOver(this.confirmed.meters(), this.earlyMeters, ({ meter }) => meter);
  }

  meter(meter: Address): MarketMeter | null {
    return this.earlyMeters.get(meter) ?? this.confirmed.meter(meter);
  }

  offers(): MarketOffer[] {
    return this.over(this.confirmed.offers());
  }

  offer(offerId: bigint): MarketOffer | null {
    return this.earlyOffers.get(offerId) ?? this.confirmed.offer(offerId);
  }

  offersInStock(): MarketOffer[] {
    return this.over([...this.confirmed.offersInStock()]).filter(isInStock);
  }

  openOffers(): MarketOffer[] {
    return this.offersInStock().filter((offer) => canBeBought(offer, this));
  }

  trade(tradeId: bigint): MarketTrade | null {
    return this.earlyTrades.get(tradeId) ?? this.confirmed.trade(tradeId);
  }

  openTrades(): MarketTrade[] {
    return [...this.confirmed.openTrades(), ...this.earlyTrades.values()].sort(byPurchase);
  }

  openTradesOf(meter: Address): MarketTrade[] {
    return this.openTrades().filter((trade) => trade.meter === meter);
  }

  trades(filter: TradeFilter, { offset, limit }: PageOf): MarketTrade[] {
    const early = this.earlyOf(filter).sort(newestFirst);
    const page = early.slice(offset, offset + limit);
    const rest = { offset: Math.max(0, offset - early.length), limit: limit - page.length };
    return rest.limit > 0 ? [...page, ...this.confirmed.trades(filter, rest)] : page;
  }

  countTrades(filter: TradeFilter): number {
    return this.earlyOf(filter).length + this.confirmed.countTrades(filter);
  }

  tradesOf(party: Address, page: PageOf): MarketTrade[] {
    return this.trades({ party }, page);
  }

  private earlyOf(filter: TradeFilter): MarketTrade[] {
    return [...this.earlyTrades.values()].filter((trade) => passes(trade, filter));
  }

  private over(newestFirst: MarketOffer[]): MarketOffer[] {
    return laidOver(newestFirst.reverse(), this.earlyOffers, ({ offerId }) => offerId).reverse();
  }
}

/** Early records in the place of the confirmed ones that they replace, and the new ones after all of these. */
function laidOver<Id, T>(confirmed: T[], early: ReadonlyMap<Id, T>, idOf: (record: T) => Id): T[] {
  const replaced = new Set<Id>();
  const list = confirmed.map((record) => {
    const id = idOf(record);
    if (!early.has(id)) return record;
    replaced.add(id);
    return early.get(id)!;
  });
  return [...list, ...[...early].filter(([id]) => !replaced.has(id)).map(([, record]) => record)];
}
