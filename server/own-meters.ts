/** What this server says on the bus: its homes, as its own page shows them, and what their meters have signed. */
import {
  Bus,
  type BusReading,
  loadBusKey,
  type MeterWord,
  type OwnListener,
  type OwnMeter,
  type OwnMeters,
} from "../bus";
import type { MeterKey } from "../chain/meter-key";
import type { Address } from "../common/address";
import type { BusReport, ElsewhereMeters } from "../common/bus";
import type { Log } from "../common/log";
import type { Clock, Service } from "../common/service";
import type { Home } from "../home/home";
import type { Homes } from "../home/homes";
import type { Store } from "./store";
import type { Views } from "./views";

export interface OwnMetersParts {
  homes: Homes;
  views: Pick<Views, "meter">;
  store: Store;
  keyOf(home: Home): MeterKey;
}

export class HomesOnBus implements OwnMeters {
  private readonly listeners: OwnListener[] = [];

  constructor(private readonly parts: OwnMetersParts) {
    parts.homes.onChange({
      tradesChanged: () => {},
      meterChanged: (meter) => {
        for (const listener of this.listeners) listener.meterChanged(meter);
      },
      sampled: (meter, { registerRestMicroJoule: _rest, ...sample }) => {
        for (const listener of this.listeners) listener.sampled({ meter, ...sample });
      },
    });
  }

  *all(): Iterable<OwnMeter> {
    for (const home of this.parts.homes.all())
      yield {
        meter: home.meter,
        name: line(home.name, 60),
        model: `${home.settings.meter.kind} meter`,
        vouchFor: (speaker) => this.parts.keyOf(home).vouchFor(speaker),
        word: () => this.wordOf(home),
        readings: () => this.readingsOf(home.meter),
      };
  }

  onChange(listener: OwnListener): void {
    this.listeners.push(listener);
  }

  /** Something was signed and is stored. */
  signed(): void {
    for (const listener of this.listeners) listener.readingsSigned();
  }

  private wordOf(home: Home): Omit<MeterWord, "kind" | "voucher" | "name"> {
    const { state, detail, fault, relay, firmware, todayMilliWh, lastSample } = this.parts.views.meter(
      home.meter,
    );
    if (state === "elsewhere") throw new Error(`${home.name} is no home of this server`);
    const { meter: _meter, ...measured } = lastSample ?? { meter: null };
    return {
      state,
      detail: line(detail, 400),
      fault,
      relay,
      firmware: firmware && { ...firmware, name: line(firmware.name, 100) },
      todayMilliWh: todayMilliWh ?? 0n,
      registerMilliWh: home.registerMilliWh,
      servedTradeId: home.servedTradeId,
      measured: state === "online" && "atMs" in measured ? measured : null,
    };
  }

  private readingsOf(meter: Address): BusReading[] {
    const { ledger, journal } = this.parts.store;
    return ledger.confirmed.openTradesOf(meter).flatMap((trade) => {
      const { tradeId, opened, deadlineAtMs, buyer, milliWh: orderedMilliWh } = trade;
      const newest = journal.newestReading(tradeId, opened.txHash, deadlineAtMs);
      if (!newest) return [];
      const { meter: _meter, ...reading } = newest.reading;
      return [{ ...reading, buyer, orderedMilliWh, deadlineAtMs }];
    });
  }
}

/** One line, as the bus takes it. */
const line = (text: string, most: number): string => text.replace(/\p{Cc}+/gu, " ").slice(0, most);

export interface BusOnServerParts {
  settings: { url: string; user: string | null; password: string | null };
  /** Of the server's key; made where there is none. */
  keyFile: string;
  meters: OwnMeters;
  chainId: number;
  store: Store;
  clock: Clock;
  log: Log;
}

/** The bus, kept up to date with what the chain says. @throws Error that names the key's file and the mend */
export async function createBus(
  parts: BusOnServerParts,
): Promise<Service & BusReport & { elsewhere: ElsewhereMeters }> {
  const { settings, meters, clock, log, chainId } = parts;
  const { ledger } = parts.store;
  const bus = new Bus({ ...settings, own: await loadBusKey(parts.keyFile), meters, clock, log });
  let known: string | null | undefined;
  const know = () => {
    const trade = ledger.chainIdentity()?.trade ?? null;
    known = trade;
    bus.know({
      meters: [...ledger.displayed.meters()].map(({ meter }) => meter),
      domain: trade === null ? null : { chainId, trade },
    });
  };
  ledger.onChange({
    marketChanged: ({ meters: touched }) => {
      if (touched.size > 0) know();
    },
    marketReplaced: know,
    chainChanged: () => {
      if (known !== (ledger.chainIdentity()?.trade ?? null)) know();
    },
  });
  know();
  return bus;
}
