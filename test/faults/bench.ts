/**
 * What a fault is tried on: a whole house, its meter at an Arduino in a process of its own, and the books of three
 * who may not contradict each other: the simulated world, the server's journal, the chain. All seconds are the desk's.
 */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { LAB_ACCOUNTS } from "../../common/lab";
import type { FirmwareName } from "../../meter/sim/firmware";
import type { PortNews } from "../../meter/sim/port";
import { type FolderLock, lockFolder } from "../../scripts/folder-lock";
import { balanceOf, buyTokens, type Purchase, purchase, settlementsOf } from "../../scripts/trading";
import { PluggedArduino } from "../support/arduino";
import { type House, startHouse } from "../support/house";
import { until } from "../support/until";
import { JOURNAL_INTERVAL_S, LOSS_OF_A_KILL_MILLI_WH, METERING_ERROR, OVERSHOOT_MILLI_WH } from "./bounds";

const OFFER_ID = 3n;

/** The node that the server asks, as something that can fail. */
export interface FallibleNode {
  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again, on the chain it had. */
  start(): Promise<void>;
  /** Its process stands still until `thaw`. */
  freeze(): void;
  thaw(): void;
}

/** A lab's geth network to live on. */
export interface GethUnderTest {
  rpcUrl: string;
  node: FallibleNode;
}

/** Token base units. */
export interface Money {
  escrow: bigint;
  seller: bigint;
}

/** Books at one moment, mWh. */
export interface Books {
  flowed: number;
  journaled: number;
}

export interface FaultBenchOptions {
  /** A lab's geth network to live on; an embedded chain of its own, which is kept, when left out. */
  geth?: GethUnderTest | undefined;
  /** What is flashed on the Arduino; by default our own. */
  firmware?: FirmwareName;
}

export type BoughtTrade = Purchase & { milliWh: bigint };

export class FaultBench {
  readonly trades: BoughtTrade[] = [];
  private moneyBefore: Money = { escrow: 0n, seller: 0n };

  private constructor(
    readonly house: House,
    readonly arduino: PluggedArduino,
    private readonly chainFolder: FolderLock,
    private readonly geth: GethUnderTest | undefined,
  ) {}

  static async start({ geth, firmware }: FaultBenchOptions = {}): Promise<FaultBench> {
    const arduino = new PluggedArduino(firmware);
    await arduino.start();
    const chainFolder = lockFolder(mkdtempSync(join(tmpdir(), "neighborwatt-chain-")), { program: "a test" });
    try {
      const house = await startHouse({
        page: false,
        ...(geth ? { gethRpcUrl: geth.rpcUrl } : { chain: { keptIn: chainFolder } }),
        env: {
          METER: `serial:${arduino.path}`,
          JOURNAL_INTERVAL_MS: String(JOURNAL_INTERVAL_S * 1000),
        },
      });
      const bench = new FaultBench(house, arduino, chainFolder, geth);
      await buyTokens(house.lab, "consumer", "10");
      bench.moneyBefore = await bench.money();
      return bench;
    } catch (error) {
      await arduino.stop();
      remove(chainFolder);
      throw error;
    }
  }

  get node(): FallibleNode {
    return this.geth?.node ?? embeddedNode(this.house);
  }

  async buy(milliWh: bigint): Promise<BoughtTrade> {
    const bought = { ...(await purchase(this.house.lab, "consumer", OFFER_ID, milliWh)), milliWh };
    this.trades.push(bought);
    return bought;
  }

  /** What `/healthz` says: "ok", or what is not as it should be. */
  async health(): Promise<string> {
    const response = await fetch(`${this.house.url}/healthz`, { signal: AbortSignal.timeout(5000) });
    const body = (await response.json()) as { status?: string; error?: { message: string } };
    return body.error?.message ?? body.status ?? "";
  }

  async isSettled({ tradeId }: Purchase): Promise<boolean> {
    return (await settlementsOf(this.house.lab, tradeId)).some((event) => event.isClosed);
  }

  get relay(): "open" | "closed" {
    return this.arduino.log.at(-1)?.relay ?? "open";
  }

  /** Resolves to true when the relay is closed, to false when the trades (all of them, if none is named) ended before. */
  untilFlows(...named: Purchase[]): Promise<boolean> {
    const trades = named.length > 0 ? named : this.trades;
    let looked = 0;
    return until(
      `the relay closes for trade ${trades.map(({ tradeId }) => tradeId).join(" or ")}`,
      async () => {
        if (this.relay === "closed") return { flows: true };
        // The chain is asked now and then only. They are served in the order of purchase: the last one ends last.
        if (++looked % 50 === 0 && (await this.isSettled(trades.at(-1)!))) return { flows: false };
        return null;
      },
      90_000,
    ).then(({ flows }) => flows);
  }

