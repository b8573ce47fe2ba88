/** `GET /healthz` for whoever watches the server, `GET /metrics` for Prometheus. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { type BusReport, DROP_REASONS } from "../../common/bus";
import { TRADE_STATUSES } from "../../common/events";
import { METER_FAULTS } from "../../common/meter";
import type { Home } from "../../home/home";
import type { Homes } from "../../home/homes";
import { haltWords } from "../../home/second-signer";
import { REFUSALS } from "../rpc/door";
import type { Ledger } from "../store/ledger";
import type { Settlements } from "../store/settlements";
import { isStuck, NO_SAMPLES, type Views } from "../views";

export interface MetricsParts {
  ledger: Ledger;
  homes: Homes;
  settlements: Settlements;
  views: Views;
  /** Why signed readings do not get to the chain; null while they do. */
  settlementTrouble(): string | null;
  connections(): number;
  /** Missing without a bus. */
  bus?: BusReport | undefined;
}

/** What is not as it should be, in words; null when the server trades. Silence is no health. */
export function complaint({
  views,
  homes,
  settlements,
  settlementTrouble,
  bus,
}: Pick<MetricsParts, "views" | "homes" | "settlements" | "settlementTrouble" | "bus">): string | null {
  const chain = views.chain();
  const all = homes.all();
  const named = ({ name }: Home, words: string) => (all.length === 1 ? words : `${name}: ${words}`);
  const complaints = [
    ...all.flatMap((home) => (home.halted ? named(home, haltWords(home.halted)) : [])),
    chain.state === "following" ? null : `chain ${chain.state}: ${chain.detail}`,
    ...all.flatMap((home) =>
      meterComplaints(home, homes.sampleAgeMs(home)).map((words) => named(home, words)),
    ),
    settlementTrouble(),
    busComplaint(bus),
    ...settlements
      .refusedForGood()
      .map(({ tradeId, reason }) => `the chain refuses the reading of trade ${tradeId} for good: ${reason}`),
  ].filter((words) => words !== null);
  return complaints.length > 0 ? complaints.join("; ") : null;
}

function busComplaint(bus: BusReport | undefined): string | null {
  const view = bus?.view();
  if (!view || (view.state === "connected" && view.detail === "")) return null;
  return `bus ${view.state}: ${view.detail}`;
}

function meterComplaints(home: Home, sampleAgeMs: number | null): string[] {
  const { state, detail } = home.status;
  if (state !== "online") return [`meter ${state}: ${detail}`];
  // Online, and no sample yet, is no health either.
  return sampleAgeMs === null || isStuck(home, sampleAgeMs) ? [NO_SAMPLES] : [];
}

/** What is refused before anything of the server is asked; those of `/rpc` have reasons of their own. */
const REQUEST_REFUSALS = ["host", "rate", "origin", "connections"] as const;

