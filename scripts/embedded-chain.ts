/**
 * The embedded chain: anvil (an npm package) started from geth's own genesis file at hardfork London, so that what
 * passes here passes on the clique network. It seals a block each second while there is something to seal and a
 * heartbeat otherwise, because every block, empty ones too, makes its state file grow.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { EMBEDDED_CHAIN_ID } from "../common/lab";

const GENESIS_FILE = join(__dirname, "..", "geth", "genesis.json");
const RPC_TIMEOUT_MS = 10_000;
/** What `kill -9` can take from a chain that is never idle. */
const SAVE_WITHIN_MS = 10_000;

export interface EmbeddedChainOptions {
  /** TCP port on loopback; a free one when left out. */
  port?: number;
  /** Keeps the chain between runs; the file is replaced atomically. Left out: nothing is kept. */
  stateFile?: string;
  /** `steady` seals by the clock, `instant` seals each transaction at once, `manual` only when `mine` is called. */
  sealing?: "steady" | "instant" | "manual";
  /** Milliseconds between blocks for `steady`. */
  periodMs?: number;
  /** Empty blocks sealed after the last transaction, for confirmations. */
  tailBlocks?: number;
  /** Milliseconds between blocks when nothing happens. */
  heartbeatMs?: number;
}

export interface EmbeddedChain {
  readonly rpcUrl: string;
  readonly port: number;
  readonly pid: number;
  rpc<T = unknown>(method: string, ...params: unknown[]): Promise<T>;
  /** Seals `blocks` blocks now. */
  mine(blocks?: number): Promise<void>;
  /** Writes the state, ends the process. */
  stop(): Promise<void>;
  /** Ends it as `kill -9` would: nothing is written. */
  kill(): Promise<void>;
  /** Resolves with a reason when the process ends by itself. */
  readonly died: Promise<string>;
}

/**
 * A free TCP port on loopback: the wanted one, or any.
 * @throws when the wanted one is taken; anvil itself would end silently, and its neighbour would answer for it
 */
export async function freePort(wanted = 0): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(wanted, "127.0.0.1", resolve);
  }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "EADDRINUSE") throw cause;
    throw new Error(`port ${wanted} is already in use`, { cause });
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free TCP port on 127.0.0.1");
  return address.port;
}

/** anvil's own binary: started through npx, stopping it would leave a child. */
export function anvilBinary(): string {
  const platform = { linux: "linux", darwin: "darwin", win32: "win32" }[process.platform as string];
  const arch = { x64: "amd64", arm64: "arm64" }[process.arch as string];
  const name = `@foundry-rs/anvil-${platform}-${arch}`;
  try {
    return require.resolve(`${name}/bin/anvil${process.platform === "win32" ? ".exe" : ""}`);
  } catch (cause) {
    throw new Error(`no anvil for ${process.platform} ${process.arch} (npm package ${name})`, { cause });
  }
}

export async function jsonRpc<T>(url: string, method: string, params: unknown[]): Promise<T> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    signal: AbortSignal.timeout(RPC_TIMEOUT_MS),
  });
  const answer = (await response.json()) as { result?: T; error?: { message: string } };
  if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
  return answer.result as T;
}

export async function startEmbeddedChain(options: EmbeddedChainOptions = {}): Promise<EmbeddedChain> {
  const { stateFile, sealing = "steady", periodMs = 1000, tailBlocks = 3, heartbeatMs = 30_000 } = options;
  const port = await freePort(options.port);
  const genesis = JSON.parse(readFileSync(GENESIS_FILE, "utf8")) as { gasLimit: string };
  const kept = stateFile !== undefined && existsSync(stateFile);
  const child = spawn(
    anvilBinary(),
    [
      "--host",
      "127.0.0.1",
      "--port",
      String(port),
      "--silent",
      "--hardfork",
      "london",
      "--chain-id",
      String(EMBEDDED_CHAIN_ID),
      // No unlocked account, as on a real node: whoever wants to send, signs.
      "--accounts",
      "0",
      ...(sealing === "instant" ? [] : ["--no-mining"]),
      // anvil takes the one or the other; gas limit is not in its state.
      ...(kept
        ? ["--load-state", stateFile, "--gas-limit", String(Number(genesis.gasLimit))]
        : ["--init", GENESIS_FILE]),
    ],
    // Ctrl-C in a terminal reaches its whole group: a chain in it would be gone before its state is saved.
    { stdio: ["ignore", "ignore", "pipe"], detached: process.platform !== "win32" },
  );
  const chain = new AnvilProcess(child, port, stateFile);
  await chain.untilReady();
  // After --init anvil's clock starts at the genesis file's timestamp.
  await chain.rpc("anvil_setTime", Math.floor(Date.now() / 1000));
  if (sealing === "steady") chain.sealSteadily(periodMs, tailBlocks, heartbeatMs);
  return chain;
}

