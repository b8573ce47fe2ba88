/** EnergyTrade's logs as the events the store keeps. */
import type { ChainEvent, EventPlace } from "../types";
import type { RawLog } from "./node";
import { NodeError } from "./rpc";
import { checksumAddress, decodeTradeEvent, type EventArguments, tradeEventTopic } from "./web3";

type Name = ChainEvent["name"];

/** One reader an event: the compiler holds each against the ABI on one side and ChainEvent on the other. */
const readers: {
  [N in Name]: (args: EventArguments<N>) => Omit<Extract<ChainEvent, { name: N }>, keyof EventPlace>;
} = {
  MeterCommissioned: ({ meter, prosumer, baselineMilliWh }) => ({
    name: "MeterCommissioned",
    meter: checksumAddress(meter),
    prosumer: checksumAddress(prosumer),
    baselineMilliWh,
  }),
  MeterRetired: ({ meter }) => ({ name: "MeterRetired", meter: checksumAddress(meter) }),
  MeterDecommissioned: ({ meter }) => ({ name: "MeterDecommissioned", meter: checksumAddress(meter) }),
  OfferListed: ({
    offerId,
    meter,
    prosumer,
    milliWh,
    pricePerKWh,
    deliveryWindow,
    smallestOrderMilliWh,
  }) => ({
    name: "OfferListed",
    offerId,
    meter: checksumAddress(meter),
    prosumer: checksumAddress(prosumer),
    milliWh,
    pricePerKWh,
    deliveryWindow,
    smallestOrderMilliWh,
  }),
  OfferWithdrawn: ({ offerId, remainingMilliWh }) => ({ name: "OfferWithdrawn", offerId, remainingMilliWh }),
  TradeOpened: ({ tradeId, offerId, buyer, milliWh, payment, deadline }) => ({
    name: "TradeOpened",
    tradeId,
    offerId,
    buyer: checksumAddress(buyer),
    milliWh,
    payment,
    deadline,
  }),
  TradeSettled: ({ tradeId, deliveredMilliWh, registerMilliWh, paid, refunded, isClosed }) => ({
    name: "TradeSettled",
    tradeId,
    deliveredMilliWh,
    registerMilliWh,
    paid,
    refunded,
    isClosed,
  }),
  TradeRefunded: ({ tradeId, refunded }) => ({ name: "TradeRefunded", tradeId, refunded }),
};

const nameByTopic = new Map((Object.keys(readers) as Name[]).map((name) => [tradeEventTopic(name), name]));

/** First topics of the logs that matter; roles granted and the like do not. */
export const EVENT_TOPICS = [...nameByTopic.keys()];

/** @throws NodeError when the log is not one of EnergyTrade's events, byte for byte */
export function readEvent(log: RawLog): ChainEvent {
  const name = nameByTopic.get(log.topics[0] ?? "");
  if (!name)
    throw new NodeError(`the node gives a log of another event than asked for (block ${log.blockNumber})`);
  const place: EventPlace = {
    block: log.blockNumber,
    blockHash: log.blockHash,
    txHash: log.transactionHash,
    logIndex: log.logIndex,
  };
  try {
    return { ...readAs(name, log), ...place } as ChainEvent;
  } catch (cause) {
    throw new NodeError(`the node gives a ${name} log that cannot be read (block ${log.blockNumber})`, {
      cause,
    });
  }
}

function readAs<N extends Name>(name: N, log: RawLog) {
  return readers[name](decodeTradeEvent(name, log.data, log.topics.slice(1)));
}
