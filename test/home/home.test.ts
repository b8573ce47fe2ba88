import assert from "node:assert/strict";
import fc from "fast-check";
import type { HaltView } from "../../common/events";
import type { MeterSample, MeterState } from "../../common/meter";
import { type DeliveryRecord, deliveryKey } from "../../common/records";
import { Home } from "../../home/home";
import type { HomeMarket, HomeNews, HomePlan, Now } from "../../home/news";
import { deliveredSoFar, type OpenTrade } from "../../home/plan";
import { HOME, METER, START_MS } from "../server/support";

const RULES = { settleIntervalMs: 60_000, maxSampleAgeMs: 2000, noFlowMs: 60_000, journalIntervalMs: 1000 };

const trade = (n: number, more: Partial<OpenTrade> = {}): OpenTrade => ({
  tradeId: BigInt(1_000_000 + n),
  openingTx: `0x${n}`,
  buyer: "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
  milliWh: 20n,
  settledMilliWh: 0n,
  deadlineAtMs: START_MS + 600_000,
  ...more,
});

const sample = (registerMilliWh: bigint, more: Partial<MeterSample> = {}): MeterSample => ({
  atMs: START_MS,
  volts: 6.2,
  amperes: 0.4,
  watts: 2.48,
  panelWatts: 3,
  registerMilliWh,
  registerRestMicroJoule: 7n,
  relay: "closed",
  ...more,
});

const market = (trades: OpenTrade[], more: Partial<HomeMarket> = {}): HomeNews => ({
  about: "market",
  market: { trades, records: [], isReplaced: false, isCommissioned: true, registerMilliWh: 0n, ...more },
});
const status = (state: MeterState): HomeNews => ({
  about: "status",
  status: { state, detail: `test ${state}`, atMs: START_MS },
  firmware: null,
  trips: 0,
});

/** A home at register 100, and what a turn does with its plan. */
function begin() {
  const home = new Home({
    settings: HOME,
    meter: METER,
    register: { registerMilliWh: 100n, registerRestMicroJoule: 0n },
    meteredAtMs: START_MS,
    rules: RULES,
  });
  let steadyMs = 0;
  const now = (): Now => ({
    steadyMs,
    chainMs: START_MS + steadyMs,
    latestMs: START_MS + steadyMs,
    confirmedAtMs: START_MS + steadyMs,
    isChainKnown: true,
  });
  return {
    home,
    now,
    wait(ms: number) {
      steadyMs += ms;
    },
    know: (...news: HomeNews[]) => {
      for (const one of news) home.know(one, steadyMs);
    },
    turn(more: Partial<Now> = {}): HomePlan {
      const plan = home.plan({ ...now(), ...more });
      if (plan.keep) home.know({ about: "kept", keep: plan.keep }, steadyMs);
      home.know({ about: "done", plan }, steadyMs);
      return plan;
    },
  };
}

