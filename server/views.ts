/** What people and programs read: the server's state as the wire protocol has it. Pure; nothing is kept here. */

import { noBlockSince } from "../chain/chain-clock";
import { type Address, sameAddress } from "../common/address";
import type { SignedReadingView } from "../common/api";
import type { ElsewhereMeter, ElsewhereMeters } from "../common/bus";
import type {
  BusView,
  ChainView,
  HomeView,
  Look,
  MeterView,
  NetworkView,
  OfferView,
  SampleView,
  Snapshot,
  StreetHouseView,
  TradeStatus,
  TradeView,
  TradeWait,
} from "../common/events";
import type { MeterSample } from "../common/meter";
import { least, most } from "../common/units";
import type { Home } from "../home/home";
import type { Homes } from "../home/homes";
import { newestFirst, passes } from "../market/questions";
import type { MarketMeter, MarketOffer, MarketReader, MarketTrade, PageOf } from "../market/types";
import type { Ledger } from "./store/ledger";

/** In the snapshot, of each way to close and each party. The rest is in `/api/trades`. */
const CLOSED_TRADES_IN_SNAPSHOT = 200;

/** Who owns a meter that nobody has commissioned. */
const NOBODY = "0x0000000000000000000000000000000000000000";

/** The meter says itself that it is lost, after a second: one that is online and gives nothing is stuck. */
const STUCK_METER_MS = 5_000;
export const NO_SAMPLES = "meter online, but it gives no samples";

/** @param sampleAgeMs null before the first sample */
export const isStuck = ({ status }: Pick<Home, "status">, sampleAgeMs: number | null): boolean =>
  status.state === "online" && (sampleAgeMs ?? 0) > STUCK_METER_MS;

export interface ViewParts {
  ledger: Ledger;
  homes: Homes;
  confirmationsNeeded: number;
  /** Open trades whose newest reading the chain has refused for good. */
  refusedForGood(): { tradeId: bigint }[];
  /** No block has come for too long, though the node may answer. */
  isChainSilent(): boolean;
  /** Energy of a home since local midnight, mWh. */
  todayMilliWh(home: Home): bigint;
  /** All nodes as they were seen a moment ago; null when nobody has looked lately. */
  network(): NetworkView | null;
  configVersion(): string | null;
  pageScript(): string | null;
  /** Missing without a bus. */
  bus?: { elsewhere: ElsewhereMeters; view(): BusView };
}

export class Views {
  constructor(private readonly parts: ViewParts) {}

  private get market(): MarketReader {
    return this.parts.ledger.displayed;
  }

  /** As one page looks at it; a house that is none of this street is as good as none chosen. */
  snapshot(look: Look): Snapshot {
    const street = this.street();
    const house = street.find(({ meter }) => sameAddress(meter, look.house)) ?? street[0];
    const parties = [look.account, house?.prosumer].filter((party) => party != null);
    return {
      offers: this.market.openOffers().map((offer) => this.offerOf(offer)),
      trades: this.tradesOf(parties).map((trade) => this.tradeOf(trade)),
      meters: house ? [this.meter(house.meter)] : [],
      homes: this.homes().filter(({ meter }) => meter === house?.meter),
      street,
      chain: this.chain(),
      bus: this.bus(),
      network: this.parts.network(),
      configVersion: this.configVersion(),
      pageScript: this.parts.pageScript(),
    };
  }

  /** All open ones of these parties, and of the closed ones the newest of each. Newest first. */
  private tradesOf(parties: Address[]): MarketTrade[] {
    const newest = { offset: 0, limit: CLOSED_TRADES_IN_SNAPSHOT };
    const isOf = ({ buyer, seller }: MarketTrade) =>
      parties.some((party) => sameAddress(buyer, party) || sameAddress(seller, party));
    const found = [
      ...this.openTrades().filter(isOf),
      ...parties.flatMap((party) => [
        ...this.market.trades({ party, closed: "settled" }, newest),
        ...this.market.trades({ party, closed: "refunded" }, newest),
      ]),
    ];
    const byId = new Map(found.map((trade) => [trade.tradeId, trade]));
    return [...byId.values()].sort(newestFirst);
  }

  configVersion(): string | null {
    return this.parts.configVersion();
  }

  /** Newest first. */
  offers(): OfferView[] {
    return this.market.offers().map((offer) => this.offerOf(offer));
  }

  offer(offerId: bigint): OfferView | null {
    const offer = this.market.offer(offerId);
    return offer ? this.offerOf(offer) : null;
  }

  trade(tradeId: bigint): TradeView | null {
    const trade = this.market.trade(tradeId);
    return trade ? this.tradeOf(trade) : null;
  }

