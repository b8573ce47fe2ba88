/** What programs and the page ask for: JSON, read-only. */
import { Router } from "express";
import { z } from "zod";
import type {
  ConfigView,
  HomeListView,
  MeterListView,
  OfferListView,
  TradeDetailView,
  TradePageView,
} from "../../common/api";
import { type NetworkView, TRADE_STATUSES } from "../../common/events";
import type { Log } from "../../common/log";
import type { Journal } from "../store/journal";
import type { Views } from "../views";
import { HttpError, parseInput } from "./errors";
import { answerHistory, type HistoryParts } from "./history";

export interface ApiParts extends HistoryParts {
  views: Views;
  journal: Journal;
  /** Asks every node, unless that was done within the last second. */
  network(): Promise<NetworkView>;
  /** Null while the contracts are unknown. */
  configView(): ConfigView | null;
  log: Log;
}

const count = (most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `a whole number, 0 to ${most}`)
    .transform(Number)
    .refine((value) => value <= most, `at most ${most}`);

const noQuery = z.strictObject({});
const tradesQuery = z.strictObject({
  status: z.enum(TRADE_STATUSES).optional(),
  party: z
    .string()
    .regex(/^0x[0-9a-f]{40}$/i, "an address: 0x and 40 hexadecimal digits")
    .optional(),
  offset: count(100_000_000).default(0),
  limit: count(200).default(50),
});
/** Ids are uint256: up to 78 digits. */
const tradeId = z
  .string()
  .regex(/^[1-9]\d{0,77}$/, "a trade's id: a whole number such as 1000001")
  .transform(BigInt);

export function createApi(parts: ApiParts): Router {
  const { views, journal } = parts;
  const api = Router();

  api.get("/config", (request, response) => {
    parseInput(noQuery, request.query);
    const view = parts.configView();
    if (!view)
      throw new HttpError(503, "noContracts", `The contracts are not known yet: ${views.chain().detail}.`);
    response.json(view);
  });

  api.get("/homes", (request, response) => {
    parseInput(noQuery, request.query);
    const list: HomeListView = { homes: views.homes() };
    response.json(list);
  });

  api.get("/meters", (request, response) => {
    parseInput(noQuery, request.query);
    const list: MeterListView = { meters: views.meters() };
    response.json(list);
  });

  api.get("/offers", (request, response) => {
    parseInput(noQuery, request.query);
    const list: OfferListView = { offers: views.offers() };
    response.json(list);
  });

  api.get("/trades", (request, response) => {
    const { status, party, offset, limit } = parseInput(tradesQuery, request.query);
    const page: TradePageView = {
      ...views.trades({ status, party }, { offset, limit }),
      offset,
      limit,
    };
    response.json(page);
  });

  api.get("/trades/:id", (request, response) => {
    parseInput(noQuery, request.query);
    const id = parseInput(tradeId, request.params.id);
    const trade = views.trade(id);
    if (!trade) throw new HttpError(404, "tradeNotFound", `There is no trade ${id}.`);
    const own = journal.readingsOf(id, trade.opened.txHash).map(({ meter, ...reading }) => reading);
    const readings = own.length > 0 ? own : views.readingsElsewhere(trade);
    const detail: TradeDetailView = { trade, readings };
    response.json(detail);
  });

  api.get("/network", async (request, response) => {
    parseInput(noQuery, request.query);
    response.json(await parts.network());
  });

  api.get("/meters/:meter/readings", (request, response) => answerHistory(parts, request, response));
  return api;
}
