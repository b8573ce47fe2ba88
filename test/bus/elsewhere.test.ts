import assert from "node:assert/strict";
import { LAST_COUNT } from "../../bus/envelope";
import { meterKeyOf } from "../../chain/meter-key";
import { createPrivateKey } from "../../chain/web3";
import { toWire } from "../../common/wire";
import { BUYER, Listener, NOW_MS, readingOf, sampleOf, TestServer } from "./support";

const purchase = (meter: string) => ({
  tradeId: 1_000_001n,
  meter,
  buyer: BUYER,
  milliWh: 50n,
  deadlineAtMs: NOW_MS + 3_600_000,
});

describe("another server's meter", () => {
  it("is shown as its server says, once its own key has vouched for that server", async () => {
    const server = new TestServer();
    const listener = new Listener(server);
    assert.equal(listener.elsewhere.of(server.meter.meter), null);
    assert.deepEqual(await listener.hear([server.state({ relay: "closed" }), server.online()]), []);
    assert.deepEqual(listener.elsewhere.of(server.meter.meter), {
      meter: server.meter.meter,
      name: "House 1",
      isOnline: true,
      state: "online",
      detail: "fresh samples",
      fault: null,
      relay: "closed",
      firmware: { name: "neighborwatt 1", opensByItself: true },
      todayMilliWh: 7n,
      registerMilliWh: 1234n,
      servedTradeId: null,
      lastSample: null,
      saidAtMs: NOW_MS,
    });
  });

  it("gives its samples to the page, until they are old", async () => {
    const server = new TestServer();
    const listener = new Listener(server);
    const sample = sampleOf(server.meter.meter, NOW_MS);
    await listener.hear([
      server.state(),
      server.online(),
      server.say("samples", toWire({ samples: [sample] })),
    ]);
    assert.deepEqual(listener.samples, [sample]);
    assert.deepEqual(listener.elsewhere.of(sample.meter)?.lastSample, sample);
    assert.equal(listener.elsewhere.of(sample.meter)?.relay, "closed");
    listener.clock.ms += 11_000;
    listener.changes.length = 0;
    listener.elsewhere.tick();
    assert.deepEqual(listener.changes, [sample.meter]);
    assert.equal(listener.elsewhere.of(sample.meter)?.lastSample, null);
  });

  it("has no relay and no sample while its server is gone or silent", async () => {
    for (const end of ["gone", "silent"]) {
      const server = new TestServer();
      const listener = new Listener(server);
      await listener.hear([server.state({ relay: "closed" }), server.online()]);
      if (end === "silent") listener.clock.ms += 91_000;
      else await listener.hear([server.say("availability", { state: "offline" }, { count: LAST_COUNT })]);
      listener.elsewhere.tick();
      const { isOnline, relay, lastSample, state } = listener.elsewhere.of(server.meter.meter)!;
      assert.deepEqual([end, isOnline, relay, lastSample, state], [end, false, null, null, "online"]);
    }
  });

  it("is taken over by the server that the meter vouched for last, and not given back", async () => {
    const meter = meterKeyOf(createPrivateKey());
    const [first, second] = [new TestServer(meter, NOW_MS - 2000), new TestServer(meter, NOW_MS - 1000)];
    const listener = new Listener(first);
    await listener.hear([first.state({ name: "first" }), second.state({ name: "second" }), second.online()]);
    assert.equal(listener.elsewhere.of(meter.meter)?.name, "second");
    assert.deepEqual(await listener.hear([first.state({ name: "first" })]), ["superseded"]);
    assert.deepEqual(await listener.hear([first.online()]), ["stranger"]);
    assert.equal(listener.elsewhere.of(meter.meter)?.name, "second");
  });

  it("is forgotten when its server has it no more, and when the contract has", async () => {
    const server = new TestServer();
    const listener = new Listener(server);
    await listener.hear([server.state(), server.online(), server.say("state", { kind: "gone" })]);
    assert.equal(listener.elsewhere.of(server.meter.meter), null);
    await listener.hear([server.state()]);
    listener.elsewhere.setMeters([]);
    assert.equal(listener.elsewhere.of(server.meter.meter), null);
  });

  it("of this server itself is never taken from the bus, and a second server with its key is told of once", async () => {
    const server = new TestServer();
    const listener = new Listener(server);
    listener.elsewhere.setOwn([server.meter.meter]);
    assert.deepEqual(await listener.hear([server.state(), server.state()]), ["own", "own"]);
    assert.equal(listener.elsewhere.of(server.meter.meter), null);
    assert.deepEqual(listener.doubles, [server.meter.meter]);
    // Without the meter's voucher it is nobody.
    const liar = new TestServer();
    await listener.hear([liar.state({}, { meter: server.meter.meter })]);
    assert.deepEqual(listener.doubles, [server.meter.meter]);
  });
});

