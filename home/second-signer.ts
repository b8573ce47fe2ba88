/**
 * Notices that another server signs with the key of one of our meters, as a copied data folder does when it is started beside the
 * first: both close their relay for one trade, energy flows twice, and one of the two is paid. Each settlement of our
 * meters' trades is by a reading that this journal holds; another one is the second server's.
 *
 * Figures are compared first. Two servers that began at one register may sign the same figures, so those that agree
 * are told apart by the signature (`signTypedData` makes each a new one). Who brought a reading to the chain does not
 * matter: anybody may.
 *
 * Some settlements are strange and yet no reason to stop, and are only told:
 * - those found while the chain is read up to its head: after a backup was restored, or while this server was down;
 * - of trades older than the journal itself: one before it may have signed for them, and is lost.
 */

import type { ChainEvent } from "../chain/chain-event";
import type { HaltView } from "../common/events";
import { type Log, messageOf } from "../common/log";
import type { Service } from "../common/service";
import { formatDecimal } from "../common/units";
import type { Home } from "./home";
import type { Homes } from "./homes";
import type { HomesStore } from "./store";

type Settled = Extract<ChainEvent, { name: "TradeSettled" }>;

export interface SecondSignerParts {
  store: HomesStore;
  /** The home whose key another server has is halted, at once; the others deliver on. */
  homes: Pick<Homes, "of" | "halt">;
  /** By which signature a transaction settled a trade; null where that cannot be told. */
  signatureIn(txHash: string, tradeId: bigint): Promise<string | null>;
  /** Of a home, by its name. */
  logOf(name: string): Log;
  log: Log;
}

/** What to do, in log, `/healthz` and page alike. */
const MEND =
  "another server uses this meter's key, perhaps from a copied data folder. Stop that server, or give it a data folder " +
  "of its own (DATA_DIR) with a meter of its own, then restart this one";

export const haltWords = (halt: HaltView): string =>
  halt.reason === "fault"
    ? `delivery has stopped, the relay is open: ${halt.detail}`
    : `delivery has stopped, the relay is open: trade ${halt.tradeId} was settled in block ${halt.block} by a reading that this server has not signed: ${MEND}`;

export class SecondSigner implements Service {
  /** The head when this process first reached it: what comes above it is met live. */
  private liveAbove: number | null = null;
  /** Strange, and found before the head was reached. */
  private early: Settled[] = [];
  /** The figures are ours; whether the signature is has to be asked of the node. */
  private unproven: Settled[] = [];
  private proving: Promise<void> | null = null;
  private isRunning = false;

  constructor(private readonly parts: SecondSignerParts) {}

  async start(): Promise<void> {
    const { ledger } = this.parts.store;
    this.isRunning = true;
    ledger.onChange({
      confirmed: (events) => {
        for (const event of events) if (event.name === "TradeSettled") this.look(event);
      },
      marketChanged() {},
      marketReplaced: () => {
        // Another chain counts its blocks from the start.
        if (ledger.cursor() === null) this.liveAbove = null;
      },
      chainChanged: () => {
        this.reachHead();
        this.prove();
      },
    });
  }

  async stop(): Promise<void> {
    this.isRunning = false;
    await this.proving;
  }

  private look(event: Settled): void {
    const { journal } = this.parts.store;
    if (!this.isRunning || this.isSettledElsewhere(event)) return;
    if (!journal.hasSigned(event.tradeId, event.deliveredMilliWh, event.registerMilliWh)) this.found(event);
    else if (this.isLive(event)) this.unproven.push(event);
  }

  private isLive({ block }: Settled): boolean {
    return this.liveAbove !== null && block > this.liveAbove;
  }

  private reachHead(): void {
    const { isKnown, head } = this.parts.store.ledger.position();
    if (this.liveAbove !== null || !isKnown || head === null) return;
    this.liveAbove = head.block;
    this.warn(this.early);
    this.early = [];
  }

  private found(event: Settled): void {
    const { ledger } = this.parts.store;
    if (this.liveAbove === null) {
      this.early.push(event);
      return;
    }
    const openedIn = ledger.confirmed.trade(event.tradeId)?.opened.block ?? 0;
    if (!this.isLive(event) || openedIn <= (ledger.watchedFrom ?? openedIn)) {
      this.warn([event]);
      return;
    }
    const home = this.homeOf(event);
    if (home === null) return;
    const halt = {
      reason: "secondSigner" as const,
      tradeId: event.tradeId,
      block: event.block,
      txHash: event.txHash,
    };
    this.parts.logOf(home.name).error(haltWords(halt));
    this.parts.homes.halt(home.meter, halt);
  }

  private homeOf({ tradeId }: Settled): Home | null {
    const meter = this.parts.store.ledger.confirmed.trade(tradeId)?.meter;
    return meter === undefined ? null : this.parts.homes.of(meter);
  }

  /** A stranger's meter, or one of a home that has stopped for this already. */
  private isSettledElsewhere(event: Settled): boolean {
    const home = this.homeOf(event);
    return home === null || home.halted?.reason === "secondSigner";
  }

  private warn(events: Settled[]): void {
    const byHome = new Map<Home, Settled[]>();
    for (const event of events) {
      const home = this.homeOf(event);
      if (home) byHome.set(home, [...(byHome.get(home) ?? []), event]);
    }
    for (const [home, ofHome] of byHome) this.warnOf(home, ofHome);
  }

  private warnOf(home: Home, events: Settled[]): void {
    const newest = events.at(-1)!;
    const { tradeId, deliveredMilliWh, block } = newest;
    const which = events.length === 1 ? "a reading that is" : `${events.length} readings that are`;
    this.parts
      .logOf(home.name)
      .warn(
        `this meter's trades were settled by ${which} not in this journal, the newest for trade ${tradeId} ` +
          `(${formatDecimal(deliveredMilliWh, 3)} Wh, block ${block}): the journal was lost or restored, or ${MEND}`,
      );
  }

  /** A node that does not answer is asked again when the chain goes on. */
  private prove(): void {
    if (this.proving || this.unproven.length === 0) return;
    this.proving = this.proveAll()
      .catch((error: unknown) => this.parts.log.debug(`whose signature settled a trade: ${messageOf(error)}`))
      .finally(() => {
        this.proving = null;
      });
  }

  private async proveAll(): Promise<void> {
    const { store, signatureIn } = this.parts;
    for (let event = this.unproven[0]; event && this.isRunning; event = this.unproven[0]) {
      const signature = await signatureIn(event.txHash, event.tradeId);
      this.unproven.shift();
      if (signature === null || !this.isRunning || this.isSettledElsewhere(event)) continue;
      if (!store.journal.isOwnSignature(event.tradeId, signature)) this.found(event);
    }
  }
}
