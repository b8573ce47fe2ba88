import assert from "node:assert/strict";
import fc from "fast-check";
import { type DeliveryRecord, deliveryKey } from "../../common/records";
import { type DeliveryInput, type DeliveryPlan, type OpenTrade, planDelivery } from "../../home/plan";

const RULES = { settleIntervalMs: 60_000, maxSampleAgeMs: 2000, noFlowMs: 60_000 };
const NOW = 1_000_000_000;
const HOUR = 3_600_000;

const trade = (n: number, more: Partial<OpenTrade> = {}): OpenTrade => ({
  tradeId: BigInt(1_000_000 + n),
  openingTx: `0x${n}`,
  buyer: "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
  milliWh: 20n,
  settledMilliWh: 0n,
  deadlineAtMs: NOW + 600_000,
  ...more,
});

const record = (of: OpenTrade, more: Partial<DeliveryRecord> = {}): DeliveryRecord => ({
  tradeId: of.tradeId,
  openingTx: of.openingTx,
  bankedMilliWh: 0n,
  sinceRegisterMilliWh: null,
  startedAtMs: null,
  endedAtMs: null,
  signed: null,
  noFlow: null,
  ...more,
});

const input = (more: Partial<DeliveryInput> = {}): DeliveryInput => ({
  nowMs: NOW,
  latestMs: NOW,
  confirmedAtMs: NOW,
  isChainKnown: true,
  isCommissioned: true,
  halted: null,
  meter: { registerMilliWh: 100n, isOnline: true, sampleAgeMs: 0, quietMs: 0 },
  trades: [],
  records: new Map(),
  ...more,
});

const mapOf = (...records: DeliveryRecord[]) => new Map(records.map((one) => [deliveryKey(one), one]));
const started = (of: OpenTrade, sinceRegisterMilliWh: bigint, more: Partial<DeliveryRecord> = {}) =>
  record(of, { sinceRegisterMilliWh, startedAtMs: NOW - 1000, ...more });

