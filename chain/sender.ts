/**
 * One account that sends one transaction at a time. `send` brings a call into a block, whatever becomes of it on the
 * way. What has work of its own between the steps (`Settlement`) takes them one by one: a transaction is remembered
 * before it is sent, so that an answer that never came costs nothing; `look` finds out what became of it.
 */
import { randomInt } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Address } from "../common/address";
import { type Log, messageOf } from "../common/log";
import type { Clock } from "../common/service";
import { formatDecimal } from "../common/units";
import { revertOf } from "./abi-errors";
import type { Hex } from "./codec";
import type { EthereumNode, Receipt } from "./node";
import { NodeError, RpcError } from "./rpc";
import { feesAbove, gasLimitFor, raisedFees, signTransaction } from "./signer";
import { privateKeyToAddress } from "./web3";

export interface SenderOptions {
  node: EthereumNode;
  privateKey: string;
  chainId: number;
  clock: Clock;
  log: Log;
  /** A transaction still not in a block after this long is sent again for more. */
  stuckAfterMs?: number;
}

export interface Transaction {
  /** Left out where it makes a contract. */
  readonly to?: Address;
  readonly data: Hex;
  /** wei */
  readonly value?: bigint;
}

export interface Outgoing extends Transaction {
  readonly gasLimit: bigint;
  readonly nonce: number;
  /** wei */
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
  raw: Hex;
  /** Every version that was sent, the newest last: any of them may come into a block. */
  hashes: Hex[];
  sentAtMs: number;
  /** What waits under its nonce in the node's pool is stuck, and may be outbid. */
  mayReplace: boolean;
}

/**
 * `gone`: it will come into no block of the present chain, since its nonce `isTaken` by another; where it is not, the
 * chain has lost blocks, and with them what came before it.
 */
export type Outcome =
  | { state: "waiting" }
  | { state: "mined"; receipt: Receipt }
  | { state: "gone"; isTaken: boolean };

const RESEND_AFTER_MS = 1000;
const LOOK_EVERY_MS = 50;
/** Far above a block time, and a stuck transaction that is sent again for more. */
const GIVEN_UP_AFTER_MS = 120_000;

export class Sender {
  readonly address: Address;
  /** Since when transactions of an earlier run wait in the node's pool. */
  private othersSinceMs: number | null = null;
  /** The nonce of one of them that is stuck. */
  private stuckNonce: number | null = null;
  private turn: Promise<unknown> = Promise.resolve();
  /** wei. Two programs with one key would else sign the very same transaction for the same call, and both call it theirs. */
  private readonly mark = BigInt(randomInt(1_000_000));

  constructor(private readonly options: SenderOptions) {
    this.address = privateKeyToAddress(options.privateKey);
  }

  /**
   * Brings a call into a block, one after the other. It counts once, whatever the node loses, repeats or refuses on the
   * way, and whoever else uses the account: when another transaction has taken its nonce it gets the next.
   * @param gasLimit by default what the node estimates, and a quarter more
   * @throws Error in the contract's words when it would be reverted, or was; NodeError when the node refuses it or has it
   * in no block after two minutes: it may still come into one
   */
  send(call: Transaction, gasLimit?: bigint): Promise<Receipt> {
    const mine = this.turn.then(() => this.carryOut(call, gasLimit));
    this.turn = mine.catch(() => {
      // Whoever asked for it is told; the next in turn is another call.
    });
    return mine;
  }

  private async carryOut(call: Transaction, gasLimit?: bigint): Promise<Receipt> {
    const untilMs = this.options.clock.steadyMs() + GIVEN_UP_AFTER_MS;
    const insist = <T>(look: () => Promise<T | null>) => this.insist(look, untilMs);
    for (;;) {
      const nonce = await insist(() => this.nextNonce());
      // After the nonce, as a simulation is: every earlier transaction is behind it.
      const limit = gasLimit ?? (await insist(() => this.estimate(call)));
      const outgoing = await insist(() => this.prepare(nonce, call, limit));
      let isSent = false;
      const outcome = await insist(async () => {
        if (!isSent) await this.broadcast(outgoing);
        isSent = true;
        const seen = await this.look(outgoing);
        return seen.state === "waiting" ? null : seen;
      });
      if (outcome.state === "mined") return this.successOf(outcome.receipt);
      if (!outcome.isTaken)
        throw new NodeError(
          `the chain has lost blocks of ${this.address}: look what is there, then send again`,
        );
    }
  }

  private successOf(receipt: Receipt): Receipt {
    if (receipt.status) return receipt;
    throw new Error(`transaction ${receipt.transactionHash} was reverted in block ${receipt.blockNumber}`);
  }

  private async estimate({ to, data, value }: Transaction): Promise<bigint> {
    const request = { from: this.address, to, data, ...(value && { value: `0x${value.toString(16)}` }) };
    try {
      return gasLimitFor(await this.options.node.estimateGas(request));
    } catch (error) {
      const revert = error instanceof RpcError ? revertOf(error) : null;
      throw revert ? new Error(`refused by the contract: ${revert.message}`, { cause: error }) : error;
    }
  }

