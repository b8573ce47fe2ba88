/**
 * `npm run bench:latency`: from the moment a purchase is sealed to the edge at the relay's pin, on the embedded chain
 * with the simulated Arduino. One confirmation, and blocks by hand: nothing is in the figure but the server's own
 * share. `-- --network geth` measures what a buyer sees, from sending the purchase to the edge, on two geth nodes with
 * a block a second: waiting for a block is in it. `-- --trades 20` for fewer trades, `-- --confirmations 2` for more of
 * them, `-- --json` for one JSON object.
 */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createChain, loadMeterKey } from "../../chain";
import { readContracts } from "../../chain/artifacts";
import { ChainClock } from "../../chain/chain-clock";
import { EMBEDDED_CHAIN_ID, GETH_CHAIN_ID, LAB_MNEMONIC } from "../../common/lab";
import { createLog } from "../../common/log";
import { Homes } from "../../home/homes";
import { systemClock } from "../../meter/clock";
import { createMeter } from "../../meter/meter";
import { createSimulatedArduino } from "../../meter/sim/simulated";
import { homeOfOne } from "../../server/config";
import { Store } from "../../server/store";
import { migrate } from "../deploy";
import { type EmbeddedChain, startEmbeddedChain } from "../embedded-chain";
import { endsWithUs, runProgram } from "../ending";
import { commissionMeter, type LabChain, labChain, listFirstOffers } from "../lab-chain";
import { buyTokens, purchase } from "../trading";
import { startBenchNetwork } from "./geth";

const ROOT = join(__dirname, "..", "..");
const POLL_INTERVAL_MS = 75;
const ORDER_MILLI_WH = 1n;
const clock = { nowMs: () => Date.now(), steadyMs: () => performance.now() };

/** A chain to measure on; `sealedAtMs` is when it last sealed a transaction, null where nobody can say it exactly. */
interface Ground {
  network: "embedded" | "geth";
  rpcUrl: string;
  chainId: number;
  sealedAtMs(): number | null;
  stop(): Promise<void>;
}

async function startGround(network: Ground["network"]): Promise<Ground> {
  if (network === "geth") {
    const geth = await startBenchNetwork();
    return { network, ...geth, chainId: GETH_CHAIN_ID, sealedAtMs: () => null };
  }
  const chain = await startEmbeddedChain({ sealing: "manual" });
  const miner = new Miner(chain);
  const stop = async () => {
    await miner.stop();
    await chain.kill();
  };
  return {
    ...{ network, rpcUrl: chain.rpcUrl, chainId: EMBEDDED_CHAIN_ID },
    sealedAtMs: () => miner.sealedAtMs,
    stop,
  };
}

/** Seals every 100 ms for whoever waits for a transaction, and says when it last sealed one. */
class Miner {
  sealedAtMs = 0;
  #isRunning = true;
  readonly #done: Promise<void>;
  constructor(chain: EmbeddedChain) {
    this.#done = (async () => {
      while (this.#isRunning) {
        await pause(100);
        const { pending } = await chain.rpc<{ pending: string }>("txpool_status");
        if (Number(pending) === 0) continue;
        await chain.mine();
        this.sealedAtMs = clock.nowMs();
      }
    })();
  }
  async stop(): Promise<void> {
    this.#isRunning = false;
    await this.#done;
  }
}

/** The server's parts without its web side, around a simulated Arduino whose pin can be watched. */
async function startDelivery(
  { rpcUrl, chainId }: Ground,
  confirmations: number,
  directory: string,
  artifactsDir: string,
  lab: LabChain,
) {
  const log = createLog("warn", console.error, clock.nowMs);
  const key = await loadMeterKey({
    file: join(directory, "meter-key.json"),
    password: "a benchmark's own",
    createIfMissing: true,
  });
  await commissionMeter(lab, key);
  await listFirstOffers(lab, key.meter);
  const store = Store.open(directory, log);
  await store.start();
  const arduino = createSimulatedArduino();
  const meter = createMeter({ transport: arduino.transport });
  const server = createChain({
    rpcUrl,
    chainId,
    confirmations,
    pollIntervalMs: POLL_INTERVAL_MS,
    artifactsDir,
    sink: store.ledger,
    source: store.settlements,
    mnemonic: LAB_MNEMONIC,
    clock,
    log,
  });
  const trade = lab.trade.address;
  const homes = new Homes({
    homes: [
      {
        settings: homeOfOne("simulated", ""),
        meter,
        receiving: null,
        house: null,
        signer: key.signerFor({ chainId, trade }),
      },
    ],
    store,
    clock: systemClock,
    chainClock: new ChainClock(75_000),
    log,
    logOf: () => log,
    rules: { settleIntervalMs: 900_000, noFlowMs: 60_000, maxSampleAgeMs: 2000, journalIntervalMs: 1000 },
    readingsSigned: () => server.settlement.wake(),
    failed: (error) => {
      throw error;
    },
  });
  await homes.start();
  await server.follower.start();
  await server.settlement.start();
  await meter.connect();
  return {
    arduino,
    async stop() {
      await meter.disconnect();
      await server.stop();
      await homes.stop();
      await store.stop();
    },
  };
}

