/**
 * Tells every page what changed: gathers it for a moment, compares with what was told last, and sends the difference.
 * Samples go past it, each as it comes.
 */
import type { Address } from "../common/address";
import type { ElsewhereMeters } from "../common/bus";
import type { HomeView, MeterView, News, TradeView } from "../common/events";
import type { Service } from "../common/service";
import { bigintsAsText } from "../common/wire";
import type { Homes } from "../home/homes";
import { accountRoom, houseRoom } from "./look";
import type { Ledger } from "./store/ledger";
import type { Views } from "./views";

/** To the pages in these rooms, to all where none is named; `volatile` may be lost by a slow one. */
export interface Publisher {
  send<Name extends keyof News>(name: Name, news: News[Name], rooms?: string[]): void;
  sendVolatile<Name extends keyof News>(name: Name, news: News[Name], rooms?: string[]): void;
  /** To each page a new one, as it looks. */
  sendSnapshots(): void;
}

/** Who is told: those who look at the house, and the trade's own parties; of everything else, everybody. */
function roomsOf<Name extends keyof News>(name: Name, news: News[Name]): string[] | undefined {
  if (name === "meter" || name === "home") return [houseRoom((news as MeterView | HomeView).meter)];
  if (name !== "trade") return undefined;
  const { buyer, seller } = news as TradeView;
  return [accountRoom(buyer), accountRoom(seller)];
}

/** A trade's progress changes with every sample; people read ten numbers a second at most. */
const GATHER_MS = 100;
/** How often that is looked at which changes with time alone: the energy of today at midnight, a chain that is silent. */
const LOOK_MS = 1000;

/** More changes than this at once, as while the chain is caught up with: a snapshot says as much with less. */
const SNAPSHOT_ABOVE = 250;

export class Feed implements Service {
  private readonly offers = new Set<bigint>();
  private readonly trades = new Set<bigint>();
  private readonly meters = new Set<Address>();
  private isChainChanged = false;
  private isReplaced = false;
  /** Last told, as JSON, by subject; forgotten with what is closed, and when everything is told anew. */
  private told = new Map<string, string>();
  private timer: NodeJS.Timeout | undefined;
  private looker: NodeJS.Timeout | undefined;
  /** As it was looked at last, by subject. */
  private readonly seen = new Map<string, string>();
  private sentAtMs = Number.NEGATIVE_INFINITY;
  private isRunning = false;
  /** The register in the newest sample, by meter. */
  private readonly registers = new Map<Address, bigint>();

  constructor(
    private readonly parts: {
      ledger: Ledger;
      homes: Homes;
      views: Views;
      publisher: Publisher;
      /** Missing without a bus. */
      elsewhere?: ElsewhereMeters;
      /** Monotonic, for pacing alone. */
      elapsedMs(): number;
    },
  ) {}

  async start(): Promise<void> {
    const { ledger, homes, views, publisher } = this.parts;
    this.isRunning = true;
    ledger.onChange({
      marketChanged: (touched) => {
        for (const offer of touched.offers) this.offers.add(offer);
        for (const trade of touched.trades) this.trades.add(trade);
        for (const meter of touched.meters) this.meters.add(meter);
        this.gather();
      },
      marketReplaced: () => {
        this.isReplaced = true;
        this.gather();
      },
      chainChanged: () => {
        this.isChainChanged = true;
        this.gather();
      },
    });
    homes.onChange({
      tradesChanged: (tradeIds) => {
        for (const tradeId of tradeIds) this.trades.add(tradeId);
        this.gather();
      },
      meterChanged: (meter) => {
        this.meters.add(meter);
        this.gather();
      },
      sampled: (meter, sample) => {
        if (this.isRunning) publisher.sendVolatile("sample", views.sample(meter, sample), [houseRoom(meter)]);
        if (sample.registerMilliWh === this.registers.get(meter)) return;
        // What was sold today moves with the register, and no sample says it.
        this.registers.set(meter, sample.registerMilliWh);
        this.meters.add(meter);
        this.gather();
      },
    });
    this.parts.elsewhere?.onChange({
      meterChanged: (meter) => {
        this.meters.add(meter);
        for (const { tradeId } of ledger.displayed.openTradesOf(meter)) this.trades.add(tradeId);
        this.gather();
      },
      sampled: (sample) => {
        if (this.isRunning) publisher.sendVolatile("sample", sample, [houseRoom(sample.meter)]);
      },
    });
    this.looker = setInterval(() => this.look(), LOOK_MS);
  }

