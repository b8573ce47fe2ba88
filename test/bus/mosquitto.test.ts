import assert from "node:assert/strict";
import type { MqttClient } from "mqtt";
import { Bus } from "../../bus";
import { createBusKey, type OwnBusKey } from "../../bus/key";
import { topicOf } from "../../bus/topics";
import { type MeterKey, meterKeyOf } from "../../chain/meter-key";
import { createPrivateKey } from "../../chain/web3";
import type { DropReason } from "../../common/bus";
import { accessList, type Broker, findMosquitto, passwordsOf, startBroker } from "../support/mosquitto";
import { findProgram, need } from "../support/need";
import { until } from "../support/until";
import { DOMAIN, readingOf, sampleOf, silentLog, TestMeters } from "./support";

const clock = { nowMs: () => Date.now(), steadyMs: () => performance.now() };

interface Server {
  bus: Bus;
  meters: TestMeters;
  lines: string[];
  meter: string;
}

describe("two servers on a real Mosquitto", function () {
  this.timeout(60_000);
  let broker: Broker;
  let running: Bus[] = [];
  /** Of every server: what its chain says. */
  let street: MeterKey[];

  before(function () {
    need(this, "mosquitto", findMosquitto() !== null);
  });
  beforeEach(async () => {
    broker = await startBroker({ isKept: true });
    street = [meterKeyOf(createPrivateKey()), meterKeyOf(createPrivateKey())];
  });
  afterEach(async () => {
    for (const bus of running.splice(0)) await bus.stop();
    await broker.stop();
  });

  async function serve(
    keys: MeterKey[],
    { own = createBusKey(), time = clock }: { own?: OwnBusKey; time?: typeof clock } = {},
  ): Promise<Server> {
    const { lines, log } = silentLog();
    const meters = new TestMeters(keys);
    const bus = new Bus({ url: broker.url, user: null, password: null, own, meters, clock: time, log });
    running.push(bus);
    bus.know({ meters: street.map(({ meter }) => meter), domain: DOMAIN });
    await bus.start();
    return { bus, meters, lines, meter: keys[0]?.meter ?? "" };
  }

  async function end({ bus }: Server): Promise<void> {
    running = running.filter((one) => one !== bus);
    await bus.stop();
  }

  const connected = (server: Server) => until("a connection", () => server.bus.view().state === "connected");
  const online = (server: Server, meter: string) =>
    until(`${meter} to be seen`, () => server.bus.elsewhere.of(meter)?.isOnline);
  /** As a process that is killed: its connections end without a word. */
  const killed = (server: Server) => {
    running = running.filter((one) => one !== server.bus);
    const line = server.bus as unknown as {
      line: { client: MqttClient; isRunning: boolean };
      ticker: NodeJS.Timeout;
    };
    line.line.isRunning = false;
    clearInterval(line.ticker);
    line.line.client.stream.destroy();
  };

  it("show each other's meters: state, samples and signed readings", async () => {
    const [one, two] = [await serve([street[0]!]), await serve([street[1]!])];
    await online(two, one.meter);
    await online(one, two.meter);
    assert.equal(two.bus.elsewhere.of(one.meter)?.name, "House 1");
    one.meters.change({ relay: "closed", detail: "delivering" });
    await until("the change", () => two.bus.elsewhere.of(one.meter)?.detail === "delivering");
    assert.equal(two.bus.elsewhere.of(one.meter)?.relay, "closed");
    one.meters.sample(sampleOf(one.meter, Date.now(), 4.25));
    await until("the sample", () => two.bus.elsewhere.of(one.meter)?.lastSample?.watts === 4.25);
    const reading = readingOf(street[0]!);
    one.meters.sign(reading);
    const { tradeId, buyer, orderedMilliWh: milliWh, deadlineAtMs } = reading;
    const purchase = { tradeId, buyer, milliWh, deadlineAtMs, meter: one.meter };
    const found = await until("the reading", () => two.bus.elsewhere.readingOf(purchase));
    assert.equal(found.signature, reading.signature);
    assert.deepEqual([...one.bus.dropped, ...two.bus.dropped], []);
  });

  it("learn at once when the other has ended or was killed, and when it is back", async () => {
    const watcher = await serve([]);
    const own = createBusKey();
    for (const ending of [end, killed]) {
      const server = await serve([street[0]!], { own });
      await online(watcher, server.meter);
      await ending(server);
      await until("it to be gone", () => watcher.bus.elsewhere.of(server.meter)?.isOnline === false);
    }
    await online(watcher, (await serve([street[0]!], { own })).meter);
    assert.deepEqual([...watcher.bus.dropped], []);
  });

  it("learn of a meter that is commissioned after its server has said everything", async () => {
    const late = meterKeyOf(createPrivateKey());
    const [server, watcher] = [await serve([late]), await serve([])];
    await until("a word that is not looked at", () => watcher.bus.dropped.get("unknownMeter" as DropReason));
    assert.equal(watcher.bus.elsewhere.of(server.meter), null);
    watcher.bus.know({ meters: [...street, late].map(({ meter }) => meter), domain: DOMAIN });
    await online(watcher, server.meter);
  });

  it("go on when the broker was killed and is back, with what it kept and without", async () => {
    const [one, two] = [await serve([street[0]!]), await serve([street[1]!])];
    await online(two, one.meter);
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      await broker.kill(signal);
      await until("both to notice", () => [one, two].every(({ bus }) => bus.view().state === "away"));
      assert.match(one.bus.view().detail, /ECONNREFUSED|connection/);
      one.meters.change({ detail: `after ${signal}` });
      await broker.start();
      await until("the news", () => two.bus.elsewhere.of(one.meter)?.detail === `after ${signal}`);
      await online(two, one.meter);
    }
    // Two losses and three connections, however often it was tried.
    assert.equal(one.lines.filter((line) => line.includes("is away")).length, 2, one.lines.join("\n"));
    assert.equal(one.lines.filter((line) => line.startsWith("connected")).length, 3, one.lines.join("\n"));
  });

  it("begin without a broker, and find it when it comes", async () => {
    await broker.kill();
    const server = await serve([street[0]!]);
    await until("it to be tried", () => server.lines.some((line) => line.includes("is away")));
    await broker.start();
    await connected(server);
  });

  it("are heard after a restart with a clock that was set back, within what others take for old", async () => {
    const own = createBusKey();
    const watcher = await serve([]);
    const first = await serve([street[0]!], { own });
    await online(watcher, first.meter);
    await end(first);
    const behind = { ...clock, nowMs: () => Date.now() - 30_000 };
    const second = await serve([street[0]!], { own, time: behind });
    second.meters.change({ detail: "back" });
    await until("its word", () => watcher.bus.elsewhere.of(first.meter)?.detail === "back");
  });

  it("say so when both have one key", async () => {
    const own = createBusKey();
    const [one, two] = [await serve([street[0]!], { own }), await serve([street[1]!], { own })];
    await connected(one);
    await connected(two);
    one.meters.change({ detail: "here" });
    two.meters.change({ detail: "there" });
    await until("one of them to say so", () =>
      [one, two].some(({ bus }) => bus.view().detail.includes("a copied DATA_DIR")),
    );
  });

  it("announce their meters to Home Assistant, again when it has started, and take back what is gone", async () => {
    const own = createBusKey();
    const client = await broker.client();
    const kept = new Map<string, string>();
    client.on("message", (topic, payload) => {
      if (topic === "homeassistant/status") return;
      if (payload.length > 0) kept.set(topic, payload.toString());
      else kept.delete(topic);
    });
    await client.subscribeAsync("homeassistant/#");
    const both = await serve(street, { own });
    await until("six entities", () => kept.size === 6);
    const before = [...kept.keys()];
    kept.clear();
    await client.publishAsync("homeassistant/status", "online");
    await until("them again", () => kept.size === 6);
    assert.deepEqual([...kept.keys()].sort(), before.sort());
    await end(both);
    const watcher = await serve([]);
    await until("both to be known", () => street.every(({ meter }) => watcher.bus.elsewhere.of(meter)));
    // A stranger's entity under this server's place is not announced by it, and goes as well.
    await client.publishAsync(`homeassistant/sensor/${own.key}/strange/config`, "{}", { retain: true });
    await serve([street[1]!], { own });
    await until("three to be left", () => kept.size === 3);
    assert.ok([...kept.keys()].every((topic) => topic.includes(street[1]!.meter.slice(2).toLowerCase())));
    await until("the other to be forgotten", () => watcher.bus.elsewhere.of(street[0]!.meter) === null);
  });

  it("stand 10,000 hostile messages, and hear each other after them", async () => {
    const [one, two] = [await serve([street[0]!]), await serve([street[1]!])];
    await online(two, one.meter);
    const client = await broker.client();
    const topic = topicOf({ kind: "state", key: "f".repeat(64), meter: one.meter });
    const count = () => [...two.bus.dropped.values()].reduce((sum, each) => sum + each, 0);
    for (let i = 0; i < 10_000; i++)
      client.publish(i % 2 ? topic : `neighborwatt/1/${"é".repeat(9)}/availability`, "{}".repeat(i % 99));
    one.meters.change({ detail: "well" });
    await until("the news", () => two.bus.elsewhere.of(one.meter)?.detail === "well");
    await until("most of them to be counted", () => count() > 4_000);
    assert.equal(two.bus.view().state, "connected");
    assert.deepEqual(
      two.lines.filter((line) => !line.startsWith("connected") && !line.startsWith("this server")),
      [],
    );
  });
});

