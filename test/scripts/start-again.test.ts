/**
 * `npm start` over and over with a trade that is open, ended each time in another way: the trade goes on where it was,
 * and its buyer pays once. (From the third start on the chain had another genesis, which no test saw: none started three
 * times.) `START_CYCLES=10` for more rounds than three.
 */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawn as spawnInTerminal } from "@lydell/node-pty";
import { readContracts } from "../../chain/artifacts";
import { ask } from "../../chain/rpc";
import type { OfferListView } from "../../common/api";
import { EMBEDDED_CHAIN_ID } from "../../common/lab";
import type { Wire } from "../../common/wire";
import { compile } from "../../scripts/compile";
import { freePort } from "../../scripts/embedded-chain";
import { type LabChain, labChain } from "../../scripts/lab-chain";
import { buyTokens, purchase, settlementsOf } from "../../scripts/trading";
import type { TradeAnswer } from "../support/house";
import { copyArtifacts } from "../support/truffle";
import { until } from "../support/until";

const ROOT = join(__dirname, "..", "..");
const CYCLES = Number(process.env.START_CYCLES ?? 3);
const READY_WITHIN_MS = 180_000;
/** Some seconds of the simulated load for each round. */
const ORDER_MILLI_WH = BigInt(4 + 4 * CYCLES);
/** What an end can lose: the load's 4 W for a journal interval of one second, and a sample's overshoot. */
const LOST_MILLI_WH_A_ROUND = 3n;

interface House {
  settings: Record<string, string>;
  output(): string;
  /** Closes the terminal it runs in. */
  closeTerminal(): void;
}

