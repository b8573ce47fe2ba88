/** EnergyTrade's logs as the events the store keeps. */
import type { Address } from "../common/address";
import { argumentsOf, type ChainEvent, FOLLOWED_EVENTS } from "./chain-event";
import { checksumAddress } from "./checksum";
import { decodeTradeEvent, tradeEventTopic } from "./codec";
import type { RawLog } from "./node";
import { NodeError } from "./rpc";

const nameByTopic = new Map(FOLLOWED_EVENTS.map((name) => [tradeEventTopic(name), name]));

/** First topics of the logs that matter. */
export const EVENT_TOPICS = [...nameByTopic.keys()];

/** A street has few accounts and many events, and a checksum costs more than the rest of an event. */
const checksums = new Map<string, Address>();
const CHECKSUMS_REMEMBERED = 4096;

function checksummed(address: string): Address {
  let found = checksums.get(address);
  if (found === undefined) {
    found = checksumAddress(address);
    if (checksums.size >= CHECKSUMS_REMEMBERED) checksums.clear();
    checksums.set(address, found);
  }
  return found;
}

/** @throws NodeError when the log is not one of EnergyTrade's events, byte for byte */
export function readEvent(log: RawLog): ChainEvent {
  const name = nameByTopic.get(log.topics[0] ?? "");
  if (!name)
    throw new NodeError(`the node gives a log of another event than asked for (block ${log.blockNumber})`);
  try {
    const values: Record<string, unknown> = { ...decodeTradeEvent(name, log.data, log.topics.slice(1)) };
    const args = argumentsOf(name).map((input) => [
      input.name,
      input.type === "address" ? checksummed(values[input.name] as string) : values[input.name],
    ]);
    return {
      name,
      ...Object.fromEntries(args),
      block: log.blockNumber,
      blockHash: log.blockHash,
      txHash: log.transactionHash,
      logIndex: log.logIndex,
    };
  } catch (cause) {
    throw new NodeError(`the node gives a ${name} log that cannot be read (block ${log.blockNumber})`, {
      cause,
    });
  }
}