describe("a home", () => {
  const online: HomeNews[] = [status("online"), { about: "sample", sample: sample(100n) }];
  const rows: [string, HomeNews[], Partial<Now>, "open" | "closed"][] = [
    ["that knows nothing", [], {}, "open"],
    ["with a trade, and no word of its meter", [market([trade(1)])], {}, "open"],
    ["with a trade and a fresh sample", [...online, market([trade(1)])], {}, "closed"],
    [
      "with a meter that is online and has given no sample",
      [status("online"), market([trade(1)])],
      {},
      "open",
    ],
    [
      "whose meter was lost and is back without a sample",
      [...online, market([trade(1)]), status("lost"), status("online")],
      {},
      "open",
    ],
    [
      "with a chain that is not read to its head",
      [...online, market([trade(1)])],
      { isChainKnown: false },
      "open",
    ],
    [
      "whose meter's key does not count",
      [...online, market([trade(1)], { isCommissioned: false })],
      {},
      "open",
    ],
    [
      "whose key another server has",
      [
        ...online,
        market([trade(1)]),
        { about: "halt", why: { reason: "secondSigner", tradeId: 1n, block: 1, txHash: "0x1" } },
      ],
      {},
      "open",
    ],
    [
      "that failed",
      [...online, market([trade(1)]), { about: "halt", why: { reason: "fault", detail: "no signature" } }],
      {},
      "open",
    ],
    ["whose trades are all gone", [...online, market([trade(1)]), market([])], {}, "open"],
    [
      "whose trade's deadline is reached",
      [...online, market([trade(1, { deadlineAtMs: START_MS })])],
      {},
      "open",
    ],
  ];
  for (const [name, news, at, relay] of rows)
    it(`${name} wants its relay ${relay}`, () => {
      const it = begin();
      it.know(...news);
      assert.equal(it.turn(at).relay, relay);
    });

  it("plans the same until it is told what was done, and then nothing", () => {
    const it = begin();
    it.know(...online, market([trade(1)]));
    const plan = it.home.plan(it.now());
    assert.deepEqual(it.home.plan(it.now()), plan);
    assert.deepEqual([plan.isEdge, plan.keep?.records.length], [true, 1]);
    it.turn();
    const after = it.turn();
    assert.deepEqual([after.isEdge, after.keep, after.changed, after.raiseTo], [false, null, [], null]);
  });

  it("counts for a trade from the register at which its relay closes", () => {
    const it = begin();
    it.know(...online, { about: "sample", sample: sample(104n) }, market([trade(1)]));
    it.turn();
    it.know({ about: "sample", sample: sample(110n) });
    const record = it.home.recordOf(trade(1))!;
    assert.equal(deliveredSoFar(record, it.home.registerMilliWh), 6n);
  });

  it("stores what was measured when the last entry is an interval old, and the seconds that are over with it", () => {
    const it = begin();
    it.know(...online);
    assert.ok(it.turn().keep, "the first sample");
    it.wait(999);
    it.know({ about: "sample", sample: sample(101n, { atMs: START_MS + 999 }) });
    assert.equal(it.turn().keep, null);
    assert.equal(it.home.dueToKeep(999, 500)?.register.registerMilliWh, 101n, "along with another home");
    it.wait(1);
    it.know({ about: "sample", sample: sample(102n, { atMs: START_MS + 1000 }) });
    const { keep } = it.turn();
    assert.equal(keep?.register.registerMilliWh, 102n);
    assert.deepEqual(
      keep.seconds.map(({ atS, registerMilliWh }) => [atS, registerMilliWh]),
      [[START_MS / 1000, 101n]],
    );
    it.wait(5000);
    assert.equal(it.turn().keep, null, "nothing new was measured");
  });

  it("goes on above what the chain knows of its register, and no trade under way gets the difference", () => {
    const it = begin();
    it.know(...online, market([trade(1), trade(2)]));
    it.turn();
    it.know({ about: "sample", sample: sample(105n) });
    it.turn();
    it.know(market([trade(1), trade(2)], { registerMilliWh: 130n }));
    const plan = it.turn();
    assert.equal(plan.raiseTo, 130n);
    assert.deepEqual(plan.keep?.corrections, [{ beforeMilliWh: 105n, afterMilliWh: 130n }]);
    assert.equal(plan.keep?.register.registerMilliWh, 130n);
    assert.deepEqual(
      plan.keep?.records.map(({ bankedMilliWh, sinceRegisterMilliWh }) => [
        bankedMilliWh,
        sinceRegisterMilliWh,
      ]),
      [[5n, 130n]],
    );
    it.know({ about: "sample", sample: sample(133n) });
    assert.equal(deliveredSoFar(it.home.recordOf(trade(1))!, it.home.registerMilliWh), 8n);
  });

  it("takes no register that goes back, and has the meter raised to its own", () => {
    const it = begin();
    it.know(status("online"), { about: "sample", sample: sample(3n) });
    assert.equal(it.home.registerMilliWh, 100n);
    assert.equal(it.home.lastSample?.registerMilliWh, 100n);
    assert.equal(it.turn().raiseTo, 100n);
    assert.equal(it.turn().raiseTo, null);
  });

  it("keeps the first reason for which it was halted", () => {
    const it = begin();
    const first: HaltView = { reason: "secondSigner", tradeId: 1n, block: 1, txHash: "0x1" };
    it.know({ about: "halt", why: first }, { about: "halt", why: { reason: "fault", detail: "later" } });
    assert.deepEqual(it.home.halted, first);
  });

  it("forgets the records of trades that are over: the journal has them", () => {
    const it = begin();
    it.know(...online, market([trade(1)]));
    it.turn();
    assert.ok(it.home.recordOf(trade(1)));
    it.know(market([]));
    it.turn();
    it.know(market([]));
    assert.equal(it.home.recordOf(trade(1)), null);
  });

  it("shows its name, its account and what its other meters say", () => {
    const it = begin();
    const house = {
      ...{ roofW: 5, loadW: 1, batteryCharge: 0.5, streetOutW: 2, streetInW: 0, gridW: -1 },
      ...{ gridImportMilliWh: 3n, gridExportMilliWh: 4n },
    };
    it.know({ about: "house", figures: house });
    assert.deepEqual(it.home.view(), {
      name: HOME.name,
      account: HOME.account,
      meter: METER,
      kind: "simulated",
      receiving: null,
      house,
    });
  });
});