  /** Newest first, those of one status or party only where named; `total` counts those of all pages. */
  trades(
    filter: { status?: TradeStatus | undefined; party?: Address | undefined },
    { offset, limit }: PageOf,
  ): { trades: TradeView[]; total: number } {
    const { status, party } = filter;
    if (status === undefined || status === "settled" || status === "refunded") {
      const closed = { party, closed: status };
      const page = this.market.trades(closed, { offset, limit });
      return { trades: page.map((trade) => this.tradeOf(trade)), total: this.market.countTrades(closed) };
    }
    const found = this.openTrades().filter(
      (trade) => passes(trade, { party }) && this.statusOf(trade) === status,
    );
    const page = found.slice(offset, offset + limit);
    return { trades: page.map((trade) => this.tradeOf(trade)), total: found.length };
  }

  countByStatus(): Map<TradeStatus, number> {
    const counts = new Map<TradeStatus, number>([
      ["settled", this.market.countTrades({ closed: "settled" })],
      ["refunded", this.market.countTrades({ closed: "refunded" })],
    ]);
    for (const trade of this.openTrades()) {
      const status = this.statusOf(trade);
      counts.set(status, (counts.get(status) ?? 0) + 1);
    }
    return counts;
  }

  tradeOf(trade: MarketTrade): TradeView {
    const progress = this.parts.homes.progressOf(trade);
    const { isConfirmed, closed, opened, ...facts } = trade;
    const { block, txHash, sealer, atMs } = opened;
    return {
      ...facts,
      opened: { txHash, block, sealer, atMs },
      status: this.statusOf(trade),
      deliveredMilliWh: most(
        progress?.deliveredMilliWh ?? this.deliveredElsewhere(trade),
        trade.settledMilliWh,
      ),
      confirmations: this.confirmationsOf(trade),
      confirmationsNeeded: this.parts.confirmationsNeeded,
      wait: closed === null ? this.waitOf(trade) : null,
      deliveryStartedAtMs: progress?.record.startedAtMs ?? null,
      deliveryEndedAtMs: progress?.record.endedAtMs ?? null,
    };
  }

  /** Open trades whose newest reading the chain has refused for good. */
  refusedTrades(): bigint[] {
    return this.parts.refusedForGood().map(({ tradeId }) => tradeId);
  }

  private waitOf(trade: MarketTrade): TradeWait | null {
    const { homes } = this.parts;
    const isRefused =
      homes.progressOf(trade)?.record.signed?.isFinal && this.refusedTrades().includes(trade.tradeId);
    return isRefused ? { reason: "refused", untilMs: null } : homes.waitOf(trade);
  }

  statusOf(trade: MarketTrade): TradeStatus {
    const { homes } = this.parts;
    if (trade.closed !== null) return trade.closed;
    if (!trade.isConfirmed) return "sealed";
    const home = homes.of(trade.meter);
    if (home === null) return this.statusElsewhere(trade);
    if (homes.progressOf(trade)?.record.signed?.isFinal) return "settling";
    return home.servedTradeId === trade.tradeId ? "delivering" : "queued";
  }

  /** By what its meter has signed, no more than was bought. */
  private deliveredElsewhere(trade: MarketTrade): bigint {
    return least(this.parts.bus?.elsewhere.readingOf(trade)?.deliveredMilliWh ?? 0n, trade.milliWh);
  }

  /** What the meter of another server has signed for a trade, as far as it came by the bus: the newest. */
  readingsElsewhere(trade: TradeView): SignedReadingView[] {
    const reading = this.parts.bus?.elsewhere.readingOf(trade);
    return reading ? [reading] : [];
  }

  private statusElsewhere(trade: MarketTrade): TradeStatus {
    const elsewhere = this.parts.bus?.elsewhere;
    if (elsewhere?.readingOf(trade)?.isFinal) return "settling";
    return elsewhere?.of(trade.meter)?.servedTradeId === trade.tradeId ? "delivering" : "confirmed";
  }

  /** How the bus is; null without one. */
  bus(): BusView | null {
    return this.parts.bus?.view() ?? null;
  }

  private meterElsewhere(meter: Address, prosumer: Address): MeterView {
    const said = this.parts.bus?.elsewhere.of(meter) ?? null;
    return {
      meter,
      prosumer,
      state: "elsewhere",
      detail: elsewhereDetail(said),
      fault: said?.fault ?? null,
      halt: null,
      relay: said?.relay ?? null,
      firmware: said?.firmware ?? null,
      todayMilliWh: said?.todayMilliWh ?? null,
      lastSample: said?.lastSample ?? null,
    };
  }

  meter(meter: Address): MeterView {
    const home = this.parts.homes.of(meter);
    const known = this.market.meter(meter);
    const prosumer = known?.prosumer ?? NOBODY;
    if (home === null) return this.meterElsewhere(meter, prosumer);
    const { fault = null } = home.status;
    const { state, detail } = isStuck(home, this.parts.homes.sampleAgeMs(home))
      ? { state: "lost" as const, detail: NO_SAMPLES }
      : home.status;
    const { lastSample } = home;
    return {
      meter,
      prosumer,
      state,
      detail:
        known?.status === "commissioned" ? detail : `${detail}; ${uncommissioned(meter, known?.status)}`,
      fault,
      halt: home.halted,
      // A sample from before a loss says nothing about now.
      relay: (state === "online" ? lastSample?.relay : undefined) ?? home.wanted,
      firmware: home.firmware,
      todayMilliWh: this.parts.todayMilliWh(home),
      lastSample: lastSample && this.sample(meter, lastSample),
    };
  }

