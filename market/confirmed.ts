/**
 * The market as confirmed blocks make it. What may still change is in memory: meters, offers in stock, open trades.
 * What is over is in the archive, and is read from there when somebody asks.
 */
import type { Address } from "../common/address";
import type { Changed, MarketArchive, Step } from "./archive";
import type { MarketState } from "./fold";
import { byPurchase, canBeBought, passes } from "./questions";
import {
  isInStock,
  type MarketMeter,
  type MarketOffer,
  type MarketReader,
  type MarketTrade,
  type PageOf,
  type TradeFilter,
} from "./types";

const nothingChanged = (): Changed => ({ meters: new Map(), offers: new Map(), trades: new Map() });

export class ConfirmedMarket implements MarketReader, MarketState {
  private metersBy = new Map<Address, MarketMeter>();
  private stock = new Map<bigint, MarketOffer>();
  private open = new Map<bigint, MarketTrade>();
  /** Since `save`: what the archive does not have yet. */
  private changed = nothingChanged();
  /** What was saved last, until it is `settled`: whoever is told of a change asks for it at once. */
  private justSaved = nothingChanged();

  constructor(private readonly archive: MarketArchive) {
    this.load();
  }

  /** Takes what is in the archive for all there is; what was changed and not saved is forgotten. */
  load(): void {
    this.changed = nothingChanged();
    this.justSaved = nothingChanged();
    this.metersBy = new Map(this.archive.meters().map((meter) => [meter.meter, meter]));
    this.stock = new Map(this.archive.offersInStock().map((offer) => [offer.offerId, offer]));
    this.open = new Map(this.archive.openTrades().map((trade) => [trade.tradeId, trade]));
  }

  clear(): void {
    this.archive.clear();
    this.load();
  }

  /**
   * As it was at the end of an earlier block.
   * @returns that block: `block`, or a lower one, whose next events have to be folded again; null when it is too far back
   */
  takeBack(block: number): number | null {
    const reached = this.archive.takeBack(block);
    if (reached !== null) this.load();
    return reached;
  }

  /** Nobody will take it back to a block below this one. */
  forgetStepsTo(block: number): void {
    this.archive.forgetStepsTo(block);
  }

  /** Each record is written once, however often it has changed: to be called before anybody asks. */
  save(step: Step | null): void {
    this.archive.save(this.changed, step);
    this.justSaved = this.changed;
    this.changed = nothingChanged();
  }

  /** Everybody has been told of what was saved last. */
  settled(): void {
    this.justSaved = nothingChanged();
  }

  keepMeter(meter: MarketMeter): void {
    this.metersBy.set(meter.meter, meter);
    this.changed.meters.set(meter.meter, meter);
  }

  keepOffer(offer: MarketOffer): void {
    keepWhile(isInStock(offer), this.stock, offer.offerId, offer);
    this.changed.offers.set(offer.offerId, offer);
  }

  keepTrade(trade: MarketTrade): void {
    keepWhile(trade.closed === null, this.open, trade.tradeId, trade);
    this.changed.trades.set(trade.tradeId, trade);
  }

  meters(): MarketMeter[] {
    return [...this.metersBy.values()];
  }

  meter(meter: Address): MarketMeter | null {
    return this.metersBy.get(meter) ?? null;
  }

  offers(): MarketOffer[] {
    return this.archive.offers();
  }

  offer(offerId: bigint): MarketOffer | null {
    return (
      this.stock.get(offerId) ??
      this.changed.offers.get(offerId) ??
      this.justSaved.offers.get(offerId) ??
      this.archive.offer(offerId)
    );
  }

  /** Newest first. */
  offersInStock(): MarketOffer[] {
    return [...this.stock.values()].reverse();
  }

  openOffers(): MarketOffer[] {
    return this.offersInStock().filter((offer) => canBeBought(offer, this));
  }

  trade(tradeId: bigint): MarketTrade | null {
    return (
      this.open.get(tradeId) ??
      this.changed.trades.get(tradeId) ??
      this.justSaved.trades.get(tradeId) ??
      this.archive.trade(tradeId)
    );
  }

  openTrades(): MarketTrade[] {
    return [...this.open.values()].sort(byPurchase);
  }

  openTradesOf(meter: Address): MarketTrade[] {
    return this.openTrades().filter((trade) => trade.meter === meter);
  }

  trades(filter: TradeFilter, page: PageOf): MarketTrade[] {
    if (filter.closed !== null) return this.archive.trades(filter, page);
    return this.openOf(filter)
      .reverse()
      .slice(page.offset, page.offset + page.limit);
  }

  countTrades(filter: TradeFilter): number {
    return filter.closed === null ? this.openOf(filter).length : this.archive.countTrades(filter);
  }

  tradesOf(party: Address, page: PageOf): MarketTrade[] {
    return this.trades({ party }, page);
  }

  private openOf(filter: TradeFilter): MarketTrade[] {
    return this.openTrades().filter((trade) => passes(trade, filter));
  }
}

function keepWhile<Id, T>(isKept: boolean, records: Map<Id, T>, id: Id, record: T): void {
  if (isKept) records.set(id, record);
  else records.delete(id);
}
