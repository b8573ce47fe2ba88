/** When a trade for which nothing flowed is tried again. */
import type { NoFlow } from "../common/records";

/** The battery is charged in the morning, and a load may be switched on at any time. */
const LONGEST_PAUSE_MS = 15 * 60_000;

interface Rules {
  /** A turn in which nothing flows ends after this. */
  noFlowMs: number;
}

const pauseMs = (turns: number, { noFlowMs }: Rules): number =>
  Math.max(noFlowMs, Math.min(noFlowMs * 2 ** (turns - 1), LONGEST_PAUSE_MS));

/** After one more turn in vain. */
export function afterNoFlow(before: NoFlow | null, nowMs: number, rules: Rules): NoFlow {
  const turns = (before?.turns ?? 0) + 1;
  return { turns, retryAtMs: nowMs + pauseMs(turns, rules) };
}

/** True until its next turn. A chain whose time went back must not make the pause longer than it ever is. */
export function isHeldBack(noFlow: NoFlow | null, nowMs: number, rules: Rules): boolean {
  if (noFlow === null) return false;
  const leftMs = noFlow.retryAtMs - nowMs;
  return leftMs > 0 && leftMs <= pauseMs(noFlow.turns, rules);
}

/** True when energy has flowed for it in this turn. */
export const hasFlowed = (
  record: { sinceRegisterMilliWh: bigint | null; noFlow: NoFlow | null },
  registerMilliWh: bigint,
): boolean =>
  record.noFlow !== null &&
  record.sinceRegisterMilliWh !== null &&
  registerMilliWh > record.sinceRegisterMilliWh;