/** The value below which a share of all values lies (nearest rank). */
const quantile = (sorted: number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: "boolean" },
      trades: { type: "string", default: "100" },
      confirmations: { type: "string", default: "1" },
      network: { type: "string", default: "embedded" },
    },
  });
  const { network } = values;
  if (network !== "embedded" && network !== "geth") throw new Error("--network takes embedded or geth");
  const confirmations = Number(values.confirmations);
  // On the embedded chain of this program a block is sealed for a transaction only: more would be waited for in vain.
  if (!Number.isInteger(confirmations) || confirmations < 1 || (confirmations > 1 && network === "embedded"))
    throw new Error("--confirmations takes a whole number from 1 up, and 1 only on the embedded chain");
  const trades = Number(values.trades);
  if (!Number.isInteger(trades) || trades < 1 || trades > 400) {
    throw new Error("--trades takes a whole number from 1 to 400");
  }
  const directory = mkdtempSync(join(tmpdir(), "neighborwatt-latency-"));
  endsWithUs("folder of the benchmark", () => rmSync(directory, { recursive: true, force: true }));
  const artifactsDir = join(directory, "contracts");
  cpSync(join(ROOT, "build", "contracts"), artifactsDir, { recursive: true });
  const ground = await startGround(network);
  try {
    const { rpcUrl, chainId } = ground;
    const { port } = new URL(rpcUrl);
    await migrate(network, { EMBEDDED_PORT: port, RPC_URL: rpcUrl, ARTIFACTS_DIR: artifactsDir });
    const deployment = readContracts(artifactsDir, chainId);
    if (!deployment) throw new Error("truffle migrate left no addresses");
    const lab = await labChain(rpcUrl, deployment);
    const house = await startDelivery(ground, confirmations, directory, artifactsDir, lab);
    await buyTokens(lab, "consumer", "1");
    const latenciesMs: number[] = [];
    for (let i = 0; i < trades; i++) {
      const closed = new Promise<number>((resolve) => {
        const forget = house.arduino.onRelayEdge((position, atMs) => {
          if (position !== "closed") return;
          forget();
          resolve(atMs);
        });
      });
      // The loop wakes with a block; buyers come at any moment between two.
      if (network === "geth") await pause((i * 137) % 1000);
      const sentAtMs = clock.nowMs();
      const { tradeId } = await purchase(lab, "consumer", 1n, ORDER_MILLI_WH);
      const fromMs = ground.sealedAtMs() ?? sentAtMs;
      latenciesMs.push((await closed) - fromMs);
      while ((await lab.trade.methods.tradeOf(tradeId).call()).status === 1n) await pause(100);
      if (!values.json && process.stderr.isTTY) process.stderr.write(`\r${i + 1} of ${trades} trades`);
    }
    await house.stop();
    const sorted = latenciesMs.sort((a, b) => a - b);
    const figures = {
      network,
      trades,
      confirmations,
      pollIntervalMs: POLL_INTERVAL_MS,
      p50Ms: Math.round(quantile(sorted, 0.5)),
      p95Ms: Math.round(quantile(sorted, 0.95)),
      maxMs: Math.round(quantile(sorted, 1)),
    };
    if (values.json) console.log(JSON.stringify(figures));
    else {
      const [from, aim] = network === "geth" ? ["sent", ""] : ["sealed", " (aim: 150)"];
      console.log(
        `\npurchase ${from} → relay's pin, ${trades} trades, ${network}, confirmations: ${confirmations}, looked for every ${POLL_INTERVAL_MS} ms`,
      );
      console.log(`  p50  ${figures.p50Ms} ms\n  p95  ${figures.p95Ms} ms${aim}\n  max  ${figures.maxMs} ms`);
    }
  } finally {
    await ground.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

runProgram(main);
