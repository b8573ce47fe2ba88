/** Offers, trades and meters as the chain's events make them. A pure fold: the same events, the same market. */

import type { ChainEvent, EventPlace } from "../../chain/chain-event";
import type { BlockHeader } from "../../chain/sink";
import { type Address, sameAddress } from "../../common/address";
import type { OfferFacts, TradeFacts } from "../../common/events";

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

export interface MarketTrade extends TradeFacts {
  opened: TradeFacts["opened"] & EventPlace;
  /** False while the block that opened it lacks confirmations. */
  isConfirmed: boolean;
  /** How the chain closed it; null while open. */
  closed: "settled" | "refunded" | null;
}

/** A trade's id is its offer's times this, and the number of the purchase: IEnergyTrade.sol. */
const TRADES_PER_OFFER = 1_000_000n;

/** What an event changed. */
export interface Touched {
  offers: Set<bigint>;
  trades: Set<bigint>;
  meters: Set<Address>;
}

export const nothingTouched = (): Touched => ({ offers: new Set(), trades: new Set(), meters: new Set() });

/** What anybody asks of the market. Lists of trades and offers are newest first where nothing else is said. */
export interface MarketReader {
  /** In the order of their commissioning. */
  meters(): MarketMeter[];
  meter(meter: Address): MarketMeter | null;
  offers(): MarketOffer[];
  offer(offerId: bigint): MarketOffer | null;
  trade(tradeId: bigint): MarketTrade | null;
  /** Trades that the chain has not closed, in purchase order. */
  openTrades(): MarketTrade[];
  /** Those of one meter, in purchase order. */
  openTradesOf(meter: Address): MarketTrade[];
  trades(filter: TradeFilter, page: PageOf): MarketTrade[];
  countTrades(filter: TradeFilter): number;
}

/** Every one of these that is named must hold. */
export interface TradeFilter {
  /** Seller or buyer, in any case of letters. */
  party?: Address | undefined;
  /** How the chain closed it; null for the open ones. */
  closed?: MarketTrade["closed"] | undefined;
}

export interface PageOf {
  offset: number;
  limit: number;
}

/** Records are replaced, never changed, so that a fork may share them. */
export class Market implements MarketReader {
  constructor(
    private readonly metersBy = new Map<Address, MarketMeter>(),
    private readonly offersBy = new Map<bigint, MarketOffer>(),
    private readonly tradesBy = new Map<bigint, MarketTrade>(),
    /** Asked for with every look at the chain, when most trades are long closed. */
    private readonly open = new Set<bigint>(),
  ) {}

  /** A copy that can go its own way: for events not yet confirmed. */
  fork(): Market {
    return new Market(
      new Map(this.metersBy),
      new Map(this.offersBy),
      new Map(this.tradesBy),
      new Set(this.open),
    );
  }

