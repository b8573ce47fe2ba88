/** What the follower tells of the chain, and to whom. */
import type { Address } from "../common/address";
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
