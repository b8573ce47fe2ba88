/**
 * `npm run bench:watchers`: a thousand pages open at one house. The real server, as a program of its own, with the
 * simulated Arduino and a chain of its own; the readers are Socket.IO clients in this program. Printed: how long after
 * the first reader the last one hears of the same sample (p50, p95, p99), how many samples a slow reader has lost, which
 * it may, and how many readers do not hold the same offers as a page opened afterwards, which must be none: offers are
 * listed and withdrawn all the time. `-- --readers 300`, `-- --seconds 20`, `-- --json` for one JSON object.
 */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { io, type Socket } from "socket.io-client";
import { readContracts } from "../../chain/artifacts";
import { loadMeterKey } from "../../chain/meter-key";
import type { ClientToServerEvents, ServerToClientEvents } from "../../common/events";
import { EMBEDDED_CHAIN_ID } from "../../common/lab";
import { BASE_UNITS } from "../../common/units";
import { DEVELOPMENT_KEYSTORE_PASSWORD } from "../../server/config";
import { migrate } from "../deploy";
import { freePort, startEmbeddedChain } from "../embedded-chain";
import { endsWithUs, runProgram } from "../ending";
import { commissionMeter, labChain, listFirstOffers } from "../lab-chain";

const ROOT = join(__dirname, "..", "..");
/** Of p99. */
const AIM_MS = 100;
const OPENED_AT_ONCE = 50;
const OFFER_EVERY_MS = 2_000;
const WITHIN_MS = 60_000;

type Page = Socket<ServerToClientEvents, ClientToServerEvents>;

/** One watcher: what it holds of the market, as the page would. */
interface Reader {
  page: Page;
  offers: Map<string, string>;
}

/** When the first reader heard of a sample, when the last one did, and how many. */
interface Arrival {
  firstMs: number;
  lastMs: number;
  count: number;
}

/** @returns its address, when it is ready */
async function startServer(env: Record<string, string>): Promise<string> {
  const server = spawn(process.execPath, ["--require", "tsx/cjs", "server/main.ts"], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, ...env },
  });
  const ended = new Promise((resolve) => server.once("exit", resolve));
  endsWithUs("server", () => server.kill() && ended);
  let said = "";
  for (const stream of [server.stdout, server.stderr])
    stream?.on("data", (chunk) => {
      said = (said + String(chunk)).slice(-10_000);
    });
  await new Promise<void>((resolve, reject) => {
    server.once("exit", () => reject(new Error(`the server ended:\n${said}`)));
    server.once("message", () => resolve());
  });
  return `http://127.0.0.1:${env.PORT}`;
}

/** Resolves when the page has its first snapshot. @throws Error when it is not let in */
function openReader(url: string, heard: (key: string) => void): Promise<Reader> {
  const page: Page = io(url, { forceNew: true, reconnection: false, transports: ["websocket"] });
  const offers = new Map<string, string>();
  page.on("offer", (offer) => {
    // A page that comes later is not told of those that are closed.
    if (offer.status === "open") offers.set(offer.offerId, JSON.stringify(offer));
    else offers.delete(offer.offerId);
  });
  page.on("sample", ({ meter, atMs }) => heard(`${meter}:${atMs}`));
  return new Promise((resolve, reject) => {
    page.on("connect_error", reject);
    page.on("snapshot", (snapshot) => {
      offers.clear();
      for (const offer of snapshot.offers) offers.set(offer.offerId, JSON.stringify(offer));
      resolve({ page, offers });
    });
  });
}

async function openAll(url: string, count: number, heard: (key: string) => void): Promise<Reader[]> {
  const readers: Reader[] = [];
  while (readers.length < count) {
    const next = Math.min(OPENED_AT_ONCE, count - readers.length);
    readers.push(...(await Promise.all(Array.from({ length: next }, () => openReader(url, heard)))));
  }
  return readers;
}

const holds = ({ offers }: Reader): string => JSON.stringify([...offers].sort());

/** How many readers differ from a page that is opened now; they may take a moment for what is under way. */
async function countBehind(url: string, readers: Reader[]): Promise<number> {
  const deadlineMs = performance.now() + WITHIN_MS;
  for (;;) {
    const fresh = await openReader(url, () => {});
    const wanted = holds(fresh);
    fresh.page.disconnect();
    const behind = readers.filter((reader) => holds(reader) !== wanted).length;
    if (behind === 0 || performance.now() > deadlineMs) return behind;
    await pause(500);
  }
}

/** The nearest rank. */
function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round((sorted[Math.ceil(share * sorted.length) - 1] ?? 0) * 10) / 10;
}