describe("the order of a server's messages", () => {
  it("holds after a restart of the listener: what the broker keeps is taken once, a replay of it is old", async () => {
    const server = new TestServer();
    const [state, online] = [server.state(), server.online()];
    const listener = new Listener(server);
    assert.deepEqual(await listener.hear([state, online], true), []);
    // Given again with each subscription.
    assert.deepEqual(await listener.hear([state, online], true), []);
    assert.equal(listener.inbox.taken, 2);
    assert.deepEqual(await listener.hear([state, online]), ["old", "old"]);
  });

  it("lets no earlier message of a session undo a later one, nor an earlier session a later", async () => {
    const server = new TestServer();
    const listener = new Listener(server);
    const before = server.state({ detail: "before" });
    await listener.hear([server.state({ detail: "after" })]);
    const nextSession = server.state({ detail: "again" }, { session: NOW_MS + 1, count: 1 });
    const late = server.state({ detail: "late" });
    assert.deepEqual(await listener.hear([before]), ["old"]);
    assert.deepEqual(await listener.hear([nextSession, late]), ["old"]);
    assert.equal(listener.elsewhere.of(server.meter.meter)?.detail, "again");
  });

  it("takes a last will that is sent days after it was signed, and nothing of its session after it", async () => {
    const server = new TestServer();
    const listener = new Listener(server);
    const will = server.say("availability", { state: "offline" }, { count: LAST_COUNT });
    await listener.hear([server.state(), server.online()]);
    listener.clock.ms += 3 * 86_400_000;
    const { ms } = listener.clock;
    await listener.hear([server.online({ atMs: ms })]);
    assert.equal(listener.elsewhere.of(server.meter.meter)?.isOnline, true);
    assert.deepEqual(await listener.hear([will]), []);
    assert.equal(listener.elsewhere.of(server.meter.meter)?.isOnline, false);
    assert.deepEqual(await listener.hear([server.online({ atMs: ms })]), ["old"]);
    assert.equal(listener.elsewhere.of(server.meter.meter)?.isOnline, false);
  });

  it("lets a will that comes after its server is back change nothing", async () => {
    const server = new TestServer();
    const listener = new Listener(server);
    const will = server.say("availability", { state: "offline" }, { count: LAST_COUNT });
    await listener.hear([server.state(), server.online(), server.online({ session: NOW_MS + 5, count: 1 })]);
    assert.deepEqual(await listener.hear([will]), ["old"]);
    assert.equal(listener.elsewhere.of(server.meter.meter)?.isOnline, true);
  });

  it("refuses what was said too long ago or is not yet to be said", async () => {
    const server = new TestServer();
    const listener = new Listener(server);
    const table: [said: object, reason: string][] = [
      [{ atMs: NOW_MS - 60_001 }, "old"],
      [{ atMs: NOW_MS + 60_001 }, "future"],
      [{ session: NOW_MS + 60_001 }, "future"],
    ];
    for (const [said, reason] of table)
      assert.deepEqual(await listener.hear([server.state({}, said)]), [reason]);
    assert.deepEqual(await listener.hear([server.state({}, { atMs: NOW_MS - 60_000 })]), []);
  });
});

describe("a signed reading on the bus", () => {
  it("counts by its meter's signature, whoever brings it", async () => {
    const [server, courier] = [new TestServer(), new TestServer()];
    const listener = new Listener(server);
    const reading = readingOf(server.meter);
    const topic = server.readings().topic.replace(server.bus.key, courier.bus.key);
    assert.deepEqual(await listener.hear([{ ...server.readings(reading), topic }]), []);
    const { tradeId, deliveredMilliWh, registerMilliWh, isFinal, signature, signedAtMs } = reading;
    assert.deepEqual(listener.elsewhere.readingOf(purchase(server.meter.meter)), {
      tradeId,
      deliveredMilliWh,
      registerMilliWh,
      isFinal,
      signature,
      signedAtMs,
    });
  });

  it("is refused when another key has signed it, for another contract, or for other figures", async () => {
    const server = new TestServer();
    const listener = new Listener(server);
    const sound = readingOf(server.meter);
    const wrong = [
      readingOf(meterKeyOf(createPrivateKey())),
      readingOf(server.meter, {}, { chainId: 13371, trade: "0x5FbDB2315678afecb367f032d93F642f64180aa3" }),
      { ...sound, deliveredMilliWh: 21n },
      { ...sound, isFinal: true },
      { ...sound, signature: `0x${"f".repeat(128)}` },
    ];
    for (const reading of wrong)
      assert.deepEqual(await listener.hear([server.readings(reading)]), ["reading"]);
    assert.equal(listener.elsewhere.readingOf(purchase(server.meter.meter)), null);
  });

  it("is of one purchase: another buyer, quantity or deadline under the same id has none", async () => {
    const server = new TestServer();
    const listener = new Listener(server);
    await listener.hear([server.readings(readingOf(server.meter))]);
    const mine = purchase(server.meter.meter);
    for (const other of [
      { buyer: server.meter.meter },
      { milliWh: 51n },
      { deadlineAtMs: NOW_MS },
      { tradeId: 2n },
    ])
      assert.equal(listener.elsewhere.readingOf({ ...mine, ...other }), null);
  });

  it("is never replaced by an earlier one, and gives way to the purchase that comes after a reset", async () => {
    const server = new TestServer();
    const listener = new Listener(server);
    const delivered = () => listener.elsewhere.readingOf(purchase(server.meter.meter))?.deliveredMilliWh;
    await listener.hear([server.readings(readingOf(server.meter, { deliveredMilliWh: 30n }))]);
    await listener.hear([server.readings(readingOf(server.meter, { deliveredMilliWh: 20n }))]);
    assert.equal(delivered(), 30n);
    const later = { deadlineAtMs: NOW_MS + 7_200_000 };
    await listener.hear([server.readings(readingOf(server.meter, { ...later, deliveredMilliWh: 1n }))]);
    assert.equal(
      listener.elsewhere.readingOf({ ...purchase(server.meter.meter), ...later })?.deliveredMilliWh,
      1n,
    );
  });
});