export function createMetrics(parts: MetricsParts) {
  const { ledger, homes, settlements, views } = parts;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `neighborwatt_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  if (parts.bus) busMetrics(registry, parts.bus);
  gauge("chain_following", "1 while the chain is followed to its head", () =>
    ledger.position().state === "following" ? 1 : 0,
  );
  gauge("chain_silent", "1 while no block has come for too long", () =>
    views.chain().state === "silent" ? 1 : 0,
  );
  gauge("chain_head_block", "Newest block seen", () => ledger.position().head?.block ?? 0);
  gauge(
    "chain_followed_block",
    "Newest block whose events are stored",
    () => ledger.position().followedBlock,
  );
  /** One value for each home, by its meter. */
  const ofEach = (name: string, help: string, read: (home: Home) => number) =>
    new Gauge({
      name: `neighborwatt_${name}`,
      help,
      labelNames: ["meter", "home"],
      registers: [registry],
      collect() {
        for (const home of homes.all()) this.set({ meter: home.meter, home: home.name }, read(home));
      },
    });
  ofEach("meter_online", "1 while fresh samples come", ({ status }) => (status.state === "online" ? 1 : 0));
  new Gauge({
    name: "neighborwatt_meter_fault",
    help: "1 while the meter shows what no sound wiring can, by fault",
    labelNames: ["meter", "home", "fault"],
    registers: [registry],
    collect() {
      for (const { meter, name, status } of homes.all())
        for (const fault of METER_FAULTS)
          this.set({ meter, home: name, fault }, status.fault === fault ? 1 : 0);
    },
  });
  ofEach(
    "meter_watts",
    "Power to the neighbour in the newest sample, W; not a number without a fresh one",
    (home) => (homes.sampleAgeMs(home) === null ? Number.NaN : (home.lastSample?.watts ?? Number.NaN)),
  );
  ofEach(
    "meter_register_watt_hours",
    "Energy to the neighbour over the meter's life, Wh",
    ({ registerMilliWh }) => Number(registerMilliWh) / 1000,
  );
  ofEach("relay_closed", "1 while the relay is wanted closed", ({ wanted }) => (wanted === "closed" ? 1 : 0));
  ofEach(
    "delivery_halted",
    "1 when the home has stopped until a restart: another server signs with its key, or it failed",
    ({ halted }) => (halted === null ? 0 : 1),
  );
  ofEach(
    "relay_opens_by_itself",
    "1 when the Arduino's firmware opens the relay without a heartbeat",
    ({ firmware }) => (firmware?.opensByItself ? 1 : 0),
  );
  new Counter({
    name: "neighborwatt_relay_trips_total",
    help: "Times the relay has opened by itself: no heartbeat for a second, or a reset of the Arduino",
    labelNames: ["meter", "home"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { meter, name, trips } of homes.all()) this.inc({ meter, home: name }, trips);
    },
  });
  const total = (name: string, help: string, read: () => number) =>
    new Counter({
      name: `neighborwatt_${name}_total`,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  total("turns", "Turns that the homes have taken together", () => homes.turns);
  total(
    "turn_transactions",
    "Database transactions of these turns, one at most for each",
    () => homes.transactions,
  );
  gauge(
    "settlements_pending",
    "Signed readings that the chain does not show as settled yet",
    () => settlements.pendingReadings().length,
  );
  gauge(
    "readings_refused",
    "Open trades whose newest reading the chain has refused for good",
    () => settlements.refusedForGood().length,
  );
  gauge("pages_connected", "Open Socket.IO connections", () => parts.connections());
  new Gauge({
    name: "neighborwatt_trades",
    help: "Trades by status",
    labelNames: ["status"],
    registers: [registry],
    collect() {
      const counts = views.countByStatus();
      for (const status of TRADE_STATUSES) this.set({ status }, counts.get(status) ?? 0);
    },
  });
  const refusals = <R extends string>(name: string, help: string, reasons: readonly R[]) => {
    const counter = new Counter({
      name: `neighborwatt_${name}`,
      help,
      labelNames: ["reason"],
      registers: [registry],
    });
    // A reason that never occurred is a 0, not a gap.
    for (const reason of reasons) counter.inc({ reason }, 0);
    return counter as { inc(labels: { reason: R }): void };
  };
  return {
    registry,
    refused: refusals("requests_refused_total", "Requests and sockets refused, by reason", REQUEST_REFUSALS),
    rpcRefused: refusals("rpc_refused_total", "Calls to /rpc refused or not answered, by reason", REFUSALS),
  };
}

function busMetrics(registry: Registry, bus: BusReport): void {
  const registers = [registry];
  new Gauge({
    name: "neighborwatt_bus_connected",
    help: "1 while the broker answers",
    registers,
    collect() {
      this.set(bus.view().state === "connected" ? 1 : 0);
    },
  });
  new Counter({
    name: "neighborwatt_bus_taken_total",
    help: "Messages of other servers that changed something",
    registers,
    collect() {
      this.reset();
      this.inc(bus.taken);
    },
  });
  new Counter({
    name: "neighborwatt_bus_dropped_total",
    help: "Messages of the bus that changed nothing, by reason",
    labelNames: ["reason"],
    registers,
    collect() {
      this.reset();
      for (const reason of DROP_REASONS) this.inc({ reason }, bus.dropped.get(reason) ?? 0);
    },
  });
}

export type Metrics = ReturnType<typeof createMetrics>;
