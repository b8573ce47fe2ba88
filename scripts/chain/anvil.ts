/**
 * anvil (an npm package), started from geth's own genesis file at hardfork London, so that what passes here passes on
 * the clique network. Only the program that started it can find it: anvil lets everybody who reaches it move
 * anybody's money, and has no switch for that, so it listens at an address that nobody can guess (guard.ts is the
 * endpoint for everybody else).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { JsonRpc } from "../../chain/rpc";
import { exchange } from "../../chain/transport";
import { EMBEDDED_CHAIN_ID } from "../../common/lab";
import { foundryBinary } from "../foundry-binary";
import { freePort } from "./ports";
import { identityOf, isRunning, type ProcessIdentity } from "./process-identity";

export const GENESIS_FILE = join(__dirname, "..", "..", "geth", "genesis.json");
const SUPERVISOR = join(__dirname, "supervisor.mjs");
const RPC_TIMEOUT_MS = 10_000;
/** A whole chain's logs in one answer, as Truffle may ask for. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;
const READY_WITHIN_MS = 30_000;
const LAST_WORDS_MS = 100;
const GONE_WITHIN_MS = 10_000;
/** States of past blocks that can be asked for, as on a geth that is no archive. Each takes some 100 kB of memory. */
const KEPT_STATES = 128;

/** The version as npm knows it, such as 1.7.1. */
export const anvilVersion = (): string =>
  (JSON.parse(readFileSync(require.resolve("@foundry-rs/anvil/package.json"), "utf8")) as { version: string })
    .version;

export interface AnvilOptions {
  /** Seals each transaction at once, instead of when told to. */
  instant: boolean;
  /** Where its process is written down, so that the next start can end what a `kill -9` of everything else left. */
  recordFile?: string;
}

/** A running anvil and the process that ends it with this one. */
export class Anvil {
  /** Resolves with the reason when it has ended, whoever ended it. */
  readonly ended: Promise<string>;
  private readonly url: string;
  private readonly node: JsonRpc;
  private stderr = "";
  private identity: ProcessIdentity | null = null;

  private constructor(
    private readonly supervisor: ChildProcess,
    host: string,
    port: number,
    private readonly recordFile: string | undefined,
  ) {
    this.url = `http://${host}:${port}`;
    this.node = new JsonRpc({ url: this.url, timeoutMs: RPC_TIMEOUT_MS });
    supervisor.stderr?.on("data", (chunk) => {
      this.stderr = (this.stderr + String(chunk)).slice(-2000);
    });
    this.ended = new Promise<string>((resolve) => {
      supervisor.once("error", (error) => resolve(`anvil could not be started: ${error.message}`));
      const reason = () => resolve(`anvil ended: ${this.stderr.trim() || "without a word"}`);
      supervisor.once("close", reason);
      // An anvil that has lost its supervisor holds the pipe open.
      supervisor.once("exit", () => setTimeout(reason, LAST_WORDS_MS));
    }).then((reason) => {
      this.node.stop();
      // The supervisor may have been killed itself, and then leaves anvil behind.
      if (this.identity && isRunning(this.identity)) process.kill(this.identity.pid, "SIGKILL");
      if (recordFile) rmSync(recordFile, { force: true });
      return reason;
    });
  }

  static async start({ instant, recordFile }: AnvilOptions): Promise<Anvil> {
    const { host, port } = await secretAddress();
    const args = [
      ...["--host", host, "--port", String(port), "--no-cors", "--silent"],
      ...["--init", GENESIS_FILE, "--hardfork", "london", "--chain-id", String(EMBEDDED_CHAIN_ID)],
      // No unlocked account, as on a real node: every sender signs.
      ...["--accounts", "0"],
      // Without it anvil writes each older state to the home folder, 115 kB a block, and forgets them there when killed.
      ...["--prune-history", String(KEPT_STATES)],
      ...(instant ? [] : ["--no-mining"]),
    ];
    const supervisor = spawn(process.execPath, [SUPERVISOR, foundryBinary("anvil"), ...args], {
      stdio: ["pipe", "pipe", "pipe"],
      // Ctrl-C in a terminal reaches its whole group; this program alone decides the order of ending.
      detached: process.platform !== "win32",
    });
    // A supervisor that is gone is reported by `ended`, not by its pipe.
    supervisor.stdin?.on("error", () => {});
    const anvil = new Anvil(supervisor, host, port, recordFile);
    try {
      await anvil.untilReady();
      return anvil;
    } catch (error) {
      await anvil.end();
      throw error;
    }
  }

