/** What every long-lived part has in common. */

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

/** A clock that also calls back. */
export interface TimedClock extends Clock {
  /** Calls `action` once after `delayMs`; the answer cancels it. */
  after(delayMs: number, action: () => void): () => void;
}
