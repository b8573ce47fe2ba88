/** The real server as a program of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

const ROOT = join(__dirname, "..", "..");
const READY_WITHIN_MS = 90_000;

/** One server program. */
export interface Server {
  readonly url: string;
  /** What it has printed so far, all its runs together. */
  output(): string;
  /** Throws while it does not run. */
  pid(): number;
  /** A frozen one runs. */
  isRunning(): boolean;
  start(env?: Record<string, string>): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const spawnServer = (settings: Record<string, string>): ChildProcess =>
  spawn(process.execPath, ["--require", "tsx/cjs", "server/main.ts"], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, ...settings },
  });

const isAlive = (child: ChildProcess | undefined): child is ChildProcess =>
  child !== undefined && child.exitCode === null && child.signalCode === null;

export function serverOf(settings: Record<string, string>): Server {
  let output = "";
  let running: ChildProcess | undefined;
  return {
    url: `http://127.0.0.1:${settings.PORT}`,
    output: () => output,
    pid() {
      if (!isAlive(running) || running.pid === undefined) throw new Error("the server does not run");
      return running.pid;
    },
    isRunning: () => isAlive(running),
    async start(env = {}) {
      const child = spawnServer({ ...settings, ...env });
      running = child;
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on("data", (chunk) => {
          output += String(chunk);
        });
      }
      await new Promise<void>((resolve, reject) => {
        const fail = (why: string) => reject(new Error(`${why}\n${output}`));
        const timer = setTimeout(() => fail("the server was not ready in time"), READY_WITHIN_MS);
        child.once("exit", (code, signal) => {
          clearTimeout(timer);
          fail(`the server ended (${signal ?? code})`);
        });
        child.on("message", (message: { ready?: boolean }) => {
          if (!message.ready) return;
          clearTimeout(timer);
          resolve();
        });
      });
    },
    async stop(signal = "SIGTERM") {
      const child = running;
      running = undefined;
      if (!isAlive(child)) return;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill(signal);
      await gone;
    },
  };
}

/**
 * Starts a server that must refuse to.
 * @returns what it printed; throws when it gets ready
 */
export async function refusedServer(settings: Record<string, string>): Promise<string> {
  const child = spawnServer(settings);
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk) => {
      said += String(chunk);
    });
  const isReady = await new Promise<boolean>((resolve) => {
    child.once("message", () => resolve(true));
    child.once("close", () => resolve(false));
  });
  if (!isReady) return said;
  child.kill("SIGKILL");
  throw new Error(`a server that should refuse to start was ready:\n${said}`);
}