  async stop(): Promise<void> {
    this.isRunning = false;
    clearInterval(this.looker);
    clearTimeout(this.timer);
  }

  private look(): void {
    const { views, homes } = this.parts;
    for (const home of homes.all()) {
      const { meter } = home;
      // Samples have their own way; a page is told here what none of them says.
      const { lastSample, ...view } = views.meter(meter);
      if (this.isNew(meter, view)) this.meters.add(meter);
      this.tell("home", meter, homes.viewOf(home));
    }
    this.tellStreet();
    this.tell("bus", "", views.bus());
    const refused = views.refusedTrades();
    if (this.isNew("refused", refused)) for (const tradeId of refused) this.trades.add(tradeId);
    if (this.isNew("chain", views.chain())) this.isChainChanged = true;
    if (this.meters.size + this.trades.size > 0 || this.isChainChanged) this.gather();
  }

  private isNew(subject: string, value: unknown): boolean {
    const text = JSON.stringify(value, bigintsAsText);
    if (this.seen.get(subject) === text) return false;
    this.seen.set(subject, text);
    return true;
  }

  /** The changed houses in one message, so that two hundred of them are one. */
  private tellStreet(): void {
    const changed = this.parts.views.street().filter((house) => {
      const json = JSON.stringify(house);
      const isTold = this.told.get(`street${house.meter}`) === json;
      this.told.set(`street${house.meter}`, json);
      return !isTold;
    });
    if (changed.length > 0) this.parts.publisher.send("street", changed);
  }

  private gather(): void {
    if (!this.isRunning || this.timer !== undefined) return;
    const waitMs = Math.max(0, this.sentAtMs + GATHER_MS - this.parts.elapsedMs());
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.sentAtMs = this.parts.elapsedMs();
      this.flush();
    }, waitMs);
  }

  /** Of how many subjects it is remembered what was told: only those that may change again. */
  get remembered(): number {
    return this.told.size;
  }

  private flush(): void {
    const { views } = this.parts;
    if (this.isReplaced || this.trades.size + this.offers.size > SNAPSHOT_ABOVE) {
      this.told = new Map();
      this.parts.publisher.sendSnapshots();
    } else {
      for (const id of this.offers) {
        const offer = views.offer(id);
        this.tell("offer", id.toString(), offer);
        if (offer?.status === "soldOut" || offer?.status === "withdrawn") this.told.delete(`offer${id}`);
      }
      for (const id of this.trades) {
        const trade = views.trade(id);
        this.tell("trade", id.toString(), trade);
        if (trade?.status === "settled" || trade?.status === "refunded") this.told.delete(`trade${id}`);
      }
      for (const address of this.meters) this.tell("meter", address, views.meter(address));
      if (this.isChainChanged) this.tell("chain", "", views.chain());
      // The meters and the contracts are in it.
      if (this.isChainChanged || this.meters.size > 0) this.tell("config", "", views.configVersion());
    }
    this.isReplaced = false;
    this.isChainChanged = false;
    for (const changed of [this.offers, this.trades, this.meters]) changed.clear();
  }

  private tell<Name extends "offer" | "trade" | "meter" | "home" | "chain" | "bus" | "config">(
    name: Name,
    id: string,
    news: News[Name] | null,
  ): void {
    if (news === null) return;
    const json = JSON.stringify(news, bigintsAsText);
    if (this.told.get(name + id) === json) return;
    this.told.set(name + id, json);
    this.parts.publisher.send(name, news, roomsOf(name, news));
  }
}
