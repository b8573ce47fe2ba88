/**
 * The host's wall clock, held to the steady one. A wall clock is set by hand, by NTP, or by a bad battery; what it says
 * for a moment is no fact. So the time given out goes on steadily, and follows the host only when the host has said
 * the same for a minute. It stamps, shows and sorts; what cannot be undone goes by the chain's confirmed time.
 */
import type { Clock } from "../common/service";

/** A difference up to this is the clock being slewed, and followed at once. */
const SLEW_MS = 500;
/** A jump counts when it has lasted this long on the steady clock. */
const BELIEVED_AFTER_MS = 60_000;

export interface HostClock {
  /** ms since 1970; may jump. */
  nowMs(): number;
  /** ms since some moment; never jumps. */
  steadyMs(): number;
}

export function heldClock(host: HostClock, jumped: (byMs: number) => void = () => {}): Clock {
  let offsetMs = host.nowMs() - host.steadyMs();
  let doubt: { offsetMs: number; sinceMs: number } | null = null;
  return {
    steadyMs: () => host.steadyMs(),
    nowMs() {
      const steadyMs = host.steadyMs();
      const saidMs = host.nowMs() - steadyMs;
      if (isNear(saidMs, offsetMs)) {
        offsetMs = saidMs;
        doubt = null;
      } else if (doubt === null || !isNear(saidMs, doubt.offsetMs)) {
        doubt = { offsetMs: saidMs, sinceMs: steadyMs };
      } else if (steadyMs - doubt.sinceMs >= BELIEVED_AFTER_MS) {
        const byMs = saidMs - offsetMs;
        offsetMs = saidMs;
        doubt = null;
        jumped(byMs);
      }
      // The steady clock is finer than what is stored.
      return Math.round(steadyMs + offsetMs);
    },
  };
}

const isNear = (a: number, b: number): boolean => Math.abs(a - b) <= SLEW_MS;