describe("a home, whatever news come in whatever order", () => {
  type Step =
    | { do: "flow"; milliWh: number; isSampled: boolean }
    | { do: "wait"; ms: number }
    | { do: "buy"; milliWh: number; windowMs: number }
    | { do: "close" | "vanish" | "return"; index: number }
    | { do: "correct"; milliWh: number }
    | { do: "meterForgets"; milliWh: number }
    | { do: "meter" | "chain" | "commission" | "block" | "replaced" };
  const one = <T extends string>(...names: T[]) => fc.constantFrom(...names);
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({ do: one("flow"), milliWh: fc.nat(8), isSampled: fc.boolean() }),
    },
    { weight: 3, arbitrary: fc.record({ do: one("wait"), ms: fc.oneof(fc.nat(300), fc.nat(90_000)) }) },
    {
      weight: 5,
      arbitrary: fc.record({
        do: one("buy"),
        milliWh: fc.integer({ min: 1, max: 25 }),
        windowMs: fc.integer({ min: 60_000, max: 600_000 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: one("close", "vanish", "return"), index: fc.nat(4) }) },
    fc.record({ do: one("correct", "meterForgets"), milliWh: fc.integer({ min: 1, max: 40 }) }),
    { weight: 2, arbitrary: fc.record({ do: one("meter", "chain", "commission", "block", "replaced") }) },
  );

  it("closes on nothing unknown, gives each mWh to one trade at most, and never takes the register back", () => {
    let closed = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let steadyMs = 0;
        let confirmedAtMs = START_MS;
        let isChainKnown = true;
        let isCommissioned = true;
        let isOnline = true;
        let sampledAtMs: number | null = null;
        let chainMilliWh = 0n;
        /** The meter's own register, and what truly flowed through its sensor. */
        let own = 100n;
        let flowed = 0n;
        let bought = 0;
        let trades: OpenTrade[] = [];
        const away: OpenTrade[] = [];
        const journal = new Map<string, DeliveryRecord>();
        const finals = new Set<string>();
        const home = new Home({
          settings: HOME,
          meter: METER,
          register: { registerMilliWh: 100n, registerRestMicroJoule: 0n },
          meteredAtMs: START_MS,
          rules: RULES,
        });
        const know = (news: HomeNews) => {
          const before = home.registerMilliWh;
          home.know(news, steadyMs);
          assert.ok(home.registerMilliWh >= before, "the register went back");
        };
        const tellMarket = (isReplaced = false) => {
          const records = [...journal.values()].filter(
            (record) =>
              (isReplaced && record.sinceRegisterMilliWh !== null) ||
              (trades.some((open) => deliveryKey(open) === deliveryKey(record)) &&
                (isReplaced || home.recordOf(record) === null)),
          );
          know(market(trades, { records, isReplaced, isCommissioned, registerMilliWh: chainMilliWh }));
        };
        const takeSample = () => {
          know({ about: "sample", sample: sample(own, { atMs: START_MS + steadyMs, relay: home.wanted }) });
          sampledAtMs = steadyMs;
        };
        know(status("online"));
        takeSample();
        tellMarket();
        for (const now of steps) {
          if (now.do === "flow") {
            if (home.wanted === "closed") {
              own += BigInt(now.milliWh);
              flowed += BigInt(now.milliWh);
            }
            if (now.isSampled && isOnline) takeSample();
          }
          if (now.do === "wait") steadyMs += now.ms;
          if (now.do === "block") confirmedAtMs = START_MS + steadyMs;
          if (now.do === "buy")
            trades = [
              ...trades,
              trade(++bought, {
                milliWh: BigInt(now.milliWh),
                deadlineAtMs: START_MS + steadyMs + now.windowMs,
              }),
            ];
          if (now.do === "close") trades = trades.filter((_, i) => i !== now.index);
          if (now.do === "vanish") {
            away.push(...trades.slice(now.index));
            trades = trades.slice(0, now.index);
          }
          if (now.do === "return") trades = [...trades, ...away.splice(0, now.index)];
          if (now.do === "correct") chainMilliWh = home.registerMilliWh + BigInt(now.milliWh);
          if (now.do === "meterForgets") own -= BigInt(now.milliWh) > own ? own : BigInt(now.milliWh);
          if (now.do === "meter") {
            isOnline = !isOnline;
            know(status(isOnline ? "online" : "lost"));
            sampledAtMs = null;
          }
          if (now.do === "chain") isChainKnown = !isChainKnown;
          if (now.do === "commission") isCommissioned = !isCommissioned;
          tellMarket(now.do === "replaced");

          const at: Now = {
            steadyMs,
            chainMs: START_MS + steadyMs,
            latestMs: START_MS + steadyMs,
            confirmedAtMs,
            isChainKnown,
          };
          const plan = home.plan(at);
          assert.deepEqual(home.plan(at), plan, "a plan that changes the home");
          for (const record of plan.keep?.records ?? []) journal.set(deliveryKey(record), record);
          for (const reading of plan.keep?.toSign ?? []) {
            assert.ok(reading.registerMilliWh <= plan.keep!.register.registerMilliWh);
            assert.ok(!finals.has(deliveryKey(reading)), "a reading after the final one");
            if (reading.isFinal) finals.add(deliveryKey(reading));
          }
          if (plan.keep) know({ about: "kept", keep: plan.keep });
          if (plan.raiseTo !== null && plan.raiseTo > own) own = plan.raiseTo;
          know({ about: "done", plan });

          const counting = [...journal.values()].filter(
            ({ sinceRegisterMilliWh }) => sinceRegisterMilliWh !== null,
          );
          assert.ok(counting.length <= 1, "energy counts for two trades at once");
          const given = [...journal.values()].reduce(
            (sum, record) => sum + deliveredSoFar(record, home.registerMilliWh),
            0n,
          );
          assert.ok(given <= flowed, `${given} mWh given of ${flowed} that flowed`);
          if (plan.relay === "open") continue;
          closed++;
          assert.ok(isOnline && isChainKnown && isCommissioned);
          assert.ok(sampledAtMs !== null && steadyMs - sampledAtMs <= RULES.maxSampleAgeMs);
          assert.ok(
            trades.some((open) => !finals.has(deliveryKey(open)) && START_MS + steadyMs < open.deadlineAtMs),
          );
        }
      }),
      { numRuns: 1500 },
    );
    assert.ok(closed > 1000, `the relay was closed ${closed} times only`);
  });
});
