/** Offers, trades and meters as the chain's events make them. A pure fold: the same events, the same market. */

import type { ChainEvent, EventPlace } from "../../chain/chain-event";
import type { BlockHeader } from "../../chain/sink";
import type { Address } from "../../common/address";
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
export const signaturesCount = (meter: MarketMeter | undefined): boolean =>
  meter !== undefined && meter.status !== "decommissioned";

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

/** Records are replaced, never changed, so that a fork may share them. */
export class Market {
  constructor(
    readonly meters = new Map<Address, MarketMeter>(),
    readonly offers = new Map<bigint, MarketOffer>(),
    readonly trades = new Map<bigint, MarketTrade>(),
    /** Asked for with every look at the chain, when most trades are long closed. */
    private readonly open = new Set<bigint>(),
  ) {}

  /** A copy that can go its own way: for events not yet confirmed. */
  fork(): Market {
    return new Market(new Map(this.meters), new Map(this.offers), new Map(this.trades), new Set(this.open));
  }

  /** @throws Error when the event names what no earlier event brought: the store has a gap. */
  apply(event: ChainEvent, header: BlockHeader, touched: Touched, isConfirmed = true): void {
    switch (event.name) {
      case "MeterCommissioned":
        this.meters.set(event.meter, {
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
        this.meters.set(event.meter, { ...this.meter(event.meter), status });
        touched.meters.add(event.meter);
        for (const offer of this.offers.values())
          if (offer.meter === event.meter) touched.offers.add(offer.offerId);
        return;
      }
      case "OfferListed":
        this.offers.set(event.offerId, {
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
        this.offers.set(event.offerId, {
          ...this.offer(event.offerId),
          remainingMilliWh: 0n,
          isWithdrawn: true,
        });
        touched.offers.add(event.offerId);
        return;
      case "TradeOpened": {
        const offer = this.offer(event.offerId);
        this.offers.set(offer.offerId, {
          ...offer,
          remainingMilliWh: offer.remainingMilliWh - event.milliWh,
          isExhausted: event.tradeId % TRADES_PER_OFFER === TRADES_PER_OFFER - 1n,
        });
        touched.offers.add(offer.offerId);
        this.trades.set(event.tradeId, {
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
        const trade = this.trade(event.tradeId);
        const { txHash, block, deliveredMilliWh, paid, refunded, isClosed } = event;
        this.trades.set(event.tradeId, {
          ...trade,
          settledMilliWh: deliveredMilliWh,
          paid: trade.paid + paid,
          refunded: trade.refunded + refunded,
          settlements: [...trade.settlements, { txHash, block, deliveredMilliWh, paid, refunded, isClosed }],
          closed: isClosed ? "settled" : null,
        });
        if (isClosed) this.open.delete(event.tradeId);
        touched.trades.add(event.tradeId);
        const meter = this.meter(trade.meter);
        if (event.registerMilliWh > meter.registerMilliWh)
          this.meters.set(meter.meter, { ...meter, registerMilliWh: event.registerMilliWh });
        return;
      }
      case "TradeRefunded": {
        const trade = this.trade(event.tradeId);
        this.trades.set(event.tradeId, {
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

  /** Trades that the chain has not closed. */
  openTrades(): MarketTrade[] {
    return [...this.open].map((tradeId) => this.trade(tradeId));
  }

  /** Those of one meter, in purchase order. */
  openTradesOf(meter: Address): MarketTrade[] {
    return this.openTrades()
      .filter((trade) => trade.meter === meter)
      .sort((a, b) => a.opened.block - b.opened.block || a.opened.logIndex - b.opened.logIndex);
  }

  private meter(meter: Address): MarketMeter {
    return this.meters.get(meter) ?? gap(`meter ${meter}`);
  }
  private offer(offerId: bigint): MarketOffer {
    return this.offers.get(offerId) ?? gap(`offer ${offerId}`);
  }
  private trade(tradeId: bigint): MarketTrade {
    return this.trades.get(tradeId) ?? gap(`trade ${tradeId}`);
  }
}

function gap(subject: string): never {
  throw new Error(
    `An event names ${subject}, which no earlier event brought: the followed history has a gap. ` +
      "Move the data folder away to read the chain again from its start.",
  );
}
