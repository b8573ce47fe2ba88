/**
 * The server, put together: settings → store → homes → pages → chain → meters. Everything is started in this order
 * and stopped in the other. Run it with `npx tsx server/main.ts`; `npm start` does it after preparing the rest.
 */
import { join } from "node:path";
import { createChain, type DeployedContracts, type MeterKey } from "../chain";
import { ChainClock } from "../chain/chain-clock";
import type { ReadingSigner } from "../chain/readings";
import { type Address, sameAddress } from "../common/address";
import type { HomeSettings } from "../common/home";
import { createLog, type Log, messageOf, namedLog } from "../common/log";
import type { Clock, Service } from "../common/service";
import { Homes } from "../home/homes";
import { SecondSigner } from "../home/second-signer";
import { systemClock } from "../meter/clock";
import { createHomeMeters } from "../meter/homes";
import { heldClock } from "./clock";
import { type Config, ConfigError, loadServedConfig } from "./config";
import { configView } from "./config-view";
import { Feed } from "./feed";
import { loadHomeKeys } from "./home-keys";
import { Nodes } from "./network/nodes";
import { createBus, HomesOnBus } from "./own-meters";
import { pageScriptReader } from "./page-script";
import { lockSettler } from "./settler-lock";
import { Store } from "./store";
import { Today } from "./today";
import { Views } from "./views";
import { Web } from "./web";

/** A sample older than this says nothing about now; the meter itself gives up after one second. */
const MAX_SAMPLE_AGE_MS = 2_000;
/** How long the start waits for a first sample before it says ready without one. */
const FIRST_SAMPLE_WITHIN_MS = 5_000;
/** What does not stop within this is left to the end of the process. */
const STOP_WITHIN_MS = 5_000;
const PAGE_DIR = join(__dirname, "..", "build", "page");

const hostClock = { nowMs: () => Date.now(), steadyMs: () => performance.now() };

/** Started, to be stopped in reverse. */
const running: Service[] = [];

async function begin<S extends Service>(service: S): Promise<S> {
  running.push(service);
  await service.start();
  return service;
}

/** Starts everything. @returns where the page is served */
async function start(config: Config, clock: Clock, log: Log, fail: (error: unknown) => void): Promise<Web> {
  const loaded = await loadHomeKeys(config);
  const keys = new Map(config.homes.map(({ name }, i) => [name, loaded[i] as MeterKey]));
  const store = await begin(Store.open(config.dataDir, namedLog(log, "settlement")));
  const { ledger, journal, history, settlements } = store;
  // What is signed already would make the other server stop as well, which delivers by the same readings.
  const pendingReadings = () =>
    settlements.pendingReadings().filter(({ meter }) => homes.of(meter)?.halted?.reason !== "secondSigner");
  const chain = createChain({
    ...config,
    sink: ledger,
    source: { ...settlements, pendingReadings },
    clock,
    log,
  });
  const release = lockSettler(chain.settler, config.rpcUrl);
  await begin({ start: async () => {}, stop: async () => release() });
  const meters = createHomeMeters(config.homes, {
    clock: { ...systemClock, nowMs: clock.nowMs },
    dayS: config.simDayMinutes * 60,
    registerOf: ({ name }) => journal.registerOf(keys.get(name)!.meter) ?? undefined,
  });
  const chainClock = new ChainClock(config.blockSilenceMs);
  const logOf = (name: string) => namedLog(log, name);
  const homes: Homes = new Homes({
    homes: config.homes.map((settings) => ({
      settings,
      ...meters.homes.get(settings.name)!,
      signer: signerOf(keys.get(settings.name)!, config.chainId, store),
    })),
    store,
    clock: { ...clock, after: systemClock.after },
    chainClock,
    log: namedLog(log, "homes"),
    logOf,
    rules: { ...config, maxSampleAgeMs: MAX_SAMPLE_AGE_MS },
    readingsSigned: () => {
      chain.settlement.wake();
      own.signed();
    },
    failed: fail,
    servedChanged: ({ name }, buyer) => meters.street.deliver(name, homeOf(config.homes, buyer)),
  });
  const own: HomesOnBus = new HomesOnBus({
    homes,
    views: { meter: (meter) => views.meter(meter) },
    store,
    keyOf: ({ name }) => keys.get(name)!,
  });
  const bus =
    config.broker &&
    (await createBus({
      settings: config.broker,
      keyFile: join(config.dataDir, "bus-key.pem"),
      meters: own,
      chainId: config.chainId,
      store,
      clock,
      log: namedLog(log, "bus"),
    }));
  const contracts = remembered(chain.contracts);
  const nodes: Nodes = new Nodes({
    nodes: config.nodes,
    chainId: config.chainId,
    contracts,
    watchers: () => web.sockets.connections,
    changed: (view) => web.sockets.send("network", view),
    clock,
    log: namedLog(log, "nodes"),
  });
  const view = () => configView(config, contracts(), ledger);
  const today = new Today(history, clock);
  const views: Views = new Views({
    ledger,
    homes,
    confirmationsNeeded: config.confirmations,
    refusedForGood: () => settlements.refusedForGood(),
    isChainSilent: () => chainClock.isSilent(clock.steadyMs()),
    todayMilliWh: (home) => today.milliWh(home),
    network: () => nodes.recent(),
    configVersion: () => view()?.version ?? null,
    pageScript: pageScriptReader(PAGE_DIR),
    ...(bus && { bus }),
  });
  const web = new Web({
    ...config,
    rpcUrl: config.hasRpcDoor ? config.rpcUrl : null,
    views,
    ledger,
    homes,
    settlements,
    settlementTrouble: () => chain.settlement.trouble(),
    journal,
    history,
    network: () => nodes.view(),
    nowMs: clock.nowMs,
    configView: view,
    pageDir: PAGE_DIR,
    ...(bus && { bus }),
    log: namedLog(log, "web"),
  });

  await begin(
    new SecondSigner({
      store,
      homes,
      signatureIn: chain.signatureIn,
      log: namedLog(log, "homes"),
      logOf,
    }),
  );
  await begin(homes);
  await begin(
    new Feed({
      ledger,
      homes,
      views,
      publisher: web.sockets,
      ...(bus && { elsewhere: bus.elsewhere }),
      elapsedMs: clock.steadyMs,
    }),
  );
  await begin(web);
  await begin(nodes);
  if (bus) await begin(bus);
  await begin({
    start: async () => {
      await chain.follower.start();
      await chain.settlement.start();
    },
    stop: chain.stop,
  });
  const every = [...meters.homes.values()].flatMap(({ meter, receiving }) =>
    receiving ? [meter, receiving] : [meter],
  );
  await begin({
    start: () =>
      firstOf(
        all(every, (meter) => meter.connect()),
        FIRST_SAMPLE_WITHIN_MS,
      ),
    stop: () => all(every, (meter) => meter.disconnect()),
  });
  return web;
}

