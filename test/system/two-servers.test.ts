import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { io } from "socket.io-client";
import { loadMeterKey } from "../../chain/meter-key";
import { settlerKey } from "../../chain/settler-key";
import { privateKeyToAddress } from "../../chain/web3";
import type { Snapshot } from "../../common/events";
import { EMBEDDED_CHAIN_ID, LAB_ACCOUNTS } from "../../common/lab";
import type { Wire } from "../../common/wire";
import { freePort } from "../../scripts/embedded-chain";
import { commissionMeter } from "../../scripts/lab-chain";
import { buyTokens, purchase } from "../../scripts/trading";
import { type House, startHouse, type TradeAnswer } from "../support/house";
import { type Broker, findMosquitto, startBroker } from "../support/mosquitto";
import { need } from "../support/need";
import { type Server, serverOf } from "../support/server-program";
import { until } from "../support/until";

const WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow";
const PASSWORD = "of the second server";

/** What a page that opens now, and looks at this house, is told. */
async function snapshotOf({ url }: { url: string }, meter: string): Promise<Wire<Snapshot>> {
  const look = { house: meter, account: null };
  const socket = io(url, { transports: ["websocket"], reconnection: false, auth: look });
  try {
    return await new Promise((resolve, reject) => {
      socket.once("snapshot", resolve);
      socket.once("connect_error", reject);
    });
  } finally {
    socket.close();
  }
}

const answerOf = async ({ url }: { url: string }, tradeId: bigint): Promise<TradeAnswer> =>
  (await (await fetch(`${url}/api/trades/${tradeId}`)).json()) as TradeAnswer;

