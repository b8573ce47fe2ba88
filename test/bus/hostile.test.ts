import assert from "node:assert/strict";
import fc from "fast-check";
import { LAST_COUNT } from "../../bus/envelope";
import { MOST_BYTES } from "../../bus/messages";
import type { DropReason } from "../../common/bus";
import { toWire } from "../../common/wire";
import { until } from "../support/until";
import { Listener, type Message, NOW_MS, readingOf, sampleOf, TestServer } from "./support";

type Hostile = Message | { topic: string; payload: Uint8Array };

/** A sound message under another topic. */
const moved = ({ payload }: Message, topic: string) => ({ topic, payload });
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

describe("a hostile message on the bus", () => {
  let server: TestServer;
  let victim: TestServer;
  let stranger: TestServer;
  let listener: Listener;

  beforeEach(async () => {
    [server, victim, stranger] = [new TestServer(), new TestServer(), new TestServer()];
    listener = new Listener(server, victim);
    for (const one of [server, victim])
      await listener.hear([one.state(), one.online(), one.readings(readingOf(one.meter))]);
  });

  const topics = () => ({
    state: server.state().topic,
    samples: server.say("samples", {}).topic,
    readings: server.readings().topic,
    available: server.online().topic,
  });

  const table: [what: string, make: () => Hostile[], reason: DropReason][] = [
    [
      "on a topic of another tree, with wildcards, line breaks or too much in it",
      () =>
        [
          "",
          "neighborwatt/1",
          "neighborwatt/2/x/availability",
          "neighborwatt/1/+/availability",
          "neighborwatt/1/#",
          `neighborwatt/1/${"f".repeat(63)}/availability`,
          `neighborwatt/1/${"F".repeat(64)}/availability`,
          `${topics().available}/x`,
          `${topics().available}\n`,
          `$SYS/${topics().available}`,
          `neighborwatt/1/${server.bus.key}/0x${"0".repeat(41)}/state`,
          `neighborwatt/1/${server.bus.key}/__proto__/state`,
          "a".repeat(65_000),
        ].map((topic) => moved(server.online(), topic)),
      "topic",
    ],
    ["that is empty", () => Object.values(topics()).map((topic) => ({ topic, payload: "" })), "size"],
    [
      "that is too large",
      () => [
        { topic: topics().available, payload: "x".repeat(MOST_BYTES.availability + 1) },
        { topic: topics().state, payload: "x".repeat(MOST_BYTES.state + 1) },
        { topic: topics().samples, payload: "x".repeat(MOST_BYTES.samples + 1) },
        { topic: topics().readings, payload: Buffer.alloc(50_000_000) },
      ],
      "size",
    ],
    [
      "that is no UTF-8",
      () => [
        { topic: topics().state, payload: Uint8Array.of(0xff, 0xfe, 0x7b, 0x7d) },
        { topic: topics().readings, payload: Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22) },
      ],
      "utf8",
    ],
    [
      "that is no JSON",
      () => ["{", "{}{}", "'x'", "NaN", "\u0000"].map((payload) => ({ topic: topics().state, payload })),
      "json",
    ],
    [
      "of another shape, deep or with strange fields",
      () => [
        ...["null", "[]", "{}", "1e400", '"x"', nested(1_900)].map((payload) => ({
          topic: topics().state,
          payload,
        })),
        { topic: topics().samples, payload: nested(100_000) },
        { topic: topics().readings, payload: `{"readings":${nested(30_000)}}` },
        { topic: topics().readings, payload: '{"__proto__":{"readings":[]}}' },
        { topic: topics().readings, payload: '{"readings":[],"more":1}' },
        server.say("availability", { state: "ONLINE" }),
        server.say("availability", { state: "online", constructor: 1 }),
        server.state({ detail: "two\nlines" }),
        server.state({ name: "\u001b[2J" }),
        server.state({ registerMilliWh: 2n ** 64n }),
        server.state({ registerMilliWh: -1n }),
        server.say("samples", toWire({ samples: [{ ...sampleOf(server.meter.meter, NOW_MS), watts: 1e9 }] })),
        server.readings({ ...readingOf(server.meter), tradeId: 2n ** 256n }),
        server.say("availability", { state: "online" }, { count: -1 }),
        server.say("availability", { state: "online" }, { session: 1.5 }),
      ],
      "schema",
    ],
    [
      "under a key that no meter vouches for",
      () => [stranger.online(), stranger.say("samples", { samples: [] })],
      "stranger",
    ],
    [
      "of a meter that the contract does not know",
      () => [stranger.state(), stranger.readings(readingOf(stranger.meter))],
      "unknownMeter",
    ],
    [
      "signed by another key, or moved from another topic",
      () => [
        moved(stranger.say("availability", { state: "offline" }, { count: 99 }), topics().available),
        moved(victim.say("availability", { state: "offline" }, { count: LAST_COUNT }), topics().available),
        moved(server.state({}, { meter: victim.meter.meter }), topics().state),
        { ...server.state(), payload: server.state().payload.replace('"House 1"', '"House 9"') },
        { ...server.state(), payload: `${server.state().payload} ` },
        { ...server.state(), payload: server.state().payload.replace(/.{130}$/, `${"0".repeat(128)}"}`) },
      ],
      "signature",
    ],
    [
      "of another server's meter",
      () => [
        server.state({ voucher: server.voucher(NOW_MS) }, { meter: victim.meter.meter }),
        server.say("samples", toWire({ samples: [sampleOf(victim.meter.meter, NOW_MS)] })),
        server.state({ voucher: { ...server.voucher(), sinceMs: NOW_MS } }),
      ],
      "voucher",
    ],
    [
      "with a voucher that is older than another server's",
      () => [new TestServer(server.meter, NOW_MS - 5_000).state()],
      "superseded",
    ],
    [
      "with a voucher from the future",
      () => [new TestServer(server.meter, NOW_MS + 86_400_000).state()],
      "future",
    ],
    [
      "with a reading that its meter has not signed",
      () => [
        victim.readings(readingOf(server.meter, { deliveredMilliWh: 40n })),
        server.readings(readingOf(victim.meter, { deliveredMilliWh: 40n })),
      ],
      "reading",
    ],
  ];

  for (const [what, make, reason] of table) {
    it(`${what} changes nothing, and is counted as "${reason}"`, async () => {
      const before = JSON.stringify(listener.picture(server, victim));
      listener.changes.length = 0;
      for (const message of make())
        for (const isRetained of [false, true]) {
          // Kept samples are refused as old before anything else of them is looked at.
          const isKeptSample: boolean =
            isRetained && message.topic === topics().samples && reason === "voucher";
          const said = `${message.topic} ${Buffer.from(message.payload).toString().slice(0, 200)}`;
          assert.deepEqual(await listener.hear([message], isRetained), [isKeptSample ? "old" : reason], said);
        }
      assert.equal(JSON.stringify(listener.picture(server, victim)), before);
      assert.deepEqual(listener.changes, []);
      assert.deepEqual(listener.lines, []);
    });
  }

  it("that is a sample which the broker has kept is old: nobody keeps samples", async () => {
    const sample = sampleOf(server.meter.meter, NOW_MS);
    const kept = server.say("samples", toWire({ samples: [sample] }));
    assert.deepEqual(await listener.hear([kept], true), ["old"]);
    assert.deepEqual(listener.samples, []);
  });

  it("of any bytes on any topic of the tree never throws and changes nothing", async () => {
    const before = JSON.stringify(listener.picture(server, victim));
    const json = fc.json().map((text) => Buffer.from(text));
    const changed = fc
      .tuple(fc.constant(Buffer.from(server.state().payload)), fc.nat(), fc.integer({ min: 0, max: 255 }))
      .map(([bytes, at, value]) => {
        const copy = Buffer.from(bytes);
        copy[at % copy.length] = value === copy[at % copy.length] ? value ^ 1 : value;
        return copy;
      });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.values(topics())),
        fc.oneof(fc.uint8Array({ maxLength: 300 }), json, changed),
        fc.boolean(),
        async (topic, payload, isRetained) => {
          const { taken } = listener.inbox;
          assert.equal((await listener.hear([{ topic, payload }], isRetained)).length, 1);
          assert.equal(listener.inbox.taken, taken);
          // The limits are for floods: this one has all the time it needs.
          listener.clock.ms += 20;
        },
      ),
      { numRuns: 1_000, seed: 20_260_901 },
    );
    assert.equal(listener.inbox.dropped.get("internal"), undefined);
    listener.clock.ms = NOW_MS;
    assert.equal(JSON.stringify(listener.picture(server, victim)), before);
  });

  it("is one of 10,000 in a second: those of strangers and of one server are cut off, others go on", async () => {
    // Each would cost a signature of secp256k1.
    const reading = { ...readingOf(server.meter), signature: `0x${"1".repeat(128)}` };
    const strange = moved(
      stranger.say("state", { kind: "meter" }),
      stranger.state({}, { meter: server.meter.meter }).topic,
    );
    const flood = Array.from({ length: 5_000 }, (_none, i) => [
      strange,
      server.readings({ ...reading, tradeId: BigInt(i) }),
    ]).flat();
    const reasons = await listener.hear(flood);
    const count = (reason: DropReason) => reasons.filter((one) => one === reason).length;
    assert.equal(reasons.length, flood.length);
    assert.ok(count("schema") <= 200, `${count("schema")} of strangers were read`);
    assert.ok(count("reading") <= 400, `${count("reading")} signatures were looked at`);
    assert.ok(count("rate") > 9_000);
    // The victim of no flood.
    assert.deepEqual(await listener.hear([victim.state({ detail: "well" })]), []);
    assert.equal(listener.elsewhere.of(victim.meter.meter)?.detail, "well");
    // And the flooded one as soon as it is over.
    listener.clock.ms += 1_000;
    assert.deepEqual(await listener.hear([server.state({ detail: "well" }, { atMs: NOW_MS + 1 })]), []);
  });

  it("waits in no queue without an end, and holds nothing else up", async () => {
    const payload = Buffer.from(JSON.stringify({ readings: [], filler: "x".repeat(60_000) }));
    const topic = topics().readings;
    let turns = 0;
    const turning = setInterval(() => turns++, 0);
    for (let i = 0; i < 1_000; i++) listener.inbox.receive(topic, payload, false);
    assert.ok(listener.inbox.waiting * payload.length <= 8_000_000);
    await until("all to be read", () => listener.inbox.waiting === 0);
    clearInterval(turning);
    assert.equal(listener.inbox.dropped.get("rate"), 1_000 - Math.floor(8_000_000 / payload.length));
    assert.ok(turns > 1, `${turns} turns of a timer beside it`);
  });
});
