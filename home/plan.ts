/**
 * Delivery of one meter, as pure logic: what is known goes in, what should be true comes out. Called again after
 * every sample, every change on the chain and every tick; with nothing new, nothing comes out.
 *
 * The rules: trades are served in purchase order, one at a time. The relay is closed only for a trade that is
 * confirmed, open, not fully delivered and before its deadline, while the chain is known and the meter's samples are
 * fresh; anything unknown means open. A trade for which nothing flows gives way to the next one and is tried again
 * later (`no-flow.ts`). Opening the relay can be undone and may go by a clock that is wrong; a final reading cannot,
 * and waits for the deadline in a confirmed block. What a trade got is counted between two positions of the meter's register, so
 * that a lost sample loses no energy, and each milliwatt-hour belongs to one trade at most.
 *
 * The relay opens at the first sample that shows the order fulfilled. What flows beyond it, at most the power times
 * one sample interval, is given to the neighbour and never sold.
 */

import type { ReadingStatement } from "../chain/readings";
import type { Address } from "../common/address";
import type { HaltView, TradeWait } from "../common/events";
import type { RelayPosition } from "../common/meter";
import { type DeliveryRecord, deliveryKey } from "../common/records";
import { least, most } from "../common/units";
import { afterNoFlow, hasFlowed, isHeldBack } from "./no-flow";

/** An open trade, as the confirmed chain has it. */
export interface OpenTrade {
  tradeId: bigint;
  /**
   * Hash of the transaction that opened it. After a reorganisation another purchase may carry the same id, and the
   * same purchase may come back in another block: id and transaction together name one promise.
   */
  openingTx: string;
  buyer: Address;
  milliWh: bigint;
  settledMilliWh: bigint;
  deadlineAtMs: number;
}

export interface MeterPosition {
  /** Lifetime register. */
  registerMilliWh: bigint;
  isOnline: boolean;
  /** Age of the newest sample on the steady clock; null before the first. */
  sampleAgeMs: number | null;
  /** For how long the samples have shown no current since the relay was closed for the trade now served; 0 while open. */
  quietMs: number;
}

export interface DeliveryInput {
  /** The chain's time now: its newest block's, and what the steady clock says has passed since. */
  nowMs: number;
  /** `nowMs`, or the host's time where that is later and no block has come for long: only ever opens the relay. */
  latestMs: number;
  /** Time of the newest confirmed block: what ends a trade for good. */
  confirmedAtMs: number;
  /** False until the chain has been followed to its head: a stored trade may long be closed. */
  isChainKnown: boolean;
  isCommissioned: boolean;
  /** Why it delivers no more; null while it does. */
  halted: HaltView | null;
  meter: MeterPosition;
  /** In purchase order. */
  trades: OpenTrade[];
  /** By `deliveryKey`. */
  records: ReadonlyMap<string, DeliveryRecord>;
}

export interface DeliveryRules {
  /** Between two readings of one trade that is being delivered. */
  settleIntervalMs: number;
  /** An older sample says nothing about now. */
  maxSampleAgeMs: number;
  /** Nothing has flowed for this long through the closed relay: the next trade's turn. */
  noFlowMs: number;
}

export type ReadingToSign = ReadingStatement & { openingTx: string };

export interface DeliveryPlan {
  relay: RelayPosition;
  /** Why, for a log: "closed for trade 1000001", "open: nothing to deliver". */
  reason: string;
  /** Records that are new or changed; to be stored, with the register and the readings, before the relay closes. */
  changed: DeliveryRecord[];
  toSign: ReadingToSign[];
  /** The trade whose turn it is, whether the relay may be closed for it now or not. */
  served: OpenTrade | null;
  /** By `deliveryKey`: why nothing flows, for each open trade of which that is so. */
  waits: ReadonlyMap<string, TradeWait>;
}

/** What a trade has got when the meter's register stands at `registerMilliWh`, before the order caps it. */
export function deliveredSoFar(record: DeliveryRecord, registerMilliWh: bigint): bigint {
  if (record.sinceRegisterMilliWh === null) return record.bankedMilliWh;
  const counted = registerMilliWh - record.sinceRegisterMilliWh;
  return record.bankedMilliWh + (counted > 0n ? counted : 0n);
}

