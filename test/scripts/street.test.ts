/** `npm start` as a newcomer types it: a street of six homes that trade with each other. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readContracts } from "../../chain/artifacts";
import type { HomeListView, MeterListView, OfferListView } from "../../common/api";
import type { HomeView } from "../../common/events";
import { EMBEDDED_CHAIN_ID, LAB_ACCOUNTS } from "../../common/lab";
import type { Wire } from "../../common/wire";
import { compile } from "../../scripts/compile";
import { freePort } from "../../scripts/embedded-chain";
import { endsWithUs } from "../../scripts/ending";
import { labChain } from "../../scripts/lab-chain";
import { buyTokens, purchase } from "../../scripts/trading";
import type { TradeAnswer } from "../support/house";
import { copyArtifacts } from "../support/truffle";
import { until } from "../support/until";

const ROOT = join(__dirname, "..", "..");
const READY_WITHIN_MS = 180_000;

describe("npm start with a street", function () {
  this.timeout(300_000);
  let env: Record<string, string>;
  let npm: ChildProcess | null = null;
  let output = "";

  before(async () => {
    await compile();
    env = {
      PORT: String(await freePort()),
      EMBEDDED_PORT: String(await freePort()),
      DATA_DIR: mkdtempSync(join(tmpdir(), "nw-street-")),
      ARTIFACTS_DIR: copyArtifacts(),
    };
  });
  after(async () => {
    await end();
    for (const folder of [env.DATA_DIR!, env.ARTIFACTS_DIR!])
      rmSync(folder, { recursive: true, force: true });
  });

  async function start(args: string[] = [], settings: Record<string, string> = {}): Promise<void> {
    output = "";
    const child = spawn("npm", ["start", "--", ...args], {
      cwd: ROOT,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env, ...settings },
    });
    npm = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
    const forget = endsWithUs("npm start of a test", () => end());
    void once(child, "close").then(forget);
    await until(
      "it is ready or over",
      () => output.includes("Ready in ") || child.exitCode !== null,
      READY_WITHIN_MS,
    );
  }

  async function end(): Promise<void> {
    const child = npm;
    if (child === null || child.exitCode !== null) return;
    const closed = once(child, "close");
    process.kill(-child.pid!, "SIGINT");
    await closed;
  }

  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${env.PORT}${path}`);
    assert.ok(response.ok, `${path}: ${response.status}`);
    return (await response.json()) as T;
  };
  const snapshot = async () => ({
    ...(await get<Wire<HomeListView>>("/api/homes")),
    ...(await get<Wire<MeterListView>>("/api/meters")),
    ...(await get<Wire<OfferListView>>("/api/offers")),
  });
  const homeCalled = async (name: string): Promise<Wire<HomeView>> =>
    (await snapshot()).homes.find((home) => home.name === name)!;
  const lab = () =>
    labChain(`http://127.0.0.1:${env.EMBEDDED_PORT}`, readContracts(env.ARTIFACTS_DIR!, EMBEDDED_CHAIN_ID)!);
  const untilSettled = (tradeId: bigint) =>
    until(
      `trade ${tradeId} is settled`,
      async () => {
        const answer = await get<TradeAnswer>(`/api/trades/${tradeId}`).catch(() => null);
        return answer?.trade.status === "settled" && answer.trade;
      },
      90_000,
      250,
    );

  it("has six homes, each with a meter that works, an account and an offer", async () => {
    await start();
    assert.match(output, /6 homes \(1 simulated, 5 modelled\)/);
    assert.match(output, /✓ meters and offers: 6 commissioned, 8 offers listed/);
    const { homes, meters, offers } = await until(
      "all meters measure",
      async () => {
        const now = await snapshot();
        return now.offers.length === 8 && now.meters.every(({ state }) => state === "online") && now;
      },
      30_000,
      // The server answers 600 requests a minute.
      500,
    );
    assert.deepEqual(
      homes.map(({ name, kind, receiving }) => [name, kind, receiving?.kind ?? null]),
      [
        ["House 1", "simulated", null],
        ["House 2", "modelled", "simulated"],
        ...[3, 4, 5, 6].map((n) => [`House ${n}`, "modelled", null]),
      ],
    );
    assert.equal(new Set(homes.map(({ account }) => account)).size, 6);
    for (const { meter, account } of homes) {
      assert.equal(meters.find((one) => one.meter === meter)?.prosumer, account);
      assert.ok(offers.some((offer) => offer.meter === meter && offer.prosumer === account));
    }
    // The lessons and the first minute name these.
    assert.deepEqual(
      offers
        .filter(({ meter }) => meter === homes[0]!.meter)
        .map(({ offerId }) => offerId)
        .sort(),
      ["1", "2", "3"],
    );
  });

  it("keeps a key for each meter that its owner alone may read, and the list of homes to look at", () => {
    for (const n of ["", "-2", "-3", "-4", "-5", "-6"])
      assert.equal(statSync(join(env.DATA_DIR!, `meter-key${n}.json`)).mode & 0o777, 0o600);
    const listed = JSON.parse(readFileSync(join(env.DATA_DIR!, "homes.json"), "utf8")) as unknown[];
    assert.equal(listed.length, 6);
  });

  it("delivers from the first house to the second, where the other end of the wire measures it", async () => {
    const { homes } = await snapshot();
    assert.equal(homes[1]!.account, LAB_ACCOUNTS.consumer.address);
    const chain = await lab();
    await buyTokens(chain, "consumer", "0.01");
    const { tradeId } = await purchase(chain, "consumer", 1n, 4n);
    const trade = await untilSettled(tradeId);
    assert.equal(trade.deliveredMilliWh, "4");
    const arrived = await until(
      "it has arrived",
      async () => {
        const sample = (await homeCalled("House 2")).receiving?.lastSample;
        return sample != null && BigInt(sample.registerMilliWh) > 0n && BigInt(sample.registerMilliWh);
      },
      20_000,
      500,
    );
    // The wire takes its part, and a little flows before and after what is counted.
    assert.ok(arrived >= 3n && arrived <= 6n, `${arrived} mWh`);
  });

  it("delivers from a modelled house", async () => {
    const { homes, offers } = await snapshot();
    const offer = offers.find(({ meter }) => meter === homes[3]!.meter)!;
    const chain = await lab();
    await buyTokens(chain, "consumer2", "0.01");
    const { tradeId } = await purchase(chain, "consumer2", BigInt(offer.offerId), 4n);
    const trade = await untilSettled(tradeId);
    assert.deepEqual(
      [trade.deliveredMilliWh, trade.seller, trade.meter],
      ["4", homes[3]!.account, homes[3]!.meter],
    );
  });

  it("grows to the number of homes that is typed, and keeps those that are there", async () => {
    const before = await snapshot();
    await end();
    await start(["--homes", "9"]);
    assert.match(output, /9 homes \(1 simulated, 8 modelled\)/);
    assert.match(output, /✓ meters and offers: 3 commissioned, 3 offers listed/);
    const { homes } = await snapshot();
    assert.deepEqual(
      homes.slice(0, 6).map(({ meter }) => meter),
      before.homes.map(({ meter }) => meter),
    );
  });

  it("runs the homes of a list of one's own instead", async () => {
    await end();
    const file = join(env.DATA_DIR!, "mine.json");
    const [first, , third] = JSON.parse(readFileSync(join(env.DATA_DIR!, "homes.json"), "utf8")) as Record<
      string,
      unknown
    >[];
    writeFileSync(file, JSON.stringify([{ ...third, name: "옥상" }, first]));
    await start([], { HOMES: file });
    assert.match(output, /2 homes \(1 modelled, 1 simulated\)/);
    assert.match(output, /✓ meters and offers: there already/);
    assert.deepEqual(
      (await snapshot()).homes.map(({ name }) => name),
      ["옥상", "House 1"],
    );
  });

  it("names what is wrong with a number of homes, and starts nothing", async () => {
    await end();
    for (const [args, said] of [
      [["--homes", "0"], /STREET_HOMES=0: allowed is 1 to 500 homes/],
      [["--homes", "many"], /STREET_HOMES=many: /],
      [["--houses", "6"], /Unknown option '--houses'.*\nusage: npm start/s],
    ] as [string[], RegExp][]) {
      await start(args);
      assert.equal(npm!.exitCode, 1);
      assert.match(output, said);
      assert.doesNotMatch(output, /✓/);
    }
  });
});
