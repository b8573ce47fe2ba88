/**
 * The table "Ways to end" of DESIGN.md, row by row: a program that keeps a chain is ended, and what it had shown to
 * anybody must be there at the next start, under the same hashes. (A test that only asked the chain to start again, and
 * not to be ahead of what it was, passed with a chain that had lost nearly everything.)
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ask } from "../../chain/rpc";
import { signTransaction } from "../../chain/signer";
import { LAB_ACCOUNTS } from "../../common/lab";
import { identityOf, type ProcessIdentity, parentOf } from "../../scripts/chain/process-identity";
import { CHAIN_FILES, freePort } from "../../scripts/embedded-chain";
import { lockFolder } from "../../scripts/folder-lock";
import { need } from "../support/need";
import { until } from "../support/until";

const PROGRAM = join(__dirname, "keeper-program.ts");
const SEEN_BLOCKS = 4;

interface Ready {
  rpcUrl: string;
  port: number;
  anvil: number;
  notes: string[];
}
interface Running extends Ready {
  child: ChildProcess;
  anvilIs: ProcessIdentity;
  supervisor: number;
  ended: Promise<number | null>;
  stderr(): string;
}
interface Seen {
  number: string;
  hash: string;
  transactions: string[];
}

describe("a kept chain", function () {
  this.timeout(60_000);
  let folder: string;
  const children: ChildProcess[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "neighborwatt-ends-"));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
    }
    rmSync(folder, { recursive: true });
  });

  /** @param limitKb of every file it writes */
  async function start(limitKb?: number): Promise<Running> {
    const node = [process.execPath, "--require", "tsx/cjs", PROGRAM, folder];
    const [program, ...args] =
      limitKb === undefined ? node : ["sh", "-c", `ulimit -f ${limitKb * 2}; exec "$@"`, "sh", ...node];
    const child = spawn(program!, args, { stdio: ["ignore", "ignore", "pipe", "ipc"] });
    children.push(child);
    let stderr = "";
    child.stderr!.on("data", (chunk) => {
      stderr += String(chunk);
    });
    const ended = once(child, "close").then(([code]) => code as number | null);
    const ready = await Promise.race([
      once(child, "message").then(([message]) => message as Ready),
      ended.then((code) => assert.fail(`ended with ${code}: ${stderr}`)),
    ]);
    const anvilIs = identityOf(ready.anvil);
    assert.ok(anvilIs);
    return { ...ready, child, anvilIs, supervisor: parentOf(ready.anvil), ended, stderr: () => stderr };
  }

  const latest = ({ rpcUrl }: Ready) => ask<Seen>(rpcUrl, "eth_getBlockByNumber", "latest", false);

  async function sendOneWei({ rpcUrl }: Ready): Promise<string> {
    const { address, privateKey } = LAB_ACCOUNTS.consumer;
    const nonce = Number(await ask<string>(rpcUrl, "eth_getTransactionCount", address, "pending"));
    const to = LAB_ACCOUNTS.prosumer.address;
    const fees = { maxFeePerGas: 50_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n };
    const fields = { chainId: 13370, nonce, to, value: 1n, data: "0x" as const, gasLimit: 21_000n, ...fees };
    const { raw } = signTransaction(fields, privateKey);
    return ask<string>(rpcUrl, "eth_sendRawTransaction", raw);
  }

  /** Trades on, and remembers each block that it was shown, until there are some with transactions. */
  async function watch(running: Running): Promise<Map<string, Seen>> {
    const seen = new Map<string, Seen>();
    for (let i = 0; i < SEEN_BLOCKS; i++) {
      const transaction = await sendOneWei(running);
      const { blockNumber } = await until("its block", () =>
        ask<{ blockNumber: string } | null>(running.rpcUrl, "eth_getTransactionReceipt", transaction),
      );
      for (const tag of [blockNumber, "latest"]) {
        const block = await ask<Seen>(running.rpcUrl, "eth_getBlockByNumber", tag, false);
        seen.set(block.number, block);
      }
    }
    return seen;
  }

  async function assertAllThere(running: Running, seen: Map<string, Seen>): Promise<void> {
    for (const { number, hash, transactions } of seen.values()) {
      const block = await ask<Seen | null>(running.rpcUrl, "eth_getBlockByNumber", number, false);
      assert.equal(block?.hash, hash, `block ${number}`);
      for (const transaction of transactions)
        assert.ok(await ask(running.rpcUrl, "eth_getTransactionReceipt", transaction), transaction);
    }
  }

  async function assertNothingLeft({ anvilIs, port }: Running): Promise<void> {
    await until("anvil is gone", () => identityOf(anvilIs.pid)?.startedAt !== anvilIs.startedAt);
    await freePort(port);
  }

  const kill = (pid: number | undefined, signal: NodeJS.Signals = "SIGKILL") => process.kill(pid!, signal);
  const killAll = ({ child, supervisor, anvil }: Running) => {
    for (const pid of [child.pid, supervisor, anvil]) kill(pid);
  };

  /** How it is ended, and the exit code where it can still give one. */
  const WAYS: [string, (running: Running) => void, number | null][] = [
    ["Ctrl-C", ({ child }) => kill(child.pid, "SIGINT"), 0],
    ["SIGTERM", ({ child }) => kill(child.pid, "SIGTERM"), 0],
    ["its terminal closed", ({ child }) => kill(child.pid, "SIGHUP"), 0],
    ["kill -9 of the program alone", ({ child }) => kill(child.pid), null],
    ["kill -9 of anvil alone", ({ anvil }) => kill(anvil), 1],
    ["kill -9 of what watches over anvil", ({ supervisor }) => kill(supervisor), 1],
    ["kill -9 of everything", (running) => killAll(running), null],
  ];

  for (const [way, endIt, exitCode] of WAYS) {
    it(`ended by ${way}: nothing is left running, and nothing that was seen is lost, three times over`, async () => {
      const seen = new Map<string, Seen>();
      for (let round = 0; round < 3; round++) {
        const running = await start();
        await assertAllThere(running, seen);
        for (const [number, block] of await watch(running)) seen.set(number, block);
        endIt(running);
        assert.equal(await running.ended, exitCode, running.stderr());
        await assertNothingLeft(running);
      }
      const again = await start();
      await assertAllThere(again, seen);
      assert.deepEqual(again.notes, []);
    });
  }

  it("ended by kill -9 of all but anvil: the next start ends the anvil that is left, and says so", async () => {
    const running = await start();
    const seen = await watch(running);
    kill(running.supervisor);
    kill(running.child.pid);
    await running.ended;
    assert.ok(identityOf(running.anvil), "anvil is left");
    const again = await start();
    assert.deepEqual(again.notes, ["ended the chain that an earlier start had left behind"]);
    assert.equal(identityOf(running.anvil), null);
    await assertAllThere(again, seen);
  });

  it("never ends another program that has got the number of its anvil", async () => {
    const stranger = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    try {
      await once(stranger, "spawn");
      const running = await start();
      await watch(running);
      kill(running.child.pid, "SIGTERM");
      await running.ended;
      const record = join(folder, CHAIN_FILES.process);
      const strangerIs = identityOf(stranger.pid!)!;
      for (const written of [
        { ...running.anvilIs, pid: stranger.pid },
        { ...strangerIs, command: running.anvilIs.command },
        { ...strangerIs, startedAt: running.anvilIs.startedAt },
        strangerIs,
        stranger.pid,
        null,
        [],
      ]) {
        writeFileSync(record, JSON.stringify(written));
        const again = await start();
        assert.deepEqual(again.notes, []);
        kill(again.child.pid, "SIGTERM");
        await again.ended;
        assert.equal(stranger.exitCode ?? stranger.signalCode, null, "the stranger lives");
      }
    } finally {
      stranger.kill("SIGKILL");
    }
  });

  it("ended by a disk that is full: it says where and what is kept, and nothing is left running", async function () {
    need(this, "sh");
    const running = await start(3);
    const seen = new Map<string, Seen>();
    const isOver = () => running.child.exitCode !== null;
    while (!isOver()) {
      try {
        await sendOneWei(running);
        const head = await latest(running);
        seen.set(head.number, head);
      } catch (error) {
        // Refused from the moment at which a block cannot be kept.
        assert.match((error as Error).message, /cannot be reached|is taken back/);
        break;
      }
    }
    assert.equal(await running.ended, 1);
    assert.match(
      running.stderr(),
      /may not grow.*block \d+ could not be written into .*chain\.log.*All \d+ blocks before it are kept/,
    );
    assert.ok(running.stderr().includes(folder));
    await assertNothingLeft(running);
    assert.ok(seen.size > 3);
    await assertAllThere(await start(), seen);
  });

  it("ended by the machine's power: what was seen is in the file at that moment, whatever of a last line came after", async () => {
    const running = await start();
    const seen = await watch(running);
    const log = join(folder, CHAIN_FILES.log);
    const copy = `${log}.copy`;
    copyFileSync(log, copy);
    kill(running.child.pid);
    await running.ended;
    const whole = readFileSync(copy);
    const lastLine = whole.subarray(whole.lastIndexOf("\n", whole.length - 2) + 1);
    for (const tail of [
      Buffer.alloc(0),
      lastLine.subarray(0, 1),
      lastLine.subarray(0, lastLine.length - 1),
      Buffer.alloc(lastLine.length),
      Buffer.concat([lastLine.subarray(0, 10), Buffer.alloc(lastLine.length - 11), Buffer.from("\n")]),
    ]) {
      writeFileSync(log, Buffer.concat([whole, tail]));
      const again = await start();
      assert.equal(again.notes.length, tail.length > 0 ? 1 : 0, again.notes.join());
      if (tail.length > 0)
        assert.match(again.notes[0]!, new RegExp(`last line of ${tail.length} bytes.*nobody had seen`));
      await assertAllThere(again, seen);
      await watch(again);
      kill(again.child.pid);
      await again.ended;
    }
  });

  it("is refused to a second program, which changes nothing and says who has it", async () => {
    const running = await start();
    await watch(running);
    assert.throws(() => lockFolder(folder, { program: "npm run reset" }), {
      message: `${folder} is in use by \`keeper\` (process ${running.child.pid}). Nothing was changed.`,
    });
    await assert.rejects(start(), /is in use by `keeper`/);
    await watch(running);
    kill(running.child.pid);
    await running.ended;
    const lock = lockFolder(folder, { program: "test" });
    lock.release();
    assert.ok(!existsSync(join(folder, "running.json")));
  });
});
