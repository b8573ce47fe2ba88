/** Several homes on one server: a real store, and meters whose energy the test pours. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import type { HomeListView, MeterListView } from "../../common/api";
import type { Wire } from "../../common/wire";
import { GATHER_MS, TICK_MS } from "../../home/homes";
import { Web } from "../../server/web";
import {
  HandChain,
  HandMeter,
  handSigner,
  METER,
  OTHER_METER,
  opened,
  START_MS,
  type Stand,
  settled,
  startStand,
  temporaryFolder,
  webParts,
} from "../server/support";
import { HERS, HIS, METERS, ORDERED, SALE, STREET } from "./street";

/** One mWh flows with each sample of 100 ms, and the journal is written every second. */
const MOST_LOST = 10n;

describe("two homes on one server", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let stand: Stand;

  const begin = async (options: Parameters<typeof startStand>[1] = {}) => {
    stand = await startStand(folder.path, { meters: METERS, ...options });
    stand.store.ledger.reset({ genesisHash: "genesis", trade: "0xtrade" });
    for (const block of STREET) stand.chain.confirm(...block);
  };
  beforeEach(async () => {
    folder = temporaryFolder();
    await begin();
  });
  afterEach(async () => {
    await stand.stop();
    folder.remove();
  });
  const again = async (options: Parameters<typeof startStand>[1]) => {
    await stand.stop();
    folder.remove();
    folder = temporaryFolder();
    await begin(options);
  };

  const relays = () => stand.meters.map(({ relay }) => relay);
  const statuses = () => [HERS, HIS].map((tradeId) => stand.views.trade(tradeId)?.status);
  const finals = () =>
    [HERS, HIS].map((tradeId) =>
      stand.store.journal
        .readingsOf(tradeId, `0xbuy${tradeId}`)
        .filter(({ isFinal }) => isFinal)
        .map(({ meter, deliveredMilliWh, registerMilliWh }) => [meter, deliveredMilliWh, registerMilliWh]),
    );
  const asked = async (path: string): Promise<string> => {
    const web = new Web(webParts(stand));
    await web.start();
    try {
      return await (await fetch(web.url + path)).text();
    } finally {
      await web.stop();
    }
  };
  /** How often the store is written to while `work` goes on. */
  const transactions = (work: () => void): number => {
    const { store } = stand;
    const { commit } = store;
    let count = 0;
    store.commit = (writes) => {
      count++;
      commit.call(store, writes);
    };
    work();
    store.commit = commit;
    return count;
  };

  it("deliver at once, each its own trade by its own register", () => {
    stand.chain.confirm(opened(HERS, 10n), opened(HIS, 20n));
    assert.deepEqual(relays(), ["closed", "closed"]);
    stand.tick(100, 6n, 9n);
    assert.deepEqual(statuses(), ["delivering", "delivering"]);
    assert.deepEqual(
      [HERS, HIS].map((tradeId) => stand.views.trade(tradeId)?.deliveredMilliWh),
      [6n, 9n],
    );
    stand.tick(100, 5n, 5n);
    assert.deepEqual(relays(), ["open", "closed"]);
    stand.tick(100, 0n, 6n);
    assert.deepEqual(finals(), [[[METER, 10n, 11n]], [[OTHER_METER, 20n, 20n]]]);
    assert.deepEqual(
      stand.store.settlements.pendingReadings().map(({ meter }) => meter),
      METERS,
    );
  });

  it("are shown by name, each with its own meter, and none as elsewhere", async () => {
    const { homes } = JSON.parse(await asked("/api/homes")) as Wire<HomeListView>;
    const { meters } = JSON.parse(await asked("/api/meters")) as Wire<MeterListView>;
    assert.deepEqual(
      homes.map(({ name, meter, kind }) => [name, meter, kind]),
      [
        ["House 1", METER, "simulated"],
        ["House 2", OTHER_METER, "simulated"],
      ],
    );
    assert.deepEqual(
      meters.map(({ meter, state }) => [meter, state]),
      METERS.map((meter) => [meter, "online"]),
    );
  });

  it("show what a receiving meter and a modelled house say, and decide nothing by either", async () => {
    const receiving = new HandMeter({ nowMs: () => START_MS }, null);
    const figures = {
      ...{ roofW: 5, loadW: 1, batteryCharge: 0.5, streetOutW: 2, streetInW: 0, gridW: -1 },
      ...{ gridImportMilliWh: 3n, gridExportMilliWh: 4n },
    };
    await again({ meters: [METER], receiving, house: { figures: () => ({ ...figures }) } });
    const shown = () => stand.views.homes()[0]!;
    assert.deepEqual(shown().house, figures);
    assert.deepEqual([shown().receiving?.state, shown().receiving?.lastSample], ["stopped", null]);
    receiving.registerMilliWh = 9n;
    receiving.say("online", "noBatteryVolts");
    receiving.sample();
    figures.roofW = 6;
    const { state, fault, lastSample } = shown().receiving!;
    assert.deepEqual([state, fault, lastSample?.registerMilliWh], ["online", "noBatteryVolts", 9n]);
    assert.equal(shown().house?.roofW, 6);
    assert.deepEqual([stand.home.registerMilliWh, stand.views.meter(METER).fault], [0n, null]);
  });

  it("have histories, figures and health of their own", async () => {
    stand.chain.confirm(opened(HIS, 20n));
    stand.tick(1000, 0n, 7n);
    stand.tick(1000, 0n, 1n);
    const points = JSON.parse(await asked(`/api/meters/${OTHER_METER}/readings?to=${stand.clock.ms + 1000}`));
    assert.equal(points.points.at(-1).registerMilliWh, "7");
    assert.match(await asked(`/api/meters/0x${"1".repeat(40)}/readings`), new RegExp(METERS.join(", ")));
    const metrics = await asked("/metrics");
    assert.match(metrics, new RegExp(`^neighborwatt_relay_closed{meter="${METER}",home="House 1"} 0$`, "m"));
    assert.match(
      metrics,
      new RegExp(`^neighborwatt_relay_closed{meter="${OTHER_METER}",home="House 2"} 1$`, "m"),
    );
    assert.deepEqual(
      METERS.map((meter) => stand.views.meter(meter).todayMilliWh),
      [0n, 8n],
    );
    stand.meters[1]!.say("lost");
    assert.match(await asked("/healthz"), /House 2: meter lost: test lost/);
    assert.equal(stand.views.meter(METER).state, "online");
  });

  describe("take one turn together", () => {
    it("with one transaction for all that begins, and one for all that ends", () => {
      assert.equal(
        transactions(() => stand.chain.confirm(opened(HERS, 10n), opened(HIS, 10n))),
        1,
      );
      const { homes, meters, clock } = stand;
      clock.ms += 100;
      const { turn } = homes;
      // Both have word of their order's end before the turn is taken.
      homes.turn = () => {};
      for (const meter of meters) meter.sample(10n);
      homes.turn = turn;
      assert.equal(
        transactions(() => homes.turn()),
        1,
      );
      assert.deepEqual(relays(), ["open", "open"]);
      assert.deepEqual(finals(), [[[METER, 10n, 10n]], [[OTHER_METER, 10n, 10n]]]);
      assert.equal(stand.wakes, 1);
    });

    it("and come to store their registers together, whenever each has begun", () => {
      stand.chain.confirm(opened(HERS, 500n), opened(HIS, 500n));
      stand.clock.ms += 600;
      stand.meters[0]!.sample(1n);
      const count = transactions(() => {
        for (let i = 0; i < 100; i++) {
          stand.clock.ms += 100;
          stand.meters[i % 2]!.sample(1n);
        }
      });
      assert.ok(count >= 9 && count <= 11, `${count} transactions in 10 s`);
    });

    it("in which a relay opens before anything is stored, and another closes after", () => {
      stand.chain.confirm(opened(HERS, 10n));
      const order: string[] = [];
      const { homes, meters, store } = stand;
      for (const [i, meter] of meters.entries()) {
        const setRelay = meter.setRelay.bind(meter);
        meter.setRelay = (position) => {
          order.push(`${i + 1} ${position}`);
          setRelay(position);
        };
      }
      const { commit } = store;
      store.commit = (writes) => {
        order.push("stored");
        commit.call(store, writes);
      };
      stand.clock.ms += 100;
      const { turn } = homes;
      homes.turn = () => {};
      meters[0]!.sample(10n);
      homes.turn = turn;
      stand.chain.confirm(opened(HIS, 10n));
      assert.deepEqual(order, ["1 open", "stored", "2 closed"]);
    });
  });

  it("whose readings take long to sign: every relay opens at once, and what is signed later waits for its turn", async () => {
    const slow = (meter: string) => ({
      ...handSigner(meter),
      sign: (reading: Parameters<ReturnType<typeof handSigner>["sign"]>[0]) => {
        stand.clock.ms += 150;
        return handSigner(meter).sign(reading);
      },
    });
    await again({ signers: METERS.map(slow) });
    stand.chain.confirm(opened(HERS, 10n), opened(HIS, 10n));
    const { homes, meters } = stand;
    const { turn } = homes;
    homes.turn = () => {};
    for (const meter of meters) meter.sample(10n);
    homes.turn = turn;
    homes.turn();
    assert.deepEqual(relays(), ["open", "open"]);
    assert.deepEqual(
      finals().map(({ length }) => length),
      [1, 0],
    );
    homes.turn();
    assert.deepEqual(
      finals().map(({ length }) => length),
      [1, 1],
    );
  });

  describe("of which one fails", () => {
    const goesOn = () => {
      assert.equal(stand.meters[1]!.relay, "closed");
      const before = stand.meters[1]!.affirmations;
      stand.tick(100, 0n, 20n);
      assert.deepEqual(finals()[1], [[OTHER_METER, 20n, 20n]]);
      assert.ok(stand.meters[1]!.affirmations > before);
      assert.deepEqual(stand.failures, []);
    };
    const isHalted = async (words: RegExp) => {
      const [meter] = stand.meters;
      assert.equal(meter!.relay, "open");
      const { halt } = stand.views.meter(METER);
      assert.ok(halt?.reason === "fault");
      assert.match(halt.detail, words);
      assert.match(await asked("/healthz"), new RegExp(`House 1: .*${words.source}`));
      assert.equal(stand.told.filter((line) => words.test(line)).length, 1, "said once");
      const before = meter!.affirmations;
      stand.tick(100);
      assert.equal(meter!.affirmations, before, "no heartbeat any more");
      assert.deepEqual(stand.views.trade(HERS)?.wait, { reason: "halted", untilMs: null });
    };

    it("its key: it is opened, halted and named, and the other delivers on", async () => {
      const broken = {
        ...handSigner(),
        sign: (): string => {
          throw new Error("the key is gone");
        },
      };
      await again({ signers: [broken, handSigner(OTHER_METER)] });
      stand.chain.confirm(opened(HERS, 10n), opened(HIS, 20n));
      stand.tick(100, 10n);
      assert.deepEqual(finals()[0], []);
      await isHalted(/the key is gone/);
      goesOn();
    });

    it("its meter, when its relay is to close: the same", async () => {
      stand.meters[0]!.setRelay = function (this: (typeof stand.meters)[0], position) {
        if (position === "closed") throw new Error("the port is gone");
        this.relay = position;
      };
      stand.chain.confirm(opened(HERS, 10n), opened(HIS, 20n));
      await isHalted(/the port is gone/);
      goesOn();
    });

    it("its meter, whatever it is told: it gets no heartbeat, which opens the relay in a second", async () => {
      stand.chain.confirm(opened(HERS, 10n), opened(HIS, 20n));
      const [meter] = stand.meters;
      meter!.setRelay = () => {
        throw new Error("the port is gone");
      };
      stand.tick(100, 10n);
      const before = meter!.affirmations;
      stand.tick(100);
      stand.tick(100);
      assert.equal(meter!.affirmations, before);
      assert.ok(stand.views.meter(METER).halt);
      goesOn();
    });

    it("to another server with its key: it alone is halted", async () => {
      stand.chain.confirm(opened(HERS, 10n), opened(HIS, 20n));
      stand.chain.confirm(settled(HERS, 10n, 12n, true));
      assert.deepEqual(relays(), ["open", "closed"]);
      assert.equal(stand.views.meter(METER).halt?.reason, "secondSigner");
      assert.equal(stand.views.meter(OTHER_METER).halt, null);
      assert.match(await asked("/healthz"), /House 1: delivery has stopped.*another server uses/);
      goesOn();
    });
  });

  it("open both relays when the store fails, which they share", () => {
    stand.chain.confirm(opened(HERS, 10n), opened(HIS, 20n));
    stand.store.commit = () => {
      throw new Error("the disk is full");
    };
    stand.tick(2000, 1n, 1n);
    assert.deepEqual(relays(), ["open", "open"]);
    assert.match(stand.failures[0]?.message ?? "", /disk is full/);
    assert.equal(stand.failures.length, 1);
  });

  it("gather their news for one turn, which a confirmed purchase does not wait for", async () => {
    const waiting: { ms: number; action: () => void }[] = [];
    await again({
      after: (ms, action) => {
        const one = { ms, action };
        waiting.push(one);
        return () => void waiting.splice(waiting.indexOf(one), waiting.includes(one) ? 1 : 0);
      },
    });
    const due = (ms: number) => waiting.filter((one) => one.ms === ms);
    const run = (ms: number) => due(ms)[0]!.action();
    run(GATHER_MS);
    assert.deepEqual([due(GATHER_MS).length, due(TICK_MS).length], [0, 1]);
    stand.chain.confirm(opened(HERS, 10n), opened(HIS, 20n));
    assert.deepEqual(relays(), ["closed", "closed"]);
    const before = stand.meters.map(({ affirmations }) => affirmations);
    stand.tick(100, 10n, 20n);
    assert.deepEqual(relays(), ["closed", "closed"]);
    assert.equal(due(GATHER_MS).length, 1);
    run(GATHER_MS);
    assert.deepEqual(relays(), ["open", "open"]);
    const once = before.map((count) => count + 1);
    assert.deepEqual(
      stand.meters.map(({ affirmations }) => affirmations),
      once,
    );
    // Nothing happens: every home has its turn all the same.
    run(TICK_MS);
    assert.deepEqual(
      stand.meters.map(({ affirmations }) => affirmations),
      once.map((count) => count + 1),
    );
  });

  describe("after kill -9 in the middle of a turn", function () {
    this.timeout(60_000);
    for (const moment of ["signing", "storing the first", "storing the second", "stored", "closed"])
      it(`(${moment}) lose a journal interval each at most, store both or neither, and end both trades as ordered`, async () => {
        await stand.stop();
        folder.remove();
        folder = temporaryFolder();
        const flowed = await killed(folder.path, moment);
        stand = await startStand(folder.path, { meters: METERS, atMs: stand.clock.ms + 60_000 });
        const { journal } = stand.store;
        for (const [i, home] of stand.homes.all().entries()) {
          const lost = BigInt(flowed[i]!) - home.registerMilliWh;
          assert.ok(lost >= 0n && lost <= MOST_LOST, `${home.name} lost ${lost} mWh`);
        }
        const signed = [HERS, HIS].map((tradeId) => journal.readingsOf(tradeId, `0xbuy${tradeId}`).length);
        assert.equal(signed[0], signed[1], "both or neither");
        assert.deepEqual(relays(), ["open", "open"]);
        // The chain is read again, and both go on where they were stored.
        const chain = new HandChain(stand.store);
        for (const block of [...STREET, SALE]) chain.seal(...block);
        chain.follow();
        for (let i = 0; i < 40; i++) stand.tick(100, 1n, 1n);
        const ends = finals().map((of) => of.map(([meter, delivered]) => [meter, delivered]));
        assert.deepEqual(ends, [[[METER, ORDERED]], [[OTHER_METER, ORDERED]]]);
        for (const home of stand.homes.all()) assert.ok(home.registerMilliWh >= ORDERED);
      });
  });
});

/** Runs both homes in a process that kills itself at that moment. @returns what had flowed through each meter */
async function killed(path: string, moment: string): Promise<number[]> {
  const child = spawn(
    process.execPath,
    ["--require", "tsx/cjs", join(__dirname, "killed-in-a-turn.ts"), path, moment],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  const signal = await new Promise((resolve) => child.once("close", (_code, by) => resolve(by)));
  assert.equal(signal, "SIGKILL", text);
  return text.trim().split("\n").at(-1)!.split(" ").map(Number);
}
