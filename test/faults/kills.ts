/** `kill -9` of the server at random moments of deliveries, and now and then of its start. */
import { setTimeout as sleep } from "node:timers/promises";
import { uniformNoise } from "../../meter/sim/noise";
import { type Books, type FaultBench, lostBetween } from "./bench";
import { LOSS_OF_A_KILL_MILLI_WH, METERING_ERROR, OPENS_WITHIN_S } from "./bounds";

export interface Kill {
  /** What it struck: a delivery, or the start after the kill before. */
  during: "delivery" | "start";
  /** Waited since the server was ready and the relay closed, or since the start, ms. */
  momentMs: number;
  /** What the relay did when the server was killed. */
  relay: "open" | "closed";
  /** Of the desk's time; null when it stayed closed. */
  opensAfterS: number | null;
  /** What flowed since the kill before, mWh, and what of it is in no journal. */
  flowedMilliWh: number;
  lostMilliWh: number;
  violations: string[];
}

/** How long the relay is waited for before it counts as stuck, s. */
const PATIENCE_S = 5;
/** Some 0.7 mWh flow in a second: an order's end, its final reading and its settlement are struck as well. */
const LATEST_MOMENT_MS = 2_200;
/** One kill in so many strikes the next start; beyond the moment at which a quick machine is ready. */
const STARTS_BETWEEN = 8;
const LATEST_MOMENT_OF_START_MS = 4_000;
const SMALLEST_ORDER_MILLI_WH = 1;
const LARGEST_ORDER_MILLI_WH = 3;
/** So much is ordered ahead, mWh, that one delivery follows the other. */
const AHEAD_MILLI_WH = 4;

/** Buys and kills until it has killed `count` times; the server runs again when it returns. */
export async function killAtRandom(
  bench: FaultBench,
  count: number,
  seed: number,
  report: (kill: Kill, number: number) => void = () => {},
): Promise<Kill[]> {
  const random = uniformNoise(seed);
  const between = (least: number, most: number) => least + Math.floor(random() * (most - least + 1));
  const kills: Kill[] = [];
  let before: Books = { flowed: 0, journaled: 0 };
  let orderedMilliWh = 0;
  const buyAhead = async () => {
    while (orderedMilliWh < before.journaled + AHEAD_MILLI_WH) {
      const milliWh = between(SMALLEST_ORDER_MILLI_WH, LARGEST_ORDER_MILLI_WH);
      await bench.buy(BigInt(milliWh));
      orderedMilliWh += milliWh;
    }
  };
  const strike = async (during: Kill["during"], momentMs: number) => {
    await sleep(momentMs);
    const { atS, relay } = await bench.killServer();
    const opensAfterS = await bench.opensAfter(atS, PATIENCE_S);
    const after = await bench.books();
    const flowedMilliWh = after.flowed - before.flowed;
    const lostMilliWh = lostBetween(before, after);
    before = after;
    const kill = { during, momentMs, relay, opensAfterS, flowedMilliWh, lostMilliWh };
    kills.push({ ...kill, violations: violationsOf(kill) });
    report(kills.at(-1)!, kills.length);
  };
  await buyAhead();
  while (kills.length < count) {
    while (!(await bench.untilFlows())) await bench.buy(BigInt(LARGEST_ORDER_MILLI_WH));
    await strike("delivery", between(0, LATEST_MOMENT_MS));
    while (kills.length < count && between(1, STARTS_BETWEEN) === 1) {
      // It is not ready before it is killed, as a rule.
      bench.house.startServer().catch(() => {});
      await strike("start", between(0, LATEST_MOMENT_OF_START_MS));
    }
    // What is bought while the server is down, it finds when it is back.
    await Promise.all([bench.house.startServer(), kills.length < count && buyAhead()]);
  }
  return kills;
}

function violationsOf({ opensAfterS, flowedMilliWh, lostMilliWh }: Omit<Kill, "violations">): string[] {
  const error = flowedMilliWh * METERING_ERROR;
  const violations: string[] = [];
  if (opensAfterS === null) violations.push("the relay stayed closed");
  else if (opensAfterS > OPENS_WITHIN_S)
    violations.push(`the relay opened after ${opensAfterS.toFixed(3)} s`);
  if (lostMilliWh > LOSS_OF_A_KILL_MILLI_WH + error) violations.push(`${lostMilliWh.toFixed(3)} mWh lost`);
  if (lostMilliWh < -error) violations.push(`${(-lostMilliWh).toFixed(3)} mWh more metered than flowed`);
  return violations;
}
