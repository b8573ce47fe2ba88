import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "libsql";
import { z } from "zod";
import { type ChainEvent, eventFromJson, eventToJson } from "../../chain/chain-event";
import type { EventBatch } from "../../chain/sink";
import { Store } from "../../server/store";
import { StoreError } from "../../server/store/database";
import { MIGRATIONS } from "../../server/store/migrations";
import { lockDatabase } from "../support/lock-database";
import {
  BUYER,
  commissioned,
  HandChain,
  listed,
  METER,
  opened,
  PROSUMER,
  quiet,
  refunded,
  START_MS,
  settled,
  temporaryFolder,
} from "./support";

const TRADE = 1_000_001n;

/** The migration that brings the market's tables is the one from here. */
const BEFORE_MARKET_TABLES = MIGRATIONS.findIndex((sql) => sql.includes("CREATE TABLE market_trades"));

/** All that the confirmed market holds. */
const all = ({ ledger: { confirmed } }: Store) => ({
  meters: confirmed.meters(),
  offers: confirmed.offers(),
  openOffers: confirmed.openOffers(),
  trades: confirmed.trades({}, { offset: 0, limit: 1000 }),
  openTrades: confirmed.openTrades(),
});

describe("the ledger", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let store: Store;
  let chain: HandChain;

  beforeEach(() => {
    folder = temporaryFolder();
    store = Store.open(folder.path, quiet);
    store.ledger.reset({ genesisHash: "genesis", trade: "0xtrade" });
    chain = new HandChain(store);
  });
  afterEach(async () => {
    await store.stop();
    folder.remove();
  });

  const reopen = async () => {
    await store.stop();
    store = Store.open(folder.path, quiet);
  };
  const batchOf = ({ header, events }: ReturnType<HandChain["seal"]>): EventBatch => ({
    headers: [header],
    events,
    through: header,
  });

  it("keeps events, cursor and the chain's identity through a restart", async () => {
    chain.confirm(commissioned());
    chain.confirm(listed(1n), opened(TRADE, 20n));
    chain.confirm(settled(TRADE, 20n, 20n, true));
    const before = all(store);
    await reopen();
    assert.deepEqual(store.ledger.chainIdentity(), { genesisHash: "genesis", trade: "0xtrade" });
    assert.deepEqual(store.ledger.cursor(), { block: 3, hash: "0xblock3a" });
    assert.deepEqual(all(store), before);
    const trade = store.ledger.confirmed.trade(TRADE)!;
    assert.deepEqual([trade.closed, trade.settledMilliWh, trade.paid], ["settled", 20n, trade.payment]);
    assert.equal(store.ledger.confirmed.offer(1n)?.remainingMilliWh, 980n);
    assert.equal(store.ledger.confirmed.meter(METER)?.registerMilliWh, 20n);
  });

  it("takes each event once, however often it is told", () => {
    chain.confirm(commissioned());
    const block = chain.seal(listed(1n), opened(TRADE, 20n));
    store.ledger.apply(batchOf(block));
    const once = all(store);
    store.ledger.apply(batchOf(block));
    store.ledger.apply(batchOf(block));
    assert.deepEqual(all(store), once);
    assert.equal(store.ledger.confirmed.offer(1n)?.remainingMilliWh, 980n);
  });

  it("stores a batch whole or not at all", async () => {
    chain.confirm(commissioned());
    const gap = chain.seal(listed(1n), opened(2_000_001n, 20n));
    assert.throws(() => store.ledger.apply(batchOf(gap)), /offer 2.*gap/);
    assert.equal(store.ledger.cursor()?.block, 1);
    assert.equal(store.ledger.confirmed.offers().length, 0);
    await reopen();
    assert.equal(store.ledger.cursor()?.block, 1);
    assert.equal(store.ledger.confirmed.offers().length, 0);
  });

  it("refuses a batch below the cursor, one without an event's header, and one of another branch", () => {
    chain.confirm(commissioned());
    const second = chain.seal(listed(1n));
    chain.confirm();
    assert.throws(() => store.ledger.apply(batchOf(second)), /below the cursor/);
    const third = chain.seal(opened(TRADE, 1n));
    assert.throws(
      () => store.ledger.apply({ headers: [], events: second.events, through: third.header }),
      /without that block's header/,
    );
    const forged = { ...chain.head, block: 3, hash: "0xother" };
    assert.throws(
      () => store.ledger.apply({ headers: [forged], events: [], through: third.header }),
      /roll back first/,
    );
    assert.equal(store.ledger.cursor()?.block, 3);
  });

  it("forgets what a reorganisation took and takes what it brings", async () => {
    chain.confirm(commissioned());
    chain.confirm(listed(1n));
    chain.confirm(opened(TRADE, 20n));
    chain.confirm(settled(TRADE, 20n, 20n, true));
    chain.reorganise(2, "b");
    assert.deepEqual(store.ledger.cursor(), { block: 2, hash: "0xblock2a" });
    assert.equal(store.ledger.confirmed.countTrades({}), 0);
    assert.equal(store.ledger.position().isKnown, false);
    assert.equal(store.ledger.confirmed.offer(1n)?.remainingMilliWh, 1000n);
    chain.confirm(opened(TRADE, 5n, { txHash: "0xanother" }));
    await reopen();
    assert.equal(store.ledger.confirmed.trade(TRADE)?.milliWh, 5n);
    assert.deepEqual(
      store.ledger.knownBlocks().map(({ hash }) => hash),
      ["0xblock3b", "0xblock2a", "0xblock1a"],
    );
  });

  it("puts back nothing of a branch that is gone when the next one is reorganised too", () => {
    chain.confirm(commissioned());
    chain.confirm(listed(1n));
    chain.confirm(opened(TRADE, 20n));
    chain.confirm(settled(TRADE, 20n, 20n, true));
    chain.reorganise(2, "b");
    chain.confirm(opened(TRADE, 5n));
    const before = all(store);
    chain.confirm(listed(2n));
    chain.reorganise(3, "c");
    assert.deepEqual(all(store), before);
    assert.equal(store.ledger.confirmed.trade(TRADE)?.milliWh, 5n);
  });

  it("rolls back to the newest block it knows, or to nothing", () => {
    chain.confirm(commissioned());
    store.ledger.rollback(0);
    assert.equal(store.ledger.cursor(), null);
    assert.equal(store.ledger.confirmed.meters().length, 0);
  });

  it("forgets everything of a chain that was reset, but not the meter's register", async () => {
    chain.confirm(commissioned());
    chain.confirm(listed(1n), opened(TRADE, 20n));
    store.commit(() =>
      store.journal.saveRegister(METER, { registerMilliWh: 5n, registerRestMicroJoule: 9n }, START_MS),
    );
    store.ledger.reset({ genesisHash: "genesis2", trade: "0xtrade" });
    await reopen();
    assert.equal(store.ledger.cursor(), null);
    assert.deepEqual(store.ledger.knownBlocks(), []);
    assert.equal(store.ledger.confirmed.countTrades({}), 0);
    assert.deepEqual(store.journal.registerOf(METER), { registerMilliWh: 5n, registerRestMicroJoule: 9n });
  });

  it("keeps the hashes of 256 blocks, and of every block with an event", () => {
    chain.confirm(commissioned());
    for (let i = 0; i < 400; i++) chain.confirm();
    const known = store.ledger.knownBlocks();
    assert.equal(known.length, 258);
    assert.equal(known[0]?.block, 401);
    assert.equal(known.at(-1)?.block, 1);
    assert.deepEqual(
      known.slice(0, 257).map(({ block }) => block),
      Array.from({ length: 257 }, (_, i) => 401 - i),
    );
  });

  it("shows purchases and offers before they are confirmed, and money never", () => {
    chain.confirm(commissioned());
    chain.confirm(listed(1n), opened(TRADE, 20n));
    const early = chain.seal(
      listed(2n),
      opened(2_000_001n, 3n),
      settled(TRADE, 20n, 20n, true),
      refunded(2_000_001n),
    );
    store.ledger.preview(early.events, [early.header], early.header);
    const { displayed, confirmed } = store.ledger;
    assert.equal(displayed.trade(2_000_001n)?.closed, null);
    assert.equal(displayed.trade(TRADE)?.closed, null);
    assert.deepEqual([confirmed.offers().length, confirmed.countTrades({})], [1, 1]);
    store.ledger.apply(batchOf(early));
    assert.equal(store.ledger.displayed.trade(TRADE)?.closed, "settled");
    assert.equal(store.ledger.displayed.offer(2n)?.remainingMilliWh, 997n);
  });

  it("says when a previewed purchase has vanished", () => {
    chain.confirm(commissioned());
    chain.confirm(listed(1n));
    const early = chain.seal(opened(TRADE, 3n));
    let replaced = 0;
    store.ledger.onChange({ marketChanged() {}, marketReplaced: () => replaced++, chainChanged() {} });
    store.ledger.preview(early.events, [early.header], early.header);
    assert.equal(replaced, 0);
    store.ledger.preview([], [], { ...early.header, hash: "0xother" });
    assert.equal(replaced, 1);
    assert.equal(store.ledger.displayed.countTrades({}), 0);
  });

  for (const [what, broken] of [
    ["of no known name", { name: "MeterPainted" }],
    ["without a quantity", { payment: undefined }],
    ["with a quantity that is a number", { payment: 5 }],
    ["with a quantity in no digits", { payment: "" }],
    ["with a quantity in hexadecimal", { payment: "0x10" }],
    ["with a buyer that is no text", { buyer: 7 }],
    ["without its place", { block: undefined }],
  ] as const)
    it(`refuses a stored event ${what}`, () => {
      const whole = {
        ...opened(TRADE, 20n),
        ...{ block: 1, blockHash: "0x1", logIndex: 0 },
      } as ChainEvent;
      const stored = JSON.stringify({ ...JSON.parse(eventToJson(whole)), ...broken });
      assert.deepEqual(eventFromJson(eventToJson(whole)), whole);
      assert.throws(() => eventFromJson(stored), z.ZodError);
    });

  it("brings back numbers of every size exactly", () => {
    const event: ChainEvent = {
      name: "TradeOpened",
      tradeId: 2n ** 255n,
      offerId: 0n,
      buyer: BUYER,
      milliWh: 2n ** 64n - 1n,
      payment: 2n ** 256n - 1n,
      deadline: 1n,
      block: 1,
      blockHash: "0x",
      txHash: "bigint-like",
      logIndex: 0,
    };
    assert.deepEqual(eventFromJson(eventToJson(event)), event);
  });
});

