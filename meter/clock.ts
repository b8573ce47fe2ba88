/** Time as the meter sees it: wall time to stamp, steady time to integrate, and a way to be called later. */
export interface MeterClock {
  /** ms since 1970. May step when NTP corrects it, so nothing is ever integrated over it. */
  nowMs(): number;
  /** ms since some moment; never steps, never goes back. */
  steadyMs(): number;
  /** Calls `action` once after `delayMs`; the answer cancels it. */
  after(delayMs: number, action: () => void): () => void;
}

/** The machine's own clock, for programs; tests bring theirs. */
export const systemClock: MeterClock = {
  nowMs: () => Date.now(),
  steadyMs: () => performance.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};