/** The name of the home that an account's purchase goes to; null where none of this server's is its. */
const homeOf = (homes: readonly HomeSettings[], account: Address | null): string | null =>
  homes.find((home) => sameAddress(home.account, account))?.name ?? null;

async function all<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  await Promise.all(items.map(work));
}

/** Signs for the contract that the stored events are of, whether the node is there or not. */
function signerOf(key: MeterKey, chainId: number, store: Store): ReadingSigner {
  return {
    meter: key.meter,
    sign(reading) {
      const trade = store.ledger.chainIdentity()?.trade;
      if (!trade) throw new Error(`trade ${reading.tradeId} is of no known contract`);
      return key.signerFor({ chainId, trade }).sign(reading);
    },
  };
}

/** A node that is away for a moment takes no contract with it. */
function remembered(contracts: () => DeployedContracts | null): () => DeployedContracts | null {
  let last: DeployedContracts | null = null;
  return () => {
    last = contracts() ?? last;
    return last;
  };
}

/** Waits for `work`, but not for ever; it goes on by itself. */
async function firstOf(work: Promise<void>, withinMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([
    work,
    new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
    }),
  ]);
  clearTimeout(timer);
}

async function stopAll(log: Log): Promise<void> {
  for (const service of running.splice(0).reverse()) {
    const stopped = service.stop().catch((error: unknown) => log.error(`stopping: ${messageOf(error)}`));
    await firstOf(stopped, STOP_WITHIN_MS);
  }
}

async function run(): Promise<void> {
  let config: Config;
  try {
    config = await loadServedConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
    return;
  }
  const clock = heldClock(hostClock, (byMs) =>
    log.warn(`this machine's clock was set ${byMs > 0 ? "forward" : "back"} by ${Math.abs(byMs / 1000)} s`),
  );
  const log: Log = createLog(config.logLevel, console.log, clock.nowMs);
  let ending: Promise<void> | undefined;
  const end = (exitCode: number, why: string): void => {
    ending ??= (async () => {
      log[exitCode === 0 ? "info" : "error"](why);
      await stopAll(log);
      process.exit(exitCode);
    })();
  };
  const fail = (error: unknown) => {
    if (error instanceof Error && error.stack) log.debug(error.stack);
    end(1, `ends, relay open: ${messageOf(error)}`);
  };
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  process.on("SIGINT", () => end(0, "ends (SIGINT)"));
  process.on("SIGTERM", () => end(0, "ends (SIGTERM)"));
  // Its terminal was closed.
  process.on("SIGHUP", () => end(0, "ends (SIGHUP)"));
  // Whoever started it is gone, without a word: nobody would ever stop it.
  process.on("disconnect", () => end(0, "ends with the program that started it"));

  start(config, clock, log, fail).then(({ url, urlsForOthers }) => {
    if (ending) return;
    log.info(`ready: ${[url, ...urlsForOthers].join(", ")}`);
    process.send?.({ ready: true, url, urlsForOthers });
  }, fail);
}

void run();