  /** Those of this server's homes first. */
  meters(): MeterView[] {
    const meters = [...this.parts.homes.all(), ...this.market.meters()].map(({ meter }) => meter);
    return [...new Set(meters)].map((meter) => this.meter(meter));
  }

  /** Every house, those of this server first. */
  street(): StreetHouseView[] {
    const homes = new Map(this.homes().map((home) => [home.meter, home]));
    return this.meters().map(({ meter, prosumer, state, lastSample }) => {
      const home = homes.get(meter);
      const said = state === "elsewhere" ? this.parts.bus?.elsewhere.of(meter) : null;
      // What is stale elsewhere is null already.
      const sample = state === "online" || said ? lastSample : null;
      const roofW = home?.house?.roofW ?? sample?.panelWatts ?? null;
      return {
        meter,
        name: home?.name ?? said?.name ?? null,
        kind: home?.kind ?? null,
        prosumer,
        state,
        watts: sample && rounded(sample.watts, 10),
        roofW: sample && roofW !== null ? rounded(roofW, 10) : null,
        batteryCharge: home?.house ? rounded(home.house.batteryCharge, 100) : null,
        sellsTo: this.parts.homes.of(meter)?.servedBuyer ?? this.buyerElsewhere(meter, said?.servedTradeId),
      };
    });
  }

  /** Of the trade that another server says it delivers, where the chain has such a trade of that meter. */
  private buyerElsewhere(meter: Address, tradeId: bigint | null | undefined): Address | null {
    const trade = tradeId ? this.market.trade(tradeId) : undefined;
    return trade?.meter === meter && trade.closed === null ? trade.buyer : null;
  }

  homes(): HomeView[] {
    const { homes } = this.parts;
    return homes.all().map((home) => homes.viewOf(home));
  }

  sample(meter: Address, { registerRestMicroJoule, ...sample }: MeterSample): SampleView {
    return { meter, ...sample };
  }

  chain(): ChainView {
    const { state, detail, head, followedBlock } = this.parts.ledger.position();
    const isSilent = state === "following" && head !== null && this.parts.isChainSilent();
    return {
      state: isSilent ? "silent" : state,
      detail: isSilent ? noBlockSince(head) : detail,
      head: head && { block: head.block, atMs: head.atS * 1000, sealer: head.sealer },
      followedBlock,
    };
  }

  private offerOf(offer: MarketOffer): OfferView {
    const { isWithdrawn, isExhausted, ...facts } = offer;
    const status = statusOf(offer, this.market.meter(offer.meter)?.status);
    return { ...facts, remainingMilliWh: status === "open" ? facts.remainingMilliWh : 0n, status };
  }

  /** Counts up to what is needed and stops there: a closed trade changes no more. */
  private confirmationsOf(trade: MarketTrade): number {
    const { ledger, confirmationsNeeded } = this.parts;
    if (trade.isConfirmed) return confirmationsNeeded;
    const head = ledger.position().head?.block ?? trade.opened.block;
    return Math.min(Math.max(head - trade.opened.block + 1, 1), confirmationsNeeded);
  }

  /** Newest first. */
  private openTrades(): MarketTrade[] {
    return this.market.openTrades().reverse();
  }
}

function elsewhereDetail(said: ElsewhereMeter | null): string {
  if (said === null) return "measured by another server";
  if (!said.isOnline) return "measured by another server, which is silent";
  return `measured by another server: meter ${said.state}, ${said.detail}`;
}

/** To a part of a unit: what moves less is noise, and nobody is told of it. */
const rounded = (value: number, parts: number): number => Math.round(value * parts) / parts;

function statusOf(offer: MarketOffer, meter: MarketMeter["status"] | undefined): OfferView["status"] {
  if (offer.isWithdrawn) return "withdrawn";
  if (offer.remainingMilliWh === 0n) return "soldOut";
  if (meter === "retired") return "meterRetired";
  if (meter !== "commissioned") return "meterDecommissioned";
  return offer.isExhausted ? "exhausted" : "open";
}

/** Why nobody can buy from this meter, and who can change that. */
export function uncommissioned(meter: Address, status: MarketMeter["status"] | undefined): string {
  switch (status) {
    case "retired":
      return `its key ${meter} is retired: what was bought is delivered and paid, nothing more can be bought`;
    case "decommissioned":
      return `its key ${meter} is decommissioned: nothing it signs is paid for any more`;
    default:
      return `its key ${meter} is not commissioned yet: the operator must commission it before anybody can buy`;
  }
}