  /** Looks again and again until there is something; a node that is away meanwhile is asked again, one that refuses is not. */
  private async insist<T>(look: () => Promise<T | null>, untilMs: number): Promise<T> {
    for (;;) {
      let reason = "";
      try {
        const found = await look();
        if (found !== null) return found;
      } catch (error) {
        const isAway =
          error instanceof NodeError && ![error, error.cause].some((one) => one instanceof RpcError);
        if (!isAway) throw error;
        reason = `: ${messageOf(error)}`;
      }
      if (this.options.clock.steadyMs() > untilMs)
        throw new NodeError(
          `a transaction of ${this.address} is in no block after ${GIVEN_UP_AFTER_MS / 1000} s${reason}`,
        );
      await pause(LOOK_EVERY_MS);
    }
  }

  /**
   * The nonce of the next transaction; null while one of an earlier run of this program waits for its block. When that
   * one is stuck its nonce is taken: two with one nonce can never both count. Ask before simulating: what is
   * simulated then has every earlier transaction behind it, or the nonce will be found used.
   */
  async nextNonce(): Promise<number | null> {
    const { node, clock, stuckAfterMs = 30_000 } = this.options;
    const nonce = await node.nonce(this.address, "latest");
    if ((await node.nonce(this.address, "pending")) > nonce) {
      this.othersSinceMs ??= clock.steadyMs();
      if (clock.steadyMs() - this.othersSinceMs < stuckAfterMs) return null;
      this.stuckNonce = nonce;
    }
    this.othersSinceMs = null;
    return nonce;
  }

  /** A signed transaction, not sent yet. */
  async prepare(nonce: number, call: Transaction, gasLimit: bigint): Promise<Outgoing> {
    const { baseFee } = await this.options.node.head();
    const { to, data, value } = call;
    return this.sign({
      nonce,
      to,
      data,
      value,
      gasLimit,
      ...feesAbove(baseFee + this.mark),
      raw: "0x",
      hashes: [],
      sentAtMs: 0,
      mayReplace: nonce === this.stuckNonce,
    });
  }

  /**
   * Hands it to the node, raising its fee as often as the node asks for. Another program that uses the account may have
   * taken the nonce meanwhile: it is not outbid, since both would go on raising; `look` tells when that one is in a block.
   */
  async broadcast(outgoing: Outgoing): Promise<void> {
    for (;;) {
      try {
        await this.options.node.send(outgoing.raw);
        return;
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        if (/already (known|imported)|nonce too low/i.test(error.reason)) return;
        if (/replacement/i.test(error.reason) && !outgoing.mayReplace) return;
        if (/insufficient funds/i.test(error.reason))
          throw new NodeError(await this.need(outgoing), { cause: error });
        if (!/underpriced/i.test(error.reason) || !(await this.raiseFee(outgoing))) throw error;
      }
    }
  }

  async look(outgoing: Outgoing): Promise<Outcome> {
    const { node, clock, log, stuckAfterMs = 30_000 } = this.options;
    // In this order: a transaction mined between the two has its receipt.
    const nonce = await node.nonce(this.address, "latest");
    const receipt = (await node.receipts(outgoing.hashes)).find((one) => one !== null);
    if (receipt) return { state: "mined", receipt };
    if (nonce > outgoing.nonce)
      log.warn(
        `another program has used number ${outgoing.nonce} of ${this.address}; going on with the next. Give each an account of its own`,
      );
    // Below: the chain lost blocks, and with them the ones before it.
    if (nonce !== outgoing.nonce) return { state: "gone", isTaken: nonce > outgoing.nonce };
    const waitedMs = clock.steadyMs() - outgoing.sentAtMs;
    if (waitedMs > stuckAfterMs) {
      outgoing.mayReplace = true;
      const isRaised = await this.raiseFee(outgoing);
      const fee = `${Number(outgoing.maxFeePerGas) / 1e9} gwei`;
      log.warn(`transaction ${nonce} is in no block after ${waitedMs / 1000} s; sent again at ${fee}`);
      if (!isRaised) outgoing.sentAtMs = clock.steadyMs();
      await this.broadcast(outgoing);
    } else if (waitedMs > RESEND_AFTER_MS && !(await node.knows(outgoing.hashes.at(-1)!))) {
      await this.broadcast(outgoing);
    }
    return { state: "waiting" };
  }

  /** What to do about too little ether: a settlement's price, and enough for a hundred. */
  private async need({ gasLimit, maxFeePerGas }: Outgoing): Promise<string> {
    const ether = (wei: bigint) => formatDecimal(wei, 18, 6);
    const price = gasLimit * maxFeePerGas;
    const balance = await this.options.node.balance(this.address);
    return (
      `${this.address} has too little ether for gas: send it some. It has ${ether(balance)} ether, and this ` +
      `transaction may take ${ether(price)}; ${ether(100n * price)} ether are enough for a hundred`
    );
  }

  /** @returns false at the limit */
  private async raiseFee(outgoing: Outgoing): Promise<boolean> {
    const raised = raisedFees(outgoing, (await this.options.node.head()).baseFee);
    if (raised) this.sign(Object.assign(outgoing, raised));
    return raised !== null;
  }

  private sign(outgoing: Outgoing): Outgoing {
    const { chainId, privateKey, clock } = this.options;
    const { to, data, value, gasLimit, nonce, maxFeePerGas, maxPriorityFeePerGas } = outgoing;
    const fields = { chainId, to, data, value, gasLimit, nonce, maxFeePerGas, maxPriorityFeePerGas };
    const { raw, hash } = signTransaction(fields, privateKey);
    outgoing.raw = raw;
    outgoing.hashes.push(hash);
    outgoing.sentAtMs = clock.steadyMs();
    return outgoing;
  }
}
