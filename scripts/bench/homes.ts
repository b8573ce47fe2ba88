/**
 * `npm run bench:homes`: what two hundred modelled homes cost, each delivering, one sample a second: first their meters
 * alone, then the whole server in a process of its own, on the embedded chain, whose process is not counted. In parts
 * of one core (aim: at most 0.25). `-- --homes 50`, `-- --seconds 20`, `-- --json` for one JSON object.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { readContracts } from "../../chain/artifacts";
import { encodeCall, encodePurchase, tokenAbi } from "../../chain/codec";
import { JsonRpc } from "../../chain/rpc";
import { EMBEDDED_CHAIN_ID, LAB_ACCOUNTS } from "../../common/lab";
import { BASE_UNITS, paymentFor } from "../../common/units";
import { systemClock } from "../../meter/clock";
import { createHomeMeters } from "../../meter/homes";
import { seededHouse } from "../../meter/modelled/house";
import { loadServedConfig } from "../../server/config";
import { loadHomeKeys } from "../../server/home-keys";
import { migrate } from "../deploy";
import { startEmbeddedChain } from "../embedded-chain";
import { endsWithUs, runProgram } from "../ending";
import { type LabChain, labChain } from "../lab-chain";
import { prepareStreet } from "../lab-market";
import { labHouseholds } from "../lab-street";
import { sendTogether } from "../send-together";
import { buyTokens } from "../trading";

const ROOT = join(__dirname, "..", "..");
/** As the server does for many homes. */
const SAMPLE_INTERVAL_MS = 1_000;
const TURN_MS = 250;
/** The meters alone show in a few seconds what they take. */
const MOST_METER_SECONDS = 20;
const DAY_S = 600;
const PRICE = BASE_UNITS;
/** At 2.5 W this lasts for hours. */
const ORDER_MILLI_WH = 20_000n;
const READY_WITHIN_MS = 120_000;

interface Cpu {
  /** Processor time ÷ time. */
  cores: number;
  samplesPerSecond: number;
}

function homesOf(count: number) {
  return labHouseholds(count).map(({ address }, index) => ({
    name: `House ${index + 1}`,
    account: address,
    house: seededHouse(index + 1, DAY_S),
    keyFile: `meter-key-${index + 1}.json`,
  }));
}

/** All meters in this process, affirmed as by a server's turns, and nothing else. */
async function measureMeters(count: number, seconds: number): Promise<Cpu> {
  const { homes } = createHomeMeters(
    homesOf(count).map(({ name, account, house, keyFile }) => ({
      name,
      account,
      meter: { kind: "modelled", port: null, firmware: null, calibration: "", keyFile },
      receivingMeter: null,
      house,
    })),
    {
      clock: systemClock,
      dayS: DAY_S,
      registerOf: () => undefined,
      modelledSampleIntervalMs: SAMPLE_INTERVAL_MS,
    },
  );
  const meters = [...homes.values()].map(({ meter }) => meter);
  let samples = 0;
  for (const meter of meters) meter.onSample(() => samples++);
  await Promise.all(meters.map((meter) => meter.connect()));
  const turns = setInterval(() => {
    for (const meter of meters) meter.affirm();
  }, TURN_MS);
  for (const meter of meters) {
    meter.affirm();
    meter.setRelay("closed");
  }
  await pause(2_000);
  const [before, fromMs] = [process.cpuUsage(), performance.now()];
  samples = 0;
  await pause(seconds * 1000);
  const used = process.cpuUsage(before);
  const elapsedS = (performance.now() - fromMs) / 1000;
  const figures = {
    cores: (used.user + used.system) / 1e6 / elapsedS,
    samplesPerSecond: samples / elapsedS,
  };
  clearInterval(turns);
  await Promise.all(meters.map((meter) => meter.disconnect()));
  const trips = meters.reduce((sum, meter) => sum + meter.trips, 0);
  if (trips > 0)
    throw new Error(`${trips} relays opened by themselves: this machine cannot run ${count} homes`);
  return figures;
}

/** The server in a process of its own. @returns the address of its page */
async function startServer(env: NodeJS.ProcessEnv): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(process.execPath, ["--require", "tsx/cjs", "server/main.ts"], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env,
  });
  const ended = new Promise<never>((_, reject) => {
    child.once("exit", (code) => reject(new Error(`the server ended (${code})`)));
  });
  // The race below tells of an end before it is ready; a later one fails the next request to it.
  ended.catch(() => {});
  endsWithUs("server", async () => {
    child.kill("SIGTERM");
    await ended.catch(() => {});
  });
  const ready = new Promise<string>((resolve) => {
    child.on("message", ({ url }: { url?: string }) => url && resolve(url));
  });
  return { url: await Promise.race([ready, ended, late("the server was not ready")]), child };
}

async function late(what: string): Promise<never> {
  await pause(READY_WITHIN_MS, undefined, { ref: false });
  throw new Error(`${what} within ${READY_WITHIN_MS / 1000} s`);
}

/** Sums of what the server says at `/metrics`, by name, and when it was asked. */
async function metricsOf(url: string): Promise<{ atMs: number; sum(name: string): number }> {
  const text = await (await fetch(new URL("/metrics", url))).text();
  const atMs = performance.now();
  return {
    atMs,
    sum: (name) =>
      [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))]
        .map(([, value]) => Number(value))
        .reduce((sum, value) => sum + value, 0),
  };
}

