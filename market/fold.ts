/** Offers, trades and meters as the chain's events make them. A pure fold: the same events, the same market. */
import type { ChainEvent } from "../chain/chain-event";
import type { BlockHeader } from "../chain/sink";
import type { Address } from "../common/address";
import { type MarketMeter, type MarketOffer, type MarketTrade, nothingTouched, type Touched } from "./types";

/** What the fold reads and writes; a record is replaced, never changed. */
export interface MarketState {
  meter(meter: Address): MarketMeter | null;
  offer(offerId: bigint): MarketOffer | null;
  trade(tradeId: bigint): MarketTrade | null;
  /** Of whatever meter; those that are sold out or withdrawn may be left out. */
  offersInStock(): Iterable<MarketOffer>;
  keepMeter(meter: MarketMeter): void;
  keepOffer(offer: MarketOffer): void;
  keepTrade(trade: MarketTrade): void;
}

/** To be raised with whatever makes other records of the same events: those that are stored are made anew. */
export const MARKET_FOLD = 1;

/** A trade's id is its offer's times this, and the number of the purchase: IEnergyTrade.sol. */
const TRADES_PER_OFFER = 1_000_000n;

/** @throws Error when the event names what no earlier event brought: the store has a gap. */
export function fold(
  market: MarketState,
  event: ChainEvent,
  header: Pick<BlockHeader, "atS" | "sealer">,
  touched: Touched = nothingTouched(),
  isConfirmed = true,
): void {
  const keepMeter = (meter: MarketMeter) => {
    market.keepMeter(meter);
    touched.meters.add(meter.meter);
  };
  const keepOffer = (offer: MarketOffer) => {
    market.keepOffer(offer);
    touched.offers.add(offer.offerId);
  };
  const keepTrade = (trade: MarketTrade) => {
    market.keepTrade(trade);
    touched.trades.add(trade.tradeId);
  };
  switch (event.name) {
    case "MeterCommissioned": {
      const { meter, prosumer, baselineMilliWh } = event;
      keepMeter({ meter, prosumer, status: "commissioned", registerMilliWh: baselineMilliWh });
      return;
    }
    case "MeterRetired":
    case "MeterDecommissioned": {
      const status = event.name === "MeterRetired" ? "retired" : "decommissioned";
      keepMeter({ ...known(market.meter(event.meter), `meter ${event.meter}`), status });
      for (const { meter, offerId } of market.offersInStock())
        if (meter === event.meter) touched.offers.add(offerId);
      return;
    }
    case "OfferListed":
      keepOffer({
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
      return;
    case "OfferWithdrawn": {
      const offer = known(market.offer(event.offerId), `offer ${event.offerId}`);
      keepOffer({ ...offer, remainingMilliWh: 0n, isWithdrawn: true });
      return;
    }
    case "TradeOpened": {
      const offer = known(market.offer(event.offerId), `offer ${event.offerId}`);
      keepOffer({
        ...offer,
        remainingMilliWh: offer.remainingMilliWh - event.milliWh,
        isExhausted: event.tradeId % TRADES_PER_OFFER === TRADES_PER_OFFER - 1n,
      });
      keepTrade({
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
      return;
    }
    case "TradeSettled": {
      const trade = known(market.trade(event.tradeId), `trade ${event.tradeId}`);
      const { txHash, block, deliveredMilliWh, paid, refunded, isClosed } = event;
      keepTrade({
        ...trade,
        settledMilliWh: deliveredMilliWh,
        paid: trade.paid + paid,
        refunded: trade.refunded + refunded,
        settlements: [...trade.settlements, { txHash, block, deliveredMilliWh, paid, refunded, isClosed }],
        closed: isClosed ? "settled" : null,
      });
      const meter = known(market.meter(trade.meter), `meter ${trade.meter}`);
      if (event.registerMilliWh > meter.registerMilliWh)
        market.keepMeter({ ...meter, registerMilliWh: event.registerMilliWh });
      return;
    }
    case "TradeRefunded": {
      const trade = known(market.trade(event.tradeId), `trade ${event.tradeId}`);
      keepTrade({ ...trade, refunded: trade.refunded + event.refunded, closed: "refunded" });
      return;
    }
  }
}

function known<T>(record: T | null, subject: string): T {
  if (record !== null) return record;
  throw new Error(
    `An event names ${subject}, which no earlier event brought: the followed history has a gap. ` +
      "Move the data folder away to read the chain again from its start.",
  );
}
