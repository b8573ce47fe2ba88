/** What the chain said, once each, in order: the follower writes here, everybody else reads the market. */

import { type ChainEvent, eventFromJson, eventToJson } from "../../chain/chain-event";
import type { BlockHeader, ChainIdentity, ChainSink, EventBatch } from "../../chain/sink";
import { messageOf } from "../../common/log";
import type { Step } from "../../market/archive";
import { ConfirmedMarket } from "../../market/confirmed";
import { EarlyMarket } from "../../market/early";
import { fold, MARKET_FOLD } from "../../market/fold";
import { type MarketReader, nothingTouched, type Touched } from "../../market/types";
import type { Db } from "./db";
import { prepareStatements } from "./ledger-sql";
import { MarketTables } from "./market-sql";

/**
 * Of so many blocks each hash is kept, to find the common ancestor after a reorganisation, and what they changed of the
 * market, to undo it. After a deeper one the market is made anew from all its events.
 */
const KNOWN_BLOCKS = 256;

/** Before the first block. */
const NO_BLOCK = -1;

export type ChainState = "following" | "nodeLost" | "rebuilding" | "noContracts";

export interface ChainPosition {
  state: ChainState;
  detail: string;
  head: BlockHeader | null;
  followedBlock: number;
  /** Time of the newest confirmed block, Unix seconds; null before the first. */
  confirmedAtS: number | null;
  /** True once this process has followed the present chain to its head: before that, a trade may long be closed. */
  isKnown: boolean;
}

export interface LedgerListener {
  /** Each event once it is confirmed, before anything else is told of it; again when a reorganisation moved it. */
  confirmed?(events: ChainEvent[]): void;
  /** Offers, trades or meters changed, one by one. */
  marketChanged(touched: Touched): void;
  /** Some are gone: look at everything again. */
  marketReplaced(): void;
  chainChanged(): void;
}

/** Events that are read, and records that wait to be written, at once while the market is made anew. */
const REFOLDED_AT_ONCE = 2000;

interface EventRow {
  block: number;
  log_index: number;
  body: string;
  at_s: number;
  sealer: string | null;
}

export class Ledger implements ChainSink {
  private readonly market: ConfirmedMarket;
  private early: MarketReader | null = null;

  private previewed: { events: ChainEvent[]; headers: BlockHeader[] } = { events: [], headers: [] };
  private state: ChainState = "nodeLost";
  private detail = "not connected yet";
  private head: BlockHeader | null = null;
  private isKnown = false;
  /** The head when this chain was first followed to it with this file; null before that. */
  watchedFrom: number | null = null;
  private readonly listeners: LedgerListener[] = [];
  private readonly sql: ReturnType<typeof prepareStatements>;

  constructor(private readonly db: Db) {
    this.sql = prepareStatements(db);
    this.watchedFrom = (this.sql.watchedFrom.get() as { watched_from: number | null }).watched_from;
    const tables = new MarketTables(db);
    const { market_fold } = this.sql.marketFold.get() as { market_fold: number | null };
    // Records of another fold need not even be readable.
    if (market_fold !== MARKET_FOLD) tables.clear();
    this.market = new ConfirmedMarket(tables);
    if (market_fold !== MARKET_FOLD) this.inTransaction(() => this.refold());
  }

  /** Confirmed only: what delivery acts on. */
  get confirmed(): MarketReader {
    return this.market;
  }

  /** Confirmed, and the openings and offers still waiting for confirmations: what people see. */
  get displayed(): MarketReader {
    return this.early ?? this.market;
  }

  onChange(listener: LedgerListener): void {
    this.listeners.push(listener);
  }

  position(): ChainPosition {
    const { state, detail, head, isKnown } = this;
    const { cursor_block, cursor_at_s } = this.sql.chain.get() as {
      cursor_block: number | null;
      cursor_at_s: number | null;
    };
    return { state, detail, head, isKnown, followedBlock: cursor_block ?? 0, confirmedAtS: cursor_at_s };
  }

  cursor(): { block: number; hash: string } | null {
    const row = this.sql.chain.get() as { cursor_block: number | null; cursor_hash: string | null };
    return row.cursor_block === null ? null : { block: row.cursor_block, hash: row.cursor_hash! };
  }

  chainIdentity(): ChainIdentity | null {
    const row = this.sql.chain.get() as { genesis_hash: string | null; trade: string | null };
    return row.genesis_hash === null ? null : { genesisHash: row.genesis_hash, trade: row.trade };
  }

