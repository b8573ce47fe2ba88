import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { until } from "../support/until";
import { temporaryFolder } from "./support";

const ROOT = join(__dirname, "..", "..");

interface Run {
  child: ChildProcess;
  output(): string;
  /** The address, once ready; rejects when the process ends before. */
  ready: Promise<string>;
  ended: Promise<number | string | null>;
}

/** The real program, with no chain where it looks for one. */
function run(env: Record<string, string>): Run {
  let text = "";
  const child = spawn(process.execPath, ["--require", "tsx/cjs", "server/main.ts"], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, PORT: "0", RPC_URL: "http://127.0.0.1:1", ...env },
  });
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk) => {
      text += chunk;
    });
  const ended = new Promise<number | string | null>((resolve) =>
    child.once("close", (code, signal) => resolve(signal ?? code)),
  );
  const ready = new Promise<string>((resolve, reject) => {
    child.on("message", (message: { url: string }) => resolve(message.url.replace("localhost", "127.0.0.1")));
    ended.then((code) => reject(new Error(`ended (${code}): ${text}`)));
  });
  // Not every test waits for it.
  ready.catch(() => undefined);
  return { child, output: () => text, ready, ended };
}

describe("the server as a program", function () {
  this.timeout(180_000);
  let folder: ReturnType<typeof temporaryFolder>;
  const runs: Run[] = [];
  const start = (env: Record<string, string> = {}) => {
    const one = run({ DATA_DIR: folder.path, ...env });
    runs.push(one);
    return one;
  };
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(async () => {
    for (const { child } of runs.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exited = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await exited;
    }
    folder.remove();
  });

  it("says once in its log why nothing is measured, and not at each attempt", async () => {
    const { output, ready } = start({ METER: "serial:/dev/none" });
    const url = await ready;
    const told = () =>
      output()
        .split("\n")
        .filter((line) => /meter .*\/dev\/none/.test(line));
    // The first pauses are half a second and a second: after those, at least the third attempt has failed.
    await until("the third attempt", async () =>
      /next attempt in ([2-9]|[1-9][0-9]) s/.test(await (await fetch(`${url}/healthz`)).text()),
    );
    const why = told().filter((line) => /next attempt in/.test(line));
    assert.equal(why.length, 1, output());
    assert.match(why[0]!, /warn/i);
    assert.ok(told().length <= 3, output());
  });

  it("serves without a chain and says so, keeps its folder to itself, and ends cleanly", async () => {
    const first = start();
    const url = await first.ready;
    const health = (await (await fetch(`${url}/healthz`)).json()) as { error: { message: string } };
    assert.match(health.error.message, /chain nodeLost/);
    assert.equal((await fetch(`${url}/api/config`)).status, 503);

    const second = start();
    assert.equal(await second.ended, 1);
    assert.match(second.output(), /in use by another server.*DATA_DIR/);

    first.child.kill("SIGTERM");
    assert.equal(await first.ended, 0, first.output());
    const third = start();
    await third.ready;
    // The program that started it dies without a word. (Node tells no "close" after a "disconnect" of one's own.)
    const exited = new Promise((resolve) => third.child.once("exit", resolve));
    third.child.disconnect();
    assert.equal(await exited, 0, third.output());
  });

  it("refuses settings it cannot use before it touches anything", async () => {
    const { ended, output } = start({ CONFIRMATIONS: "many" });
    assert.equal(await ended, 1);
    assert.match(output(), /CONFIRMATIONS=many: allowed is 1 to 200/);
  });

  it("names the setting when its port is taken", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const address = taken.address();
    assert.ok(address && typeof address === "object");
    try {
      const { ended, output } = start({ PORT: String(address.port) });
      assert.equal(await ended, 1);
      assert.match(output(), new RegExp(`Port ${address.port} is already in use\\. .*PORT`));
    } finally {
      taken.close();
    }
  });

  it("refuses a password that does not open the meter's key", async () => {
    const first = start({ METER_KEYSTORE_PASSWORD: "the right one" });
    await first.ready;
    first.child.kill("SIGTERM");
    await first.ended;
    const second = start({ METER_KEYSTORE_PASSWORD: "the wrong one" });
    assert.equal(await second.ended, 1);
    assert.match(second.output(), /meter-key\.json/);
  });
});
