/** `GET /api/meters/:meter/readings`: what the meter measured, as JSON or CSV. */
import type { Request, Response } from "express";
import { z } from "zod";
import { type Address, sameAddress } from "../../common/address";
import type { MeterHistoryView } from "../../common/api";
import type { Homes } from "../../home/homes";
import type { History } from "../store/history";
import { HttpError, parseInput } from "./errors";

const HOUR_MS = 3_600_000;
const MAX_POINTS = 5_000;
/** Of a street, in an error. */
const METERS_NAMED = 10;
/** Points when no step is asked for: what a chart can show. */
const USUAL_POINTS = 600;
const STEPS_S = [1, 2, 5, 10, 30, 60, 120, 300, 900, 1800, 3600, 7200, 21_600, 86_400];
const LAST_MS = Date.UTC(2200, 0);

const moment = z
  .string()
  .max(40)
  .transform((text, context) => {
    const atMs = /^\d{1,15}$/.test(text) ? Number(text) : isoToMs(text);
    if (Number.isFinite(atMs) && atMs >= 0 && atMs <= LAST_MS) return atMs;
    context.addIssue({ code: "custom", message: "ms since 1970, or a time such as 2026-11-22T16:00:00Z" });
    return z.NEVER;
  });

/** NaN for anything but a full date and time with its zone. */
const isoToMs = (text: string): number =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(text)
    ? Date.parse(text)
    : Number.NaN;

const query = z.strictObject({
  from: moment.optional(),
  to: moment.optional(),
  step: z
    .string()
    .regex(/^[1-9]\d{0,6}$/, "whole seconds, 1 to 9999999")
    .transform(Number)
    .optional(),
  format: z.enum(["json", "csv"]).default("json"),
});

export interface HistoryParts {
  history: History;
  homes: Homes;
  nowMs(): number;
}

export function answerHistory(parts: HistoryParts, request: Request, response: Response): void {
  const meter = ownMeter(parts, String(request.params.meter));
  const asked = parseInput(query, request.query);
  const view = readHistory(parts, meter, asked);
  if (asked.format === "json") {
    response.json(view);
    return;
  }
  response.type("text/csv; charset=utf-8");
  response.attachment(`readings-${meter}-${view.fromMs}-${view.toMs}.csv`);
  response.send(historyCsv(view));
}

/** Checksummed. @throws HttpError naming the meters of this server */
function ownMeter({ homes }: HistoryParts, asked: string): Address {
  const meters = homes.all().map(({ meter }) => meter);
  const own = meters.find((meter) => sameAddress(asked, meter));
  if (own !== undefined) return own;
  const [first, ...others] = meters;
  throw new HttpError(
    404,
    "meterNotFound",
    others.length === 0
      ? `This server's meter is ${first}.`
      : `This server's meters are ${meters.slice(0, METERS_NAMED).join(", ")}${meters.length > METERS_NAMED ? ", …" : ""}.`,
  );
}

function readHistory(
  { history, nowMs }: HistoryParts,
  meter: Address,
  { from, to, step }: z.infer<typeof query>,
): MeterHistoryView {
  const toMs = to ?? Math.max(nowMs(), from === undefined ? 0 : from + 1);
  const fromMs = from ?? Math.max(0, toMs - HOUR_MS);
  if (fromMs >= toMs) throw new HttpError(400, "invalidInput", "from: must be before to");
  const spanS = Math.ceil((toMs - fromMs) / 1000);
  const stepS = step ?? STEPS_S.find((s) => spanS / s <= USUAL_POINTS) ?? Math.ceil(spanS / USUAL_POINTS);
  if (spanS / stepS > MAX_POINTS)
    throw new HttpError(
      400,
      "invalidInput",
      `step: at least ${Math.ceil(spanS / MAX_POINTS)} s for this range (at most ${MAX_POINTS} points)`,
    );
  const points = history.points(meter, Math.floor(fromMs / 1000), Math.ceil(toMs / 1000), stepS);
  return {
    meter,
    fromMs,
    toMs,
    stepS,
    points: points.map(({ atS, ...means }) => ({ atMs: atS * 1000, ...means })),
  };
}

/** RFC 4180, times in UTC. Numbers only: no cell that a spreadsheet could take for a formula. */
export function historyCsv({ points }: MeterHistoryView): string {
  const rows = points.map(({ atMs, volts, amperes, watts, panelWatts, registerMilliWh }) =>
    [
      new Date(atMs).toISOString(),
      volts.toFixed(3),
      amperes.toFixed(4),
      watts.toFixed(3),
      panelWatts?.toFixed(3) ?? "",
      registerMilliWh,
    ].join(","),
  );
  return `${["at,volts,amperes,watts,panelWatts,registerMilliWh", ...rows].join("\r\n")}\r\n`;
}