  /** @throws Error when the event names what no earlier event brought: the store has a gap. */
  apply(event: ChainEvent, header: BlockHeader, touched: Touched, isConfirmed = true): void {
    switch (event.name) {
      case "MeterCommissioned":
        this.metersBy.set(event.meter, {
          meter: event.meter,
          prosumer: event.prosumer,
          status: "commissioned",
          registerMilliWh: event.baselineMilliWh,
        });
        touched.meters.add(event.meter);
        return;
      case "MeterRetired":
      case "MeterDecommissioned": {
        const status = event.name === "MeterRetired" ? "retired" : "decommissioned";
        this.metersBy.set(event.meter, { ...this.knownMeter(event.meter), status });
        touched.meters.add(event.meter);
        for (const offer of this.offersBy.values())
          if (offer.meter === event.meter) touched.offers.add(offer.offerId);
        return;
      }
      case "OfferListed":
        this.offersBy.set(event.offerId, {
          offerId: event.offerId,
          meter: event.meter,
          prosumer: event.prosumer,
          milliWh: event.milliWh,
          remainingMilliWh: event.milliWh,
          pricePerKWh: event.pricePerKWh,
          deliveryWindowS: Number(event.deliveryWindow),
          smallestOrderMilliWh: event.smallestOrderMilliWh,
          isWithdrawn: false,
          isExhausted: false,
          listedBlock: event.block,
        });
        touched.offers.add(event.offerId);
        return;
      case "OfferWithdrawn":
        this.offersBy.set(event.offerId, {
          ...this.knownOffer(event.offerId),
          remainingMilliWh: 0n,
          isWithdrawn: true,
        });
        touched.offers.add(event.offerId);
        return;
      case "TradeOpened": {
        const offer = this.knownOffer(event.offerId);
        this.offersBy.set(offer.offerId, {
          ...offer,
          remainingMilliWh: offer.remainingMilliWh - event.milliWh,
          isExhausted: event.tradeId % TRADES_PER_OFFER === TRADES_PER_OFFER - 1n,
        });
        touched.offers.add(offer.offerId);
        this.tradesBy.set(event.tradeId, {
          tradeId: event.tradeId,
          offerId: event.offerId,
          meter: offer.meter,
          seller: offer.prosumer,
          buyer: event.buyer,
          milliWh: event.milliWh,
          pricePerKWh: offer.pricePerKWh,
          payment: event.payment,
          deadlineAtMs: Number(event.deadline) * 1000,
          opened: {
            block: event.block,
            blockHash: event.blockHash,
            txHash: event.txHash,
            logIndex: event.logIndex,
            sealer: header.sealer,
            atMs: header.atS * 1000,
          },
          settledMilliWh: 0n,
          paid: 0n,
          refunded: 0n,
          settlements: [],
          isConfirmed,
          closed: null,
        });
        this.open.add(event.tradeId);
        touched.trades.add(event.tradeId);
        return;
      }
      case "TradeSettled": {
        const trade = this.knownTrade(event.tradeId);
        const { txHash, block, deliveredMilliWh, paid, refunded, isClosed } = event;
        this.tradesBy.set(event.tradeId, {
          ...trade,
          settledMilliWh: deliveredMilliWh,
          paid: trade.paid + paid,
          refunded: trade.refunded + refunded,
          settlements: [...trade.settlements, { txHash, block, deliveredMilliWh, paid, refunded, isClosed }],
          closed: isClosed ? "settled" : null,
        });
        if (isClosed) this.open.delete(event.tradeId);
        touched.trades.add(event.tradeId);
        const meter = this.knownMeter(trade.meter);
        if (event.registerMilliWh > meter.registerMilliWh)
          this.metersBy.set(meter.meter, { ...meter, registerMilliWh: event.registerMilliWh });
        return;
      }
      case "TradeRefunded": {
        const trade = this.knownTrade(event.tradeId);
        this.tradesBy.set(event.tradeId, {
          ...trade,
          refunded: trade.refunded + event.refunded,
          closed: "refunded",
        });
        this.open.delete(event.tradeId);
        touched.trades.add(event.tradeId);
        return;
      }
    }
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

  trade(tradeId: bigint): MarketTrade | null {
    return this.tradesBy.get(tradeId) ?? null;
  }

  openTrades(): MarketTrade[] {
    return [...this.open].map((tradeId) => this.knownTrade(tradeId)).sort(byPurchase);
  }

  openTradesOf(meter: Address): MarketTrade[] {
    return this.openTrades().filter((trade) => trade.meter === meter);
  }

  trades(filter: TradeFilter, { offset, limit }: PageOf): MarketTrade[] {
    return this.filtered(filter)
      .sort((a, b) => byPurchase(b, a))
      .slice(offset, offset + limit);
  }

  countTrades(filter: TradeFilter): number {
    return this.filtered(filter).length;
  }

  private filtered({ party, closed }: TradeFilter): MarketTrade[] {
    return [...this.tradesBy.values()].filter(
      (trade) =>
        (closed === undefined || trade.closed === closed) &&
        (party === undefined || sameAddress(trade.buyer, party) || sameAddress(trade.seller, party)),
    );
  }

  private knownMeter(meter: Address): MarketMeter {
    return this.metersBy.get(meter) ?? gap(`meter ${meter}`);
  }
  private knownOffer(offerId: bigint): MarketOffer {
    return this.offersBy.get(offerId) ?? gap(`offer ${offerId}`);
  }
  private knownTrade(tradeId: bigint): MarketTrade {
    return this.tradesBy.get(tradeId) ?? gap(`trade ${tradeId}`);
  }
}

const byPurchase = (a: MarketTrade, b: MarketTrade): number =>
  a.opened.block - b.opened.block || a.opened.logIndex - b.opened.logIndex;

function gap(subject: string): never {
  throw new Error(
    `An event names ${subject}, which no earlier event brought: the followed history has a gap. ` +
      "Move the data folder away to read the chain again from its start.",
  );
}
