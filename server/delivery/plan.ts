/**
 * Delivery of one meter, as pure logic: what is known goes in, what should be true comes out. Called again after
 * every sample, every change on the chain and every tick; with nothing new, nothing comes out.
 *
 * The rules: trades are served in purchase order, one at a time. The relay is closed only for a trade that is
 * confirmed, open, not fully delivered and before its deadline, while the chain is known and the meter's samples are
 * fresh; anything unknown means open. What a trade got is counted between two positions of the meter's register, so
 * that a lost sample loses no energy, and each milliwatt-hour belongs to one trade at most.
 *
 * The relay opens at the first sample that shows the order fulfilled. What flows beyond it, at most the power times
 * one sample interval, is given to the neighbour and never sold.
 */
import type { RelayPosition } from "../../common/meter";

/** An open trade, as the confirmed chain has it. */
export interface OpenTrade {
  tradeId: bigint;
  /**
   * Hash of the transaction that opened it. After a reorganisation another purchase may carry the same id, and the
   * same purchase may come back in another block: id and transaction together name one promise.
   */
  openingTx: string;
  milliWh: bigint;
  settledMilliWh: bigint;
  deadlineAtMs: number;
}

/** How far a trade has got. Outlives the trade's absence during a reorganisation. */
export interface DeliveryRecord {
  tradeId: bigint;
  openingTx: string;
  /** Delivered before `sinceRegisterMilliWh`. */
  bankedMilliWh: bigint;
  /** The register from which energy counts for this trade; null while another one is served. */
  sinceRegisterMilliWh: bigint | null;
  startedAtMs: number | null;
  endedAtMs: number | null;
  /** Newest reading signed for it; null before the first. */
  signed: { deliveredMilliWh: bigint; isFinal: boolean; atMs: number } | null;
}

export interface MeterPosition {
  /** Lifetime register. */
  registerMilliWh: bigint;
  isOnline: boolean;
  /** When the newest sample was taken; null before the first. */
  sampleAtMs: number | null;
}

export interface DeliveryInput {
  nowMs: number;
  /** Time of the newest block: deadlines are the chain's, and a Pi without a battery clock may wake in 1970. */
  chainAtMs: number;
  /** False until the chain has been followed to its head: a stored trade may long be closed. */
  isChainKnown: boolean;
  isCommissioned: boolean;
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
}

export interface ReadingToSign {
  tradeId: bigint;
  openingTx: string;
  deliveredMilliWh: bigint;
  registerMilliWh: bigint;
  isFinal: boolean;
}

export interface DeliveryPlan {
  relay: RelayPosition;
  /** Why, for a log: "closed for trade 1000001", "open: nothing to deliver". */
  reason: string;
  /** Records that are new or changed; to be stored, with the register and the readings, before the relay closes. */
  changed: DeliveryRecord[];
  toSign: ReadingToSign[];
}

export const deliveryKey = (trade: { tradeId: bigint; openingTx: string }): string =>
  `${trade.tradeId}@${trade.openingTx}`;

/** What a trade has got when the meter's register stands at `registerMilliWh`, before the order caps it. */
export function deliveredSoFar(record: DeliveryRecord, registerMilliWh: bigint): bigint {
  if (record.sinceRegisterMilliWh === null) return record.bankedMilliWh;
  const counted = registerMilliWh - record.sinceRegisterMilliWh;
  return record.bankedMilliWh + (counted > 0n ? counted : 0n);
}

export const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const most = (a: bigint, b: bigint): bigint => (a > b ? a : b);

export function planDelivery(input: DeliveryInput, rules: DeliveryRules): DeliveryPlan {
  const { meter, trades, nowMs } = input;
  const register = meter.registerMilliWh;
  if (!input.isChainKnown) return idle("open: the chain has not been read to its head yet");

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
    const { tradeId, openingTx } = trade;
    toSign.push({ tradeId, openingTx, deliveredMilliWh: delivered, registerMilliWh: register, isFinal });
    save({ ...record, signed: { deliveredMilliWh: delivered, isFinal, atMs: nowMs } });
  };

  // A trade that the chain has closed, or that vanished with its block, stops counting at once.
  const openKeys = new Set(trades.map(deliveryKey));
  for (const [key, record] of input.records)
    if (record.sinceRegisterMilliWh !== null && !openKeys.has(key)) suspend(record, null, nowMs);

  // Its signatures count no more, and whoever bought is refunded by the chain.
  if (!input.isCommissioned) {
    for (const record of [...records.values()])
      if (record.sinceRegisterMilliWh !== null) suspend(record, null, nowMs);
    return { ...idle("open: the meter is not commissioned"), changed: [...changed.values()] };
  }

  const isFresh =
    meter.isOnline && meter.sampleAtMs !== null && Math.abs(nowMs - meter.sampleAtMs) <= rules.maxSampleAgeMs;
  let relay: RelayPosition = "open";
  let reason = "open: nothing to deliver";
  let isServed = false;

  for (const trade of trades) {
    const key = deliveryKey(trade);
    let record = records.get(key) ?? newRecord(trade);
    if (record.signed?.isFinal) continue;

    // The chain may know more than a journal that was lost: what it has settled was delivered.
    if (trade.settledMilliWh > deliveredSoFar(record, register))
      record = {
        ...record,
        bankedMilliWh: trade.settledMilliWh,
        sinceRegisterMilliWh: record.sinceRegisterMilliWh === null ? null : register,
      };
    const delivered = least(deliveredSoFar(record, register), trade.milliWh);
    const isDue = Math.max(nowMs, input.chainAtMs) >= trade.deadlineAtMs;

    if (delivered === trade.milliWh || isDue) {
      suspend(record, trade.milliWh, record.startedAtMs === null ? null : nowMs);
      sign(records.get(key)!, trade, delivered, true);
      continue;
    }
    if (isServed) {
      if (record.sinceRegisterMilliWh !== null) suspend(record, trade.milliWh, null);
      continue;
    }
    isServed = true;
    if (record.sinceRegisterMilliWh === null && isFresh)
      record = {
        ...record,
        sinceRegisterMilliWh: register,
        startedAtMs: record.startedAtMs ?? nowMs,
        endedAtMs: null,
      };
    if (record !== input.records.get(key) && record.startedAtMs !== null) save(record);
    if (record.startedAtMs !== null && isReadingDue(record, trade, delivered, nowMs, rules))
      sign(record, trade, delivered, false);
    relay = isFresh ? "closed" : "open";
    reason = isFresh
      ? `closed for trade ${trade.tradeId}`
      : `open: no fresh sample while trade ${trade.tradeId} waits`;
  }
  return { relay, reason, changed: [...changed.values()], toSign };
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
});

const idle = (reason: string): DeliveryPlan => ({ relay: "open", reason, changed: [], toSign: [] });
