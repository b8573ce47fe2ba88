/**
 * Brings signed readings to EnergyTrade: one queue, one sender, one transaction at a time with up to 32 readings.
 * It keeps nothing that a restart could lose: the source says what is not settled yet, the contract refuses what is.
 */
import { type Log, messageOf } from "../common/log";
import { pause } from "../common/pause";
import type { Clock, Service } from "../common/service";
import type { Follower } from "./follower";
import type { EthereumNode } from "./node";
import type { SettlementSource, SignedReading } from "./readings";
import type { Outgoing, Sender } from "./sender";
import { type Refusal, Simulation } from "./simulation";
import type { ChainSink } from "./sink";

export interface SettlementOptions {
  /** Its own: stopping ends what is under way there. */
  node: EthereumNode;
  follower: Pick<Follower, "contracts" | "isFollowing">;
  sink: Pick<ChainSink, "cursor">;
  source: SettlementSource;
  sender: Sender;
  pollIntervalMs: number;
  clock: Clock;
  log: Log;
}

interface Batch {
  readings: SignedReading[];
  outgoing: Outgoing;
}

const LARGEST_BATCH = 32;
const IDLE_MS = 1000;
const LONGEST_RETRY_MS = 30_000;
/** Far above any number of confirmations, fee raise or stuck transaction that passes by itself. */
const LATE_AFTER_MS = 5 * 60_000;

export class Settlement implements Service {
  /** Sent, in no block yet. */
  private inFlight: Batch | null = null;
  /** In a block, but the source has not seen it confirmed. */
  private mined: Batch[] = [];
  /** Readings refused for now, by key. */
  private readonly later = new Map<string, { atMs: number; delayMs: number }>();
  /** Since when each reading is offered, on the steady clock, and what the last attempt failed of. */
  private readonly since = new Map<string, number>();
  private failure = "";
  private waking = new AbortController();
  private isStopping = false;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly options: SettlementOptions) {}

  async start(): Promise<void> {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    this.options.node.stop();
    this.wake();
    await this.running;
  }

  /** There may be a new reading: look now. */
  wake(): void {
    this.waking.abort();
  }

  /** Why readings do not get to the chain, when one has waited too long; null while they do. */
  trouble(): string | null {
    const oldestMs = Math.min(...this.since.values());
    const waitedMs = this.options.clock.steadyMs() - oldestMs;
    if (waitedMs < LATE_AFTER_MS) return null;
    const why = this.failure === "" ? "" : `: ${this.failure}`;
    return `a signed reading waits for the chain since ${Math.floor(waitedMs / 60_000)} minutes${why}`;
  }

  private async run(): Promise<void> {
    let failures = 0;
    while (!this.isStopping) {
      this.waking = new AbortController();
      let waitMs: number;
      try {
        waitMs = await this.step();
        failures = 0;
        this.failure = "";
      } catch (error) {
        if (this.isStopping) return;
        waitMs = Math.min(this.options.pollIntervalMs * 2 ** ++failures, IDLE_MS);
        if (messageOf(error) !== this.failure) this.options.log.warn(`${messageOf(error)}; trying again`);
        this.failure = messageOf(error);
      }
      await pause(waitMs, this.waking.signal);
    }
  }

  /** @returns milliseconds until the next look */
  private async step(): Promise<number> {
    const { follower, sink, source, node, sender, pollIntervalMs } = this.options;
    const contracts = follower.contracts();
    const cursor = sink.cursor();
    // While the store is not at the node's head, neither knows what the other speaks of.
    if (!contracts || !cursor || !follower.isFollowing()) return pollIntervalMs;
    if (this.inFlight && (await this.isStillWaiting(this.inFlight, contracts.trade))) return pollIntervalMs;

    const offered = source.pendingReadings();
    await this.forgetDone(offered);
    const readings = this.choose(offered);
    if (readings.length === 0) return IDLE_MS;
    const nonce = await sender.nextNonce();
    if (nonce === null) return pollIntervalMs;
    const { plan, refusals } = await new Simulation(node, sender.address, contracts.trade).plan(
      readings,
      cursor.hash,
    );
    for (const refusal of refusals) this.refuse(refusal);
    if (!plan) return pollIntervalMs;
    const outgoing = await sender.prepare(nonce, { to: contracts.trade, data: plan.data }, plan.gasLimit);
    this.inFlight = { readings: plan.readings, outgoing };
    await sender.broadcast(outgoing);
    return pollIntervalMs;
  }

  private async isStillWaiting(batch: Batch, trade: string): Promise<boolean> {
    const { sender, log } = this.options;
    const outcome =
      batch.outgoing.to === trade ? await sender.look(batch.outgoing) : { state: "gone" as const };
    if (outcome.state === "waiting") return true;
    this.inFlight = null;
    if (outcome.state === "gone") return false;
    const { status, transactionHash, blockNumber } = outcome.receipt;
    const trades = batch.readings.map(({ tradeId }) => tradeId).join(", ");
    if (status) {
      log.info(`settled trade ${trades} in block ${blockNumber}, transaction ${transactionHash}`);
      this.mined.push(batch);
    } else {
      // The state changed between simulation and block; the next simulation tells how.
      log.warn(`settlement of trade ${trades} was reverted in block ${blockNumber}`);
      for (const reading of batch.readings) this.postpone(reading);
    }
    return false;
  }

  /** Mined batches go when the source has seen them confirmed; or when a reorganisation took them, to be sent again. */
  private async forgetDone(offered: SignedReading[]): Promise<void> {
    const wanted = new Set(offered.map(keyOf));
    for (const key of this.later.keys()) if (!wanted.has(key)) this.later.delete(key);
    for (const key of this.since.keys()) if (!wanted.has(key)) this.since.delete(key);
    for (const key of wanted) if (!this.since.has(key)) this.since.set(key, this.options.clock.steadyMs());
    this.mined = this.mined.filter(({ readings }) => readings.some((reading) => wanted.has(keyOf(reading))));
    const still: Batch[] = [];
    for (const batch of this.mined) {
      const receipts = await this.options.node.receipts(batch.outgoing.hashes);
      if (receipts.some((receipt) => receipt?.status)) still.push(batch);
    }
    this.mined = still;
  }

  private choose(offered: SignedReading[]): SignedReading[] {
    const mined = new Set(this.mined.flatMap(({ readings }) => readings.map(keyOf)));
    const atMs = this.options.clock.steadyMs();
    return offered
      .filter((reading) => !mined.has(keyOf(reading)) && (this.later.get(keyOf(reading))?.atMs ?? 0) <= atMs)
      .slice(0, LARGEST_BATCH);
  }

  private refuse({ reading, reason, isForGood }: Refusal): void {
    const { source, log } = this.options;
    log.warn(
      `the contract refuses a reading of trade ${reading.tradeId}${isForGood ? "" : " for now"}: ${reason}`,
    );
    if (isForGood) source.settlementRefused(reading, reason);
    // Postponed in either case: a source that goes on offering it must not keep us busy.
    this.postpone(reading);
  }

  private postpone(reading: SignedReading): void {
    const { clock, pollIntervalMs } = this.options;
    const before = this.later.get(keyOf(reading))?.delayMs ?? pollIntervalMs;
    const delayMs = Math.min(2 * before, LONGEST_RETRY_MS);
    this.later.set(keyOf(reading), { atMs: clock.steadyMs() + delayMs, delayMs });
  }
}

const keyOf = ({ tradeId, deliveredMilliWh, registerMilliWh, isFinal }: SignedReading): string =>
  `${tradeId}:${deliveredMilliWh}:${registerMilliWh}:${isFinal}`;
