/** What EnergyTrade would say to readings, before gas is spent on them. */
import type { Address } from "../common/address";
import { type ContractError, revertOf } from "./abi-errors";
import { encodeCall, type Hex, tradeAbi } from "./codec";
import type { EthereumNode } from "./node";
import type { SignedReading } from "./readings";
import { RpcError } from "./rpc";
import { gasLimitFor } from "./signer";
import { halvesOf } from "./web3";

/** Errors that no later block can heal. The others (EnergyNotMetered: a higher register may come) are tried again. */
const FOR_GOOD = new Set([
  "TradeNotOpen",
  "MeterNotCommissioned",
  "ReadingNotByMeter",
  "ReadingNotNew",
  "ReadingExceedsOrder",
  "RegisterTooLarge",
]);

export interface Plan {
  readings: SignedReading[];
  data: Hex;
  gasLimit: bigint;
}

export interface Refusal {
  reading: SignedReading;
  reason: string;
  isForGood: boolean;
}

const struct = ({ tradeId, deliveredMilliWh, registerMilliWh, isFinal }: SignedReading) => ({
  tradeId,
  deliveredMilliWh,
  registerMilliWh,
  isFinal,
});

/** The call that settles the readings: one in plain, several in one transaction. */
export function settleCall(readings: SignedReading[]): Hex {
  const [first] = readings;
  if (readings.length === 1 && first)
    return encodeCall(tradeAbi, "settle", struct(first), halvesOf(first.signature));
  return encodeCall(
    tradeAbi,
    "settleMany",
    readings.map(struct),
    readings.map(({ signature }) => halvesOf(signature)),
  );
}

export class Simulation {
  constructor(
    private readonly node: EthereumNode,
    private readonly from: Address,
    private readonly trade: Address,
  ) {}

  /**
   * @param cursor hash of the last block the store has: only what is refused there as well is refused for good.
   * A refusal on the newest block alone may rest on a block that is reorganised away.
   * @returns a transaction for those that pass (null when none does), and the refusals of the rest
   */
  async plan(readings: SignedReading[], cursor: string): Promise<{ plan: Plan | null; refusals: Refusal[] }> {
    const together = await this.estimate(readings);
    if (!(together instanceof RpcError)) return { plan: together, refusals: [] };

    const results = await this.reverts(readings, "latest");
    const passing = readings.filter((_, i) => results[i] === null);
    const refused = readings.flatMap((reading, i) => (results[i] ? [{ reading, error: results[i] }] : []));
    const refusals = await this.judge(refused, cursor);
    if (passing.length === 0) return { plan: null, refusals };
    // Each passes alone and yet not together (two readings of one meter, say): one now, the others after it.
    for (const some of [passing, passing.slice(0, 1)]) {
      const plan = await this.estimate(some);
      if (!(plan instanceof RpcError)) return { plan, refusals };
    }
    return { plan: null, refusals };
  }

  private async estimate(readings: SignedReading[]): Promise<Plan | RpcError> {
    const data = settleCall(readings);
    try {
      const gas = await this.node.estimateGas({ from: this.from, to: this.trade, data });
      return { readings, data, gasLimit: gasLimitFor(gas) };
    } catch (error) {
      if (error instanceof RpcError && revertOf(error)) return error;
      throw error;
    }
  }

  /** The revert of each, on its own; null where there is none. A node without that block's state says nothing. */
  private async reverts(
    readings: SignedReading[],
    at: "latest" | { blockHash: string },
  ): Promise<(ContractError | null)[]> {
    const requests = readings.map((reading) => ({
      from: this.from,
      to: this.trade,
      data: settleCall([reading]),
    }));
    const results = await this.node.tryCalls(requests, at);
    return results.map((result) => (result instanceof RpcError ? revertOf(result) : null));
  }

  private async judge(
    refused: { reading: SignedReading; error: ContractError }[],
    cursor: string,
  ): Promise<Refusal[]> {
    if (refused.length === 0) return [];
    const readings = refused.map(({ reading }) => reading);
    const confirmed = await this.reverts(readings, { blockHash: cursor });
    return refused.map(({ reading, error }, i) => {
      const isForGood = isPermanent(error) && isPermanent(confirmed[i] ?? null);
      return { reading, reason: error.message, isForGood };
    });
  }
}

const isPermanent = (error: ContractError | null) => error?.name != null && FOR_GOOD.has(error.name);