  /**
   * `kill -9` of the server. The world that it leaves strikes itself: the moment is known on the clock by which the
   * relay's edge is told, however late this process is given the machine.
   */
  async killServer(): Promise<PortNews> {
    const news = await this.arduino.tell(`signal SIGKILL ${this.house.serverPid}`);
    await this.house.stopServer("SIGKILL");
    return news;
  }

  /** Seconds from `atS` until the contact was open; null when it is still closed `patienceS` later. */
  async opensAfter(atS: number, patienceS: number): Promise<number | null> {
    let nowS = atS;
    while (this.arduino.openedSince(atS) === null && nowS < atS + patienceS)
      nowS = (await this.arduino.tell("mark")).atS;
    const openedS = this.arduino.openedSince(atS);
    return openedS === null ? null : openedS - atS;
  }

  /** The server must be dead: what it would read at its next start is read from a copy, so that nothing is changed. */
  async books(): Promise<Books> {
    const { deliveredMilliWh } = await this.arduino.tell("mark");
    const folder = mkdtempSync(join(tmpdir(), "neighborwatt-books-"));
    try {
      for (const name of ["neighborwatt.sqlite", "neighborwatt.sqlite-wal"]) {
        const file = join(this.house.dataDir, name);
        if (existsSync(file)) copyFileSync(file, join(folder, name));
      }
      const database = new Database(join(folder, "neighborwatt.sqlite"));
      const row = database.prepare("SELECT register_milli_wh, rest_micro_joule FROM registers").get() as
        | { register_milli_wh: string; rest_micro_joule: string }
        | undefined;
      database.close();
      const journaled = row ? Number(row.register_milli_wh) + Number(row.rest_micro_joule) / 3.6e6 : 0;
      return { flowed: deliveredMilliWh, journaled };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Token base units that lie in the shop and with the seller. */
  async money(): Promise<Money> {
    const { lab, deployment } = this.house;
    const [escrow, seller] = await Promise.all([
      balanceOf(lab, deployment.trade),
      balanceOf(lab, LAB_ACCOUNTS.prosumer.address),
    ]);
    return { escrow, seller };
  }

  /**
   * Each of these trades, all there were since `before`, has ended and was paid in full and once; nothing of them is
   * left in escrow, and the seller has what was paid.
   */
  async checkMoney(trades: readonly BoughtTrade[], before: Money): Promise<void> {
    let paid = 0n;
    for (const { tradeId, payment } of trades) {
      const { trade } = await this.house.untilSettled(tradeId);
      const settlements = await settlementsOf(this.house.lab, tradeId);
      const paidHere = settlements.reduce((sum, event) => sum + event.paid, 0n);
      assert.equal(trade.paid, String(payment), `trade ${tradeId} is not paid in full`);
      assert.equal(paidHere, payment, `trade ${tradeId}: ${paidHere} paid of ${payment}`);
      assert.equal(settlements.filter((event) => event.isClosed).length, 1, `trade ${tradeId} closed once`);
      paid += paidHere;
    }
    const { escrow, seller } = await this.money();
    assert.equal(escrow, before.escrow, "money is left in escrow");
    assert.equal(seller - before.seller, paid, "the seller's gain is not what was paid");
  }

  /**
   * The money is right (`checkMoney`), and what flowed is what was paid, plus at most what `losses` kills and the
   * overshoots may cost.
   */
  async check(losses: number): Promise<{ flowed: number; paidFor: number; allowed: number }> {
    const { trades } = this;
    await this.checkMoney(trades, this.moneyBefore);
    const { deliveredMilliWh: flowed } = await this.arduino.tell("mark");
    const paidFor = Number(trades.reduce((sum, { milliWh }) => sum + milliWh, 0n));
    const error = flowed * METERING_ERROR;
    const allowed = losses * LOSS_OF_A_KILL_MILLI_WH + trades.length * OVERSHOOT_MILLI_WH + error;
    const unpaid = flowed - paidFor;
    assert.ok(unpaid >= -error, `${unpaid.toFixed(3)} mWh: more was paid for than flowed`);
    assert.ok(
      unpaid <= allowed,
      `${unpaid.toFixed(3)} mWh flowed unpaid, at most ${allowed.toFixed(3)} expected`,
    );
    return { flowed, paidFor, allowed };
  }

  async stop(): Promise<void> {
    await this.house.stop();
    await this.arduino.stop();
    remove(this.chainFolder);
  }
}

function remove({ folder, release }: FolderLock): void {
  release();
  rmSync(folder, { recursive: true, force: true });
}

const embeddedNode = (house: House): FallibleNode => ({
  async kill() {
    process.kill(house.chain.pid, "SIGKILL");
    await house.chain.died;
  },
  start: () => house.restartChain(),
  freeze: () => process.kill(house.chain.pid, "SIGSTOP"),
  thaw: () => process.kill(house.chain.pid, "SIGCONT"),
});

/** What a kill or another fault may not have cost between two books, mWh; the metering error goes both ways. */
export const lostBetween = (before: Books, after: Books): number =>
  after.flowed - before.flowed - (after.journaled - before.journaled);