describe("the pending readings", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let store: Store;
  let chain: HandChain;
  const other = 1_000_002n;

  beforeEach(() => {
    folder = temporaryFolder();
    store = Store.open(folder.path, quiet);
    chain = new HandChain(store);
    chain.confirm(commissioned());
    chain.confirm(listed(1n), opened(TRADE, 20n), opened(other, 20n));
  });
  afterEach(async () => {
    await store.stop();
    folder.remove();
  });

  const sign = (
    tradeId: bigint,
    deliveredMilliWh: bigint,
    isFinal: boolean,
    openingTx = `0xbuy${tradeId}`,
    deadlineAtMs = START_MS + 3_600_000,
  ) =>
    store.commit(() =>
      store.journal.saveReading({
        tradeId,
        openingTx,
        deadlineAtMs,
        deliveredMilliWh,
        registerMilliWh: 100n,
        isFinal,
        meter: METER,
        signature: `0x${tradeId}${deliveredMilliWh}${isFinal}${deadlineAtMs}`,
        signedAtMs: START_MS,
      }),
    );
  const pending = () =>
    store.settlements.pendingReadings().map(({ tradeId, deliveredMilliWh }) => [tradeId, deliveredMilliWh]);

  it("are the newest of each trade, oldest first", () => {
    sign(other, 3n, false);
    sign(TRADE, 5n, false);
    sign(TRADE, 9n, false);
    assert.deepEqual(pending(), [
      [other, 3n],
      [TRADE, 9n],
    ]);
  });

  it("leave out what the chain shows as settled, and what closed the trade", () => {
    sign(TRADE, 5n, false);
    sign(other, 20n, true);
    chain.confirm(settled(TRADE, 5n, 100n, false), settled(other, 20n, 100n, true));
    assert.deepEqual(pending(), []);
    sign(TRADE, 5n, true);
    assert.deepEqual(pending(), [[TRADE, 5n]]);
  });

  it("leave out the readings of a decommissioned meter", () => {
    sign(TRADE, 5n, true);
    chain.confirm({ name: "MeterDecommissioned", meter: METER });
    assert.deepEqual(pending(), []);
  });

  it("leave out what the chain refused, until a reorganisation makes it another chain", () => {
    sign(TRADE, 5n, true);
    store.settlements.settlementRefused(store.settlements.pendingReadings()[0]!, "TradeNotOpen");
    assert.deepEqual(pending(), []);
    chain.confirm();
    chain.reorganise(2, "b");
    assert.deepEqual(pending(), [[TRADE, 5n]]);
  });

  it("name what the chain has refused for good, for as long as its trade is open and nothing newer is signed", () => {
    const refused = () => store.settlements.refusedForGood();
    sign(TRADE, 5n, false);
    assert.deepEqual(refused(), []);
    store.settlements.settlementRefused(store.settlements.pendingReadings()[0]!, "RegisterTooLarge");
    assert.deepEqual(refused(), [{ tradeId: TRADE, reason: "RegisterTooLarge" }]);
    sign(TRADE, 6n, true);
    assert.deepEqual(refused(), []);
    store.settlements.settlementRefused(store.settlements.pendingReadings()[0]!, "TradeNotOpen");
    chain.confirm(refunded(TRADE));
    assert.deepEqual(refused(), []);
  });

  it("leave out what was signed for another purchase of the same id", () => {
    sign(TRADE, 5n, true, "0xvanished");
    assert.deepEqual(pending(), []);
  });

  it("leave out what was signed for another deadline of the same purchase, and take it when it is signed anew", () => {
    sign(TRADE, 5n, true, undefined, START_MS);
    assert.deepEqual(pending(), []);
    sign(TRADE, 5n, true);
    assert.deepEqual(pending(), [[TRADE, 5n]]);
    assert.equal(store.journal.readingsOf(TRADE, `0xbuy${TRADE}`).length, 2);
  });

  it("keep those of a retired meter", () => {
    sign(TRADE, 5n, true);
    chain.confirm({ name: "MeterRetired", meter: METER });
    assert.deepEqual(pending(), [[TRADE, 5n]]);
  });
});