async function measure(readerCount: number, seconds: number, directory: string) {
  const artifactsDir = join(directory, "contracts");
  cpSync(join(ROOT, "build", "contracts"), artifactsDir, { recursive: true });
  const chain = await startEmbeddedChain({ periodMs: 1000 });
  endsWithUs("chain", () => chain.kill());
  const whereTheChainIs = { RPC_URL: chain.rpcUrl, EMBEDDED_PORT: String(chain.port) };
  await migrate("embedded", { ...whereTheChainIs, ARTIFACTS_DIR: artifactsDir });
  const deployment = readContracts(artifactsDir, EMBEDDED_CHAIN_ID);
  if (!deployment) throw new Error("truffle migrate left no addresses");
  const lab = await labChain(chain.rpcUrl, deployment);
  const key = await loadMeterKey({
    file: join(directory, "meter-key.json"),
    password: DEVELOPMENT_KEYSTORE_PASSWORD,
    createIfMissing: true,
  });
  await commissionMeter(lab, key);
  await listFirstOffers(lab, key.meter);
  const url = await startServer({
    NETWORK: "embedded",
    ...whereTheChainIs,
    ARTIFACTS_DIR: artifactsDir,
    DATA_DIR: directory,
    PORT: String(await freePort()),
  });

  const arrivals = new Map<string, Arrival>();
  let isMeasuring = false;
  const heard = (sample: string) => {
    if (!isMeasuring) return;
    const nowMs = performance.now();
    const arrival = arrivals.get(sample);
    if (!arrival) arrivals.set(sample, { firstMs: nowMs, lastMs: nowMs, count: 1 });
    else {
      arrival.lastMs = nowMs;
      arrival.count += 1;
    }
  };
  const readers = await openAll(url, readerCount, heard);
  const gone: string[] = [];
  for (const { page } of readers) page.on("disconnect", (reason) => gone.push(reason));
  isMeasuring = true;
  const endMs = performance.now() + seconds * 1000;
  let offers = 0;
  for (; performance.now() < endMs; offers++) {
    const list = lab.trade.methods.listOffer(key.meter, 700n, 100n * BASE_UNITS, 3600n, 1n);
    await list.send(lab.from("prosumer"));
    const offerId = BigInt(await lab.trade.methods.offerCount().call());
    if (offers % 2 === 1) await lab.trade.methods.withdrawOffer(offerId).send(lab.from("prosumer"));
    await pause(OFFER_EVERY_MS);
  }
  isMeasuring = false;
  // The last samples may still be on their way to some.
  const whole = [...arrivals.values()].slice(1, -2);
  const behind = await countBehind(url, readers);
  const disconnected = gone.length;
  if (gone[0]) console.error(`a reader was disconnected: ${gone[0]}`);
  for (const { page } of readers) page.disconnect();
  const spreads = whole.map(({ firstMs, lastMs }) => lastMs - firstMs);
  const samplesLost = whole.reduce((sum, { count }) => sum + readerCount - count, 0);
  return {
    readers: readerCount,
    seconds,
    samples: whole.length,
    samplesPerSecond: Number((whole.length / seconds).toFixed(1)),
    spreadMs: {
      p50: percentile(spreads, 0.5),
      p95: percentile(spreads, 0.95),
      p99: percentile(spreads, 0.99),
    },
    aimMs: AIM_MS,
    samplesLostShare: Number((samplesLost / Math.max(1, whole.length * readerCount)).toFixed(5)),
    offersChanged: offers,
    disconnected,
    readersBehind: behind,
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: "boolean" },
      readers: { type: "string", default: "1000" },
      seconds: { type: "string", default: "60" },
    },
  });
  const [readers, seconds] = [Number(values.readers), Number(values.seconds)];
  if (!Number.isInteger(readers) || readers < 1 || readers > 5000)
    throw new Error("--readers takes a whole number from 1 to 5000");
  if (!Number.isInteger(seconds) || seconds < 5 || seconds > 3600)
    throw new Error("--seconds takes a whole number from 5 to 3600");
  const directory = mkdtempSync(join(tmpdir(), "neighborwatt-watchers-"));
  endsWithUs("folder of the benchmark", () => rmSync(directory, { recursive: true, force: true }));
  const figures = await measure(readers, seconds, directory);
  if (values.json) console.log(JSON.stringify(figures));
  else {
    const { samples, samplesPerSecond, spreadMs, samplesLostShare, disconnected, readersBehind } = figures;
    console.log(`${readers} watchers of one house for ${seconds} s: ${samples} samples, ${samplesPerSecond} a second
  first to last reader   p50 ${spreadMs.p50} ms, p95 ${spreadMs.p95} ms, p99 ${spreadMs.p99} ms (aim of p99: ${AIM_MS} ms)
  samples lost           ${(samplesLostShare * 100).toFixed(3)} % (a reader that is behind may lose them)
  anything else lost     ${readersBehind} readers hold other offers than a page opened afterwards; ${disconnected} were disconnected`);
  }
}

runProgram(main);
