/** One fault on the stage: a delivery under way, what is done to it, and what everybody saw. */
import { setTimeout as sleep } from "node:timers/promises";
import { uniformNoise } from "../../meter/sim/noise";
import { until } from "../support/until";
import type { BoughtTrade, FaultBench } from "./bench";
import { LOSS_OF_A_TRIP_MILLI_WH, METERING_ERROR, OPENS_WITHIN_S, OVERSHOOT_MILLI_WH } from "./bounds";

export interface Fault {
  name: string;
  /** In `npm test` too. */
  isShort?: boolean;
  /** The part it needs where that is missing (test/support/need.ts); null when all is there. */
  missingPart?: () => string | null;
  /** mWh ordered; by default a delivery of some four seconds. */
  orderMilliWh?: bigint;
  /**
   * Makes the fault, says what must be seen of it, and ends it. The relay is closed for `scene.trade` when it is
   * called. The server may have ended when it returns.
   */
  strike(scene: Scene): Promise<void>;
}

export interface Outcome {
  fault: string;
  seed: number;
  /** Of the desk's time, from the fault to the open contact; null when the fault opened nothing. */
  opensAfterS: number | null;
  flowedMilliWh: number;
  paidForMilliWh: number;
  /** The most that might flow unpaid. */
  allowedMilliWh: number;
  tradesEnded: boolean;
  moneyConserved: boolean;
  /** What server's log, or `/healthz`, said of it. */
  words: string[];
  violations: string[];
}

/** How long the relay is waited for before it counts as stuck, s. */
const PATIENCE_S = 5;
const HEALTHY_WITHIN_MS = 60_000;
const SAID_WITHIN_MS = 20_000;
/** A trade's energy is counted in whole mWh of the register: what one leaves of an mWh, the next one gets. */
const REST_MILLI_WH = 1;
/** The fault comes so long after the relay has closed, ms, at most. */
const LATEST_MOMENT_MS = 1500;

export class Scene {
  opensAfterS: number | null = null;
  readonly words: string[] = [];
  readonly violations: string[] = [];
  /** mWh that the fault may cost. */
  mayLoseMilliWh = 0;
  /** Where everything stood when the fault came. */
  atS = 0;

  constructor(
    readonly bench: FaultBench,
    readonly random: () => number,
    readonly trade: BoughtTrade,
    /** How much the server had printed before the trade was bought. */
    private readonly printedBefore: number,
  ) {}

  /** What the server has printed since the trade was bought. */
  get log(): string {
    return this.bench.house.output().slice(this.printedBefore);
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }

  /** The fault comes now: from here the relay's time is taken. */
  async mark(): Promise<void> {
    this.atS = (await this.bench.arduino.tell("mark")).atS;
  }

  /** The relay must open in time. @param lossMilliWh what it may cost that it did not open at once */
  async mustOpen(withinS = OPENS_WITHIN_S, lossMilliWh = LOSS_OF_A_TRIP_MILLI_WH): Promise<void> {
    this.opensAfterS = await this.bench.opensAfter(this.atS, PATIENCE_S);
    this.mayLoseMilliWh += lossMilliWh;
    if (this.opensAfterS === null) this.violations.push("the relay did not open");
    else if (this.opensAfterS > withinS)
      this.violations.push(`the relay opened after ${this.opensAfterS.toFixed(3)} s`);
  }

  /** The relay must not have opened since the fault, unless its trade was complete. */
  async mustNotHaveOpened(): Promise<void> {
    await this.bench.arduino.tell("mark");
    const openedS = this.bench.arduino.openedSince(this.atS);
    if (openedS === null) return;
    // The relay's edge may be told before the server's line about it is read. One that closes again was not complete.
    const isComplete = () => /open: nothing to deliver/.test(this.log);
    const isOver = await until("the delivery is complete", isComplete, SAID_WITHIN_MS, 50).catch(() => false);
    const closesAgain = this.bench.arduino.log.some(
      ({ what, relay, atS }) => what === "relay" && relay === "closed" && atS > openedS,
    );
    if (isOver && !closesAgain) return;
    this.opensAfterS = openedS - this.atS;
    this.violations.push(`the relay opened after ${this.opensAfterS.toFixed(3)} s`);
  }

