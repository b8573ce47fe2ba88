import assert from "node:assert/strict";
import { Web } from "../../server/web";
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
  webParts,
} from "../server/support";

const TRADE = 1_000_001n;
const NEXT = 1_000_002n;

describe("delivery, with its journal and its meter", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let stand: Stand;

  beforeEach(async () => {
    folder = temporaryFolder();
    stand = await startStand(folder.path);
    stand.store.ledger.reset({ genesisHash: "genesis", trade: "0xtrade" });
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
    assert.equal(stand.views.trade(TRADE)?.deliveredMilliWh, 12n);
    stand.tick(100, 9n);
    assert.equal(stand.meter.relay, "open");
    assert.equal(status(TRADE), "settling");
    assert.equal(stand.views.trade(TRADE)?.deliveredMilliWh, 20n);
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
    assert.equal(stand.views.trade(TRADE)?.deliveredMilliWh, 9n);
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
    assert.equal(stand.views.trade(TRADE)?.settledMilliWh, 25n);
    assert.equal(stand.meter.relay, "closed");
  });

  it("sends its heartbeat from each turn that is done and stored, and from no other", () => {
    stand.chain.confirm(opened(TRADE, 20n));
    const { meter, store } = stand;
    let before = meter.affirmations;
    stand.tick(100, 1n);
    assert.equal(meter.affirmations, before + 1);
    const { commit } = store;
    store.commit = () => {
      throw new Error("database or disk is full");
    };
    before = meter.affirmations;
    stand.tick(1_100, 1n);
    stand.tick(1_100, 1n);
    store.commit = commit;
    assert.equal(meter.affirmations, before);
    assert.equal(meter.relay, "open");
  });

  it("takes no sample from before a loss for a fresh one, however short the loss", () => {
    stand.chain.confirm(opened(TRADE, 20n));
    stand.tick(100, 5n);
    stand.meter.say("lost");
    stand.clock.ms += 500;
    stand.meter.say("online");
    assert.equal(stand.meter.relay, "open");
    stand.tick(100);
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
    assert.equal(stand.views.trade(TRADE)?.deliveredMilliWh, 10n);
  });

  it("ends a trade at its deadline with what was delivered", () => {
    stand.chain.confirm(opened(TRADE, 20n, { deadlineAtMs: START_MS + 10_000 }));
    stand.tick(100, 5n);
    stand.tick(10_000, 0n);
    assert.equal(stand.meter.relay, "open");
    assert.deepEqual(readings(TRADE), [], "no block has said so yet");
    assert.deepEqual(stand.views.trade(TRADE)?.wait, { reason: "deadline", untilMs: null });
    stand.chain.confirm();
    assert.deepEqual(readings(TRADE), [[5n, 5n, true]]);
  });

  for (const [how, offMs] of [
    ["a minute ahead", 61_000],
    ["an hour ahead", HOUR_MS],
    ["a day ahead", 24 * HOUR_MS],
    ["an hour behind", -HOUR_MS],
    ["back in 1970", -START_MS],
  ] as const) {
    it(`goes on delivering when the host's clock is ${how} for one look`, () => {
      stand.chain.confirm(
        opened(TRADE, 20n, { deadlineAtMs: START_MS + 60_000 }),
        opened(NEXT, 20n, { deadlineAtMs: START_MS + 60_000 }),
      );
      stand.tick(100, 5n);
      stand.clock.hostOffMs = offMs;
      stand.tick(100, 1n);
      stand.clock.hostOffMs = 0;
      stand.tick(100, 1n);
      assert.equal(stand.meter.relay, "closed");
      assert.equal(stand.views.trade(TRADE)?.deliveredMilliWh, 7n);
      assert.deepEqual([readings(TRADE), readings(NEXT)], [[], []]);
    });

    it(`goes on delivering, and ends in time, when the host's clock stays ${how}`, () => {
      stand.clock.hostOffMs = offMs;
      stand.chain.confirm(opened(TRADE, 20n, { deadlineAtMs: START_MS + 60_000 }));
      for (let s = 0; s < 59; s++) {
        stand.chain.confirm();
        stand.tick(1000);
        if (s < 58) assert.equal(stand.meter.relay, "closed", `after ${s + 1} s`);
      }
      stand.tick(1000);
      assert.equal(stand.meter.relay, "open");
      assert.deepEqual(readings(TRADE), []);
      stand.chain.confirm();
      assert.deepEqual(readings(TRADE), [[0n, 0n, true]]);
    });
  }

  it("opens the relay at the deadline when the chain stands still, and ends nothing until it goes on", () => {
    stand.chain.confirm(opened(TRADE, 20n, { deadlineAtMs: START_MS + 10_000 }));
    stand.store.ledger.nodeState("nodeLost", "test");
    for (let s = 0; s < 12; s++) stand.tick(1000, 1n);
    assert.equal(stand.meter.relay, "open");
    assert.deepEqual(readings(TRADE), []);
    for (let m = 0; m < 60; m++) stand.tick(60_000);
    assert.deepEqual(readings(TRADE), []);
    stand.chain.confirm();
    assert.deepEqual(
      readings(TRADE).map(([, , isFinal]) => isFinal),
      [true],
    );
  });

  it("opens the relay by the host's clock when a chain that stood still is found at the start", async () => {
    stand.chain.confirm(opened(TRADE, 20n, { deadlineAtMs: START_MS + 10_000 }));
    await stand.stop();
    stand = await startStand(folder.path, { atMs: START_MS + HOUR_MS });
    stand.store.ledger.preview([], [], {
      block: 3,
      hash: "0xblock3a",
      parentHash: "0xblock2a",
      atS: START_MS / 1000,
      sealer: null,
    });
    assert.equal(stand.meter.relay, "open");
    assert.deepEqual(readings(TRADE), []);
  });

  it("signs in between by the time that has passed, whatever the host's clock does", () => {
    stand.chain.confirm(opened(TRADE, 500n));
    stand.tick(100, 10n);
    stand.clock.hostOffMs = 24 * HOUR_MS;
    stand.tick(100, 1n);
    assert.deepEqual(readings(TRADE), []);
  });

  describe("when nothing flows", () => {
    /** The load takes nothing. */
    const idle = (seconds: number) => {
      for (let s = 0; s < seconds; s++) {
        stand.clock.ms += 1000;
        stand.meter.idle();
      }
    };

    it("gives the turn to the next trade, and tries again after a pause that doubles", () => {
      stand.chain.confirm(opened(TRADE, 20n), opened(NEXT, 20n));
      stand.tick(100, 5n);
      idle(6);
      assert.deepEqual(stand.views.trade(TRADE)?.wait?.reason, "noFlow");
      idle(54);
      assert.deepEqual([status(TRADE), status(NEXT)], ["queued", "delivering"]);
      assert.equal(stand.views.trade(TRADE)?.wait?.reason, "retry");
      stand.tick(100, 20n);
      assert.deepEqual(readings(NEXT), [[20n, 25n, true]]);
      assert.deepEqual([stand.meter.relay, status(TRADE)], ["open", "queued"]);
      idle(61);
      assert.deepEqual([stand.meter.relay, status(TRADE)], ["closed", "delivering"]);
      idle(60);
      assert.equal(stand.meter.relay, "open");
      idle(118);
      assert.equal(stand.meter.relay, "open");
      idle(3);
      assert.equal(stand.meter.relay, "closed");
      stand.tick(100, 15n);
      assert.deepEqual(readings(TRADE), [[20n, 40n, true]]);
    });

    it("never ends a trade for that, however long it lasts", () => {
      stand.chain.confirm(opened(TRADE, 20n, { deadlineAtMs: START_MS + 24 * HOUR_MS }));
      let closings = 0;
      for (let s = 0; s < 45 * 60; s += 2) {
        const before = stand.meter.relay;
        stand.clock.ms += 2000;
        stand.meter.idle();
        if (before === "open" && stand.meter.relay === "closed") closings++;
      }
      assert.deepEqual(readings(TRADE), []);
      assert.equal(closings, 5, "after pauses of 1, 2, 4, 8 and 15 minutes");
      for (let s = 0; s < 900 && stand.meter.relay === "open"; s++) idle(1);
      stand.tick(100, 20n);
      assert.deepEqual(readings(TRADE), [[20n, 20n, true]]);
    });

    it("remembers over a restart whose turn it is", async () => {
      stand.chain.confirm(opened(TRADE, 20n), opened(NEXT, 20n));
      idle(60);
      const { chain } = stand;
      await stand.stop();
      stand = await startStand(folder.path, { atMs: START_MS + 61_000 });
      stand.chain = chain.toldTo(stand.store, stand.clock);
      stand.chain.confirm();
      assert.deepEqual([status(TRADE), status(NEXT)], ["queued", "delivering"]);
      stand.chain = chain;
    });

    it("does not take a pause of the process for it", () => {
      stand.chain.confirm(opened(TRADE, 20n));
      stand.meter.idle();
      stand.clock.ms += 90_000;
      stand.meter.idle();
      assert.deepEqual([stand.meter.relay, status(TRADE)], ["closed", "delivering"]);
    });
  });

  it("stops when the chain closes the trade, and when the meter is decommissioned", () => {
    stand.chain.confirm(opened(TRADE, 20n), opened(NEXT, 20n));
    stand.tick(100, 5n);
    stand.chain.confirm(refunded(TRADE));
    assert.deepEqual([status(TRADE), status(NEXT), stand.meter.relay], ["refunded", "delivering", "closed"]);
    stand.tick(100, 3n);
    assert.equal(stand.views.trade(NEXT)?.deliveredMilliWh, 3n);
    stand.chain.confirm({ name: "MeterDecommissioned", meter: METER });
    assert.equal(stand.meter.relay, "open");
    stand.tick(2 * HOUR_MS);
    assert.deepEqual([readings(TRADE), readings(NEXT)], [[], []]);
    assert.match(stand.views.meter(METER).detail, /decommissioned/);
  });

  it("says of a trade whose final reading the chain refuses for good that it is not settled, and why", async () => {
    stand.chain.confirm(opened(TRADE, 20n));
    stand.tick(100, 20n);
    assert.deepEqual([status(TRADE), stand.views.trade(TRADE)?.wait], ["settling", null]);
    const { settlements } = stand.store;
    settlements.settlementRefused(settlements.pendingReadings()[0]!, "RegisterTooLarge");
    assert.deepEqual(stand.views.trade(TRADE)?.wait, { reason: "refused", untilMs: null });
    const web = new Web(webParts(stand));
    await web.start();
    try {
      const health = await (await fetch(`${web.url}/healthz`)).text();
      assert.match(health, /refuses the reading of trade 1000001 for good: RegisterTooLarge/);
      assert.match(await (await fetch(`${web.url}/metrics`)).text(), /^neighborwatt_readings_refused 1$/m);
    } finally {
      await web.stop();
    }
    stand.chain.confirm(refunded(TRADE));
    assert.equal(stand.views.trade(TRADE)?.wait, null);
  });

  it("shows a meter that is online and gives no samples as lost, and its power as unknown", () => {
    stand.chain.confirm(opened(TRADE, 20n));
    stand.tick(100, 5n);
    stand.clock.ms += 4_900;
    assert.equal(stand.views.meter(METER).state, "online");
    stand.clock.ms += 200;
    assert.equal(stand.views.meter(METER).state, "lost");
    assert.match(stand.views.meter(METER).detail, /gives no samples/);
    stand.tick(100);
    assert.equal(stand.views.meter(METER).state, "online");
  });

  it("shows no relay closed and no power of a meter that is lost, whatever its last sample said", async () => {
    stand.chain.confirm(opened(TRADE, 20n));
    stand.tick(100, 5n);
    assert.equal(stand.views.meter(METER).relay, "closed");
    const web = new Web(webParts(stand));
    await web.start();
    try {
      const watts = async () =>
        /^neighborwatt_meter_watts\{.*\} (.*)$/m.exec(await (await fetch(`${web.url}/metrics`)).text())?.[1];
      assert.equal(await watts(), "2.48");
      stand.meter.say("lost");
      assert.equal(stand.views.meter(METER).relay, "open");
      assert.equal(await watts(), "Nan");
    } finally {
      await web.stop();
    }
  });

  for (const [state, fault] of [
    ["lost", "currentBackwards"],
    ["connecting", "noBatteryVolts"],
    ["online", "panelBackwards"],
  ] as const)
    it(`names the fault of a meter that is ${state} and wired wrong, and says when it is mended`, () => {
      stand.meter.say(state, fault);
      assert.deepEqual([stand.views.meter(METER).state, stand.views.meter(METER).fault], [state, fault]);
      stand.meter.say("online");
      assert.equal(stand.views.meter(METER).fault, null);
    });

  it("leaves another server's meter alone", () => {
    stand.chain.confirm(commissioned(OTHER_METER), listed(2n, 100n, OTHER_METER));
    stand.chain.confirm(opened(2_000_001n, 5n));
    assert.equal(stand.meter.relay, "open");
    assert.equal(status(2_000_001n), "confirmed");
    stand.chain.confirm(settled(2_000_001n, 2n, 2n, false));
    assert.equal(status(2_000_001n), "confirmed");
    const { state, relay, todayMilliWh, lastSample, firmware, detail } = stand.views.meter(OTHER_METER);
    assert.deepEqual(
      [state, relay, todayMilliWh, lastSample, firmware],
      ["elsewhere", null, null, null, null],
    );
    assert.match(detail, /another server/);
  });

  it("says when its key is not commissioned", async () => {
    stand.store.ledger.reset({ genesisHash: "genesis", trade: "0xnew" });
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
    assert.equal(stand.views.trade(TRADE)?.deliveredMilliWh, 0n);
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
    assert.equal(stand.views.trade(TRADE)?.deliveredMilliWh, 8n);
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
      // The chain knows of 12 mWh sold by this meter, the new journal of none.
      chain.catchUp(
        chain.seal(commissioned()),
        chain.seal(listed(1n)),
        chain.seal(opened(TRADE, 20n), opened(NEXT, 20n)),
        chain.seal(settled(TRADE, 12n, 12n, false)),
      );
      assert.equal(stand.home.registerMilliWh, 12n);
      stand.tick(100, 8n);
      const [last] = stand.store.journal.readingsOf(TRADE, `0xbuy${TRADE}`);
      assert.deepEqual([last?.deliveredMilliWh, last?.registerMilliWh, last?.isFinal], [20n, 20n, true]);
      await stand.stop();
      stand = await startStand(emptied.path, { atMs: START_MS + 9000 });
      assert.equal(stand.home.registerMilliWh, 20n);
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
    stand.store.ledger.reset({ genesisHash: "genesis", trade: "0xtrade" });
    stand.chain.confirm(commissioned());
    stand.chain.confirm(listed(1n));
    return stand;
  }
  async function crash(stand: Stand): Promise<Stand> {
    stand.store.commit = () => {
      throw new Error("the process is dead");
    };
    await stand.homes.stop();
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
    const before = second.home.registerMilliWh;
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
      if (position === "closed")
        stored = first.store.journal.recordOf(trade.tradeId, trade.openingTx) !== null;
      setRelay(position);
    };
    first.chain.confirm(opened(TRADE, 5n));
    assert.equal(first.meter.relay, "closed");
    assert.ok(stored);
    await first.stop();
  });
});