describe("the database file", function () {
  this.timeout(60_000);
  let folder: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => folder.remove());

  it("belongs to one server at a time", async () => {
    const store = Store.open(folder.path, quiet);
    assert.throws(
      () => Store.open(folder.path, quiet),
      (error: Error) => {
        assert.ok(error instanceof StoreError);
        assert.match(error.message, /in use by another server.*DATA_DIR/);
        return true;
      },
    );
    await store.stop();
    await Store.open(folder.path, quiet).stop();
  });

  it("waits for another program that holds it for a moment, and names one that holds it for long", async () => {
    const store = Store.open(folder.path, quiet);
    const write = () =>
      store.commit(() =>
        store.journal.saveRegister(METER, { registerMilliWh: 7n, registerRestMicroJoule: 0n }, 1),
      );
    const file = join(folder.path, "neighborwatt.sqlite");
    const brief = await lockDatabase(file, 150);
    write();
    await brief.release();
    const long = await lockDatabase(file);
    assert.throws(write, {
      name: "StoreError",
      message: /neighborwatt\.sqlite is locked by another program/,
    });
    await long.release();
    write();
    await store.stop();
  });

  it("is refused when it is damaged, or written by a newer version", async () => {
    const file = join(folder.path, "neighborwatt.sqlite");
    writeFileSync(file, "no database".repeat(1000));
    assert.throws(() => Store.open(folder.path, quiet), /damaged/);
    const other = temporaryFolder();
    await Store.open(other.path, quiet).stop();
    const db = new Database(join(other.path, "neighborwatt.sqlite"));
    db.exec("PRAGMA user_version = 99");
    db.close();
    assert.throws(() => Store.open(other.path, quiet), /newer version \(99/);
    other.remove();
  });

  for (const [text, identity] of [
    ["NULL", null],
    ["'0x9e:none'", { genesisHash: "0x9e", trade: null }],
    ["'0x9e:0xe7f1'", { genesisHash: "0x9e", trade: "0xe7f1" }],
  ] as const)
    it(`of an older version is brought to this one: ${text} is its chain`, async () => {
      const older = new Database(join(folder.path, "neighborwatt.sqlite"));
      for (const migration of MIGRATIONS.slice(0, 3)) older.exec(migration);
      older.exec(`PRAGMA user_version = 3; UPDATE chain SET identity = ${text};`);
      older.close();
      const store = Store.open(folder.path, quiet);
      assert.deepEqual(store.ledger.chainIdentity(), identity);
      await store.stop();
    });

  it("of an older version keeps its events and its records", async () => {
    const older = new Database(join(folder.path, "neighborwatt.sqlite"));
    for (const migration of MIGRATIONS.slice(0, 3)) older.exec(migration);
    const commissionedThen = `{"name":"MeterCommissioned","meter":"${METER}","prosumer":"${PROSUMER}","baselineMilliWh":"bigint:7","block":1,"blockHash":"0x1","txHash":"0x2","logIndex":0}`;
    older.exec(`
      PRAGMA user_version = 3;
      INSERT INTO registers VALUES ('${METER}', '12', '0', 1);
      INSERT INTO blocks VALUES (1, '0x1', '0x0', 1, NULL);
      INSERT INTO events VALUES ('0x2', 0, 1, '0x1', '${commissionedThen}');
      INSERT INTO deliveries VALUES
        ('1', '0xa', '{"banked":"5","since":null,"startedAtMs":1,"endedAtMs":null,"signed":null}'),
        ('2', '0xb', '{"banked":"0","since":"9","startedAtMs":1,"endedAtMs":2,"signed":{"delivered":"4","isFinal":true,"atMs":3},"noFlow":{"turns":1,"retryAtMs":8}}'),
        ('3', '0xc', '{"banked":"0","since":null,"startedAtMs":1,"endedAtMs":2,"signed":{"delivered":"4","isFinal":false,"atMs":3,"deadlineAtMs":6},"noFlow":null}');
    `);
    older.close();
    const store = Store.open(folder.path, quiet);
    assert.deepEqual(store.ledger.confirmed.meters(), [
      { meter: METER, prosumer: PROSUMER, status: "commissioned", registerMilliWh: 7n },
    ]);
    const nothingFlows = { turns: 1, retryAtMs: 8 };
    const common = {
      startedAtMs: 1,
      bankedMilliWh: 0n,
      sinceRegisterMilliWh: null,
      noFlow: null,
      endedAtMs: 2,
    };
    assert.deepEqual(
      [
        store.journal.recordOf(1n, "0xa"),
        store.journal.recordOf(2n, "0xb"),
        store.journal.recordOf(3n, "0xc"),
      ],
      [
        { ...common, tradeId: 1n, openingTx: "0xa", bankedMilliWh: 5n, endedAtMs: null, signed: null },
        {
          ...common,
          tradeId: 2n,
          openingTx: "0xb",
          sinceRegisterMilliWh: 9n,
          signed: { deliveredMilliWh: 4n, isFinal: true, atMs: 3, deadlineAtMs: 0 },
          noFlow: nothingFlows,
        },
        {
          ...common,
          tradeId: 3n,
          openingTx: "0xc",
          signed: { deliveredMilliWh: 4n, isFinal: false, atMs: 3, deadlineAtMs: 6 },
        },
      ],
    );
    // A server had one meter then: what counts, counts by its register.
    assert.deepEqual(
      store.journal.countingRecords().map(({ meter, record }) => [meter, record.tradeId]),
      [[METER, 2n]],
    );
    await store.stop();
  });

  it("of a version without the market's tables has all of them made of its events", async () => {
    let store = Store.open(folder.path, quiet);
    const chain = new HandChain(store);
    chain.confirm(commissioned());
    chain.confirm(
      listed(1n),
      listed(2n, 5n),
      opened(TRADE, 20n),
      opened(1_000_002n, 3n),
      opened(1_000_003n, 4n),
    );
    chain.confirm(settled(TRADE, 20n, 20n, true), refunded(1_000_002n), opened(2_000_001n, 5n));
    const before = all(store);
    await store.stop();
    const past = temporaryFolder();
    const older = new Database(join(past.path, "neighborwatt.sqlite"));
    for (const migration of MIGRATIONS.slice(0, BEFORE_MARKET_TABLES)) older.exec(migration);
    older.exec(`
      PRAGMA user_version = ${BEFORE_MARKET_TABLES};
      ATTACH '${join(folder.path, "neighborwatt.sqlite")}' AS newer;
      INSERT INTO events SELECT * FROM newer.events;
      INSERT INTO blocks SELECT * FROM newer.blocks;
    `);
    older.close();
    store = Store.open(past.path, quiet);
    assert.deepEqual(all(store), before);
    assert.deepEqual(
      before.trades.map(({ closed }) => closed),
      [null, null, "refunded", "settled"],
    );
    await store.stop();
    past.remove();
  });

  it("holds what was committed, and nothing half, after kill -9 at any moment", async () => {
    // The child commits as fast as it can: block n, and the register n, in one transaction each.
    for (const afterCommits of [1, 7, 60]) {
      const child = spawn(
        process.execPath,
        ["--require", "tsx/cjs", join(__dirname, "writer.ts"), folder.path],
        {
          stdio: ["ignore", "pipe", "inherit"],
        },
      );
      let told = 0;
      await new Promise<void>((resolve) => {
        child.stdout.on("data", (chunk: Buffer) => {
          told = Number(String(chunk).trim().split("\n").at(-1));
          if (told % 1000 >= afterCommits) child.kill("SIGKILL");
        });
        child.once("exit", () => resolve());
      });
      const store = Store.open(folder.path, quiet);
      const register = store.journal.registerOf(METER)!.registerMilliWh;
      const point = store.history.points(METER, 0, Number(register) + 2, 1).at(-1)!;
      assert.ok(Number(register) >= told, `told of ${told}, stored ${register}`);
      assert.deepEqual([BigInt(point.atS), point.registerMilliWh], [register, register]);
      await store.stop();
    }
  });
});