describe("planning a delivery", () => {
  const head = trade(1);
  const next = trade(2);
  const online = { registerMilliWh: 100n, isOnline: true, sampleAgeMs: 0, quietMs: 0 };

  const relayRows: [string, Partial<DeliveryInput>, "open" | "closed"][] = [
    ["nothing bought", {}, "open"],
    ["a trade and a live meter", { trades: [head] }, "closed"],
    ["the chain not read to its head", { trades: [head], isChainKnown: false }, "open"],
    ["an uncommissioned meter", { trades: [head], isCommissioned: false }, "open"],
    ["a meter that is not online", { trades: [head], meter: { ...online, isOnline: false } }, "open"],
    ["no sample ever", { trades: [head], meter: { ...online, sampleAgeMs: null } }, "open"],
    ["a sample just fresh", { trades: [head], meter: { ...online, sampleAgeMs: 2000 } }, "closed"],
    ["a stale sample", { trades: [head], meter: { ...online, sampleAgeMs: 2001 } }, "open"],
    ["the last millisecond before the deadline", { trades: [trade(1, { deadlineAtMs: NOW + 1 })] }, "closed"],
    ["the deadline reached", { trades: [trade(1, { deadlineAtMs: NOW })] }, "open"],
    [
      "the deadline reached by a confirmed block alone",
      { trades: [trade(1, { deadlineAtMs: NOW + 1 })], confirmedAtMs: NOW + 1 },
      "open",
    ],
    [
      "the deadline reached by the host's clock, and a chain that stands still",
      { trades: [trade(1, { deadlineAtMs: NOW + 1 })], latestMs: NOW + 1, confirmedAtMs: 0 },
      "open",
    ],
    [
      "the deadline of the first reached by no confirmed block, and another waiting",
      { trades: [trade(1, { deadlineAtMs: NOW }), next], confirmedAtMs: 0 },
      "closed",
    ],
    ["one mWh to go", { trades: [head], records: mapOf(started(head, 81n)) }, "closed"],
    ["all delivered", { trades: [head], records: mapOf(started(head, 80n)) }, "open"],
    ["more than all delivered", { trades: [head], records: mapOf(started(head, 1n)) }, "open"],
    ["all settled on chain, journal lost", { trades: [trade(1, { settledMilliWh: 20n })] }, "open"],
    [
      "the final reading signed",
      {
        trades: [head],
        records: mapOf(
          record(head, {
            bankedMilliWh: 20n,
            signed: { deliveredMilliWh: 20n, isFinal: true, atMs: NOW, deadlineAtMs: head.deadlineAtMs },
          }),
        ),
      },
      "open",
    ],
    ["one done, another waiting", { trades: [head, next], records: mapOf(started(head, 80n)) }, "closed"],
  ];
  for (const [name, given, relay] of relayRows)
    it(`${relay === "closed" ? "closes" : "opens"} the relay with ${name}`, () => {
      assert.equal(planDelivery(input(given), RULES).relay, relay);
    });

  type Signed = [deliveredMilliWh: bigint, isFinal: boolean][];
  const signRows: [string, Partial<DeliveryInput>, Signed][] = [
    ["a trade that has just begun", { trades: [head] }, []],
    ["less than the order", { trades: [head], records: mapOf(started(head, 90n)) }, []],
    ["exactly the order", { trades: [head], records: mapOf(started(head, 80n)) }, [[20n, true]]],
    [
      "an overshoot, which is not sold",
      { trades: [head], records: mapOf(started(head, 70n)) },
      [[20n, true]],
    ],
    [
      "a deadline in mid-delivery",
      { trades: [trade(1, { deadlineAtMs: NOW })], records: mapOf(started(head, 93n)) },
      [[7n, true]],
    ],
    ["a deadline before anything flowed", { trades: [trade(1, { deadlineAtMs: NOW })] }, [[0n, true]]],
    [
      "a deadline with the meter gone",
      {
        trades: [trade(1, { deadlineAtMs: NOW })],
        records: mapOf(started(head, 93n)),
        meter: { ...online, isOnline: false },
      },
      [[7n, true]],
    ],
    [
      "a deadline that no confirmed block has reached, whatever the other clocks say",
      {
        trades: [1, 2, 3].map((n) => trade(n, { deadlineAtMs: NOW })),
        records: mapOf(started(head, 93n)),
        nowMs: NOW + 86_400_000,
        latestMs: NOW + 90_000_000,
        confirmedAtMs: NOW - 1,
      },
      [],
    ],
    [
      "deadlines of the whole queue",
      { trades: [1, 2, 3].map((n) => trade(n, { deadlineAtMs: NOW })) },
      [
        [0n, true],
        [0n, true],
        [0n, true],
      ],
    ],
    [
      "the interval over, something new",
      { trades: [head], records: mapOf(started(head, 90n, { startedAtMs: NOW - 60_000 })) },
      [[10n, false]],
    ],
    [
      "the interval over, nothing new",
      {
        trades: [head],
        records: mapOf(
          started(head, 90n, {
            signed: {
              deliveredMilliWh: 10n,
              isFinal: false,
              atMs: NOW - 60_000,
              deadlineAtMs: head.deadlineAtMs,
            },
          }),
        ),
      },
      [],
    ],
    [
      "the interval over, nothing the chain does not know",
      {
        trades: [trade(1, { settledMilliWh: 10n })],
        records: mapOf(started(head, 90n, { startedAtMs: NOW - 60_000 })),
      },
      [],
    ],
    [
      "the interval not over since the last reading",
      {
        trades: [head],
        records: mapOf(
          started(head, 90n, {
            startedAtMs: NOW - 600_000,
            signed: {
              deliveredMilliWh: 5n,
              isFinal: false,
              atMs: NOW - 59_999,
              deadlineAtMs: head.deadlineAtMs,
            },
          }),
        ),
      },
      [],
    ],
    [
      "an uncommissioned meter",
      { trades: [head], records: mapOf(started(head, 80n)), isCommissioned: false },
      [],
    ],
    [
      "a chain not yet known",
      { trades: [head], records: mapOf(started(head, 80n)), isChainKnown: false },
      [],
    ],
    [
      "the rest after a lost journal",
      { trades: [trade(1, { settledMilliWh: 15n, deadlineAtMs: NOW })] },
      [[15n, true]],
    ],
  ];
  for (const [name, given, expected] of signRows)
    it(`signs ${expected.length === 0 ? "nothing" : "what was delivered"} for ${name}`, () => {
      const { toSign } = planDelivery(input(given), RULES);
      assert.deepEqual(
        toSign.map(({ deliveredMilliWh, isFinal }) => [deliveredMilliWh, isFinal]),
        expected,
      );
      for (const reading of toSign) assert.equal(reading.registerMilliWh, 100n);
    });

  for (const isFinal of [true, false])
    it(`signs anew ${isFinal ? "a final reading" : "a reading"} of a purchase that came back with another deadline`, () => {
      const signed = { deliveredMilliWh: 7n, isFinal, atMs: NOW - 1_000, deadlineAtMs: head.deadlineAtMs };
      const records = mapOf(started(head, 93n, { signed }));
      const back = { ...head, deadlineAtMs: head.deadlineAtMs + 3_000 };
      const { toSign, changed } = planDelivery(input({ trades: [back], records }), RULES);
      assert.deepEqual(toSign, [
        {
          tradeId: head.tradeId,
          openingTx: head.openingTx,
          buyer: head.buyer,
          orderedMilliWh: head.milliWh,
          deadlineAtMs: back.deadlineAtMs,
          deliveredMilliWh: 7n,
          registerMilliWh: 100n,
          isFinal,
        },
      ]);
      const after = mapOf(changed.at(-1)!);
      assert.deepEqual(planDelivery(input({ trades: [back], records: after }), RULES).toSign, [], "once");
      const unchanged = planDelivery(input({ trades: [head], records }), RULES);
      assert.deepEqual(unchanged.toSign, [], "not while the deadline is the one that was signed");
    });

  it("starts the next trade where the first one's last sample left the register", () => {
    const plan = planDelivery(input({ trades: [head, next], records: mapOf(started(head, 70n)) }), RULES);
    const [done, begun] = plan.changed;
    assert.deepEqual(
      [done?.tradeId, done?.bankedMilliWh, done?.sinceRegisterMilliWh],
      [head.tradeId, 20n, null],
    );
    assert.deepEqual([begun?.tradeId, begun?.sinceRegisterMilliWh], [next.tradeId, 100n]);
    assert.match(plan.reason, /1000002/);
  });

  it("counts for a trade only after its first fresh sample", () => {
    const offline = planDelivery(input({ trades: [head], meter: { ...online, isOnline: false } }), RULES);
    assert.deepEqual(offline.changed, []);
    const live = planDelivery(input({ trades: [head] }), RULES);
    assert.equal(live.changed[0]?.sinceRegisterMilliWh, 100n);
  });

  it("takes over what the chain has settled when the journal was lost", () => {
    const plan = planDelivery(input({ trades: [trade(1, { settledMilliWh: 15n })] }), RULES);
    assert.deepEqual([plan.changed[0]?.bankedMilliWh, plan.changed[0]?.sinceRegisterMilliWh], [15n, 100n]);
  });

  it("stops counting for a trade that the chain has closed", () => {
    const plan = planDelivery(input({ records: mapOf(started(head, 90n)) }), RULES);
    assert.equal(plan.relay, "open");
    assert.deepEqual([plan.changed[0]?.bankedMilliWh, plan.changed[0]?.sinceRegisterMilliWh], [10n, null]);
    assert.deepEqual(plan.toSign, []);
  });

  it("stops counting for every trade of a decommissioned meter", () => {
    const given = input({ trades: [head], records: mapOf(started(head, 90n)), isCommissioned: false });
    const plan = planDelivery(given, RULES);
    assert.deepEqual([plan.relay, plan.toSign, plan.changed[0]?.sinceRegisterMilliWh], ["open", [], null]);
  });

  it("keeps two purchases apart that carry the same id after a reorganisation", () => {
    const other = { ...head, openingTx: "0xother" };
    const plan = planDelivery(input({ trades: [other], records: mapOf(started(head, 90n)) }), RULES);
    assert.deepEqual(
      plan.changed.map((one) => [one.openingTx, one.bankedMilliWh, one.sinceRegisterMilliWh]),
      [
        [head.openingTx, 10n, null],
        ["0xother", 0n, 100n],
      ],
    );
  });

  it("resumes a purchase that a reorganisation took away and brought back, without the energy in between", () => {
    const away = planDelivery(input({ records: mapOf(started(head, 90n)) }), RULES);
    const back = planDelivery(
      input({
        trades: [head],
        records: mapOf(...away.changed),
        meter: { ...online, registerMilliWh: 150n },
      }),
      RULES,
    );
    assert.deepEqual([back.changed[0]?.bankedMilliWh, back.changed[0]?.sinceRegisterMilliWh], [10n, 150n]);
    assert.equal(back.changed[0]?.endedAtMs, null);
  });
});