describe("the access list of docs/bus.md", function () {
  this.timeout(60_000);
  let broker: Broker;
  const [houseA, houseB] = [createBusKey(), createBusKey()];
  const password = "of the test";
  const meterOfA = meterKeyOf(createPrivateKey());

  before(async function () {
    need(this, "mosquitto", findMosquitto() !== null);
    need(this, "mosquitto_passwd", findProgram("mosquitto_passwd") !== null);
    broker = await startBroker({
      passwords: passwordsOf(["house-a", "house-b", "homeassistant"], password),
      accessList: accessList({ "house-a": houseA.key, "house-b": houseB.key }),
    });
  });
  after(() => broker?.stop());

  const login = (username: string) => broker.client({ username, password });
  /** Empty where the broker took it. */
  const refusalOf = async (client: MqttClient, topic: string): Promise<string> => {
    try {
      await client.publishAsync(topic, "{}", { qos: 1, retain: true });
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };

  it("lets a server write under its own key, and under no other's", async () => {
    const b = await login("house-b");
    const topicsOf = (key: string) => [
      topicOf({ kind: "availability", key }),
      topicOf({ kind: "samples", key }),
      topicOf({ kind: "state", key, meter: meterOfA.meter }),
      topicOf({ kind: "readings", key, meter: meterOfA.meter }),
      `homeassistant/sensor/${key}/x/config`,
    ];
    for (const topic of topicsOf(houseB.key)) assert.equal(await refusalOf(b, topic), "", topic);
    for (const topic of [...topicsOf(houseA.key), "homeassistant/status", "neighborwatt/1/x"])
      assert.match(await refusalOf(b, topic), /Not authorized/, topic);
    assert.match(await refusalOf(await login("homeassistant"), topicsOf(houseA.key)[0]!), /Not authorized/);
  });

  it("is enough for servers to hear each other", async () => {
    const { log } = silentLog();
    const common = { url: broker.url, password, clock, log };
    const a = new Bus({ ...common, user: "house-a", own: houseA, meters: new TestMeters([meterOfA]) });
    const b = new Bus({ ...common, user: "house-b", own: houseB, meters: new TestMeters([]) });
    for (const bus of [a, b]) {
      bus.know({ meters: [meterOfA.meter], domain: DOMAIN });
      await bus.start();
    }
    await until("b to see a", () => b.elsewhere.of(meterOfA.meter)?.isOnline);
    assert.deepEqual([a.view(), b.view()], Array(2).fill({ state: "connected", detail: "" }));
    for (const bus of [a, b]) await bus.stop();
  });

  it("tells a server what it is refused: its name, or what it writes under another key", async () => {
    const { lines, log } = silentLog();
    const common = { url: broker.url, clock, log, own: createBusKey(), meters: new TestMeters([meterOfA]) };
    const wrong = new Bus({ ...common, user: "house-a", password: "another one" });
    const unknown = new Bus({ ...common, user: "house-a", password });
    for (const [bus, said] of [
      [wrong, "it refuses BUS_USER or BUS_PASSWORD"],
      [unknown, `the broker refuses neighborwatt/1/${common.own.key}/`],
    ] as const)
      try {
        await bus.start();
        await until(said, () => bus.view().detail.startsWith(said)).catch((error) => {
          throw new Error(`${error.message}, but ${JSON.stringify(bus.view())}`);
        });
      } finally {
        await bus.stop();
      }
    assert.ok(!lines.join("\n").includes("another one"), "no password in the log");
  });
});
