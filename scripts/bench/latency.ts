/**
 * `npm run bench:latency`: from the moment a purchase is sealed to the edge at the relay's pin, on the embedded chain
 * with the simulated Arduino. One confirmation, and blocks by hand: nothing is in the figure but the server's own
 * share. `-- --trades 20` for fewer trades, `-- --json` for one JSON object.
 */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { EMBEDDED_CHAIN_ID, LAB_MNEMONIC } from "../../common/lab";
import { createMeter } from "../../meter/meter";
import { createSimulatedArduino } from "../../meter/sim/simulated";
import { createChain, loadMeterKey } from "../../server/chain";
import { DeliveryService } from "../../server/delivery/service";
import { createLog } from "../../server/log";
import { Store } from "../../server/store";
import { compile } from "../compile";
import { migrate } from "../deploy";
import { type EmbeddedChain, startEmbeddedChain } from "../embedded-chain";
import { commissionMeter, type LabChain, labChain, listFirstOffers, readDeployment } from "../lab-chain";
import { buyTokens, purchase } from "../trading";

const ROOT = join(__dirname, "..", "..");
const POLL_INTERVAL_MS = 75;
const ORDER_MILLI_WH = 1n;
const clock = { nowMs: () => Date.now() };
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

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
async function startDelivery(chain: EmbeddedChain, directory: string, artifactsDir: string, lab: LabChain) {
  const log = createLog("warn", console.error, clock.nowMs);
  const key = await loadMeterKey({
    file: join(directory, "meter-key.json"),
    password: "a benchmark's own",
    createIfMissing: true,
  });
  await commissionMeter(lab, key.meter);
  await listFirstOffers(lab, key.meter);
  const store = Store.open(directory, log);
  await store.start();
  const arduino = createSimulatedArduino();
  const meter = createMeter({ transport: arduino.transport });
  const server = createChain({
    rpcUrl: chain.rpcUrl,
    chainId: EMBEDDED_CHAIN_ID,
    confirmations: 1,
    pollIntervalMs: POLL_INTERVAL_MS,
    artifactsDir,
    sink: store.ledger,
    source: store.settlements,
    mnemonic: LAB_MNEMONIC,
    clock,
    log,
  });
  const trade = lab.trade.options.address as string;
  const delivery = new DeliveryService({
    store,
    meter,
    signer: key.signerFor({ chainId: EMBEDDED_CHAIN_ID, trade }),
    clock,
    log,
    rules: { settleIntervalMs: 900_000, maxSampleAgeMs: 2000 },
    journalIntervalMs: 1000,
    readingsSigned: () => server.settlement.wake(),
    failed: (error) => {
      throw error;
    },
  });
  await delivery.start();
  await server.follower.start();
  await server.settlement.start();
  await meter.connect();
  return {
    arduino,
    async stop() {
      await meter.disconnect();
      await server.stop();
      await delivery.stop();
      await store.stop();
    },
  };
}

/** The value below which a share of all values lies (nearest rank). */
const quantile = (sorted: number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: "boolean" }, trades: { type: "string", default: "100" } },
  });
  const trades = Number(values.trades);
  if (!Number.isInteger(trades) || trades < 1 || trades > 400) {
    throw new Error("--trades takes a whole number from 1 to 400");
  }
  await compile();
  const directory = mkdtempSync(join(tmpdir(), "neighborwatt-latency-"));
  const artifactsDir = join(directory, "contracts");
  cpSync(join(ROOT, "build", "contracts"), artifactsDir, { recursive: true });
  const chain = await startEmbeddedChain({ sealing: "manual" });
  const miner = new Miner(chain);
  try {
    await migrate("embedded", { EMBEDDED_PORT: String(chain.port), ARTIFACTS_DIR: artifactsDir });
    const deployment = readDeployment(artifactsDir, EMBEDDED_CHAIN_ID);
    if (!deployment) throw new Error("truffle migrate left no addresses");
    const lab = await labChain(chain.rpcUrl, deployment);
    const house = await startDelivery(chain, directory, artifactsDir, lab);
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
      const { tradeId } = await purchase(lab, "consumer", 1n, ORDER_MILLI_WH);
      const sealedAtMs = miner.sealedAtMs;
      latenciesMs.push((await closed) - sealedAtMs);
      while ((await lab.trade.methods.tradeOf(tradeId).call()).status === 1n) await pause(100);
      if (!values.json && process.stderr.isTTY) process.stderr.write(`\r${i + 1} of ${trades} trades`);
    }
    await house.stop();
    const sorted = latenciesMs.sort((a, b) => a - b);
    const figures = {
      trades,
      pollIntervalMs: POLL_INTERVAL_MS,
      p50Ms: Math.round(quantile(sorted, 0.5)),
      p95Ms: Math.round(quantile(sorted, 0.95)),
      maxMs: Math.round(quantile(sorted, 1)),
    };
    if (values.json) console.log(JSON.stringify(figures));
    else {
      console.log(
        `\npurchase sealed → relay's pin, ${trades} trades, looked for every ${POLL_INTERVAL_MS} ms`,
      );
      console.log(
        `  p50  ${figures.p50Ms} ms\n  p95  ${figures.p95Ms} ms (aim: 150)\n  max  ${figures.maxMs} ms`,
      );
    }
  } finally {
    await miner.stop();
    await chain.kill();
    rmSync(directory, { recursive: true, force: true });
  }
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
