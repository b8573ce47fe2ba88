/** What EnergyTrade says, as the server keeps it: the events by the contract's own ABI, and as JSON. */
import { z } from "zod";
import { energyTradeAbi } from "../build/abi/EnergyTrade";
import type { EventArguments } from "../common/contracts";
import { bigintsAsText } from "../common/wire";
import { decimal } from "./decimal";

/** The events that change offers, trades or meters; roles granted and the like do not. */
export const FOLLOWED_EVENTS = [
  "MeterCommissioned",
  "MeterRetired",
  "MeterDecommissioned",
  "OfferListed",
  "OfferWithdrawn",
  "TradeOpened",
  "TradeSettled",
  "TradeRefunded",
] as const;
type Name = (typeof FOLLOWED_EVENTS)[number];

/** Where an event stands. `(txHash, logIndex)` is its identity. */
export interface EventPlace {
  block: number;
  blockHash: string;
  txHash: string;
  logIndex: number;
}

/** One of them with the arguments it has in `IEnergyTrade.sol`; addresses are checksummed. */
export type ChainEvent = {
  [N in Name]: EventPlace & { name: N } & EventArguments<typeof energyTradeAbi, N>;
}[Name];

/** Type and name of each argument, by the ABI. */
export const argumentsOf = (name: Name): readonly { readonly type: string; readonly name: string }[] =>
  energyTradeAbi.find((part) => part.type === "event" && part.name === name)!.inputs;

const schemaOf = (type: string) =>
  type === "bool" ? z.boolean() : type === "address" ? z.string().startsWith("0x") : decimal;

function kindOf(name: Name) {
  return z.object({
    name: z.literal(name),
    block: z.int(),
    blockHash: z.string(),
    txHash: z.string(),
    logIndex: z.int(),
    ...Object.fromEntries(argumentsOf(name).map((input) => [input.name, schemaOf(input.type)])),
  });
}

const storedEvent = z.discriminatedUnion("name", [
  kindOf(FOLLOWED_EVENTS[0]),
  ...FOLLOWED_EVENTS.slice(1).map(kindOf),
]);

export const eventToJson = (event: ChainEvent): string => JSON.stringify(event, bigintsAsText);

/** @throws SyntaxError or ZodError when `text` is not what `eventToJson` writes */
export const eventFromJson = (text: string): ChainEvent => storedEvent.parse(JSON.parse(text)) as ChainEvent;