/** A purchase of every home's offer, all from one account, which is no home's: nobody may buy from oneself. */
async function buyAll(
  lab: LabChain,
  rpcUrl: string,
  count: number,
  seal: () => Promise<void>,
): Promise<void> {
  await buyTokens(lab, "faucet", "1");
  const method = "transferAndCall(address,uint256,bytes)";
  const payment = paymentFor(ORDER_MILLI_WH, PRICE);
  const trade = lab.trade.address;
  await sendTogether(
    new JsonRpc({ url: rpcUrl, timeoutMs: 10_000 }),
    lab.chainId,
    Array.from({ length: count }, (_, index) => ({
      what: `the purchase of offer ${index + 1}`,
      privateKey: LAB_ACCOUNTS.faucet.privateKey,
      to: lab.token.address,
      data: encodeCall(tokenAbi, method, trade, payment, encodePurchase(BigInt(index + 1), ORDER_MILLI_WH)),
    })),
    seal,
  );
}

async function measureServer(count: number, seconds: number, directory: string) {
  const artifactsDir = join(directory, "contracts");
  cpSync(join(ROOT, "build", "contracts"), artifactsDir, { recursive: true });
  const chain = await startEmbeddedChain();
  endsWithUs("chain", () => chain.kill());
  const { rpcUrl } = chain;
  const port = new URL(rpcUrl).port;
  const homesFile = join(directory, "homes.json");
  const list = homesOf(count).map(({ name, account, house, keyFile }) => ({
    name,
    account,
    meters: [{ role: "delivering", kind: "modelled", keyFile }],
    house: { ...house, batteryMilliWh: Number(house.batteryMilliWh) },
  }));
  writeFileSync(homesFile, JSON.stringify(list));
  const env = {
    ...process.env,
    NETWORK: "embedded",
    EMBEDDED_PORT: port,
    PORT: "0",
    HOMES: homesFile,
    DATA_DIR: directory,
    ARTIFACTS_DIR: artifactsDir,
    LOG_LEVEL: "warn",
  };
  await migrate("embedded", { EMBEDDED_PORT: port, RPC_URL: rpcUrl, ARTIFACTS_DIR: artifactsDir });
  const deployment = readContracts(artifactsDir, EMBEDDED_CHAIN_ID);
  if (!deployment) throw new Error("truffle migrate left no addresses");
  const lab = await labChain(rpcUrl, deployment);
  const config = await loadServedConfig(env);
  const keys = await loadHomeKeys(config);
  const households = labHouseholds(count);
  const seal = () => chain.mine();
  await prepareStreet(
    lab,
    rpcUrl,
    config.homes.map(({ name }, index) => ({
      name,
      key: keys[index]!,
      account: households[index]!.address,
      privateKey: households[index]!.privateKey,
      offers: [{ milliWh: ORDER_MILLI_WH, pricePerKWh: PRICE }],
    })),
    seal,
  );
  const { url } = await startServer(env);
  await buyAll(lab, rpcUrl, count, seal);
  for (const untilMs = performance.now() + READY_WITHIN_MS; ; await pause(500)) {
    const closed = (await metricsOf(url)).sum("neighborwatt_relay_closed");
    if (closed === count) break;
    if (performance.now() > untilMs) throw new Error(`only ${closed} of ${count} homes deliver`);
  }
  await pause(3_000);
  const before = await metricsOf(url);
  await pause(seconds * 1000);
  const after = await metricsOf(url);
  const elapsedS = (after.atMs - before.atMs) / 1000;
  const rate = (name: string) => (after.sum(name) - before.sum(name)) / elapsedS;
  if (after.sum("neighborwatt_relay_closed") < count || after.sum("neighborwatt_relay_trips_total") > 0)
    throw new Error("not every home delivered all the time: the figures would say nothing");
  return {
    cores: rate("process_cpu_seconds_total"),
    turnsPerSecond: rate("neighborwatt_turns_total"),
    transactionsPerSecond: rate("neighborwatt_turn_transactions_total"),
    transactionsPerTurn: rate("neighborwatt_turn_transactions_total") / rate("neighborwatt_turns_total"),
    /** W, of all homes: that they really deliver. */
    deliveredW: rate("neighborwatt_meter_register_watt_hours") * 3600,
    residentMB: after.sum("process_resident_memory_bytes") / 1e6,
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: "boolean" },
      homes: { type: "string", default: "200" },
      seconds: { type: "string", default: "60" },
    },
  });
  const [homes, seconds] = [Number(values.homes), Number(values.seconds)];
  if (!Number.isInteger(homes) || homes < 1 || homes > 500)
    throw new Error("--homes takes a whole number from 1 to 500");
  if (!Number.isInteger(seconds) || seconds < 5 || seconds > 600)
    throw new Error("--seconds takes a whole number from 5 to 600");
  const directory = mkdtempSync(join(tmpdir(), "neighborwatt-homes-"));
  endsWithUs("folder of the benchmark", () => rmSync(directory, { recursive: true, force: true }));
  const meters = await measureMeters(homes, Math.min(seconds, MOST_METER_SECONDS));
  const server = await measureServer(homes, seconds, directory);
  const figures = { homes, seconds, meters, server };
  if (values.json) return console.log(JSON.stringify(figures));
  console.log(
    `${homes} modelled homes, each delivering, a sample a second of each; ${cpus().length} cores, ${seconds} s
  meters alone   ${meters.cores.toFixed(3)} of a core, ${meters.samplesPerSecond.toFixed(0)} samples/s
  whole server   ${server.cores.toFixed(3)} of a core (aim: 0.25), ${server.residentMB.toFixed(0)} MB resident
  turns          ${server.turnsPerSecond.toFixed(1)}/s, ${server.transactionsPerSecond.toFixed(1)} transactions/s: ${server.transactionsPerTurn.toFixed(2)} a turn (aim: at most 1)
  delivered      ${server.deliveredW.toFixed(0)} W of all homes together`,
  );
}

runProgram(main);