  /** The server's log must say it. */
  async mustLog(pattern: RegExp): Promise<void> {
    await this.mustSay(`the log says ${pattern}`, pattern, () => this.log);
  }

  /** `/healthz` must say it. */
  async mustComplain(pattern: RegExp): Promise<void> {
    await this.mustSay(`/healthz says ${pattern}`, pattern, () => this.bench.health());
  }

  async mustSay(what: string, pattern: RegExp, read: () => string | Promise<string>): Promise<void> {
    let last = "";
    const look = async () => {
      last = await read();
      return pattern.exec(last);
    };
    try {
      this.words.push((await until(what, look, SAID_WITHIN_MS, 50))[0]);
    } catch (error) {
      this.violations.push(`${(error as Error).message}; it said: ${last.slice(-1000)}`);
    }
  }

  /** The server must end by itself. */
  async mustEnd(): Promise<void> {
    await until("the server ends", () => !this.bench.house.isServerRunning(), SAID_WITHIN_MS).catch((error) =>
      this.violations.push((error as Error).message),
    );
  }
}

/** Buys, lets the fault come at a random moment of the delivery, and judges everything when all is over. */
export async function play(bench: FaultBench, fault: Fault, baseSeed: number): Promise<Outcome> {
  const seed = seedOf(fault.name, baseSeed);
  const random = uniformNoise(seed);
  const { house, arduino } = bench;
  const moneyBefore = await bench.money();
  const before = await arduino.tell("mark");
  const printedBefore = house.output().length;
  const trade = await bench.buy(fault.orderMilliWh ?? 3n);
  const scene = new Scene(bench, random, trade, printedBefore);
  try {
    if (!(await bench.untilFlows(trade))) throw new Error("the trade ended before the fault");
    await sleep(random() * LATEST_MOMENT_MS);
    await scene.mark();
    await fault.strike(scene);
  } catch (error) {
    scene.violations.push((error as Error).message);
  }
  let tradesEnded = false;
  let moneyConserved = false;
  try {
    await arduino.tell("heal");
    if (!house.isServerRunning()) await house.startServer();
    await house.untilSettled(trade.tradeId);
    tradesEnded = true;
    await bench.checkMoney([trade], moneyBefore);
    moneyConserved = true;
    await until("/healthz is ok again", async () => (await bench.health()) === "ok", HEALTHY_WITHIN_MS, 250);
    await until("the relay is open after the trade", () => bench.relay === "open");
  } catch (error) {
    scene.violations.push((error as Error).message);
  }
  const after = await arduino.tell("mark");
  judgeRelay(scene, before.atS);
  const flowedMilliWh = after.deliveredMilliWh - before.deliveredMilliWh;
  return {
    fault: fault.name,
    seed,
    opensAfterS: scene.opensAfterS,
    flowedMilliWh,
    paidForMilliWh: Number(trade.milliWh),
    ...judgeEnergy(scene, flowedMilliWh),
    tradesEnded,
    moneyConserved,
    words: scene.words,
    violations: scene.violations,
  };
}

function judgeEnergy({ mayLoseMilliWh, trade, violations }: Scene, flowed: number) {
  const error = flowed * METERING_ERROR + REST_MILLI_WH;
  const allowedMilliWh = mayLoseMilliWh + OVERSHOOT_MILLI_WH + error;
  const unpaid = flowed - Number(trade.milliWh);
  if (unpaid > allowedMilliWh) violations.push(`${unpaid.toFixed(3)} mWh flowed unpaid`);
  if (unpaid < -error) violations.push(`${(-unpaid).toFixed(3)} mWh were paid for and did not flow`);
  return { allowedMilliWh };
}

/** The contact closes by a plan of the server only: never once more by itself, after whatever opened it. */
function judgeRelay({ bench, log, violations }: Scene, sinceS: number): void {
  const closings = bench.arduino.log.filter(
    ({ what, relay, atS }) => what === "relay" && relay === "closed" && atS >= sinceS,
  ).length;
  const plans = log.match(/relay closed for trade/g)?.length ?? 0;
  if (closings > plans) violations.push(`the relay closed ${closings} times, ${plans} times by a plan`);
}

/** Each fault has random moments of its own, the same whether it is played alone or in the table. */
function seedOf(name: string, baseSeed: number): number {
  let hash = baseSeed >>> 0;
  for (const letter of name) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) >>> 0;
  return hash;
}