  get pid(): number {
    return this.identity?.pid ?? 0;
  }

  rpc<T = unknown>(method: string, ...params: unknown[]): Promise<T> {
    return this.node.ask<T>(method, ...params);
  }

  /** Hands a JSON-RPC request or batch on as it is. @returns the answer's text */
  forward(body: string, signal: AbortSignal): Promise<string> {
    return exchange(this.url, body, { signal, maxAnswerBytes: MAX_ANSWER_BYTES });
  }

  /** Ends it at once: nothing is kept in it that is not written down elsewhere. */
  async end(): Promise<void> {
    this.supervisor.stdin?.end();
    await this.ended;
  }

  private async untilReady(): Promise<void> {
    let hasEnded = false;
    const dead = this.ended.then((reason) => {
      hasEnded = true;
      throw new Error(reason);
    });
    const pid = await Promise.race([firstLine(this.supervisor), dead]);
    this.identity = identityOf(Number(pid));
    if (this.identity && this.recordFile) writeFileSync(this.recordFile, JSON.stringify(this.identity));
    const deadline = performance.now() + READY_WITHIN_MS;
    for (;;) {
      try {
        await Promise.race([this.rpc("eth_chainId"), dead]);
        return;
      } catch (error) {
        if (hasEnded || performance.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
}

/**
 * Ends an anvil that a `kill -9` of its keeper and its supervisor together has left behind. Call it only with the
 * folder's lock in hand: then its keeper is gone. Another program under the same number is never touched.
 * @returns true when there was one
 */
export async function endLeftover(recordFile: string): Promise<boolean> {
  const identity = readRecord(recordFile);
  const isThere = identity !== null && isRunning(identity);
  if (isThere) {
    process.kill(identity.pid, "SIGKILL");
    const deadline = performance.now() + GONE_WITHIN_MS;
    while (isRunning(identity)) {
      if (performance.now() > deadline)
        throw new Error(`the chain left by an earlier start (process ${identity.pid}) does not end`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  rmSync(recordFile, { force: true });
  return isThere;
}

function readRecord(recordFile: string): ProcessIdentity | null {
  let text: string;
  try {
    text = readFileSync(recordFile, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  try {
    // What it says must be an anvil, whatever somebody has written into the file.
    const { pid, startedAt, command } = (JSON.parse(text) ?? {}) as ProcessIdentity;
    return String(command).includes("anvil") ? { pid, startedAt, command } : null;
  } catch (error) {
    // Half written when the machine's power went: and anvil went with it.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/**
 * A random port, and where the system has the whole of 127.0.0.0/8 (Linux, Windows) a random address of it: a page in
 * a browser that has no way to learn the address cannot reach it, by DNS rebinding neither. macOS has 127.0.0.1 alone.
 */
async function secretAddress(): Promise<{ host: string; port: number }> {
  const host = `127.${randomInt(1, 255)}.${randomInt(256)}.${randomInt(1, 255)}`;
  try {
    return { host, port: await freePort(0, host) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRNOTAVAIL") throw error;
    return { host: "127.0.0.1", port: await freePort() };
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    child.stdout?.on("data", (chunk) => {
      text += String(chunk);
      if (text.includes("\n")) resolve(text.slice(0, text.indexOf("\n")));
    });
  });
}
