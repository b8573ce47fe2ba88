import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import Database from "libsql";
import type { ChainEvent } from "../../chain/chain-event";
import type { BlockHeader } from "../../chain/sink";
import { fold } from "../../market/fold";
import type { MarketReader, PageOf, TradeFilter } from "../../market/types";
import { Store } from "../../server/store";
import { numberOfTrades, pageOfTrades } from "../../server/store/market-sql";
import {
  BUYER,
  commissioned,
  HandChain,
  type Happening,
  listed,
  METER,
  OTHER_METER,
  opened,
  PROSUMER,
  quiet,
  refunded,
  settled,
  temporaryFolder,
} from "../server/support";
import { MemoryMarket } from "./memory-market";

interface Block {
  header: BlockHeader;
  events: ChainEvent[];
}

const METERS = [METER, OTHER_METER];
const BUYERS = [BUYER, PROSUMER];
const everything = { offset: 0, limit: 10_000 };
const pages: PageOf[] = [
  everything,
  { offset: 0, limit: 2 },
  { offset: 1, limit: 3 },
  { offset: 4, limit: 0 },
];
const filters: TradeFilter[] = [undefined, BUYER, PROSUMER.toLowerCase(), "0x01"].flatMap((party) =>
  [undefined, METER].flatMap((meter) =>
    ([undefined, null, "settled", "refunded"] as const).map((closed) => ({ party, meter, closed })),
  ),
);

/** All that can be asked. */
const answers = (market: MarketReader) => ({
  meters: market.meters(),
  meter: METERS.map((meter) => market.meter(meter)),
  offers: market.offers(),
  offer: market.offers().map(({ offerId }) => market.offer(offerId)),
  openOffers: market.openOffers(),
  trade: market.trades({}, everything).map(({ tradeId }) => market.trade(tradeId)),
  none: [market.trade(77n), market.offer(77n), market.meter(BUYER)],
  openTrades: market.openTrades(),
  openTradesOf: METERS.map((meter) => market.openTradesOf(meter)),
  trades: filters.map((filter) => pages.map((page) => market.trades(filter, page))),
  tradesOf: pages.map((page) => market.tradesOf(BUYER, page)),
  counts: filters.map((filter) => market.countTrades(filter)),
});

const isEarly = ({ name }: ChainEvent) =>
  name === "TradeOpened" || name === "OfferListed" || name === "MeterCommissioned";

/** The whole market from its events, in memory: what every other way of keeping it must agree with. */
function marketOf(confirmed: Block[], early: Block[] = []): MemoryMarket {
  const market = new MemoryMarket();
  for (const { header, events } of confirmed) for (const event of events) fold(market, event, header);
  const isStored = (event: ChainEvent) =>
    confirmed.some(({ events }) =>
      events.some(({ txHash, logIndex }) => txHash === event.txHash && logIndex === event.logIndex),
    );
  const isTaken = (event: ChainEvent) =>
    (event.name === "TradeOpened" && market.trade(event.tradeId) !== null) ||
    (event.name === "OfferListed" && market.offer(event.offerId) !== null) ||
    (event.name === "MeterCommissioned" && market.meter(event.meter) !== null);
  const shown = early.flatMap(({ header, events }) =>
    events
      .filter((event) => isEarly(event) && !isStored(event) && !isTaken(event))
      .map((event) => ({ header, event })),
  );
  for (const { header, event } of shown) fold(market, event, header, undefined, false);
  return market;
}

