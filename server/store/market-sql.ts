/**
 * The market's records in SQLite. They follow from the stored events, and can be made anew from these at any time.
 * `id` counts upwards in the order of purchase and of listing: newest first is `id` downwards, which every index ends
 * with, so that nothing is ever sorted.
 */
import type { Address } from "../../common/address";
import { bigintsAsText, wireReader } from "../../common/wire";
import type { Changed, MarketArchive, Step } from "../../market/archive";
import {
  isInStock,
  type MarketMeter,
  type MarketOffer,
  type MarketTrade,
  type PageOf,
  type TradeFilter,
} from "../../market/types";
import type { Db, Statement } from "./db";
import { MarketUndo } from "./market-undo";

type MarketRecord = MarketMeter | MarketOffer | MarketTrade;

const fromWire = wireReader<MarketRecord>({
  registerMilliWh: true,
  offerId: true,
  milliWh: true,
  remainingMilliWh: true,
  smallestOrderMilliWh: true,
  pricePerKWh: true,
  tradeId: true,
  payment: true,
  settledMilliWh: true,
  paid: true,
  refunded: true,
  deliveredMilliWh: true,
});

const textOf = (record: MarketRecord): string => JSON.stringify(record, bigintsAsText);

export class MarketTables implements MarketArchive {
  private readonly sql: ReturnType<typeof prepareStatements>;
  private readonly undo: MarketUndo;
  /** By its text: a filter makes one of a handful. */
  private readonly questions = new Map<string, Statement>();

  constructor(private readonly db: Db) {
    this.sql = prepareStatements(db);
    this.undo = new MarketUndo(db);
  }

  meters(): MarketMeter[] {
    return this.read(this.sql.meters.all());
  }

  offers(): MarketOffer[] {
    return this.read(this.sql.offers.all());
  }

  offersInStock(): MarketOffer[] {
    return this.read(this.sql.offersInStock.all());
  }

  offer(offerId: bigint): MarketOffer | null {
    return this.read<MarketOffer>(this.sql.offer.all(offerId.toString()))[0] ?? null;
  }

  openTrades(): MarketTrade[] {
    return this.read(this.sql.openTrades.all());
  }

  trade(tradeId: bigint): MarketTrade | null {
    return this.read<MarketTrade>(this.sql.trade.all(tradeId.toString()))[0] ?? null;
  }

  trades(filter: TradeFilter, { offset, limit }: PageOf): MarketTrade[] {
    const { sql, values } = pageOfTrades(filter);
    return this.read(this.ask(sql).all(...values, limit, offset));
  }

  countTrades(filter: TradeFilter): number {
    const { sql, values } = numberOfTrades(filter);
    return (this.ask(sql).get(...values) as { number: number }).number;
  }

  save({ meters, offers, trades }: Changed, step: Step | null): void {
    if (step) {
      for (const meter of meters.keys()) this.undo.keep(step, "meter", meter);
      for (const offerId of offers.keys()) this.undo.keep(step, "offer", offerId.toString());
      for (const tradeId of trades.keys()) this.undo.keep(step, "trade", tradeId.toString());
    }
    for (const meter of meters.values()) this.saveMeter(meter);
    for (const offer of offers.values()) this.saveOffer(offer);
    for (const trade of trades.values()) this.saveTrade(trade);
  }

  takeBack(block: number): number | null {
    return this.undo.takeBack(block, (kind, was) => {
      const record = this.read([{ body: was }])[0]!;
      if (kind === "meter") this.saveMeter(record as MarketMeter);
      else if (kind === "offer") this.saveOffer(record as MarketOffer);
      else this.saveTrade(record as MarketTrade);
    });
  }

  forgetStepsTo(block: number): void {
    this.undo.forgetTo(block);
  }

  clear(): void {
    for (const table of ["market_meters", "market_offers", "market_trades"])
      this.db.exec(`DELETE FROM ${table}`);
    this.undo.clear();
  }

  private saveMeter(meter: MarketMeter): void {
    this.sql.saveMeter.run(meter.meter, textOf(meter));
  }

