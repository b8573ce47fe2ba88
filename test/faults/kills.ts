/** `kill -9` of the server at random moments of deliveries. */
import { setTimeout as sleep } from "node:timers/promises";
import { uniformNoise } from "../../meter/sim/noise";
import {
  type Books,
  type FaultBench,
  LOSS_OF_A_KILL_MILLI_WH,
  lostBetween,
  METERING_ERROR,
  OPENS_WITHIN_S,
} from "./bench";

export interface Kill {
  /** Waited since the server was ready and the relay closed, ms. */
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
  await buyAhead();
  while (kills.length < count) {
    const momentMs = between(0, LATEST_MOMENT_MS);
    while (!(await bench.untilFlows())) await bench.buy(BigInt(LARGEST_ORDER_MILLI_WH));
    await sleep(momentMs);
    const { atS, relay } = await bench.killServer();
    const opensAfterS = await bench.opensAfter(atS, PATIENCE_S);
    const after = await bench.books();
    const flowedMilliWh = after.flowed - before.flowed;
    const lostMilliWh = lostBetween(before, after);
    before = after;
    const kill = { momentMs, relay, opensAfterS, flowedMilliWh, lostMilliWh };
    kills.push({ ...kill, violations: violationsOf(kill) });
    report(kills.at(-1)!, kills.length);
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