describe("npm start, again and again", function () {
  this.timeout(200_000 + CYCLES * 60_000);
  const folders: string[] = [];
  const ending: (() => void)[] = [];
  let artifactsDir: string;

  before(async () => {
    await compile();
    artifactsDir = copyArtifacts();
    folders.push(artifactsDir);
  });
  after(async () => {
    for (const end of ending) end();
    for (const folder of folders) await until("its folder", () => removed(folder));
  });
  const removed = (folder: string) => {
    rmSync(folder, { recursive: true, force: true });
    return true;
  };

  async function newSettings(): Promise<Record<string, string>> {
    const dataDir = mkdtempSync(join(tmpdir(), "nw-again-"));
    folders.push(dataDir);
    return {
      PORT: String(await freePort()),
      EMBEDDED_PORT: String(await freePort()),
      DATA_DIR: dataDir,
      ARTIFACTS_DIR: artifactsDir,
    };
  }

  /** In a terminal of its own, as people do. */
  async function start(settings: Record<string, string>): Promise<House> {
    const terminal = spawnInTerminal("npm", ["start"], {
      cwd: ROOT,
      cols: 200,
      env: { ...process.env, ...settings } as Record<string, string>,
    });
    let output = "";
    let isOver = false;
    terminal.onData((data) => {
      output += data;
    });
    terminal.onExit(() => {
      isOver = true;
    });
    const closeTerminal = () => (terminal as unknown as { destroy(): void }).destroy();
    ending.push(() => !isOver && terminal.kill("SIGTERM"));
    await until(
      "it is ready",
      () => {
        assert.ok(!isOver, output);
        return output.includes("Ready in ");
      },
      READY_WITHIN_MS,
      100,
    );
    return { settings, output: () => output, closeTerminal };
  }

  const keeperOf = ({ settings }: House): number =>
    (JSON.parse(readFileSync(join(settings.DATA_DIR!, "running.json"), "utf8")) as { pid: number }).pid;
  const get = async <T>({ settings }: House, path: string): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${settings.PORT}${path}`);
    assert.ok(response.ok, path);
    return (await response.json()) as T;
  };
  const rpcUrl = ({ settings }: House) => `http://127.0.0.1:${settings.EMBEDDED_PORT}`;
  const lab = (house: House): Promise<LabChain> =>
    labChain(rpcUrl(house), readContracts(artifactsDir, EMBEDDED_CHAIN_ID)!);
  const blockZero = (house: House) =>
    ask<{ hash: string }>(rpcUrl(house), "eth_getBlockByNumber", "0x0", false).then(({ hash }) => hash);
  const untilOver = (house: House) =>
    until("every port is free", async () => {
      for (const name of ["PORT", "EMBEDDED_PORT"])
        if (!(await freePort(Number(house.settings[name])).catch(() => null))) return false;
      return true;
    });

  /** One after the other, round by round. */
  const WAYS: [string, (house: House) => void][] = [
    ["Ctrl-C", (house) => process.kill(keeperOf(house), "SIGINT")],
    ["closed terminal", (house) => house.closeTerminal()],
    ["kill -9", (house) => process.kill(keeperOf(house), "SIGKILL")],
  ];

  it(`goes on with an open trade through ${CYCLES} ends, and charges it once`, async () => {
    const settings = await newSettings();
    let house = await start(settings);
    const genesis = await blockZero(house);
    await buyTokens(await lab(house), "consumer", "1");
    const { tradeId, payment } = await purchase(await lab(house), "consumer", 3n, ORDER_MILLI_WH);
    const trade = async () => (await get<TradeAnswer>(house, `/api/trades/${tradeId}`)).trade;
    const meter = (await trade().catch(() => null))?.meter;
    const register = async () =>
      (await (await lab(house)).trade.methods.meterOf(meter ?? (await trade()).meter).call()).registerMilliWh;
    await until("the trade is known", () => trade().catch(() => false as const));
    const registerBefore = await register();
    let delivered = 0n;
    for (let round = 0; round < CYCLES; round++) {
      const aim = delivered + 2n;
      delivered = await until(
        "energy flows",
        async () => {
          const now = BigInt((await trade()).deliveredMilliWh);
          return now >= aim && now;
        },
        60_000,
        250,
      );
      const [way, end] = WAYS[round % WAYS.length]!;
      end(house);
      await untilOver(house);
      house = await start(settings);
      assert.equal(await blockZero(house), genesis, way);
      assert.ok(!/chain was reset/.test(house.output()), `${way}\n${house.output()}`);
      const after = await until("the trade is known again", () => trade().catch(() => false as const));
      // What kill -9 loses is what no journal entry holds yet; nothing begins at 0 again.
      assert.ok(BigInt(after.deliveredMilliWh) >= delivered - LOST_MILLI_WH_A_ROUND, way);
      delivered = BigInt(after.deliveredMilliWh);
    }
    const settled = await until(
      "it is settled",
      async () => {
        const now = await trade();
        return now.status === "settled" && now;
      },
      120_000,
      250,
    );
    assert.deepEqual([settled.deliveredMilliWh, settled.paid], [String(ORDER_MILLI_WH), String(payment)]);
    const settlements = await settlementsOf(await lab(house), tradeId);
    assert.equal(
      settlements.reduce((sum, event) => sum + event.paid, 0n),
      payment,
    );
    const metered = (await register()) - registerBefore;
    assert.ok(metered >= ORDER_MILLI_WH, `${metered} mWh metered`);
    const most = ORDER_MILLI_WH + BigInt(CYCLES) * LOST_MILLI_WH_A_ROUND;
    assert.ok(metered <= most, `${metered} mWh metered, at most ${most} expected`);
    process.kill(keeperOf(house), "SIGTERM");
    await untilOver(house);
  });

  it("runs a second house beside the first, with the three settings that a refused start names", async () => {
    const first = await start(await newSettings());
    const refused: ChildProcess = spawn("npm", ["start"], {
      cwd: ROOT,
      env: { ...process.env, ...first.settings, PORT: "3001" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let words = "";
    for await (const chunk of refused.stderr!) words += String(chunk);
    const named = [.../(.*) npm start\s*$/.exec(words)![1]!.matchAll(/([A-Z_]+)=/g)].map(([, name]) => name!);
    assert.deepEqual(named, ["DATA_DIR", "PORT", "EMBEDDED_PORT"]);
    const others = await newSettings();
    const second = await start({
      ...first.settings,
      ...Object.fromEntries(named.map((name) => [name, others[name]!])),
    });
    for (const house of [first, second]) {
      await until(
        "an offer of each of the street's homes",
        async () => {
          const { offers } = await get<Wire<OfferListView>>(house, "/api/offers");
          return new Set(offers.map(({ meter }) => meter)).size === 6;
        },
        30_000,
        250,
      );
      await buyTokens(await lab(house), "consumer", "1");
      const { tradeId } = await purchase(await lab(house), "consumer", 3n, 1n);
      await until(
        "it is settled",
        async () =>
          (await get<TradeAnswer>(house, `/api/trades/${tradeId}`).catch(() => null))?.trade.status ===
          "settled",
        60_000,
        250,
      );
    }
    for (const house of [first, second]) process.kill(keeperOf(house), "SIGTERM");
    for (const house of [first, second]) await untilOver(house);
  });
});