  private saveOffer(offer: MarketOffer): void {
    this.sql.saveOffer.run(offer.offerId.toString(), isInStock(offer) ? 1 : 0, textOf(offer));
  }

  private saveTrade(trade: MarketTrade): void {
    const { tradeId, meter, seller, buyer, closed } = trade;
    this.sql.saveTrade.run(tradeId.toString(), meter, seller, buyer, closed, textOf(trade));
  }

  private ask(sql: string): Statement {
    let statement = this.questions.get(sql);
    if (!statement) {
      statement = this.db.prepare(sql);
      this.questions.set(sql, statement);
    }
    return statement;
  }

  private read<T extends MarketRecord>(rows: unknown[]): T[] {
    return this.db.decode(() =>
      (rows as { body: string }[]).map(({ body }) => fromWire<MarketRecord>(JSON.parse(body)) as T),
    );
  }
}

interface Question {
  sql: string;
  values: string[];
}

/** The ids first, from an index alone: the texts of the pages before this one are not read. */
export function pageOfTrades(filter: TradeFilter): Question {
  const { sql, values } = idsOfTrades(filter);
  return {
    sql: `SELECT body FROM market_trades WHERE id IN (${sql} ORDER BY id DESC LIMIT ? OFFSET ?) ORDER BY id DESC`,
    values,
  };
}

export function numberOfTrades(filter: TradeFilter): Question {
  const { sql, values } = idsOfTrades(filter);
  return { sql: `SELECT COUNT(*) AS number FROM (${sql})`, values };
}

/** Two lists, one after the other, where a party is asked for: SQLite walks an index of each. */
function idsOfTrades({ meter, party, closed }: TradeFilter): Question {
  const conditions: [string, Address][] = [];
  if (meter !== undefined) conditions.push(["meter = ?", meter]);
  if (typeof closed === "string") conditions.push(["closed = ?", closed]);
  const idsWhere = (more: [string, Address][]) => {
    const all = [...more, ...conditions];
    const where = all.length > 0 ? ` WHERE ${all.map(([condition]) => condition).join(" AND ")}` : "";
    return { sql: `SELECT id FROM market_trades${where}`, values: all.map(([, value]) => value) };
  };
  if (party === undefined) return idsWhere([]);
  const sold = idsWhere([["seller = ?", party]]);
  const bought = idsWhere([
    ["buyer = ?", party],
    ["seller <> ?", party],
  ]);
  return { sql: `${sold.sql} UNION ALL ${bought.sql}`, values: [...sold.values, ...bought.values] };
}

function prepareStatements(db: Db) {
  return {
    meters: db.prepare("SELECT body FROM market_meters ORDER BY id"),
    offers: db.prepare("SELECT body FROM market_offers ORDER BY id DESC"),
    offersInStock: db.prepare("SELECT body FROM market_offers WHERE is_in_stock = 1 ORDER BY id"),
    offer: db.prepare("SELECT body FROM market_offers WHERE offer_id = ?"),
    openTrades: db.prepare("SELECT body FROM market_trades WHERE closed IS NULL ORDER BY id"),
    trade: db.prepare("SELECT body FROM market_trades WHERE trade_id = ?"),
    saveMeter: db.prepare(
      "INSERT INTO market_meters VALUES (NULL, ?, ?) ON CONFLICT (meter) DO UPDATE SET body = excluded.body",
    ),
    saveOffer: db.prepare(
      "INSERT INTO market_offers VALUES (NULL, ?, ?, ?) ON CONFLICT (offer_id) " +
        "DO UPDATE SET is_in_stock = excluded.is_in_stock, body = excluded.body",
    ),
    saveTrade: db.prepare(
      "INSERT INTO market_trades VALUES (NULL, ?, ?, ?, ?, ?, ?) ON CONFLICT (trade_id) DO UPDATE SET " +
        "meter = excluded.meter, seller = excluded.seller, buyer = excluded.buyer, closed = excluded.closed, body = excluded.body",
    ),
  };
}