/** Nothing flowing through the closed relay is worth a word after this long. */
const QUIET_TOLD_MS = 5_000;

export function planDelivery(input: DeliveryInput, rules: DeliveryRules): DeliveryPlan {
  const { meter, nowMs } = input;
  const register = meter.registerMilliWh;
  if (!input.isChainKnown && input.halted === null)
    return idle(input, "chain", "open: the chain has not been read to its head yet");

  const records = new Map(input.records);
  const changed = new Map<string, DeliveryRecord>();
  const toSign: ReadingToSign[] = [];
  const save = (record: DeliveryRecord) => {
    records.set(deliveryKey(record), record);
    changed.set(deliveryKey(record), record);
  };
  /** Energy before this moment was its own, energy after is not. */
  const suspend = (record: DeliveryRecord, capMilliWh: bigint | null, endedAtMs: number | null) => {
    const delivered = deliveredSoFar(record, register);
    save({
      ...record,
      bankedMilliWh: capMilliWh === null ? delivered : least(delivered, capMilliWh),
      sinceRegisterMilliWh: null,
      endedAtMs: record.endedAtMs ?? endedAtMs,
    });
  };
  const sign = (record: DeliveryRecord, trade: OpenTrade, delivered: bigint, isFinal: boolean) => {
    const { tradeId, openingTx, buyer, milliWh: orderedMilliWh, deadlineAtMs } = trade;
    const statement = { deliveredMilliWh: delivered, registerMilliWh: register, isFinal };
    toSign.push({ tradeId, openingTx, buyer, orderedMilliWh, deadlineAtMs, ...statement });
    save({ ...record, signed: { deliveredMilliWh: delivered, isFinal, atMs: nowMs, deadlineAtMs } });
  };

  // A trade that the chain has closed, or that vanished with its block, stops counting at once.
  const openKeys = new Set(input.trades.map(deliveryKey));
  for (const [key, record] of input.records)
    if (record.sinceRegisterMilliWh !== null && !openKeys.has(key)) suspend(record, null, nowMs);

  // Not commissioned: its signatures count no more, and whoever bought is refunded by the chain.
  if (input.halted !== null || !input.isCommissioned) {
    for (const record of [...records.values()])
      if (record.sinceRegisterMilliWh !== null) suspend(record, null, nowMs);
    const none = input.halted
      ? idle(
          input,
          "halted",
          input.halted.reason === "fault"
            ? `open: ${input.halted.detail}`
            : "open: another server signs with this meter's key",
        )
      : idle(input, "commission", "open: the meter is not commissioned");
    return { ...none, changed: [...changed.values()] };
  }

  const isFresh =
    meter.isOnline && meter.sampleAgeMs !== null && Math.abs(meter.sampleAgeMs) <= rules.maxSampleAgeMs;
  const waits = new Map<string, TradeWait>();
  const candidates: { trade: OpenTrade; record: DeliveryRecord }[] = [];

  for (const trade of input.trades) {
    const key = deliveryKey(trade);
    let record = records.get(key) ?? newRecord(trade);
    // The purchase came back in another block: what was signed for it names a deadline that it no longer has.
    if (record.signed && record.signed.deadlineAtMs !== trade.deadlineAtMs) {
      sign(record, trade, record.signed.deliveredMilliWh, record.signed.isFinal);
      record = records.get(key)!;
    }
    if (record.signed?.isFinal) continue;

    // The chain may know more than a journal that was lost: what it has settled was delivered.
    if (trade.settledMilliWh > deliveredSoFar(record, register))
      record = {
        ...record,
        bankedMilliWh: trade.settledMilliWh,
        sinceRegisterMilliWh: record.sinceRegisterMilliWh === null ? null : register,
      };
    const delivered = least(deliveredSoFar(record, register), trade.milliWh);

    if (delivered === trade.milliWh || input.confirmedAtMs >= trade.deadlineAtMs) {
      suspend(record, trade.milliWh, record.startedAtMs === null ? null : nowMs);
      sign(records.get(key)!, trade, delivered, true);
      continue;
    }
    if (hasFlowed(record, register)) record = { ...record, noFlow: null };
    if (record.sinceRegisterMilliWh !== null && meter.quietMs >= rules.noFlowMs)
      record = { ...record, noFlow: afterNoFlow(record.noFlow, nowMs, rules) };

    const isPast = input.latestMs >= trade.deadlineAtMs;
    if (!isPast && !isHeldBack(record.noFlow, nowMs, rules)) {
      candidates.push({ trade, record });
      continue;
    }
    waits.set(
      key,
      isPast ? { reason: "deadline", untilMs: null } : { reason: "retry", untilMs: record.noFlow!.retryAtMs },
    );
    if (record.sinceRegisterMilliWh !== null) suspend(record, trade.milliWh, null);
  }

  const served = chooseServed(candidates);
  for (const one of candidates)
    if (one !== served) {
      waits.set(deliveryKey(one.trade), { reason: "otherTrade", untilMs: null });
      if (one.record.sinceRegisterMilliWh !== null) suspend(one.record, one.trade.milliWh, null);
    }
  if (served === null) {
    const retryMs = [...waits.values()].flatMap(({ untilMs }) => untilMs ?? []);
    const reason =
      retryMs.length > 0
        ? `open: nothing flowed through the closed relay; tried again in ${Math.ceil((Math.min(...retryMs) - nowMs) / 1000)} s`
        : "open: nothing to deliver";
    return { relay: "open", reason, changed: [...changed.values()], toSign, served: null, waits };
  }

  const { trade } = served;
  const key = deliveryKey(trade);
  let { record } = served;
  if (record.sinceRegisterMilliWh === null && isFresh)
    record = {
      ...record,
      sinceRegisterMilliWh: register,
      startedAtMs: record.startedAtMs ?? nowMs,
      endedAtMs: null,
    };
  if (record !== input.records.get(key) && record.startedAtMs !== null) save(record);
  const delivered = least(deliveredSoFar(record, register), trade.milliWh);
  if (record.startedAtMs !== null && isReadingDue(record, trade, delivered, nowMs, rules))
    sign(record, trade, delivered, false);
  const isGoingOn = input.records.get(key)?.sinceRegisterMilliWh != null;
  if (!isFresh) waits.set(key, { reason: "meter", untilMs: null });
  else if (isGoingOn && meter.quietMs >= QUIET_TOLD_MS) waits.set(key, { reason: "noFlow", untilMs: null });
  return {
    relay: isFresh ? "closed" : "open",
    reason: isFresh
      ? `closed for trade ${trade.tradeId}`
      : `open: no fresh sample while trade ${trade.tradeId} waits`,
    changed: [...changed.values()],
    toSign,
    served: trade,
    waits,
  };
}

