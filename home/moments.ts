/** What time it is for the homes, by every clock that counts for something. */
import { type ChainClock, noBlockSince } from "../chain/chain-clock";
import type { BlockHeader } from "../chain/sink";
import type { Log } from "../common/log";
import type { Clock } from "../common/service";
import type { Now } from "./news";
import type { HomesStore } from "./store";

export class Moments {
  private isSilent = false;

  constructor(
    private readonly parts: { ledger: HomesStore["ledger"]; clock: Clock; chainClock: ChainClock; log: Log },
  ) {}

  now(): Now {
    const { ledger, clock, chainClock } = this.parts;
    const steadyMs = clock.steadyMs();
    const { state, head, confirmedAtS, isKnown } = ledger.position();
    chainClock.saw(head, steadyMs);
    this.reportSilence(state === "following" && chainClock.isSilent(steadyMs), head);
    const chainMs = chainClock.nowMs(steadyMs) ?? clock.nowMs();
    return {
      steadyMs,
      chainMs,
      latestMs: chainClock.isTicking(steadyMs) ? chainMs : Math.max(chainMs, clock.nowMs()),
      confirmedAtMs: (confirmedAtS ?? 0) * 1000,
      isChainKnown: isKnown,
    };
  }

  private reportSilence(isSilent: boolean, head: BlockHeader | null): void {
    if (isSilent === this.isSilent || head === null) return;
    this.isSilent = isSilent;
    if (isSilent) this.parts.log.warn(noBlockSince(head));
    else this.parts.log.info(`blocks come again: block ${head.block}`);
  }
}
