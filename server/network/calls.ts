/** What a transaction asks of our contracts, by their ABIs: for people who watch the chain. */

import { z } from "zod";
import type { Contracts } from "../../chain/artifacts";
import { checksumAddress } from "../../chain/checksum";
import { decodeCall, decodePurchase, tokenAbi, tradeAbi } from "../../chain/codec";
import { address, hash, hex, quantity } from "../../chain/node";
import { sameAddress } from "../../common/address";
import type { CallView } from "../../common/events";

/** As a node gives one of a block that it gives whole. */
export const rawTransaction = z.object({
  hash,
  from: address,
  /** Null where it makes a contract. */
  to: address.nullish(),
  input: hex,
  value: quantity.transform(BigInt),
});
type RawTransaction = z.infer<typeof rawTransaction>;

/** Longer values (signatures, bytes) are cut, and long lists: nobody reads them here. */
const MAX_VALUE = 80;
const MAX_ARGUMENTS = 40;

type Arguments = CallView["args"];

/** Null where the transaction is for nobody of ours. */
export function readCall(transaction: RawTransaction, contracts: Contracts): Omit<CallView, "isDone"> | null {
  const isToken = sameAddress(transaction.to, contracts.token);
  if (!isToken && !sameAddress(transaction.to, contracts.trade)) return null;
  const contract = isToken ? "EnergyToken" : "EnergyTrade";
  const from = checksumAddress(transaction.from);
  const said = { txHash: transaction.hash, from, contract } as const;
  if (transaction.input === "0x")
    return { ...said, name: "receive", args: [{ name: "wei", value: transaction.value.toString() }] };
  const call = decodeCall(isToken ? tokenAbi : tradeAbi, transaction.input);
  // Whoever calls with what the ABI does not know is refused by the contract; it is shown as it is.
  if (!call) return { ...said, name: transaction.input.slice(0, 10), args: [] };
  const args = withOrder(flat("", call.args), call.args, contracts);
  return { ...said, name: call.name, args: args.slice(0, MAX_ARGUMENTS) };
}

/** Structs and lists one by one, each value under its own name. web3 numbers a struct's fields as well. */
function flat(name: string, value: unknown): Arguments {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((item: unknown) => flat(name, item));
  if (typeof value === "object" && value !== null)
    return Object.entries(value)
      .filter(([field]) => !/^(\d+|__length__)$/.test(field))
      .flatMap(([field, inner]) => flat(field, inner));
  const text = String(value);
  return [{ name, value: text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text }];
}

/** Tokens sent to EnergyTrade with data are a purchase: the data says of what. */
function withOrder(args: Arguments, raw: Record<string, unknown>, { trade }: Contracts): Arguments {
  const { to, data } = raw;
  if (typeof to !== "string" || typeof data !== "string" || !sameAddress(to, trade)) return args;
  const order = decodePurchase(data);
  if (!order) return args;
  return [
    ...args.filter(({ name }) => name !== "data"),
    { name: "offerId", value: order.offerId.toString() },
    { name: "milliWh", value: order.milliWh.toString() },
  ];
}