/**
 * The first in purchase order; but one that is only tried again does not interrupt a delivery under way, for a meter
 * cannot see whose load draws: it would be given the other one's energy.
 */
function chooseServed<T extends { record: DeliveryRecord }>(candidates: T[]): T | null {
  const first = candidates[0] ?? null;
  if (first === null || first.record.noFlow === null) return first;
  return candidates.find(({ record }) => record.sinceRegisterMilliWh !== null) ?? first;
}

function isReadingDue(
  record: DeliveryRecord,
  trade: OpenTrade,
  delivered: bigint,
  nowMs: number,
  rules: DeliveryRules,
): boolean {
  const lastAtMs = record.signed?.atMs ?? record.startedAtMs!;
  const known = most(record.signed?.deliveredMilliWh ?? 0n, trade.settledMilliWh);
  return delivered > known && nowMs - lastAtMs >= rules.settleIntervalMs;
}

const newRecord = ({ tradeId, openingTx }: OpenTrade): DeliveryRecord => ({
  tradeId,
  openingTx,
  bankedMilliWh: 0n,
  sinceRegisterMilliWh: null,
  startedAtMs: null,
  endedAtMs: null,
  signed: null,
  noFlow: null,
});

const idle = (input: DeliveryInput, why: TradeWait["reason"], reason: string): DeliveryPlan => ({
  relay: "open",
  reason,
  changed: [],
  toSign: [],
  served: null,
  waits: new Map(input.trades.map((trade) => [deliveryKey(trade), { reason: why, untilMs: null }])),
});
