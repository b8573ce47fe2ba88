/**
 * The whole house for a test: embedded chain (or a geth network that the test has started), contracts by Truffle, a commissioned meter, offers, and the real server
 * with the simulated Arduino in a process of its own, on free ports and in a folder of its own.
 */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Contracts, readContracts } from "../../chain/artifacts";
import { loadMeterKey, type MeterKey } from "../../chain/meter-key";
import type { SignedReadingView } from "../../common/api";
import type { TradeView } from "../../common/events";
import { EMBEDDED_CHAIN_ID, GETH_CHAIN_ID } from "../../common/lab";
import type { Wire } from "../../common/wire";
import { buildPage } from "../../scripts/build-page";
import { migrate } from "../../scripts/deploy";
import {
  type EmbeddedChain,
  type EmbeddedChainOptions,
  freePort,
  startEmbeddedChain,
} from "../../scripts/embedded-chain";
import { commissionMeter, type LabChain, labChain, listFirstOffers } from "../../scripts/lab-chain";
import { DEVELOPMENT_KEYSTORE_PASSWORD } from "../../server/config";
import { refusedServer, type Server, serverOf } from "./server-program";
import { until } from "./until";

const ROOT = join(__dirname, "..", "..");
const SETTLED_WITHIN_MS = 120_000;

export interface HouseOptions {
  chain?: EmbeddedChainOptions;
  /** RPC address of a lab's geth network to live on, instead of an embedded chain of its own. */
  gethRpcUrl?: string;
  /** Settings of the server beside those the house needs. */
  env?: Record<string, string>;
  /** False: the page is not built, for tests that need none. */
  page?: boolean;
}

export interface House {
  readonly url: string;
  /** Throws in a house on geth, which has none. */
  readonly chain: EmbeddedChain;
  readonly deployment: Contracts;
  readonly lab: LabChain;
  /** The meter's address. */
  readonly meter: string;
  readonly meterKey: MeterKey;
  readonly dataDir: string;
  /** The server's process; throws while there is none. */
  readonly serverPid: number;
  /** What the server has printed so far, all its runs together. */
  output(): string;
  /** Ends the server with the signal; resolves when it is gone. */
  stopServer(signal?: NodeJS.Signals): Promise<void>;
  startServer(env?: Record<string, string>): Promise<void>;
  /** On a chain that seals by `mine`, which the house calls meanwhile: what is sent now waits until `letBlocks`. */
  holdBlocks(): void;
  letBlocks(): void;
  /** Whether the server runs; a frozen one does. */
  isServerRunning(): boolean;
  /**
   * Starts one more server with the same settings on a port of its own, for one that must refuse to.
   * @returns what it printed; throws when it gets ready
   */
  refusedServer(env?: Record<string, string>): Promise<string>;
  /** The embedded chain, which must be one that is kept, anew at its port, after it has ended. */
  restartChain(): Promise<void>;
  /** A second server on a copy of the data folder, as it is now; ends with the house. */
  startCopy(): Promise<Server>;
  /** `/api/…` as JSON. */
  get<T>(path: string): Promise<T>;
  /** `/api/trades/:id`; null while the server has not seen it: it may have been sealed a moment ago. */
  trade(tradeId: bigint): Promise<TradeAnswer | null>;
  /** Waits until the chain says that the trade is settled. */
  untilSettled(tradeId: bigint): Promise<TradeAnswer>;
  stop(): Promise<void>;
}

/** `/api/trades/:id` */
export interface TradeAnswer {
  trade: Wire<TradeView>;
  readings: Wire<SignedReadingView>[];
}

/** A block a quarter of a second, as long as it may. Returns what ends it, when the one under way is there. */
function sealBy(chain: EmbeddedChain, mayNow: () => boolean): () => Promise<void> {
  let sealing = Promise.resolve();
  const timer = setInterval(() => {
    sealing = sealing.then(() => (mayNow() ? chain.mine() : undefined));
  }, 250);
  return () => {
    clearInterval(timer);
    return sealing;
  };
}

