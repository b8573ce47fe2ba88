/** The seams inside the server: what the chain tells the store, and what delivery asks of the chain. */

import type { Address } from "../common/address";
import type { SignedReadingView } from "../common/api";
import type { ChainEvent } from "./chain-event";

export interface BlockHeader {
  block: number;
  hash: string;
  parentHash: string;
  /** Unix seconds. */
  atS: number;
  /** Who sealed it: clique's signer from extraData; null on a chain without one. */
  sealer: Address | null;
}

/** Blocks in order, ending at `through`, with every event in them. */
export interface EventBatch {
  /** Headers of the blocks that hold events, and of `through`. */
  headers: BlockHeader[];
  events: ChainEvent[];
  through: BlockHeader;
}

/** What the stored events are of. Hash and address differ after a reset and after a new deployment. */
export interface ChainIdentity {
  /** Hash of block 0. */
  genesisHash: string;
  /** The EnergyTrade contract; null while there is none on that chain. */
  trade: Address | null;
}

/** What the follower writes into; the store implements it. Each call is one database transaction. */
export interface ChainSink {
  /** Last block whose events are stored; null before the first. */
  cursor(): { block: number; hash: string } | null;
  /** Stored (block, hash) pairs, newest first, to find the common ancestor after a reorganisation. */
  knownBlocks(): { block: number; hash: string }[];
  /** What the store belongs to; null when it is empty. */
  chainIdentity(): ChainIdentity | null;
  /** Events that have k confirmations. Cursor and events together; an event already stored is ignored. */
  apply(batch: EventBatch): void;
  /** Forgets everything above `block` (the common ancestor), then goes on. */
  rollback(block: number): void;
  /** Another chain: forgets everything of the old one and belongs to `identity`. */
  reset(identity: ChainIdentity): void;
  /** Not yet confirmed events above the cursor, for display only; replaces the earlier list. Never stored. */
  preview(events: ChainEvent[], headers: BlockHeader[], head: BlockHeader): void;
  /** For the page: is the node there? */
  nodeState(state: "following" | "nodeLost" | "rebuilding" | "noContracts", detail: string): void;
}

/** A reading the meter's key has signed, waiting for the chain. */
export interface SignedReading {
  meter: Address;
  tradeId: bigint;
  deliveredMilliWh: bigint;
  registerMilliWh: bigint;
  isFinal: boolean;
  /** 64 bytes (ERC-2098), 0x-hex. */
  signature: string;
  signedAtMs: number;
}

export const signedReadingView = (reading: SignedReading): SignedReadingView => ({
  tradeId: reading.tradeId.toString(),
  deliveredMilliWh: reading.deliveredMilliWh.toString(),
  registerMilliWh: reading.registerMilliWh.toString(),
  isFinal: reading.isFinal,
  signature: reading.signature,
  signedAtMs: reading.signedAtMs,
});

/**
 * Brings signed readings to the chain: one queue, one sender, right nonces, repeats after failure, never twice.
 * Asks `pending` whenever it has room, so that nothing is kept in two places.
 */
export interface SettlementSource {
  /** Signed readings that the confirmed chain does not show as settled yet, oldest first, newest per trade. */
  pendingReadings(): SignedReading[];
  /** The chain refused for good (trade closed, meter decommissioned): stop offering it. `reason` names the error. */
  settlementRefused(reading: SignedReading, reason: string): void;
}

/** What a meter signs: a reading, and the purchase that it is of. */
export interface ReadingStatement {
  tradeId: bigint;
  buyer: Address;
  orderedMilliWh: bigint;
  /** The trade's deadline, whole seconds since 1970 in ms. */
  deadlineAtMs: number;
  deliveredMilliWh: bigint;
  registerMilliWh: bigint;
  isFinal: boolean;
}

/** The meter's key: signs readings, never leaves the process. */
export interface ReadingSigner {
  readonly meter: Address;
  sign(reading: ReadingStatement): string;
}

/** Every long-lived part of the server. Constructors do nothing; stopped in reverse order. */
export interface Service {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Time comes from outside. Ages and waits are steady time. The wall clock may be wrong: it stamps and shows, and
 * nothing that cannot be undone goes by it.
 */
export interface Clock {
  /** Whole ms since 1970. */
  nowMs(): number;
  /** ms since some moment; never jumps, never goes back. */
  steadyMs(): number;
}