class AnvilProcess implements EmbeddedChain {
  readonly rpcUrl: string;
  readonly pid: number;
  readonly died: Promise<string>;
  private stopping = false;
  private stderr = "";
  private savedBlock = -1;
  private savedAtMs = 0;
  private sealer: Promise<void> = Promise.resolve();
  private readonly exited: Promise<void>;

  constructor(
    private readonly child: ChildProcess,
    readonly port: number,
    private readonly stateFile: string | undefined,
  ) {
    this.rpcUrl = `http://127.0.0.1:${port}`;
    this.pid = child.pid ?? 0;
    child.stderr?.on("data", (chunk) => {
      this.stderr = (this.stderr + String(chunk)).slice(-2000);
    });
    let reportDeath: (reason: string) => void;
    this.died = new Promise((resolve) => {
      reportDeath = resolve;
    });
    this.exited = new Promise((resolve) => {
      child.once("error", (error) => {
        reportDeath(`anvil could not be started: ${error.message}`);
        resolve();
      });
      child.once("exit", (code, signal) => {
        if (!this.stopping) reportDeath(`anvil ended (${signal ?? code}): ${this.stderr.trim()}`);
        resolve();
      });
    });
  }

  rpc<T = unknown>(method: string, ...params: unknown[]): Promise<T> {
    return jsonRpc<T>(this.rpcUrl, method, params);
  }

  async mine(blocks = 1): Promise<void> {
    for (let i = 0; i < blocks; i++) await this.rpc("evm_mine");
  }

  async untilReady(): Promise<void> {
    const deadline = Date.now() + 30_000;
    const dead = this.died.then((reason) => {
      throw new Error(reason);
    });
    for (;;) {
      try {
        await Promise.race([this.rpc("eth_chainId"), dead]);
        return;
      } catch (error) {
        if (this.child.exitCode !== null || Date.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  /** Seals while transactions wait or confirmations are owed; a heartbeat keeps chain time going. */
  sealSteadily(periodMs: number, tailBlocks: number, heartbeatMs: number): void {
    this.sealer = (async () => {
      let owed = tailBlocks;
      let lastSealedAtMs = Date.now();
      let nextAtMs = Date.now();
      while (!this.stopping) {
        nextAtMs = Math.max(nextAtMs + periodMs, Date.now());
        await new Promise((resolve) => setTimeout(resolve, nextAtMs - Date.now()));
        if (this.stopping) return;
        try {
          const { pending } = await this.rpc<{ pending: string }>("txpool_status");
          if (Number(pending) === 0 && owed === 0 && Date.now() - lastSealedAtMs < heartbeatMs) continue;
          await this.mine();
          lastSealedAtMs = Date.now();
          // Asked of the block, not of the pool: a transaction may arrive between the two calls.
          const count = await this.rpc<string>("eth_getBlockTransactionCountByNumber", "latest");
          owed = Number(count) > 0 ? tailBlocks : Math.max(0, owed - 1);
          // The dump costs more as the chain grows: when a burst is over, and now and then within a long one.
          if (owed === 0 || Date.now() - this.savedAtMs > SAVE_WITHIN_MS) await this.save();
        } catch (error) {
          if (this.stopping || this.child.exitCode !== null) return;
          console.error(`embedded chain: ${(error as Error).message}; trying again`);
        }
      }
    })();
  }

  /** A whole new file under another name, then a rename: a kill at any moment leaves a state that loads. */
  private async save(): Promise<void> {
    if (this.stateFile === undefined) return;
    const block = Number(await this.rpc<string>("eth_blockNumber"));
    if (block === this.savedBlock) return;
    const state = gunzipSync(Buffer.from((await this.rpc<string>("anvil_dumpState")).slice(2), "hex"));
    mkdirSync(dirname(this.stateFile), { recursive: true });
    const temporary = `${this.stateFile}.${process.pid}.new`;
    writeFileSync(temporary, state, { flush: true });
    renameSync(temporary, this.stateFile);
    this.savedBlock = block;
    this.savedAtMs = Date.now();
  }

  async stop(): Promise<void> {
    if (this.stopping) return this.exited;
    this.stopping = true;
    await this.sealer;
    if (this.child.exitCode === null && this.child.signalCode === null) {
      await this.save();
      this.child.kill("SIGTERM");
    }
    await this.exited;
  }

  async kill(): Promise<void> {
    this.stopping = true;
    this.child.kill("SIGKILL");
    await Promise.all([this.exited, this.sealer]);
  }
}

/** Forgets a kept chain. */
export const forgetChain = (stateFile: string): void => rmSync(stateFile, { force: true });
