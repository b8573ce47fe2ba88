/**
 * One account that sends one transaction at a time. A transaction is remembered before it is sent, so that an answer
 * that never came costs nothing: `look` finds out what became of it.
 */
import type { Address } from "../common/address";
import type { Log } from "../common/log";
import type { Clock } from "../common/service";
import type { Hex } from "./codec";
import type { EthereumNode, Receipt } from "./node";
import { NodeError, RpcError } from "./rpc";
import { feesAbove, raisedFees, signTransaction } from "./signer";
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

export interface Outgoing {
  readonly to: Address;
  readonly data: Hex;
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

/** `gone`: it will come into no block of the present chain. */
export type Outcome = { state: "waiting" } | { state: "mined"; receipt: Receipt } | { state: "gone" };

const RESEND_AFTER_MS = 1000;

export class Sender {
  readonly address: Address;
  /** Since when transactions of an earlier run wait in the node's pool. */
  private othersSinceMs: number | null = null;
  /** The nonce of one of them that is stuck. */
  private stuckNonce: number | null = null;

  constructor(private readonly options: SenderOptions) {
    this.address = privateKeyToAddress(options.privateKey);
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
  async prepare(nonce: number, to: Address, data: Hex, gasLimit: bigint): Promise<Outgoing> {
    const { baseFee } = await this.options.node.head();
    return this.sign({
      nonce,
      to,
      data,
      gasLimit,
      ...feesAbove(baseFee),
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
          throw new NodeError(`${this.address} has too little ether for gas: send it some`, { cause: error });
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
    if (nonce !== outgoing.nonce) return { state: "gone" };
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

  /** @returns false at the limit */
  private async raiseFee(outgoing: Outgoing): Promise<boolean> {
    const raised = raisedFees(outgoing, (await this.options.node.head()).baseFee);
    if (raised) this.sign(Object.assign(outgoing, raised));
    return raised !== null;
  }

  private sign(outgoing: Outgoing): Outgoing {
    const { chainId, privateKey, clock } = this.options;
    const { to, data, gasLimit, nonce, maxFeePerGas, maxPriorityFeePerGas } = outgoing;
    const fields = { chainId, to, data, gasLimit, nonce, maxFeePerGas, maxPriorityFeePerGas };
    const { raw, hash } = signTransaction(fields, privateKey);
    outgoing.raw = raw;
    outgoing.hashes.push(hash);
    outgoing.sentAtMs = clock.steadyMs();
    return outgoing;
  }
}