  knownBlocks(): { block: number; hash: string }[] {
    return (this.sql.knownBlocks.all() as { block: number; hash: string }[]).map(({ block, hash }) => ({
      block,
      hash,
    }));
  }

  apply(batch: EventBatch): void {
    const before = this.cursor();
    if (before && batch.through.block < before.block)
      throw new Error(
        `A batch ends at block ${batch.through.block}, below the cursor at ${before.block}: roll back first.`,
      );
    const headers = new Map([...batch.headers, batch.through].map((header) => [header.block, header]));
    const fresh: ChainEvent[] = [];
    const touched = nothingTouched();
    let isBehind = false;
    this.inTransaction(() => {
      for (const header of headers.values()) this.storeBlock(header);
      for (const event of inOrder(batch.events)) {
        const header = headers.get(event.block);
        if (!header || event.block > batch.through.block)
          throw new Error(
            `A batch brings ${event.name} of block ${event.block} without that block's header.`,
          );
        const { changes } = this.sql.storeEvent.run(
          event.txHash,
          event.logIndex,
          event.block,
          event.blockHash,
          eventToJson(event),
        );
        if (changes === 0) continue;
        fresh.push(event);
        // An event from behind the cursor cannot be folded on top of later ones.
        if (!before || event.block > before.block) fold(this.market, event, header, touched);
      }
      this.sql.moveCursor.run(batch.through.block, batch.through.hash);
      this.sql.pruneBlocks.run((before?.block ?? 0) - KNOWN_BLOCKS, batch.through.block - KNOWN_BLOCKS);
      isBehind = before !== null && fresh.some((event) => event.block <= before.block);
      if (isBehind) this.refold();
      else this.saveStep(before?.block ?? NO_BLOCK, batch.through.block);
    });
    this.display();
    if (fresh.length > 0) this.tell((listener) => listener.confirmed?.(fresh));
    if (isBehind) {
      this.tell((listener) => listener.marketReplaced());
    } else if (fresh.length > 0) {
      this.tell((listener) => listener.marketChanged(touched));
    }
    this.tell((listener) => listener.chainChanged());
    this.market.settled();
  }

  rollback(block: number): void {
    this.inTransaction(() => {
      this.sql.dropEventsAbove.run(block);
      this.sql.dropBlocksAbove.run(block);
      const top = this.sql.newestBlock.get() as { block: number; hash: string } | undefined;
      this.sql.moveCursor.run(top?.block ?? null, top?.hash ?? null);
      // What the chain refused, it refused on a branch that is gone.
      this.sql.forgetRefusals.run();
      const reached = this.market.takeBack(block);
      if (reached === null) this.refold();
      else this.foldStored({ after: reached, through: block });
    });
    this.startOver();
  }

  reset({ genesisHash, trade }: ChainIdentity): void {
    this.inTransaction(() => {
      // The registers stay: they are the meter's life, not the chain's. Signed readings go with their chain.
      for (const table of ["events", "blocks", "deliveries", "signed_readings"])
        this.db.exec(`DELETE FROM ${table}`);
      this.sql.startChain.run(genesisHash, trade);
      this.refold();
    });
    this.watchedFrom = null;
    this.startOver();
  }

  preview(events: ChainEvent[], headers: BlockHeader[], head: BlockHeader): void {
    const before = this.previewed.events;
    this.previewed = { events, headers };
    this.head = head;
    // A preview is of the head: all below it has been read.
    this.isKnown = true;
    if (this.watchedFrom === null) {
      this.sql.watchFrom.run(head.block);
      this.watchedFrom = head.block;
    }
    const touched = this.display();
    const isGone = before.some(
      (old) => !events.some((event) => isSame(event, old)) && !this.isStored(old) && isShownEarly(old),
    );
    if (isGone) this.tell((listener) => listener.marketReplaced());
    else if (touched.trades.size + touched.offers.size + touched.meters.size > 0)
      this.tell((listener) => listener.marketChanged(touched));
    this.tell((listener) => listener.chainChanged());
  }

  nodeState(state: ChainState, detail: string): void {
    if (state === this.state && detail === this.detail) return;
    this.state = state;
    this.detail = detail;
    // A node that goes away takes back nothing it has said; a chain being read anew does.
    if (state === "rebuilding" || state === "noContracts") this.isKnown = false;
    this.tell((listener) => listener.chainChanged());
  }

