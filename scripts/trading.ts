/** What a buyer does, for tests and benchmarks. */
import { encodePurchase } from "../chain/codec";
import { parseDecimal, paymentFor } from "../common/units";
import type { LabChain, LabRole } from "./lab-chain";

/** Sends ether to the token, which sells its tokens for it. */
export async function buyTokens(
  { send, token, from }: LabChain,
  buyer: LabRole,
  ether: string,
): Promise<void> {
  await send({ to: token.address, data: "0x", value: parseDecimal(ether, 18) }, from(buyer));
}

export interface Purchase {
  tradeId: bigint;
  /** Base units, now in escrow. */
  payment: bigint;
  txHash: string;
  block: bigint;
}

/** Buys as the page does: one `transferAndCall`. */
export async function purchase(
  { token, trade, from }: LabChain,
  buyer: LabRole,
  offerId: bigint,
  milliWh: bigint,
): Promise<Purchase> {
  const { pricePerKWh } = await trade.methods.offerOf(offerId).call();
  const payment = paymentFor(milliWh, pricePerKWh);
  const data = encodePurchase(offerId, milliWh);
  const receipt = await token.methods["transferAndCall(address,uint256,bytes)"](
    trade.address,
    payment,
    data,
  ).send(from(buyer));
  const block = BigInt(receipt.blockNumber);
  const opened = await trade.getPastEvents("TradeOpened", { fromBlock: block, toBlock: block });
  const log = opened.find(({ transactionHash }) => transactionHash === receipt.transactionHash);
  if (!log) throw new Error("the purchase opened no trade");
  return { tradeId: log.returnValues.tradeId, payment, txHash: log.transactionHash, block };
}

/** Token base units. */
export const balanceOf = ({ token }: LabChain, address: string): Promise<bigint> =>
  token.methods.balanceOf(address).call();

/** Everything EnergyTrade has said so far about one trade's money. */
export async function settlementsOf({ trade }: LabChain, tradeId: bigint) {
  const events = await trade.getPastEvents("TradeSettled", { fromBlock: 0, toBlock: "latest" });
  return events.map(({ returnValues }) => returnValues).filter((event) => event.tradeId === tradeId);
}
