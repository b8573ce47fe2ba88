import assert from "node:assert/strict";
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { Store } from "../../server/store";
import { type OpenDatabase, openDatabase, StoreError } from "../../server/store/database";
import { explain } from "../../server/store/failures";
import { commissioned, HandChain, listed, METER, opened, quiet, temporaryFolder } from "./support";

const NAME = "neighborwatt.sqlite";

const message = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof StoreError, `${error}`);
    return error.message;
  }
  return assert.fail("nothing was refused");
};

describe("the journal's file", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let other: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    folder = temporaryFolder();
    other = temporaryFolder();
  });
  afterEach(() => {
    folder.remove();
    other.remove();
  });
  const file = () => join(folder.path, NAME);

  function filled(): Store {
    const store = Store.open(folder.path, quiet);
    store.ledger.reset({ genesisHash: "genesis", trade: "0xtrade" });
    const chain = new HandChain(store);
    chain.confirm(commissioned());
    chain.confirm(listed(1n));
    for (let n = 1n; n <= 50n; n++) chain.confirm(opened(1_000_000n + n, 5n));
    store.commit(() =>
      store.journal.saveRegister(METER, { registerMilliWh: 51n, registerRestMicroJoule: 3n }, 1),
    );
    return store;
  }
  const registerIn = async (path: string) => {
    const store = Store.open(path, quiet);
    const register = store.journal.registerOf(METER)?.registerMilliWh;
    const trades = store.ledger.confirmed.countTrades({});
    await store.stop();
    return [register, trades];
  };

  it("holds everything after a clean stop, so that a copy of it alone is whole", async () => {
    await filled().stop();
    assert.equal(statSync(`${file()}-wal`, { throwIfNoEntry: false })?.size ?? 0, 0);
    copyFileSync(file(), join(other.path, NAME));
    assert.deepEqual(await registerIn(other.path), [51n, 50]);
  });

  it("is refused as half when it was copied alone from a server that runs", async () => {
    const store = filled();
    copyFileSync(file(), join(other.path, NAME));
    assert.match(
      message(() => Store.open(other.path, quiet)),
      /is not whole.*-wal.*Copy both files/s,
    );
    copyFileSync(`${file()}-wal`, join(other.path, `${NAME}-wal`));
    assert.deepEqual(await registerIn(other.path), [51n, 50]);
    await store.stop();
  });

  it("is refused as half when it was copied alone before anything had reached it", async () => {
    const store = Store.open(folder.path, quiet);
    copyFileSync(file(), join(other.path, NAME));
    assert.match(
      message(() => Store.open(other.path, quiet)),
      /is not whole/,
    );
    await store.stop();
  });

  it("opens again after any number of stops and starts", async () => {
    await filled().stop();
    for (let i = 0; i < 5; i++) assert.deepEqual(await registerIn(folder.path), [51n, 50]);
  });

  it("opens again where its server ended without a word, with -wal beside it or taken in", async () => {
    const store = filled();
    const running = readFileSync(file()).readUInt32BE(68);
    await store.stop();
    // As a process leaves them that ends by itself: everything in the file, which still says that a server runs.
    const handle = openSync(file(), "r+");
    const token = Buffer.alloc(4);
    token.writeUInt32BE(running);
    writeSync(handle, token, 0, 4, 68);
    closeSync(handle);
    writeFileSync(join(folder.path, "neighborwatt.running"), `${running}\n`);
    assert.deepEqual(await registerIn(folder.path), [51n, 50]);
  });

  it("is refused when it is there and has no bytes, whole or not beside it", async () => {
    await filled().stop();
    writeFileSync(file(), "");
    assert.match(
      message(() => Store.open(folder.path, quiet)),
      /is empty \(0 bytes\).*move it away/s,
    );
    assert.equal(statSync(file()).size, 0, "nothing was changed");
    rmSync(file());
    assert.deepEqual(await registerIn(folder.path), [undefined, 0], "moved away: begins anew");
  });

  it("is made whole or not at all: what a killed first start left is thrown away", async () => {
    mkdirSync(folder.path, { recursive: true });
    writeFileSync(`${file()}.new`, "half");
    await filled().stop();
    assert.deepEqual(await registerIn(folder.path), [51n, 50]);
    assert.deepEqual(
      readdirSync(folder.path).filter((name) => name.endsWith(".new")),
      [],
    );
  });

  it("does not take another file's commits for its own", async () => {
    const store = filled();
    copyFileSync(`${file()}-wal`, join(other.path, `${NAME}-wal`));
    await store.stop();
    assert.match(
      message(() => Store.open(other.path, quiet)),
      /-wal is there without/,
    );
  });

  it("says so in a folder that cannot be made", () => {
    writeFileSync(join(folder.path, "file"), "");
    assert.match(
      message(() => Store.open(join(folder.path, "file", "data"), quiet)),
      /DATA_DIR/,
    );
  });

  it("unlocks the folder when it cannot be opened", async () => {
    writeFileSync(file(), "no database".repeat(1000));
    assert.match(
      message(() => Store.open(folder.path, quiet)),
      /damaged/,
    );
    rmSync(file());
    await Store.open(folder.path, quiet).stop();
  });

  /** Pages after the first, which the opening does not look at. */
  function damage(fromPage: number): void {
    const bytes = readFileSync(file());
    const pageBytes = bytes.readUInt16BE(16);
    const handle = openSync(file(), "r+");
    for (let at = fromPage * pageBytes; at < bytes.length; at += pageBytes)
      writeSync(handle, Buffer.alloc(pageBytes, 0xa5), 0, pageBytes, at);
  }

  for (const page of [1, 2, 3, 5, 8])
    it(`explains itself when it is damaged from page ${page} on, at whichever read that is met`, async () => {
      await filled().stop();
      damage(page);
      let met = "";
      try {
        const store = Store.open(folder.path, quiet);
        const reads = [
          () => store.journal.registerOf(METER),
          () => store.journal.countingRecords(),
          () => store.journal.recordOf(1_000_001n, "0xbuy1000001"),
          () => store.journal.readingsOf(1_000_001n, "0xbuy1000001"),
          () => store.journal.newestReading(1_000_001n, "0xbuy1000001", 0),
          () => store.history.points(METER, 0, 10, 1),
          () => store.history.registerAt(METER, 5),
          () => store.ledger.cursor(),
          () => store.ledger.knownBlocks(),
          () => store.ledger.position(),
          () => store.ledger.chainIdentity(),
          () => store.ledger.rollback(1),
          () =>
            store.commit(() =>
              store.journal.saveRegister(METER, { registerMilliWh: 1n, registerRestMicroJoule: 0n }, 1),
            ),
        ];
        for (const read of reads)
          try {
            read();
          } catch (error) {
            met = (error as Error).message;
            assert.match(met, /is damaged.*move it away/s);
          }
        await store.stop().catch((error: Error) => assert.match(error.message, /is damaged/));
      } catch (error) {
        met = (error as Error).message;
        assert.match(met, /is damaged.*move it away/s);
      }
      assert.notEqual(met, "", "the damage was never met");
    });

  it("explains itself when a row holds what nobody wrote", async () => {
    await filled().stop();
    const database = openDatabase(folder.path);
    database.db.exec("UPDATE registers SET register_milli_wh = 'twelve'");
    database.db.exec("INSERT INTO deliveries VALUES ('1000001', '0x1', '{\"banked\":', NULL)");
    database.close();
    const store = Store.open(folder.path, quiet);
    assert.match(
      message(() => store.journal.registerOf(METER)),
      /is damaged/,
    );
    assert.match(
      message(() => store.journal.recordOf(1_000_001n, "0x1")),
      /is damaged/,
    );
    await store.stop();
    for (const [sql, words] of [
      ["UPDATE registers SET register_milli_wh = '12'; UPDATE deliveries SET body = '{}'", /bankedMilliWh/],
      ["DELETE FROM deliveries; UPDATE registers SET register_milli_wh = ''", /"" is not a whole number/],
      ["UPDATE registers SET register_milli_wh = '0x10'", /"0x10" is not a whole number/],
    ] as const) {
      const database = openDatabase(folder.path);
      database.db.exec(sql);
      database.close();
      const store = Store.open(folder.path, quiet);
      const told = message(() => [
        store.journal.registerOf(METER),
        store.journal.recordOf(1_000_001n, "0x1"),
      ]);
      assert.match(told, /is damaged.*move it away/s);
      assert.match(told, words);
      await store.stop();
    }
    for (const sql of [
      "UPDATE market_trades SET body = 'x'",
      `UPDATE market_trades SET body = '{"milliWh":"x"}'`,
      // The market is made anew from the events.
      "UPDATE events SET body = 'x'; UPDATE chain SET market_fold = 0",
    ]) {
      const again = openDatabase(folder.path);
      again.db.exec(sql);
      again.close();
      assert.match(
        message(() => Store.open(folder.path, quiet)),
        /is damaged/,
      );
    }
  });
});