export async function startHouse(options: HouseOptions = {}): Promise<House> {
  const dataDir = mkdtempSync(join(tmpdir(), "neighborwatt-house-"));
  const artifactsDir = join(dataDir, "contracts");
  const ending: (() => unknown)[] = [() => rmSync(dataDir, { recursive: true, force: true })];
  const stop = async () => {
    for (const end of ending.splice(0).reverse()) await end();
  };
  let areBlocksHeld = false;
  try {
    if (options.page !== false) await buildPage();
    cpSync(join(ROOT, "build", "contracts"), artifactsDir, { recursive: true });
    const network = options.gethRpcUrl ? "geth" : "embedded";
    const chainOptions = { periodMs: 250, heartbeatMs: 5000, ...options.chain };
    let chain: EmbeddedChain | undefined;
    if (network === "embedded") {
      chain = await startEmbeddedChain(chainOptions);
      ending.push(() => chain?.kill());
      if (chainOptions.sealing === "manual") ending.push(sealBy(chain, () => !areBlocksHeld));
    }
    const rpcUrl = options.gethRpcUrl ?? chain!.rpcUrl;
    const whereTheChainIs = { RPC_URL: rpcUrl, ...(chain && { EMBEDDED_PORT: String(chain.port) }) };
    await migrate(network, { ...whereTheChainIs, ARTIFACTS_DIR: artifactsDir });
    const deployment = readContracts(artifactsDir, chain ? EMBEDDED_CHAIN_ID : GETH_CHAIN_ID);
    if (!deployment) throw new Error("truffle migrate left no addresses");
    const lab = await labChain(rpcUrl, deployment);
    const key = await loadMeterKey({
      file: join(dataDir, "meter-key.json"),
      password: DEVELOPMENT_KEYSTORE_PASSWORD,
      createIfMissing: true,
    });
    await commissionMeter(lab, key);
    await listFirstOffers(lab, key.meter);
    const settings = {
      NETWORK: network,
      ...whereTheChainIs,
      ARTIFACTS_DIR: artifactsDir,
      ...options.env,
    };
    const server = serverOf({ ...settings, DATA_DIR: dataDir, PORT: String(await freePort()) });
    const house: House = {
      url: server.url,
      get chain() {
        if (!chain) throw new Error("this house lives on geth: it has no embedded chain");
        return chain;
      },
      deployment,
      lab,
      meter: key.meter,
      meterKey: key,
      dataDir,
      get serverPid() {
        return server.pid();
      },
      output: server.output,
      startServer: server.start,
      stopServer: server.stop,
      async startCopy() {
        const folder = mkdtempSync(join(tmpdir(), "neighborwatt-copy-"));
        ending.push(() => rmSync(folder, { recursive: true, force: true }));
        cpSync(dataDir, folder, { recursive: true });
        // On another machine nobody could refuse it the first one's account; on this one it would be.
        const own = { ...settings, SETTLER_INDEX: "6" };
        const copy = serverOf({ ...own, DATA_DIR: folder, PORT: String(await freePort()) });
        ending.push(() => copy.stop("SIGKILL"));
        await copy.start();
        return copy;
      },
      holdBlocks: () => {
        areBlocksHeld = true;
      },
      letBlocks: () => {
        areBlocksHeld = false;
      },
      isServerRunning: server.isRunning,
      refusedServer: async (env = {}) =>
        refusedServer({ ...settings, DATA_DIR: dataDir, PORT: String(await freePort()), ...env }),
      async restartChain() {
        chain = await startEmbeddedChain({ ...chainOptions, port: house.chain.port });
      },
      async get<T>(path: string) {
        const response = await fetch(server.url + path);
        if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
        return (await response.json()) as T;
      },
      async trade(tradeId) {
        const response = await fetch(`${server.url}/api/trades/${tradeId}`);
        if (response.status === 404) return null;
        if (!response.ok) throw new Error(`trade ${tradeId}: ${response.status} ${await response.text()}`);
        return (await response.json()) as TradeAnswer;
      },
      untilSettled: (tradeId) =>
        until(
          `trade ${tradeId} settled`,
          async () => {
            const answer = await house.trade(tradeId);
            return answer?.trade.status === "settled" && answer;
          },
          SETTLED_WITHIN_MS,
          // The server answers 600 requests a minute.
          250,
        ),
      stop,
    };
    ending.push(() => server.stop("SIGKILL"));
    await server.start();
    return house;
  } catch (error) {
    await stop();
    throw error;
  }
}
