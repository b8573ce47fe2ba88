import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readPlan } from "../../geth/folder";
import { makeLabNetwork, stopNetwork } from "../../geth/network";
import { runningPid } from "../../geth/node";
import { freePlaces, needGeth } from "../support/geth";

const CLI = join(__dirname, "../../geth/cli.ts");

/** Runs the command as `npm run geth -- …` does. */
function geth(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--require", "tsx/cjs", CLI, ...args], {
    encoding: "utf8",
    cwd: join(__dirname, "../.."),
  });
  return { status, output: stdout + stderr };
}

describe("npm run geth", function () {
  this.timeout(180_000);
  let dir: string;

  before(async function () {
    await needGeth(this);
    dir = mkdtempSync(join(tmpdir(), "nw-geth-"));
    makeLabNetwork(dir, { places: await freePlaces(2) });
  });
  after(async () => {
    if (!dir) return;
    await stopNetwork(dir);
    rmSync(dir, { recursive: true, force: true });
  });

  const pids = () => readPlan(dir)!.nodes.map((node) => runningPid(dir, node));

  it("up waits for the same head and says so, with what the network survives", () => {
    const { status, output } = geth("up", "--dir", dir);
    assert.equal(status, 0, output);
    assert.match(output, /2 nodes at the same head, block \d+: up in [\d.]+ s/);
    assert.match(output, /one-sealer: it lives while node 1 does/);
  });

  it("up, a second time, says that it is up", () => {
    const before = pids();
    assert.match(geth("up", "--dir", dir).output, /already up/);
    assert.deepEqual(pids(), before);
  });

  it("status shows each node and fails when one is missing", async () => {
    const all = geth("status", "--dir", dir);
    assert.equal(all.status, 0, all.output);
    assert.match(all.output, /node1: block \d+ 0x[0-9a-f]{8}… \d+ s ago, peers 1, pid \d+, seals as/);
    assert.match(all.output, /node2: .*validates, RPC http:\/\/127\.0\.0\.1:\d+/);
    process.kill(pids()[1]!, "SIGINT");
    while (pids()[1] !== null) await new Promise((resolve) => setTimeout(resolve, 50));
    const one = geth("status", "--dir", dir);
    assert.equal(one.status, 1);
    assert.match(one.output, /node2: not running/);
  });

  it("up brings back the one that is missing and leaves the other alone", () => {
    const [sealer] = pids();
    const { output } = geth("up", "--dir", dir);
    assert.match(output, /node2 runs/);
    assert.doesNotMatch(output, /node1 runs/);
    assert.equal(pids()[0], sealer);
  });

  it("refuses another period for a chain that exists, and says what to do", () => {
    const { status, output } = geth("up", "--dir", dir, "--period", "7");
    assert.equal(status, 2);
    assert.match(output, /made with --profile one-sealer --period 1.*wipe/s);
  });

  for (const [args, said] of [
    [["sideways"], /sideways\?\s+npm run geth -- COMMAND/],
    [["up", "--period", "0"], /--period 0: it is a whole number of seconds from 1 up/],
    [["up", "--profile", "seven"], /--profile seven: it is one of one-sealer, two-sealers, three-sealers/],
    [["logs", "9"], /there is no node 9: this network has 1 to 2/],
    [["up", "--wat"], /Unknown option '--wat'/],
  ] as const) {
    it(`answers \`${args.join(" ")}\` with what it takes`, () => {
      const { status, output } = geth(...args, "--dir", dir);
      assert.equal(status, 2, output);
      assert.match(output, said);
    });
  }

  it("logs shows the end of a node's log", () => {
    assert.match(geth("logs", "1", "--dir", dir).output, /Commit new sealing work|mined potential block/);
  });

  it("down leaves no process and no open port behind, and can be repeated", async () => {
    assert.match(geth("down", "--dir", dir).output, /node1: stopped\nnode2: stopped/);
    assert.deepEqual(pids(), [null, null]);
    for (const { peerPort, authPort, rpcPort } of readPlan(dir)!.nodes) {
      for (const port of [peerPort, authPort, ...(rpcPort === null ? [] : [rpcPort])]) {
        const server = createServer();
        await new Promise<void>((resolve, reject) =>
          server.once("error", reject).listen(port, "127.0.0.1", resolve),
        );
        await new Promise((resolve) => server.close(resolve));
      }
    }
    assert.match(geth("down", "--dir", dir).output, /node1: was not running\nnode2: was not running/);
  });

  // It left the taken port to geth, which on a busy machine hung instead of ending: see `refuseTakenPorts`.
  it("stops what it has started when one node cannot start, and shows why", async () => {
    const { authPort } = readPlan(dir)!.nodes[0]!;
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(authPort, "127.0.0.1", resolve));
    try {
      const { status, output } = geth("up", "--dir", dir);
      assert.equal(status, 1);
      assert.match(output, /node2 runs/);
      assert(output.includes(`node1 needs 127.0.0.1:${authPort}, but another program uses it`), output);
      assert.deepEqual(pids(), [null, null]);
    } finally {
      await new Promise((resolve) => squatter.close(resolve));
    }
  });

  it("wipe forgets a lab whole", () => {
    assert.equal(geth("wipe", "--dir", dir).status, 0);
    assert.equal(existsSync(dir), false);
  });
});
