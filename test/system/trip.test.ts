/** Delivery, journal and meter as the server has them, on the simulated Arduino and in its time. */
import assert from "node:assert/strict";
import { ChainClock } from "../../chain/chain-clock";
import { Homes } from "../../home/homes";
import { createMeter } from "../../meter/meter";
import { createSteppedArduino } from "../../meter/sim/stepped";
import { Store } from "../../server/store";
import {
  commissioned,
  HandChain,
  HOME,
  handSigner,
  listed,
  METER,
  opened,
  quiet,
  SILENT_AFTER_MS,
  START_MS,
  temporaryFolder,
} from "../server/support";

const TRADE = 1_000_001n;
/** What the load takes, W. */
const LOAD_WATTS = 2.7;

describe("A delivery whose process stands still", function () {
  this.timeout(60_000);

  const delivering = async () => {
    const folder = temporaryFolder();
    const arduino = createSteppedArduino({ firmware: "neighborwatt" });
    const clock = { ...arduino.clock, nowMs: () => START_MS + arduino.clock.steadyMs() };
    const store = Store.open(folder.path, quiet);
    const meter = createMeter({ transport: arduino.transport, clock });
    const told: string[] = [];
    const log = {
      ...quiet,
      info: (words: string) => told.push(words),
      warn: (words: string) => told.push(words),
    };
    const homes = new Homes({
      homes: [{ settings: HOME, meter, receiving: null, house: null, signer: handSigner() }],
      store,
      clock,
      chainClock: new ChainClock(SILENT_AFTER_MS),
      log,
      logOf: () => log,
      rules: {
        settleIntervalMs: 900_000,
        maxSampleAgeMs: 2_000,
        noFlowMs: 60_000,
        journalIntervalMs: 1_000,
      },
      readingsSigned: () => {},
      failed: (error) => {
        throw error;
      },
    });
    const home = homes.of(METER)!;
    const chain = new HandChain(store);
    const edges: { position: string; atMs: number; storedAtMs: number | null }[] = [];
    arduino.onRelayEdge((position, atMs) =>
      edges.push({ position, atMs, storedAtMs: store.journal.registerSeenAtMs(METER) }),
    );
    await homes.start();
    void meter.connect();
    store.ledger.reset({ genesisHash: "genesis", trade: "0xtrade" });
    chain.confirm(commissioned());
    chain.confirm(listed(1n));
    chain.confirm(opened(TRADE, 20n));
    await arduino.advanceUntil("the delivery", () => arduino.world.relay === "closed");
    await arduino.advance(1_000);
    return {
      arduino,
      meter,
      home,
      edges,
      told,
      soldMilliWh: () => homes.progressOf(store.ledger.confirmed.trade(TRADE)!)!.deliveredMilliWh,
      isDone: () => store.journal.readingsOf(TRADE, `0xbuy${TRADE}`).some(({ isFinal }) => isFinal),
      async over() {
        await homes.stop();
        let isOver = false;
        void meter.disconnect().then(() => {
          isOver = true;
        });
        await arduino.advanceUntil("the end", () => isOver);
        await store.stop();
        folder.remove();
      },
    };
  };

  it("goes on through a standstill of half a second less one millisecond", async () => {
    const it = await delivering();
    it.arduino.standStill(499);
    await it.arduino.advance(2_000);
    assert.equal(it.edges.length, 1);
    assert.equal(it.meter.trips, 0);
    await it.over();
  });

  for (const pauseMs of [1_200, 10_000])
    it(`of ${pauseMs} ms is a loss: a new plan, after a fresh sample and a stored register, goes on with it`, async () => {
      const it = await delivering();
      const { arduino, edges } = it;
      const standsAtMs = arduino.clock.nowMs();
      arduino.standStill(pauseMs);
      assert.equal(arduino.world.relay, "open");
      assert.ok(edges[1]!.atMs - standsAtMs <= 1_005, `open after ${edges[1]!.atMs - standsAtMs} ms`);
      const backAtMs = arduino.clock.nowMs();
      await arduino.advanceUntil("the loss", () => it.home.wanted === "open", 500);
      assert.equal(it.meter.trips, 1);
      const [lost, reopened] = it.told.slice(-2);
      assert.match(
        lost!,
        /^meter lost: the relay opened by itself: no heartbeat for \d+\.\d s; next attempt in 0\.5 s$/,
      );
      assert.equal(reopened, `relay open: no fresh sample while trade ${TRADE} waits`);

      await arduino.advanceUntil("the delivery", () => arduino.world.relay === "closed");
      assert.equal(it.told.at(-1), `relay closed for trade ${TRADE}`);
      // Zeroing the sensor alone takes fifty scans; and the journal was written in the moment of closing.
      const closed = edges[2]!;
      assert.ok(closed.atMs - backAtMs > 1_400, `closed again after ${closed.atMs - backAtMs} ms`);
      assert.ok(START_MS + closed.atMs - closed.storedAtMs! <= 10, `stored at ${closed.storedAtMs}`);

      await arduino.advanceUntil("the final reading", it.isDone, 60_000);
      await arduino.advance(200);
      assert.equal(it.soldMilliWh(), 20n);
      assert.equal(arduino.world.relay, "open");
      // What flowed and was not paid: the second until the trip, and the overshoot; never less than what was sold.
      const flowedJ = arduino.world.deliveredJ;
      assert.ok(flowedJ > 20 * 3.6 * 0.95 && flowedJ < 20 * 3.6 * 1.05 + 1.5 * LOAD_WATTS, `${flowedJ} J`);
      await it.over();
    });
});
