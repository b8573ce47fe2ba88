import assert from "node:assert/strict";
import { deliveryKey } from "../../server/delivery/plan";
import {
  commissioned,
  HandChain,
  HOUR_MS,
  listed,
  METER,
  OTHER_METER,
  opened,
  refunded,
  START_MS,
  type Stand,
  settled,
  startStand,
  temporaryFolder,
} from "./support";

const TRADE = 1_000_001n;
const NEXT = 1_000_002n;

describe("delivery, with its journal and its meter", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let stand: Stand;

  beforeEach(async () => {
    folder = temporaryFolder();
    stand = await startStand(folder.path);
    stand.store.ledger.reset("genesis:0xtrade");
    stand.chain.confirm(commissioned());
    stand.chain.confirm(listed(1n));
  });
  afterEach(async () => {
    await stand.stop();
    folder.remove();
  });

  const status = (tradeId: bigint) => stand.views.trade(tradeId)?.status;
  const readings = (tradeId: bigint) =>
    stand.store.journal
      .readingsOf(tradeId, `0xbuy${tradeId}`)
      .map(({ deliveredMilliWh, registerMilliWh, isFinal }) => [deliveredMilliWh, registerMilliWh, isFinal]);

  it("closes the relay for a confirmed trade, opens it when the energy has flowed, and signs once", () => {
    assert.equal(stand.meter.relay, "open");
    stand.chain.confirm(opened(TRADE, 20n));
    assert.equal(stand.meter.relay, "closed");
    assert.equal(status(TRADE), "delivering");
    stand.tick(100, 12n);
    assert.equal(stand.views.trade(TRADE)?.deliveredMilliWh, "12");
    stand.tick(100, 9n);
    assert.equal(stand.meter.relay, "open");
    assert.equal(status(TRADE), "settling");
    assert.equal(stand.views.trade(TRADE)?.deliveredMilliWh, "20");
    stand.tick(100);
    stand.tick(100);
    assert.deepEqual(readings(TRADE), [[20n, 21n, true]]);
    assert.equal(stand.wakes, 1);
    stand.chain.confirm(settled(TRADE, 20n, 21n, true));
    assert.equal(status(TRADE), "settled");
    assert.deepEqual(stand.store.settlements.pendingReadings(), []);
  });

  it("moves nothing for a purchase that is not confirmed", () => {
    const early = stand.chain.seal(opened(TRADE, 20n));
    stand.store.ledger.preview(early.events, [early.header], early.header);
    assert.equal(stand.meter.relay, "open");
    assert.equal(status(TRADE), "sealed");
    assert.equal(stand.views.trade(TRADE)?.confirmations, 1);
  });

  it("serves the queue in purchase order without opening the relay in between", () => {
    stand.chain.confirm(opened(NEXT, 5n), opened(TRADE, 10n));
    assert.deepEqual([status(NEXT), status(TRADE)], ["delivering", "queued"]);
    const commands = stand.meter.commands.length;
    stand.tick(100, 6n);
    assert.deepEqual([status(NEXT), status(TRADE)], ["settling", "delivering"]);
    stand.tick(100, 9n);
    assert.equal(stand.views.trade(TRADE)?.deliveredMilliWh, "9");
    assert.equal(stand.meter.commands.length, commands);
    stand.tick(100, 1n);
    assert.deepEqual(stand.meter.commands.slice(commands), ["open"]);
    assert.deepEqual(readings(TRADE), [[10n, 16n, true]]);
  });

  it("signs in between in a long trade, and goes on", () => {
    stand.chain.confirm(opened(TRADE, 500n));
    stand.tick(100, 10n);
    for (let i = 0; i < 16; i++) stand.tick(60_000, 1n);
    assert.deepEqual(readings(TRADE), [[25n, 25n, false]]);
    assert.equal(status(TRADE), "delivering");
    stand.chain.confirm(settled(TRADE, 25n, 25n, false));
    assert.equal(stand.views.trade(TRADE)?.settledMilliWh, "25");
    assert.equal(stand.meter.relay, "closed");
  });

  it("opens the relay when the meter is lost and goes on counting when it is back", () => {
    stand.chain.confirm(opened(TRADE, 20n));
    stand.tick(100, 5n);
    stand.meter.say("lost");
    assert.equal(stand.meter.relay, "open");
    stand.clock.ms += 60_000;
    stand.meter.say("online");
    assert.equal(stand.meter.relay, "open", "online, but no sample yet");
    stand.tick(0);
    assert.equal(stand.meter.relay, "closed");
    stand.tick(100, 5n);
    assert.equal(stand.views.trade(TRADE)?.deliveredMilliWh, "10");
  });

  it("ends a trade at its deadline with what was delivered", () => {
    stand.chain.confirm(opened(TRADE, 20n, { deadlineAtMs: START_MS + 10_000 }));
    stand.tick(100, 5n);
    stand.tick(10_000, 0n);
    assert.equal(stand.meter.relay, "open");
    assert.deepEqual(readings(TRADE), [[5n, 5n, true]]);
  });

  it("stops when the chain closes the trade, and when the meter is decommissioned", () => {
    stand.chain.confirm(opened(TRADE, 20n), opened(NEXT, 20n));
    stand.tick(100, 5n);
    stand.chain.confirm(refunded(TRADE));
    assert.deepEqual([status(TRADE), status(NEXT), stand.meter.relay], ["refunded", "delivering", "closed"]);
    stand.tick(100, 3n);
    assert.equal(stand.views.trade(NEXT)?.deliveredMilliWh, "3");
    stand.chain.confirm({ name: "MeterDecommissioned", meter: METER });
    assert.equal(stand.meter.relay, "open");
    stand.tick(2 * HOUR_MS);
    assert.deepEqual([readings(TRADE), readings(NEXT)], [[], []]);
    assert.match(stand.views.meter(METER).detail, /decommissioned/);
  });

  it("leaves another server's meter alone", () => {
    stand.chain.confirm(commissioned(OTHER_METER), listed(2n, 100n, OTHER_METER));
    stand.chain.confirm(opened(2_000_001n, 5n));
    assert.equal(stand.meter.relay, "open");
    assert.equal(status(2_000_001n), "queued");
    assert.match(stand.views.meter(OTHER_METER).detail, /another server/);
  });

  it("says when its key is not commissioned", async () => {
    stand.store.ledger.reset("genesis:0xnew");
    const fresh = new HandChain(stand.store);
    fresh.confirm();
    assert.match(stand.views.meter(METER).detail, /not commissioned/);
    fresh.confirm(commissioned());
    assert.doesNotMatch(stand.views.meter(METER).detail, /commissioned/);
  });

  it("delivers a purchase anew when a reorganisation gave its id to another buyer", () => {
    stand.chain.confirm(opened(TRADE, 20n));
    stand.tick(100, 8n);
    stand.chain.reorganise(2, "b");
    assert.equal(stand.meter.relay, "open");
    stand.chain.confirm(opened(TRADE, 20n, { txHash: "0xanother" }));
    assert.equal(stand.views.trade(TRADE)?.deliveredMilliWh, "0");
    stand.tick(100, 20n);
    assert.deepEqual(
      stand.store.journal.readingsOf(TRADE, "0xanother").map(({ deliveredMilliWh }) => deliveredMilliWh),
      [20n],
    );
    assert.deepEqual(readings(TRADE), []);
  });

  it("goes on with a purchase that a reorganisation moved to another block", () => {
    stand.chain.confirm(opened(TRADE, 20n));
    stand.tick(100, 8n);
    stand.chain.reorganise(2, "b");
    stand.chain.confirm();
    stand.chain.confirm(opened(TRADE, 20n));
    assert.equal(stand.views.trade(TRADE)?.deliveredMilliWh, "8");
    assert.equal(stand.meter.relay, "closed");
    stand.tick(100, 12n);
    assert.deepEqual(readings(TRADE), [[20n, 20n, true]]);
  });

  it("opens the relay and gives up when the journal cannot be written", () => {
    stand.chain.confirm(opened(TRADE, 20n));
    assert.equal(stand.meter.relay, "closed");
    stand.store.commit = () => {
      throw new Error("the disk is full");
    };
    stand.tick(2000, 5n);
    assert.equal(stand.meter.relay, "open");
    assert.match(stand.failures[0]?.message ?? "", /disk is full/);
    stand.tick(100);
    assert.equal(stand.failures.length, 1);
  });

  it("continues above the chain's register when its own journal was lost", async () => {
    stand.chain.confirm(opened(TRADE, 20n), opened(NEXT, 20n));
    stand.tick(100, 12n);
    await stand.stop();
    const emptied = temporaryFolder();
    try {
      stand = await startStand(emptied.path, { atMs: START_MS + 5000 });
      const { chain } = stand;
      chain.confirm(commissioned());
      chain.confirm(listed(1n));
      // The chain knows of 12 mWh sold by this meter, the new journal of none.
      chain.confirm(opened(TRADE, 20n), opened(NEXT, 20n));
      chain.confirm(settled(TRADE, 12n, 12n, false));
      assert.equal(stand.delivery.registerMilliWh, 12n);
      stand.tick(100, 8n);
      const [last] = stand.store.journal.readingsOf(TRADE, `0xbuy${TRADE}`);
      assert.deepEqual([last?.deliveredMilliWh, last?.registerMilliWh, last?.isFinal], [20n, 20n, true]);
      await stand.stop();
      stand = await startStand(emptied.path, { atMs: START_MS + 9000 });
      assert.equal(stand.delivery.registerMilliWh, 20n);
    } finally {
      await stand.stop();
      stand = await startStand(folder.path);
      emptied.remove();
    }
  });
});

