/** What a buyer does, for tests and benchmarks. */
import { encodeParameters } from "web3-eth-abi";
import { toWei } from "web3-utils";
import { paymentFor } from "../common/units";
import type { LabChain, LabRole } from "./lab-chain";

/** Sends ether to the token, which sells its tokens for it. */
export async function buyTokens(
  { web3, token, from }: LabChain,
  buyer: LabRole,
  ether: string,
): Promise<void> {
  const transaction = { ...from(buyer), to: token.options.address, value: toWei(ether, "ether") };
  // Without data web3 takes it for a transfer to a person: 21,000 gas, too little for a contract's receive().
  await web3.eth.sendTransaction({ ...transaction, gas: await web3.eth.estimateGas(transaction) });
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
  const data = encodeParameters(["uint256", "uint64"], [offerId, milliWh]);
  const receipt = await token.methods["transferAndCall(address,uint256,bytes)"](
    trade.options.address as string,
    payment,
    data,
  ).send(from(buyer));
  const block = receipt.blockNumber;
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