describe("a full disk", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let database: OpenDatabase;
  beforeEach(() => {
    folder = temporaryFolder();
    database = openDatabase(folder.path);
    database.db.exec("CREATE TABLE filler (text TEXT)");
    const [{ page_count }] = database.db.pragma("page_count") as [{ page_count: number }];
    database.db.pragma(`max_page_count = ${page_count + 2}`);
  });
  afterEach(() => {
    database.close();
    folder.remove();
  });
  const fill = () => {
    const insert = database.db.prepare("INSERT INTO filler VALUES (?)");
    for (let i = 0; i < 100; i++) insert.run("x".repeat(1000));
  };

  it("is told as that, with the folder, and not as what rolling back complains of", () => {
    const words = message(() => database.db.transaction(fill));
    assert.match(words, /^The disk is full: /);
    assert.ok(words.includes(folder.path), words);
    assert.doesNotMatch(words, /roll/);
  });

  it("stores nothing of what did not fit, and goes on when there is room", () => {
    message(() => database.db.transaction(fill));
    const statement = database.db.prepare("SELECT count(*) AS n FROM filler");
    const count = () => (statement.get() as { n: number }).n;
    assert.equal(count(), 0);
    database.db.pragma("max_page_count = 100000");
    database.db.transaction(fill);
    assert.equal(count(), 100);
  });

  it("lets an error of the work itself through as it is", () => {
    assert.throws(
      () =>
        database.db.transaction(() => {
          throw new Error("of its own");
        }),
      /^Error: of its own$/,
    );
  });

  for (const [code, words] of [
    ["ENOSPC", /^The disk is full: /],
    ["EDQUOT", /^The disk is full: /],
    ["SQLITE_FULL", /^The disk is full: /],
    ["EROFS", /cannot be written/],
    ["SQLITE_READONLY_DIRECTORY", /cannot be written/],
    ["SQLITE_IOERR_READ", /cannot be read or written/],
    ["SQLITE_BUSY", /x\.sqlite is locked by another program .*start again/],
    ["SQLITE_CORRUPT_VTAB", /is damaged/],
    ["SQLITE_CANTOPEN", /DATA_DIR/],
  ] as const)
    it(`has words for ${code}`, () => {
      const error = Object.assign(new Error("bare"), { code, errno: -1 });
      assert.match((explain(error, "/tmp/data/x.sqlite") as Error).message, words);
    });
});