/**
 * A crash is a stand that is dropped without `stop`: what its process had in memory is gone, its file stays. The lock
 * and the connection are ended as the kernel would.
 */
describe("delivery after a crash", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => folder.remove());

  const trade = { tradeId: TRADE, openingTx: `0xbuy${TRADE}` };

  async function begin(): Promise<Stand> {
    const stand = await startStand(folder.path);
    stand.store.ledger.reset("genesis:0xtrade");
    stand.chain.confirm(commissioned());
    stand.chain.confirm(listed(1n));
    return stand;
  }
  async function crash(stand: Stand): Promise<Stand> {
    stand.store.commit = () => {
      throw new Error("the process is dead");
    };
    await stand.delivery.stop();
    await stand.store.stop();
    const next = await startStand(folder.path, { atMs: stand.clock.ms + 3000 });
    next.chain = stand.chain.toldTo(next.store);
    return next;
  }

  it("keeps the relay open until the chain has been read again", async () => {
    const first = await begin();
    first.chain.confirm(opened(TRADE, 20n));
    first.tick(100, 5n);
    const second = await crash(first);
    assert.equal(second.meter.relay, "open");
    second.chain.follow();
    assert.equal(second.meter.relay, "closed");
    await second.stop();
  });

  it("loses at most what flowed since the last journal entry, and sells it to nobody", async () => {
    const first = await begin();
    first.chain.confirm(opened(TRADE, 20n));
    for (let i = 0; i < 10; i++) first.tick(100, 1n);
    const flowed = first.meter.registerMilliWh;
    const stored = first.store.journal.registerOf(METER)!.registerMilliWh;
    assert.ok(flowed - stored <= 10n, "one journal interval, at 1 mWh a sample");
    const second = await crash(first);
    second.chain.follow();
    const before = second.delivery.registerMilliWh;
    assert.equal(before, stored);
    for (let i = 0; i < 40; i++) second.tick(100, 1n);
    const [reading, ...more] = second.store.journal.readingsOf(TRADE, trade.openingTx);
    assert.deepEqual([reading?.deliveredMilliWh, reading?.registerMilliWh, more], [20n, 20n, []]);
    await second.stop();
  });

  it("never signs above the stored register, whatever sample the crash follows", async () => {
    for (let samples = 0; samples <= 25; samples++) {
      folder.remove();
      const first = await begin();
      first.chain.confirm(opened(TRADE, 10n), opened(NEXT, 10n));
      for (let i = 0; i < samples; i++) first.tick(100, 1n);
      const signed = [TRADE, NEXT].flatMap((id) => first.store.journal.readingsOf(id, `0xbuy${id}`));
      const stored = first.store.journal.registerOf(METER)!.registerMilliWh;
      for (const reading of signed) assert.ok(reading.registerMilliWh <= stored);
      const second = await crash(first);
      second.chain.follow();
      for (let i = 0; i < 40; i++) second.tick(100, 1n);
      const finals = [TRADE, NEXT].map((id) =>
        second.store.journal.readingsOf(id, `0xbuy${id}`).filter(({ isFinal }) => isFinal),
      );
      assert.deepEqual(
        finals.map((of) => of.map(({ deliveredMilliWh }) => deliveredMilliWh)),
        [[10n], [10n]],
        `after ${samples} samples`,
      );
      assert.ok(finals[1]![0]!.registerMilliWh >= 20n, "the register covers both");
      assert.equal(second.meter.relay, "open");
      await second.stop();
    }
  });

  it("offers a signed reading again until the chain shows it, and then never more", async () => {
    const first = await begin();
    first.chain.confirm(opened(TRADE, 5n));
    first.tick(100, 5n);
    const [signed] = first.store.settlements.pendingReadings();
    const second = await crash(first);
    second.chain.follow();
    assert.deepEqual(second.store.settlements.pendingReadings(), [signed]);
    second.chain.confirm(settled(TRADE, 5n, 5n, true));
    assert.deepEqual(second.store.settlements.pendingReadings(), []);
    const third = await crash(second);
    third.chain.follow();
    assert.deepEqual(third.store.settlements.pendingReadings(), []);
    assert.equal(third.store.journal.readingsOf(TRADE, trade.openingTx).length, 1);
    assert.equal(third.meter.relay, "open");
    await third.stop();
  });

  it("stores the record before the relay closes, so that no energy flows for nobody", async () => {
    const first = await begin();
    const setRelay = first.meter.setRelay.bind(first.meter);
    let stored = false;
    first.meter.setRelay = (position) => {
      if (position === "closed") stored = first.store.journal.records().has(deliveryKey(trade));
      setRelay(position);
    };
    first.chain.confirm(opened(TRADE, 5n));
    assert.equal(first.meter.relay, "closed");
    assert.ok(stored);
    await first.stop();
  });
});