  private storeBlock(header: BlockHeader): void {
    const { block, hash, parentHash, atS, sealer } = header;
    if (this.sql.storeBlock.run(block, hash, parentHash, atS, sealer).changes > 0) return;
    const stored = this.sql.findBlock.get(block) as { hash: string };
    if (stored.hash !== hash)
      throw new Error(`Block ${block} is stored as ${stored.hash}, a batch brings ${hash}: roll back first.`);
  }

  private isStored(event: ChainEvent): boolean {
    return this.sql.findEvent.get(event.txHash, event.logIndex) !== undefined;
  }

  /** A confirmed block has brought another one of its id: the block that this one was seen in is gone. */
  private isTaken(event: ChainEvent): boolean {
    switch (event.name) {
      case "TradeOpened":
        return this.market.trade(event.tradeId) !== null;
      case "OfferListed":
        return this.market.offer(event.offerId) !== null;
      case "MeterCommissioned":
        return this.market.meter(event.meter) !== null;
      default:
        return false;
    }
  }

  private saveStep(after: number, through: number): void {
    // So many blocks at once are a chain that is being caught up with: to undo them would be written for nothing.
    const isLong = through - after > KNOWN_BLOCKS;
    this.market.save(isLong ? null : { after, through });
    this.market.forgetStepsTo(isLong ? through : through - KNOWN_BLOCKS);
  }

  /** Makes the confirmed market anew from all stored events. */
  private refold(): void {
    this.market.clear();
    this.foldStored(null);
    this.market.forgetStepsTo(this.cursor()?.block ?? NO_BLOCK);
    this.sql.marketFoldedBy.run(MARKET_FOLD);
  }

  /** @param step after which block the market stands, and where the stored events end; null for one that is empty */
  private foldStored(step: Step | null): void {
    for (let last = { block: (step?.after ?? NO_BLOCK) + 1, log_index: -1 }; ; ) {
      const rows = this.sql.eventsAfter.all(last.block, last.log_index, REFOLDED_AT_ONCE) as EventRow[];
      for (const { body, at_s, sealer } of rows)
        fold(
          this.market,
          this.db.decode(() => eventFromJson(body)),
          { atS: at_s, sealer },
        );
      this.market.save(step);
      if (rows.length < REFOLDED_AT_ONCE) break;
      last = rows.at(-1)!;
    }
  }

  /** Lays the unconfirmed offers and openings over the confirmed market. Money is never shown early. */
  private display(): Touched {
    const touched = nothingTouched();
    const early = this.previewed.events.filter(
      (event) => isShownEarly(event) && !this.isStored(event) && !this.isTaken(event),
    );
    if (early.length === 0) {
      this.early = null;
      return touched;
    }
    const headers = new Map(this.previewed.headers.map((header) => [header.block, header]));
    const market = new EarlyMarket(this.market);
    for (const event of inOrder(early)) {
      const header = headers.get(event.block);
      if (!header) throw new Error(`A preview brings ${event.name} without the header of its block.`);
      fold(market, event, header, touched, false);
    }
    this.early = market;
    return touched;
  }

  /** Until the head is reached again, an open trade may be closed on the branch that is now the chain. */
  private startOver(): void {
    this.isKnown = false;
    this.previewed = { events: [], headers: [] };
    this.display();
    this.tell((listener) => listener.marketReplaced());
    this.tell((listener) => listener.chainChanged());
  }

  /** Memory follows the file: when a transaction fails, the market is read again. */
  private inTransaction(work: () => void): void {
    try {
      this.db.transaction(work);
    } catch (error) {
      this.reloadAfter(error);
      throw error;
    }
  }

  /** A file that cannot be written may be one that cannot be read either; the first trouble is the one to tell. */
  private reloadAfter(cause: unknown): void {
    try {
      this.market.load();
      this.display();
    } catch (error) {
      this.isKnown = false;
      if (messageOf(error) === messageOf(cause)) return;
      throw new Error(`${messageOf(cause)}; and what is stored cannot be read: ${messageOf(error)}`, {
        cause,
      });
    }
  }

  private tell(what: (listener: LedgerListener) => void): void {
    for (const listener of this.listeners) what(listener);
  }
}

const isShownEarly = (event: ChainEvent): boolean =>
  event.name === "TradeOpened" || event.name === "OfferListed" || event.name === "MeterCommissioned";

const isSame = (a: ChainEvent, b: ChainEvent): boolean =>
  a.txHash === b.txHash && a.logIndex === b.logIndex && a.blockHash === b.blockHash;

const inOrder = (events: ChainEvent[]): ChainEvent[] =>
  [...events].sort((a, b) => a.block - b.block || a.logIndex - b.logIndex);