/** One thing that can happen on this market; `pick` chooses. */
function happening(market: MemoryMarket, kind: number, pick: number): Happening | null {
  const oneOf = <T>(list: T[]): T | undefined => list[pick % list.length];
  const trade = oneOf(market.openTrades());
  const offer = oneOf(market.openOffers());
  const bought = market.countTrades({});
  switch (kind) {
    case 0: {
      const meter = oneOf(METERS.filter((one) => market.meter(one) === null));
      return meter === undefined ? null : commissioned(meter);
    }
    case 1: {
      const meter = oneOf(market.meters().filter(({ status }) => status === "commissioned"));
      const offerId = BigInt(market.offers().length + 1);
      return meter === undefined ? null : listed(offerId, BigInt(1 + (pick % 40)), meter.meter);
    }
    case 2:
      return offer === undefined || pick % 3 > 0
        ? null
        : { name: "OfferWithdrawn", offerId: offer.offerId, remainingMilliWh: offer.remainingMilliWh };
    case 3:
      return trade === undefined ? null : refunded(trade.tradeId);
    case 4:
    case 5: {
      if (trade === undefined) return null;
      const isClosed = kind === 4;
      const delivered = isClosed ? trade.milliWh : trade.settledMilliWh;
      return settled(trade.tradeId, delivered, BigInt(pick % 1000), isClosed);
    }
    case 6: {
      const meter = oneOf(market.meters().filter(({ status }) => status !== "decommissioned"));
      if (meter === undefined || pick % 4 > 0) return null;
      return { name: pick % 8 > 0 ? "MeterRetired" : "MeterDecommissioned", meter: meter.meter };
    }
    default: {
      if (offer === undefined) return null;
      const milliWh = 1n + (BigInt(pick) % offer.remainingMilliWh);
      const tradeId = offer.offerId * 1_000_000n + BigInt(bought + 1);
      return { ...opened(tradeId, milliWh), buyer: BUYERS[pick % 2]! } as Happening;
    }
  }
}

/** Blocks without an event before a block: undone are the newest 256. */
const EMPTY_BLOCKS = [0, 0, 0, 3, 60, 200, 300, 300];

const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("seal" as const),
      empty: fc.constantFrom(...EMPTY_BLOCKS),
      what: fc.array(fc.tuple(fc.nat(9), fc.nat(10_000)), { maxLength: 6 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("confirm" as const), blocks: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("preview" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("reorganise" as const), blocks: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("fail" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("repeat" as const) }) },
);

