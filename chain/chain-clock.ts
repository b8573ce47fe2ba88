/**
 * What time it is on the chain, by its blocks and the steady clock alone. Deadlines are the chain's: the host's clock
 * may be an hour off, for a moment or for good, and a trade must neither end nor go on for that.
 */
import type { BlockHeader } from "./sink";

/** The same words for as long as it lasts. */
export const noBlockSince = ({ block, atS }: { block: number; atS: number }): string =>
  `no block has come since block ${block} of ${new Date(atS * 1000).toISOString().slice(11, 19)} UTC: the sealer may have stopped`;

export class ChainClock {
  private head: { hash: string; block: number; atMs: number } | null = null;
  /** When the head was first seen, on the steady clock. */
  private seenAtMs = 0;
  /** When a head last appeared while this server looked: how old the first one is nobody knows. */
  private tickedAtMs: number | null = null;
  private newestMs = Number.NEGATIVE_INFINITY;

  /** @param silentAfterMs without a block for this long, the chain counts as standing still */
  constructor(private readonly silentAfterMs: number) {}

  /** Tells it the head, as often as one likes. */
  saw(head: BlockHeader | null, steadyMs: number): void {
    if (head === null || head.hash === this.head?.hash) return;
    if (this.head !== null) this.tickedAtMs = steadyMs;
    // A chain that went back, or another one, has a time of its own.
    if (this.head !== null && head.block <= this.head.block) this.newestMs = Number.NEGATIVE_INFINITY;
    this.head = { hash: head.hash, block: head.block, atMs: head.atS * 1000 };
    this.seenAtMs = steadyMs;
  }

  /** The time on the chain now, ms since 1970: its head's, and what has passed since. Null before the first head. */
  nowMs(steadyMs: number): number | null {
    if (this.head === null) return null;
    // Never backwards between two blocks: a block may come a little late.
    this.newestMs = Math.max(this.newestMs, this.head.atMs + steadyMs - this.seenAtMs);
    return this.newestMs;
  }

  /** How long no block has come, ms; 0 before the first head. */
  silenceMs(steadyMs: number): number {
    return this.head === null ? 0 : steadyMs - this.seenAtMs;
  }

  /** True while no block has come for too long. */
  isSilent(steadyMs: number): boolean {
    return this.silenceMs(steadyMs) >= this.silentAfterMs;
  }

  /** True while blocks come: then `nowMs` is the chain's time, whatever the host's clock says. */
  isTicking(steadyMs: number): boolean {
    return this.tickedAtMs !== null && !this.isSilent(steadyMs);
  }
}
