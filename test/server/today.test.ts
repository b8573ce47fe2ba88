import assert from "node:assert/strict";
import {
  commissioned,
  HandChain,
  HOUR_MS,
  listed,
  METER,
  opened,
  type Stand,
  settled,
  startStand,
  temporaryFolder,
} from "./support";

const TRADE = 1_000_001n;
const NEXT = 1_000_002n;
const DAY_MS = 24 * HOUR_MS;
/** Ten to midnight of the server's own zone, whichever that is. */
const LATE_MS = new Date(2026, 10, 22, 23, 50).getTime();
const MIDNIGHT_MS = new Date(2026, 10, 23).getTime();

describe("the energy of today", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let stand: Stand;
  beforeEach(async () => {
    folder = temporaryFolder();
    stand = await startStand(folder.path, { atMs: LATE_MS });
    stand.store.ledger.reset({ genesisHash: "genesis", trade: "0xtrade" });
    stand.chain.confirm(commissioned());
    stand.chain.confirm(listed(1n));
    stand.chain.confirm(opened(TRADE, 500n, { deadlineAtMs: LATE_MS + 3 * DAY_MS }));
  });
  afterEach(async () => {
    await stand.stop();
    folder.remove();
  });
  const today = () => stand.views.meter(METER).todayMilliWh;

  async function restart(atMs: number, path = folder.path): Promise<void> {
    const { chain } = stand;
    await stand.stop();
    stand = await startStand(path, { atMs });
    stand.chain = chain.toldTo(stand.store, stand.clock);
  }
  /** Without a word, as a crash: what was not journaled is gone. */
  async function crash(atMs: number): Promise<void> {
    stand.store.commit = () => {
      throw new Error("the process is dead");
    };
    await restart(atMs);
  }

  it("is nothing at midnight, without anything having happened", () => {
    stand.tick(1000, 40n);
    assert.equal(today(), 40n);
    stand.clock.ms = MIDNIGHT_MS - 1;
    assert.equal(today(), 40n);
    stand.clock.ms = MIDNIGHT_MS;
    assert.equal(today(), 0n);
  });

  it("counts on over a restart, the last second before the stop included", async () => {
    stand.tick(1000, 40n);
    stand.tick(100, 2n);
    await restart(LATE_MS + 5_000);
    assert.equal(today(), 42n);
    stand.chain.follow();
    stand.tick(100, 3n);
    assert.equal(today(), 45n);
  });

  it("leaves the last second before a stop to its own day", async () => {
    stand.clock.ms = MIDNIGHT_MS - 2_000;
    stand.meter.sample();
    stand.tick(1000, 30n);
    stand.tick(400, 12n);
    await restart(MIDNIGHT_MS + 8 * HOUR_MS);
    assert.equal(today(), 0n);
    await restart(MIDNIGHT_MS + 9 * HOUR_MS);
    stand.chain.follow();
    stand.tick(100, 3n);
    assert.equal(today(), 3n);
    await restart(MIDNIGHT_MS + 9 * HOUR_MS + 60_000);
    assert.equal(today(), 3n);
  });

  it("leaves what was journaled last before a crash to its own day", async () => {
    stand.clock.ms = MIDNIGHT_MS - 5_000;
    stand.meter.sample();
    stand.tick(1000, 30n);
    stand.tick(1000, 12n);
    await crash(MIDNIGHT_MS + 8 * HOUR_MS);
    assert.equal(stand.home.registerMilliWh, 42n);
    assert.equal(today(), 0n);
    await crash(MIDNIGHT_MS + 9 * HOUR_MS);
    assert.equal(today(), 0n);
  });

  it("does not count what the chain knows of an earlier life, when the journal is gone", async () => {
    stand.tick(1000, 40n);
    const emptied = temporaryFolder();
    await restart(LATE_MS + 2 * DAY_MS, emptied.path);
    const { store } = stand;
    store.ledger.reset({ genesisHash: "genesis", trade: "0xtrade" });
    const chain = new HandChain(store, stand.clock);
    chain.confirm(
      commissioned(),
      listed(1n),
      opened(TRADE, 500n, { deadlineAtMs: LATE_MS + 3 * DAY_MS }),
      settled(TRADE, 40n, 51n, false),
    );
    assert.equal(stand.home.registerMilliWh, 51n);
    assert.equal(today(), 0n);
    stand.tick(1000, 4n);
    assert.equal(today(), 4n);
    await restart(LATE_MS + 2 * DAY_MS + 5_000, emptied.path);
    assert.equal(today(), 4n);
    const points = stand.store.history.points(METER, 0, 9e9, 1);
    assert.deepEqual(
      points.map(({ registerMilliWh }) => registerMilliWh - 51n).filter((more) => more < 0n || more > 4n),
      [],
    );
    emptied.remove();
  });

  it("does not count the correction of a journal that was put back from a backup", async () => {
    stand.tick(1000, 10n);
    stand.clock.ms = MIDNIGHT_MS + HOUR_MS;
    stand.tick(1000, 1n);
    assert.equal(today(), 1n);
    await restart(MIDNIGHT_MS + HOUR_MS + 2000);
    stand.chain.catchUp(stand.chain.seal(opened(NEXT, 5n), settled(TRADE, 30n, 30n, false)));
    assert.equal(stand.home.registerMilliWh, 30n);
    assert.equal(today(), 1n);
    stand.tick(100);
    stand.tick(1000, 2n);
    assert.equal(today(), 3n);
    await restart(MIDNIGHT_MS + 2 * HOUR_MS);
    assert.equal(today(), 3n);
  });
});