describe("the market", function () {
  this.timeout(120_000);

  it("is what its events make of it, whatever was confirmed, shown early, taken back, refused and restarted", async () => {
    /** Reorganisations, by what was done: the newest blocks undone, or all events folded anew. */
    const ways = { undone: 0, folded: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 40 }), async (acts) => {
        const folder = temporaryFolder();
        let store = Store.open(folder.path, quiet);
        store.ledger.reset({ genesisHash: "genesis", trade: "0xtrade" });
        let blocks: Block[] = [];
        let confirmed = 0;
        let shown: Block[] = [];
        let branch = 0;
        const seal = (what: [number, number][], empty = 0) => {
          const block = (blocks.at(-1)?.header.block ?? 0) + empty + 1;
          const hash = `0xblock${block}-${branch}`;
          const parentHash = blocks.at(-1)?.header.hash ?? "0xgenesis";
          const header = { block, hash, parentHash, atS: block, sealer: block % 2 ? BUYER : null };
          const events: ChainEvent[] = [];
          const market = marketOf(blocks);
          for (const [kind, pick] of what) {
            const one = happening(market, kind, pick);
            if (one === null) continue;
            const logIndex = events.length;
            const event = {
              ...one,
              // Half of the transactions are the same on each branch.
              txHash: `0xtx${block}-${pick % 2 ? branch : ""}`,
              block,
              blockHash: hash,
              logIndex,
            } as ChainEvent;
            fold(market, event, header);
            events.push(event);
          }
          blocks.push({ header, events });
        };
        const batchTo = (end: number) => {
          const some = blocks.slice(confirmed, end);
          const headers = some.map(({ header }) => header);
          return { headers, events: some.flatMap(({ events }) => events), through: blocks[end - 1]!.header };
        };
        /** Below this block, what was changed cannot be undone. */
        const undoneDownTo = (): number => {
          const db = new Database(join(folder.path, "neighborwatt.sqlite"));
          const { undo_from } = db.prepare("SELECT undo_from FROM chain").get() as { undo_from: number };
          db.close();
          return undo_from;
        };
        const check = () => {
          const stored = blocks.slice(0, confirmed);
          assert.deepEqual(answers(store.ledger.confirmed), answers(marketOf(stored)));
          assert.deepEqual(answers(store.ledger.displayed), answers(marketOf(stored, shown)));
        };
        try {
          seal([0, 1, 0, 1, 7, 7].map((kind, i) => [kind, i * 7]));
          for (const one of acts) {
            switch (one.do) {
              case "seal":
                seal(one.what, one.empty);
                break;
              case "confirm": {
                const end = Math.min(confirmed + one.blocks, blocks.length);
                if (end === 0) break;
                store.ledger.apply(batchTo(end));
                confirmed = end;
                break;
              }
              case "preview": {
                shown = blocks.slice(confirmed);
                const events = shown.flatMap(({ events }) => events);
                const headers = shown.map(({ header }) => header);
                store.ledger.preview(events, headers, blocks.at(-1)!.header);
                break;
              }
              case "reorganise": {
                const kept = Math.max(blocks.length - one.blocks, 0);
                branch++;
                blocks = blocks.slice(0, kept);
                if (kept < confirmed) {
                  const block = blocks.at(-1)?.header.block ?? 0;
                  ways[block < undoneDownTo() ? "folded" : "undone"]++;
                  store.ledger.rollback(block);
                  confirmed = kept;
                  shown = [];
                }
                seal([[7, branch]]);
                break;
              }
              case "restart":
                await store.stop();
                store = Store.open(folder.path, quiet);
                shown = [];
                break;
              case "fail": {
                const { headers, events, through } = batchTo(blocks.length);
                if (blocks.length === confirmed) break;
                const gap = { ...refunded(99_000_001n), txHash: "0xgap", ...placeIn(through) } as ChainEvent;
                assert.throws(
                  () => store.ledger.apply({ headers, events: [...events, gap], through }),
                  /gap/,
                );
                break;
              }
              case "repeat": {
                if (confirmed === 0) break;
                const { header, events } = blocks[confirmed - 1]!;
                store.ledger.apply({ headers: [header], events, through: header });
                break;
              }
            }
            check();
          }
        } finally {
          await store.stop();
          folder.remove();
        }
      }),
      { numRuns: 100, seed: 20261125 },
    );
    assert.ok(ways.undone > 5 && ways.folded > 5, JSON.stringify(ways));
  });

  it("is taken back 256 blocks without a look at older events, and further by all of them", async () => {
    const folder = temporaryFolder();
    const store = Store.open(folder.path, quiet);
    store.ledger.reset({ genesisHash: "genesis", trade: "0xtrade" });
    const chain = new HandChain(store);
    chain.confirm(commissioned());
    chain.confirm(listed(1n));
    const answersAt: Record<number, ReturnType<typeof answers>> = {};
    for (let block = 3; block <= 600; block++) {
      const trade = 1_000_000n + BigInt(block);
      if (block % 2) chain.confirm(opened(trade, 1n));
      else chain.confirm(settled(trade - 1n, 1n, BigInt(block), true));
      if ([300, 343, 344].includes(block)) answersAt[block] = answers(store.ledger.confirmed);
    }
    const db = new Database(join(folder.path, "neighborwatt.sqlite"));
    const { body } = db.prepare("SELECT body FROM events WHERE block = 1").get() as { body: string };
    const write = db.prepare("UPDATE events SET body = ? WHERE block = 1");
    write.run("unreadable");
    assert.throws(() => store.ledger.rollback(343), /damaged/);
    store.ledger.rollback(344);
    assert.deepEqual(answers(store.ledger.confirmed), answersAt[344]);
    assert.equal(store.ledger.cursor()?.block, 344);
    write.run(body);
    db.close();
    store.ledger.rollback(300);
    assert.deepEqual(answers(store.ledger.confirmed), answersAt[300]);
    await store.stop();
    folder.remove();
  });

  const placeIn = ({ block, hash }: BlockHeader) => ({ block, blockHash: hash, logIndex: 1000 });

  it("answers every question of a page from an index, and sorts nothing", async () => {
    const folder = temporaryFolder();
    await Store.open(folder.path, quiet).stop();
    const db = new Database(join(folder.path, "neighborwatt.sqlite"));
    // The open ones are in memory, and the newest of all need no index but the table's own order.
    const asked = filters.filter(({ closed, meter, party }) => closed !== null && (closed || meter || party));
    for (const filter of asked) {
      for (const { sql, values, more } of [
        { ...pageOfTrades(filter), more: [50, 0] },
        { ...numberOfTrades(filter), more: [] },
      ]) {
        const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values, ...more) as { detail: string }[];
        const details = plan.map(({ detail }) => detail);
        assert.ok(
          details.every((detail) => !/TEMP B-TREE FOR ORDER|SCAN market_trades/.test(detail)),
          `${sql}\n${details.join("\n")}`,
        );
      }
    }
    db.close();
    folder.remove();
  });
});
