import assert from "node:assert/strict";
import { Web } from "../../server/web";
import {
  commissioned,
  HandChain,
  listed,
  METER,
  opened,
  START_MS,
  type Stand,
  settled,
  startStand,
  temporaryFolder,
  webParts,
} from "../server/support";
import { until } from "../support/until";

const TRADE = 1_000_001n;
const NEXT = 1_000_002n;

describe("A second server that signs with this meter's key", () => {
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

  const errors = () => stand.told.filter((line) => line.startsWith("error"));
  const warnings = () => stand.told.filter((line) => /^warn .*not in this journal/.test(line));
  const signatures = (tradeId: bigint) =>
    stand.store.journal.readingsOf(tradeId, `0xbuy${tradeId}`).map(({ signature }) => signature);
  /** A trade delivered here as ordered, its final reading signed: 20 mWh, the register at 20. */
  const deliver = () => {
    stand.chain.confirm(opened(TRADE, 20n));
    stand.tick(100, 20n);
    assert.equal(signatures(TRADE).length, 1);
  };
  const nothingIsWrong = () => {
    assert.equal(stand.home.halted, null);
    assert.deepEqual([errors(), warnings()], [[], []]);
  };
  /** The next life of the server on this folder, told what has been sealed by then. */
  const restart = async (...whileDown: ReturnType<HandChain["seal"]>[]) => {
    const { chain, clock } = stand;
    await stand.stop();
    stand = await startStand(folder.path, { atMs: clock.ms + 1000 });
    stand.chain = chain.toldTo(stand.store, stand.clock);
    stand.chain.catchUp(...whileDown);
  };

  describe("is noticed by a settlement that this one has not signed", () => {
    beforeEach(() => {
      stand.chain.confirm(opened(TRADE, 20n), opened(NEXT, 20n));
      stand.tick(100, 8n);
      stand.chain.confirm(settled(TRADE, 20n, 22n, true));
    });

    it("opens the relay at once, and keeps it open", () => {
      assert.equal(stand.meter.relay, "open");
      const commands = stand.meter.commands.length;
      for (let s = 0; s < 60; s++) stand.tick(1000, 1n);
      stand.chain.confirm();
      stand.meter.say("lost");
      stand.meter.say("online");
      stand.tick(100);
      assert.equal(stand.meter.relay, "open");
      assert.ok(stand.meter.commands.slice(commands).every((position) => position === "open"));
    });

    it("signs nothing more, and says for each open trade that it waits for that", () => {
      stand.clock.ms += 7_200_000;
      stand.chain.confirm();
      stand.tick(100);
      assert.deepEqual(signatures(NEXT), []);
      assert.deepEqual(stand.views.trade(NEXT)?.wait, { reason: "halted", untilMs: null });
    });

    it("says it once, as an error that names the trade, the block and the mend", () => {
      stand.chain.confirm(settled(NEXT, 20n, 42n, true));
      assert.equal(errors().length, 1);
      assert.match(
        errors()[0]!,
        /trade 1000001 was settled in block 4 .*another server uses this meter's key/,
      );
      assert.match(errors()[0]!, /Stop that server, or .*DATA_DIR.*restart this one/);
    });

    it("tells the page and whoever watches", async () => {
      const { halt, relay } = stand.views.meter(METER);
      assert.ok(halt?.reason === "secondSigner");
      assert.deepEqual([halt.tradeId, halt.block, relay], [TRADE, 4, "closed"]);
      stand.tick(100);
      assert.equal(stand.views.meter(METER).relay, "open");
      const web = new Web(webParts(stand));
      await web.start();
      try {
        const response = await fetch(`${web.url}/healthz`);
        assert.equal(response.status, 503);
        assert.match(await response.text(), /another server uses this meter's key/);
        assert.match(
          await (await fetch(`${web.url}/metrics`)).text(),
          /neighborwatt_delivery_halted\{.*home="House 1"\} 1/,
        );
      } finally {
        await web.stop();
      }
    });

    it("delivers again after a restart, what flowed before counted", async () => {
      await restart();
      assert.equal(stand.home.halted, null);
      stand.tick(100);
      assert.equal(stand.meter.relay, "closed");
      stand.tick(100, 20n);
      assert.equal(signatures(NEXT).length, 1);
    });
  });

  it("is noticed by a reading in between, long before the trade ends", () => {
    stand.chain.confirm(opened(TRADE, 500n));
    stand.tick(100, 8n);
    stand.chain.confirm(settled(TRADE, 5n, 5n, false));
    assert.equal(stand.meter.relay, "open");
    assert.equal(errors().length, 1);
  });

  it("is noticed for a trade that this one has not begun", () => {
    stand.chain.confirm(opened(TRADE, 20n), opened(NEXT, 5n));
    stand.chain.confirm(settled(NEXT, 5n, 5n, true));
    assert.equal(errors().length, 1);
  });

  it("is noticed by its signature when its figures are the same", async () => {
    deliver();
    stand.signatureIn = async () => "0xanother";
    stand.chain.confirm(settled(TRADE, 20n, 20n, true));
    await until("the halt", () => stand.home.halted);
    assert.equal(errors().length, 1);
  });

  it("is noticed by its signature when the node answers later", async () => {
    deliver();
    let asked = 0;
    stand.signatureIn = async () => {
      asked++;
      throw new Error("the node does not answer");
    };
    stand.chain.confirm(settled(TRADE, 20n, 20n, true));
    await until("the first question", () => asked > 0);
    stand.signatureIn = async () => "0xanother";
    await until("the halt", () => {
      stand.chain.confirm();
      return stand.home.halted;
    });
    assert.equal(errors().length, 1);
  });

  it("is noticed after a reorganisation too", () => {
    stand.chain.confirm(opened(TRADE, 20n));
    stand.tick(100, 8n);
    stand.chain.reorganise(2, "b");
    stand.chain.confirm(opened(TRADE, 20n));
    stand.chain.confirm(settled(TRADE, 20n, 22n, true));
    assert.equal(errors().length, 1);
  });

  it("is noticed after the node was away for a while, since this one was not", () => {
    stand.chain.confirm(opened(TRADE, 500n));
    stand.store.ledger.nodeState("nodeLost", "test");
    stand.tick(1000, 8n);
    const blocks = [stand.chain.seal(), stand.chain.seal(settled(TRADE, 5n, 5n, false)), stand.chain.seal()];
    stand.store.ledger.nodeState("rebuilding", "test");
    stand.chain.catchUp(...blocks);
    assert.equal(errors().length, 1);
  });

  describe("is not", () => {
    it("who brings a reading of ours to the chain, whoever that is", async () => {
      deliver();
      const [own] = signatures(TRADE);
      stand.signatureIn = async () => own!.toUpperCase().replace("0X", "0x");
      stand.chain.confirm(settled(TRADE, 20n, 20n, true));
      stand.chain.confirm();
      await stand.stop();
      nothingIsWrong();
      stand = await startStand(folder.path);
    });

    it("who brings it by a contract, where no signature can be read", async () => {
      deliver();
      stand.chain.confirm(settled(TRADE, 20n, 20n, true));
      stand.chain.confirm();
      await stand.stop();
      nothingIsWrong();
      stand = await startStand(folder.path);
    });

    it("another meter of the same contract", () => {
      const other = "0x00000000000000000000000000000000000000Ab";
      stand.chain.confirm(commissioned(other), listed(2n, 100n, other), opened(2_000_001n, 5n));
      stand.chain.confirm(settled(2_000_001n, 5n, 5n, true));
      nothingIsWrong();
    });

    it("a reorganisation that takes a settlement and brings it again", () => {
      deliver();
      stand.chain.confirm(settled(TRADE, 20n, 20n, true));
      stand.chain.reorganise(3, "b");
      stand.chain.confirm();
      stand.chain.confirm(settled(TRADE, 20n, 20n, true));
      nothingIsWrong();
    });

    it("a reading signed anew for the deadline that a reorganisation gave its trade", () => {
      deliver();
      stand.chain.reorganise(2, "b");
      stand.chain.confirm();
      stand.chain.confirm(opened(TRADE, 20n, { deadlineAtMs: START_MS + 4_000_000 }));
      assert.equal(signatures(TRADE).length, 2);
      stand.chain.confirm(settled(TRADE, 20n, 20n, true));
      nothingIsWrong();
    });

    it("this server's own reading, settled while it was down", async () => {
      deliver();
      await restart(stand.chain.seal(settled(TRADE, 20n, 20n, true)));
      nothingIsWrong();
    });

    it("a backup that was restored: one warning, and it goes on", async () => {
      stand.chain.confirm(opened(TRADE, 20n), opened(NEXT, 20n));
      // Signed after the backup was made.
      const { chain } = stand;
      await restart(chain.seal(settled(TRADE, 5n, 5n, false)), chain.seal(settled(TRADE, 20n, 20n, true)));
      assert.equal(stand.home.halted, null);
      assert.equal(errors().length, 0);
      assert.equal(warnings().length, 1);
      assert.match(warnings()[0]!, /2 readings .*trade 1000001 .*lost or restored, or another server/);
      stand.tick(100);
      assert.equal(stand.meter.relay, "closed");
    });
  });

  it("a register that a restored backup finds too low is corrected, and no trade under way gets the difference", async () => {
    stand.chain.confirm(opened(TRADE, 20n), opened(NEXT, 20n));
    stand.tick(100, 5n);
    // After the backup another trade had its turn.
    await restart(stand.chain.seal(settled(NEXT, 20n, 30n, true)));
    assert.equal(stand.home.registerMilliWh, 30n);
    assert.equal(stand.views.trade(TRADE)?.deliveredMilliWh, 5n);
    stand.tick(100);
    stand.tick(100, 15n);
    const [reading] = stand.store.journal.readingsOf(TRADE, `0xbuy${TRADE}`);
    assert.deepEqual([reading?.deliveredMilliWh, reading?.registerMilliWh], [20n, 45n]);
  });

  it("a lost journal is none: what an older one may have signed is told, what is opened later is watched", async () => {
    stand.chain.confirm(opened(TRADE, 20n));
    const { chain } = stand;
    await stand.stop();
    folder.remove();
    folder = temporaryFolder();
    stand = await startStand(folder.path);
    stand.chain = new HandChain(stand.store, stand.clock);
    stand.chain.catchUp(
      ...[commissioned(), listed(1n), opened(TRADE, 20n)].map((event) => stand.chain.seal(event)),
    );
    assert.equal(chain.head.block, stand.chain.head.block);
    // The last journal's reading was still on its way.
    stand.chain.confirm(settled(TRADE, 12n, 12n, false));
    assert.equal(stand.home.halted, null);
    assert.equal(warnings().length, 1);

    stand.chain.confirm(opened(NEXT, 20n));
    await restart();
    stand.chain.confirm(settled(TRADE, 14n, 14n, false));
    assert.equal(stand.home.halted, null, "known over a restart");
    stand.chain.confirm(settled(NEXT, 20n, 40n, true));
    assert.equal(errors().length, 1);
  });

  it("a chain that was reset is watched from its own first block", async () => {
    stand.chain.confirm(opened(TRADE, 20n));
    for (let i = 0; i < 5; i++) stand.chain.confirm();
    stand.store.ledger.reset({ genesisHash: "genesis", trade: "0xnew" });
    stand.chain = new HandChain(stand.store, stand.clock);
    stand.chain.catchUp(stand.chain.seal(commissioned()), stand.chain.seal(listed(1n)));
    stand.chain.confirm(opened(TRADE, 20n));
    stand.chain.confirm(settled(TRADE, 20n, 22n, true));
    assert.equal(errors().length, 1);
  });
});