describe("two servers on one contract and one broker", function () {
  this.timeout(300_000);
  let broker: Broker;
  let house: House;
  let second: Server;
  let meterOfSecond: string;
  let folder: string;

  before(async function () {
    need(this, "mosquitto", findMosquitto() !== null);
    broker = await startBroker();
    house = await startHouse({
      page: false,
      env: { BUS: broker.url, SETTLE_INTERVAL_S: "1" },
    });
    folder = mkdtempSync(join(tmpdir(), "neighborwatt-second-"));
    const key = await loadMeterKey({
      file: join(folder, "meter-key.json"),
      password: PASSWORD,
      createIfMissing: true,
    });
    meterOfSecond = key.meter;
    await commissionMeter(house.lab, key);
    const { trade, send, from } = house.lab;
    await trade.methods.listOffer(key.meter, 1_000n, 10n ** 18n, 3_600n, 1n).send(from("prosumer"));
    // It pays from an account of its own.
    const account = privateKeyToAddress(settlerKey(WORDS, EMBEDDED_CHAIN_ID));
    await send({ to: account, data: "0x", value: 10n ** 18n }, from("faucet"));
    second = serverOf({
      NETWORK: "embedded",
      RPC_URL: house.chain.rpcUrl,
      EMBEDDED_PORT: String(house.chain.port),
      ARTIFACTS_DIR: join(house.dataDir, "contracts"),
      DATA_DIR: folder,
      PORT: String(await freePort()),
      MNEMONIC: WORDS,
      METER_KEYSTORE_PASSWORD: PASSWORD,
      SETTLE_INTERVAL_S: "1",
      BUS: broker.url,
    });
    await second.start();
    await buyTokens(house.lab, "consumer", "1");
  });
  after(async () => {
    await second?.stop("SIGKILL");
    await house?.stop();
    await broker?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const both = (): { server: { url: string }; own: string; other: string }[] => [
    { server: house, own: house.meter, other: meterOfSecond },
    { server: second, own: meterOfSecond, other: house.meter },
  ];

  /** Both pages: the own meter online, the other one elsewhere, and as its own server shows it. */
  const untilBothRight = () =>
    until(
      "both servers to show both meters rightly",
      async () => {
        const seen = await Promise.all(
          both().map(async ({ server, own, other }) => {
            const [ownPage, page] = [await snapshotOf(server, own), await snapshotOf(server, other)];
            return { page, other, mine: ownPage.meters[0], theirs: page.meters[0] };
          }),
        );
        return seen.every(
          ({ page, other, mine, theirs }) =>
            page.bus?.state === "connected" &&
            page.bus.detail === "" &&
            mine?.state === "online" &&
            theirs?.meter === other &&
            theirs.state === "elsewhere" &&
            theirs.detail.startsWith("measured by another server: meter online") &&
            theirs.relay !== null &&
            theirs.lastSample !== null &&
            theirs.firmware?.name === mine.firmware?.name &&
            page.street.find((view) => view.meter === other)?.name === "House 1",
        );
      },
      60_000,
      250,
    );

  /** Of energy of the second server's, until both have it right. */
  async function buyFromSecond(milliWh: bigint): Promise<bigint> {
    const offer = await house.lab.trade.methods.offerCount().call();
    const { tradeId } = await purchase(house.lab, "consumer", offer, milliWh);
    return tradeId;
  }

  const untilSettledOnBoth = (tradeId: bigint) =>
    until(
      `trade ${tradeId} to be settled on both`,
      async () => {
        const answers = await Promise.all(both().map(({ server }) => answerOf(server, tradeId)));
        return answers.every(({ trade }) => trade?.status === "settled") && answers;
      },
      120_000,
      500,
    );

  it("shows each meter on both pages as its own server knows it", async () => {
    await untilBothRight();
  });

  it("shows on one page how far the other server has delivered, by what its meter has signed", async () => {
    const tradeId = await buyFromSecond(20n);
    const midway = await until(
      "a reading of the other server on this one's list, before the chain has settled it all",
      async () => {
        const { trade, readings } = await answerOf(house, tradeId);
        return trade?.status !== "settled" && readings?.length > 0 && { trade, readings };
      },
      60_000,
      100,
    );
    assert.equal(midway.readings.length, 1);
    assert.ok(BigInt(midway.trade.deliveredMilliWh) >= BigInt(midway.readings[0]!.deliveredMilliWh));
    const [one, two] = await untilSettledOnBoth(tradeId);
    assert.equal(one!.trade.deliveredMilliWh, "20");
    assert.deepEqual(one!.trade.settlements, two!.trade.settlements);
    assert.equal(one!.trade.seller, LAB_ACCOUNTS.prosumer.address);
  });

  it("goes on when one server is killed in the middle of a delivery, and says so on the other's page", async () => {
    const tradeId = await buyFromSecond(30n);
    await until(
      "the delivery to be seen from the other server",
      async () => (await answerOf(house, tradeId)).trade?.status === "delivering",
      60_000,
      100,
    );
    await second.stop("SIGKILL");
    const view = await until(
      "the other page to say so",
      async () =>
        (await snapshotOf(house, meterOfSecond)).meters.find(
          ({ meter, detail }) =>
            meter === meterOfSecond && detail === "measured by another server, which is silent",
        ),
      30_000,
      100,
    );
    assert.deepEqual([view.state, view.relay, view.lastSample], ["elsewhere", null, null]);
    assert.equal((await answerOf(house, tradeId)).trade.status, "confirmed");
    await second.start();
    await untilBothRight();
    await untilSettledOnBoth(tradeId);
  });

  it("trades on when the broker is killed, says so, and is whole again when it is back", async () => {
    await broker.kill("SIGKILL");
    await until(
      "both to say so",
      async () =>
        (await Promise.all(both().map(({ server, own }) => snapshotOf(server, own)))).every(
          ({ bus }) => bus?.state === "away",
        ),
      30_000,
      250,
    );
    const health = await fetch(`${house.url}/healthz`);
    assert.equal(health.status, 503);
    assert.match(await health.text(), /bus away: /);
    const tradeId = await buyFromSecond(10n);
    await untilSettledOnBoth(tradeId);
    await broker.start();
    await untilBothRight();
    assert.equal((await fetch(`${house.url}/healthz`)).status, 200);
  });

  it("has dropped nothing on the way, and each server has one key on the bus for ever", async () => {
    for (const { server } of both()) {
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      assert.match(metrics, /^neighborwatt_bus_connected 1$/m);
      const dropped = [
        ...metrics.matchAll(/^neighborwatt_bus_dropped_total\{reason="(\w+)"\} ([1-9]\d*)$/gm),
      ];
      // Before its chain was read a server knows no meter.
      assert.deepEqual(
        dropped
          .map(([, reason]) => reason)
          .filter((reason) => !["unknownMeter", "stranger"].includes(reason!)),
        [],
      );
    }
    const keys = second.output().match(/this server's key on the bus is [0-9a-f]{64}/g)!;
    assert.equal(keys.length, 2);
    assert.equal(new Set(keys).size, 1);
  });
});