describe("planning for a trade for which nothing flows", () => {
  const head = trade(1);
  const next = trade(2);
  const quiet = (ms: number) => ({ registerMilliWh: 100n, isOnline: true, sampleAgeMs: 0, quietMs: ms });
  const held = (of: OpenTrade, turns: number, retryAtMs: number, more: Partial<DeliveryRecord> = {}) =>
    record(of, { startedAtMs: NOW - HOUR, noFlow: { turns, retryAtMs }, ...more });

  type Row = [
    name: string,
    given: Partial<DeliveryInput>,
    served: bigint | null,
    waits: Record<string, [reason: string, untilMs: number | null]>,
  ];
  const rows: Row[] = [
    [
      "a moment without current",
      { trades: [head, next], records: mapOf(started(head, 100n)), meter: quiet(4_999) },
      head.tradeId,
      { 2: ["otherTrade", null] },
    ],
    [
      "no current for a while",
      { trades: [head], records: mapOf(started(head, 100n)), meter: quiet(59_999) },
      head.tradeId,
      { 1: ["noFlow", null] },
    ],
    [
      "no current for the stated time, and nobody else",
      { trades: [head], records: mapOf(started(head, 100n)), meter: quiet(60_000) },
      null,
      { 1: ["retry", NOW + 60_000] },
    ],
    [
      "no current for the stated time, and another waiting",
      { trades: [head, next], records: mapOf(started(head, 100n)), meter: quiet(60_000) },
      next.tradeId,
      { 1: ["retry", NOW + 60_000] },
    ],
    [
      "its second turn in vain",
      {
        trades: [head],
        records: mapOf(started(head, 100n, { noFlow: { turns: 1, retryAtMs: NOW - 60_000 } })),
        meter: quiet(60_000),
      },
      null,
      { 1: ["retry", NOW + 120_000] },
    ],
    [
      "its twelfth turn in vain",
      {
        trades: [head],
        records: mapOf(started(head, 100n, { noFlow: { turns: 11, retryAtMs: NOW - 60_000 } })),
        meter: quiet(60_000),
      },
      null,
      { 1: ["retry", NOW + 900_000] },
    ],
    [
      "its pause not over",
      { trades: [head], records: mapOf(held(head, 1, NOW + 1)) },
      null,
      { 1: ["retry", NOW + 1] },
    ],
    ["its pause over", { trades: [head], records: mapOf(held(head, 1, NOW)) }, head.tradeId, {}],
    [
      "its pause over, and another that has had no turn yet",
      { trades: [head, next], records: mapOf(held(head, 1, NOW)) },
      head.tradeId,
      { 2: ["otherTrade", null] },
    ],
    [
      "its pause over while energy flows for another",
      { trades: [head, next], records: mapOf(held(head, 1, NOW), started(next, 95n)) },
      next.tradeId,
      { 1: ["otherTrade", null] },
    ],
    [
      "the whole queue in vain",
      {
        trades: [head, next],
        records: mapOf(held(head, 1, NOW + 5_000), started(next, 100n)),
        meter: quiet(60_000),
      },
      null,
      { 1: ["retry", NOW + 5_000], 2: ["retry", NOW + 60_000] },
    ],
    [
      "a pause far longer than any, as after the chain's time went back",
      { trades: [head], records: mapOf(held(head, 1, NOW + HOUR)) },
      head.tradeId,
      {},
    ],
    [
      "a deadline that the chain has yet to confirm",
      { trades: [trade(1, { deadlineAtMs: NOW })], confirmedAtMs: NOW - 1 },
      null,
      { 1: ["deadline", null] },
    ],
    [
      "a meter that is lost",
      { trades: [head], meter: { ...quiet(0), isOnline: false } },
      head.tradeId,
      { 1: ["meter", null] },
    ],
    ["a chain not yet known", { trades: [head], isChainKnown: false }, null, { 1: ["chain", null] }],
    ["an uncommissioned meter", { trades: [head], isCommissioned: false }, null, { 1: ["commission", null] }],
  ];
  for (const [name, given, served, waits] of rows)
    it(`gives the turn to ${served ?? "nobody"}, and says why, with ${name}`, () => {
      const plan = planDelivery(input(given), RULES);
      assert.equal(plan.served?.tradeId ?? null, served);
      assert.deepEqual(
        Object.fromEntries(
          [...plan.waits].map(([key, { reason, untilMs }]) => [key.split("0x")[1], [reason, untilMs]]),
        ),
        waits,
      );
      assert.deepEqual(plan.toSign, []);
    });

  it("keeps what had flowed for it, and counts nothing of the next one's", () => {
    const first = planDelivery(
      input({ trades: [head, next], records: mapOf(started(head, 93n)), meter: quiet(60_000) }),
      RULES,
    );
    const [gone, begun] = first.changed;
    assert.deepEqual([gone?.bankedMilliWh, gone?.sinceRegisterMilliWh], [7n, null]);
    assert.deepEqual([begun?.tradeId, begun?.sinceRegisterMilliWh], [next.tradeId, 100n]);
  });

  it("forgets the turns in vain as soon as energy flows for it", () => {
    const tried = started(head, 99n, { noFlow: { turns: 3, retryAtMs: NOW - 1000 } });
    const plan = planDelivery(input({ trades: [head], records: mapOf(tried) }), RULES);
    assert.equal(plan.changed[0]?.noFlow, null);
  });

  it("signs the final reading of a trade that waits for its next turn, at the deadline", () => {
    const given = input({
      trades: [trade(1, { deadlineAtMs: NOW })],
      records: mapOf(held(head, 2, NOW + 60_000, { bankedMilliWh: 7n })),
    });
    const [reading] = planDelivery(given, RULES).toSign;
    assert.deepEqual([reading?.deliveredMilliWh, reading?.isFinal], [7n, true]);
  });
});

