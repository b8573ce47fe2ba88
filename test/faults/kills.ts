/** `kill -9` of the server at random moments of deliveries. */
import { setTimeout as sleep } from "node:timers/promises";
import { uniformNoise } from "../../meter/sim/noise";
import type { Purchase } from "../../scripts/trading";
import { type FaultBench, LOSS_OF_A_KILL_MILLI_WH, lostBetween, OPENS_WITHIN_S } from "./bench";

export interface Kill {
  tradeId: bigint;
  /** Waited since the relay closed, ms. */
  momentMs: number;
  /** What the relay did when the server was killed. */
  relay: "open" | "closed";
  /** Of the desk's time; null when it stayed closed. */
  opensAfterS: number | null;
  /** What flowed since the kill before and is in no journal, mWh. */
  lostMilliWh: number;
  violations: string[];
}

/** How long the relay is waited for before it counts as stuck, s. */
const PATIENCE_S = 5;
/** Metering error and what the tail of the noise adds, between two kills, mWh. */
const METERING_SLACK_MILLI_WH = 0.5;

/** Buys and kills until it has killed `count` times; all trades have been left to end when it returns. */
export async function killAtRandom(
  bench: FaultBench,
  count: number,
  seed: number,
  report: (kill: Kill, number: number) => void = () => {},
): Promise<Kill[]> {
  const random = uniformNoise(seed);
  const kills: Kill[] = [];
  let before = { flowed: 0, journaled: 0 };
  while (kills.length < count) {
    const milliWh = 2n + BigInt(Math.floor(random() * 4));
    const trade = await bench.buy(milliWh);
    const ofThisTrade = 1 + Math.floor(random() * 3);
    for (let i = 0; i < ofThisTrade && kills.length < count; i++) {
      // Some 0.7 mWh flow in a second: also beyond the delivery's end, while the final reading is on its way.
      const momentMs = Math.floor((random() * Number(milliWh) * 1600) / (i + 1));
      if (!(await bench.untilFlows(trade))) break;
      await sleep(momentMs);
      const kill = await killOnce(bench, trade, momentMs);
      const books = await bench.books();
      kill.lostMilliWh = lostBetween(before, books);
      before = books;
      if (kill.lostMilliWh > LOSS_OF_A_KILL_MILLI_WH + METERING_SLACK_MILLI_WH)
        kill.violations.push(`${kill.lostMilliWh.toFixed(3)} mWh lost`);
      if (kill.lostMilliWh < -METERING_SLACK_MILLI_WH) kill.violations.push("more metered than flowed");
      kills.push(kill);
      report(kill, kills.length);
      await bench.house.startServer();
    }
    await bench.house.untilSettled(trade.tradeId);
  }
  return kills;
}

async function killOnce(bench: FaultBench, { tradeId }: Purchase, momentMs: number): Promise<Kill> {
  const { atS, relay } = await bench.arduino.tell("mark");
  await bench.house.stopServer("SIGKILL");
  const opensAfterS = await bench.opensAfter(atS, PATIENCE_S);
  const violations =
    opensAfterS === null || opensAfterS > OPENS_WITHIN_S
      ? [`the relay opened ${opensAfterS === null ? "never" : `after ${opensAfterS.toFixed(3)} s`}`]
      : [];
  return { tradeId, momentMs, relay, opensAfterS, lostMilliWh: 0, violations };
}