describe("planning, whatever happens in whatever order", () => {
  type Step =
    | { do: "flow"; milliWh: number }
    | { do: "wait"; ms: number }
    | { do: "host"; offMs: number }
    | { do: "block" }
    | { do: "buy"; milliWh: number; windowMs: number }
    | { do: "close" | "vanish" | "return"; index: number }
    | { do: "meter" | "chain" | "commission" };
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constant("flow" as const), milliWh: fc.nat(8) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(90_000) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("buy" as const),
        milliWh: fc.integer({ min: 1, max: 25 }),
        windowMs: fc.integer({ min: 60_000, max: 600_000 }),
      }),
    },
    fc.record({
      do: fc.constant("host" as const),
      offMs: fc.constantFrom(0, 61_000, HOUR, -HOUR, 24 * HOUR),
    }),
    { weight: 2, arbitrary: fc.record({ do: fc.constant("block" as const) }) },
    fc.record({
      do: fc.constantFrom("close" as const, "vanish" as const, "return" as const),
      index: fc.nat(5),
    }),
    fc.record({ do: fc.constantFrom("meter" as const, "chain" as const, "commission" as const) }),
  );

  it("sells no energy twice, none that was not metered, and none beyond an order", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = {
          nowMs: NOW,
          confirmedAtMs: NOW,
          hostOffMs: 0,
          quietMs: 0,
          served: "",
          register: 0n,
          isOnline: true,
          isChainKnown: true,
          isCommissioned: true,
          relay: "open" as "open" | "closed",
          trades: [] as OpenTrade[],
          away: [] as OpenTrade[],
          records: new Map<string, DeliveryRecord>(),
          final: new Map<string, bigint>(),
          signed: new Map<string, bigint>(),
          bought: 0,
        };
        const apply = (plan: DeliveryPlan) => {
          for (const one of plan.changed) world.records.set(deliveryKey(one), one);
          for (const reading of plan.toSign) {
            const key = deliveryKey(reading);
            assert.ok(!world.final.has(key), "a reading after the final one");
            assert.ok(reading.deliveredMilliWh >= (world.signed.get(key) ?? 0n), "a reading goes backwards");
            assert.equal(reading.registerMilliWh, world.register);
            world.signed.set(key, reading.deliveredMilliWh);
            if (!reading.isFinal) continue;
            world.final.set(key, reading.deliveredMilliWh);
            const order = world.trades.find((open) => deliveryKey(open) === key)!;
            assert.ok(
              reading.deliveredMilliWh === order.milliWh || world.confirmedAtMs >= order.deadlineAtMs,
              "ended for good before its time",
            );
          }
          const served = plan.served ? deliveryKey(plan.served) : "";
          if (plan.relay === "open" || served !== world.served) world.quietMs = 0;
          world.served = served;
          world.relay = plan.relay;
        };
        const given = (): DeliveryInput => ({
          nowMs: world.nowMs,
          latestMs: world.nowMs + world.hostOffMs,
          confirmedAtMs: world.confirmedAtMs,
          isChainKnown: world.isChainKnown,
          isCommissioned: world.isCommissioned,
          halted: null,
          meter: {
            registerMilliWh: world.register,
            isOnline: world.isOnline,
            sampleAgeMs: 0,
            quietMs: world.quietMs,
          },
          trades: world.trades,
          records: world.records,
        });
        for (const one of steps) {
          if (one.do === "flow" && world.relay === "closed") {
            world.register += BigInt(one.milliWh);
            if (one.milliWh > 0) world.quietMs = 0;
          }
          if (one.do === "wait") {
            world.nowMs += one.ms;
            if (world.relay === "closed") world.quietMs += one.ms;
          }
          if (one.do === "host") world.hostOffMs = one.offMs;
          if (one.do === "block") world.confirmedAtMs = world.nowMs;
          if (one.do === "buy")
            world.trades = [
              ...world.trades,
              trade(++world.bought, {
                milliWh: BigInt(one.milliWh),
                deadlineAtMs: world.nowMs + one.windowMs,
              }),
            ];
          if (one.do === "close") world.trades = world.trades.filter((_, i) => i !== one.index);
          if (one.do === "vanish") {
            world.away.push(...world.trades.slice(one.index));
            world.trades = world.trades.slice(0, one.index);
          }
          if (one.do === "return") {
            world.trades = [...world.trades, ...world.away.splice(0, one.index)];
          }
          if (one.do === "meter") world.isOnline = !world.isOnline;
          if (one.do === "chain") world.isChainKnown = !world.isChainKnown;
          if (one.do === "commission") world.isCommissioned = !world.isCommissioned;

          const plan = planDelivery(given(), RULES);
          apply(plan);
          const again = planDelivery(given(), RULES);
          assert.deepEqual([again.changed, again.toSign, again.relay], [[], [], plan.relay], "said twice");

          const active = [...world.records.values()].filter((item) => item.sinceRegisterMilliWh !== null);
          assert.ok(active.length <= 1, "energy counts for two trades at once");
          const sold = [...world.signed.values()].reduce((sum, milliWh) => sum + milliWh, 0n);
          assert.ok(sold <= world.register, `sold ${sold} of ${world.register} mWh`);
          for (const open of world.trades)
            assert.ok((world.signed.get(deliveryKey(open)) ?? 0n) <= open.milliWh, "beyond the order");
          if (plan.relay === "closed") {
            assert.ok(world.isOnline && world.isChainKnown && world.isCommissioned);
            assert.ok(
              world.trades.some(
                (open) =>
                  !world.final.has(deliveryKey(open)) && world.nowMs + world.hostOffMs < open.deadlineAtMs,
              ),
            );
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});
