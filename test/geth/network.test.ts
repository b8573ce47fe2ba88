import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ipcPath, readPlan } from "../../geth/folder";
import { ask, askUntil } from "../../geth/ipc";
import { makeLabNetwork, startNetwork, stopNetwork } from "../../geth/network";
import { killNode, runningPid, startNode } from "../../geth/node";
import { lookForGeth, requireProgram } from "../../geth/programs";
import { freePlaces, listeningPorts, needGeth, TestNetwork } from "../support/geth";

/** POSTs a JSON-RPC question with headers of one's own; fetch would not let us set Host. */
function post(url: string, method: string, headers: Record<string, string>) {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }>(
    (resolve, reject) => {
      const sent = request(
        url,
        { method: "POST", headers: { "content-type": "application/json", ...headers } },
        (answer) => {
          let body = "";
          answer.on("data", (chunk: Buffer) => {
            body += chunk.toString();
          });
          answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
        },
      );
      sent.once("error", reject);
      sent.end(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: [] }));
    },
  );
}

const CLI = join(__dirname, "../../geth/cli.ts");

/** Runs the command as `npm run geth -- …` does. */
function geth(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--require", "tsx/cjs", CLI, ...args], {
    encoding: "utf8",
    cwd: join(__dirname, "../.."),
  });
  return { status, output: stdout + stderr };
}

describe("the two-node network", function () {
  this.timeout(180_000);
  let net: TestNetwork;

  before(async function () {
    await needGeth(this);
    net = await TestNetwork.start();
  });
  after(() => net?.stop());

  it("comes up with both nodes on the same head, the second one validating what the first seals", async () => {
    assert(net.network.head >= 1);
    const sealing = await Promise.all([1, 2].map((node) => net.ask<boolean>(node, "eth_mining")));
    assert.deepEqual(sealing, [true, false]);
    const signers = await net.ask<string[]>(2, "clique_getSigners");
    assert.deepEqual(signers, [net.node(1).sealer!.toLowerCase()]);
  });

  it("leaves everything as it is when it is told to start again", async () => {
    const pids = net.network.plan.nodes.map((node) => runningPid(net.dir, node));
    const again = await startNetwork(net.dir);
    assert.deepEqual(again.started, []);
    assert.deepEqual(
      net.network.plan.nodes.map((node) => runningPid(net.dir, node)),
      pids,
    );
  });

  it("keeps every block's state, on both nodes, so that a kill -9 cannot rewind them", async () => {
    for (const node of [1, 2]) {
      await net.untilBlock(node, 2);
      const balance = await net.ask<string>(node, "eth_getBalance", net.node(1).sealer, "0x1");
      assert.equal(balance, "0x0");
      assert.match(net.log(node), /archive/i);
    }
  });

  it("opens nothing on the sealer but its peering and geth's JWT-guarded port, all on loopback", async function () {
    if (process.platform !== "linux") this.skip();
    const { peerPort, authPort } = net.node(1);
    const ports = listeningPorts(runningPid(net.dir, net.node(1))!);
    assert.deepEqual(ports.sort(), [`127.0.0.1:${authPort}`, `127.0.0.1:${peerPort}`].sort());
    const answer = await post(`http://127.0.0.1:${authPort}`, "eth_blockNumber", {});
    assert.match(answer.body, /missing token/);
    assert([401, 403].includes(answer.status), `${answer.status}`);
  });

  it("opens the validator's RPC on loopback only", function () {
    if (process.platform !== "linux") this.skip();
    const { peerPort, authPort, rpcPort } = net.node(2);
    const ports = listeningPorts(runningPid(net.dir, net.node(2))!);
    assert.deepEqual(ports.sort(), [peerPort, authPort, rpcPort].map((port) => `127.0.0.1:${port}`).sort());
  });

  it("refuses a foreign Host header, by which a page elsewhere would reach in through its own DNS", async () => {
    const foreign = await post(net.rpcUrl, "eth_blockNumber", { host: "evil.example" });
    assert.equal(foreign.status, 403);
    const own = await post(net.rpcUrl, "eth_blockNumber", { host: "localhost:1" });
    assert.equal(own.status, 200);
  });

  it("lets pages of this machine ask, and no others", async () => {
    const allowed = "access-control-allow-origin";
    const page = await post(net.rpcUrl, "eth_chainId", { origin: "http://localhost:8080" });
    assert.equal(page.headers[allowed], "http://localhost:8080");
    const foreign = await post(net.rpcUrl, "eth_chainId", { origin: "https://evil.example" });
    assert.equal(foreign.headers[allowed], undefined);
  });

  for (const method of [
    "admin_peers",
    "personal_listAccounts",
    "miner_start",
    "clique_proposals",
    "debug_memStats",
  ]) {
    it(`does not offer ${method} over HTTP`, async () => {
      assert.match((await post(net.rpcUrl, method, {})).body, /does not exist\/is not available/);
    });
  }

  it("keeps keys, passwords and the folder itself from other accounts of the machine", () => {
    for (const name of ["password", "keystore", "geth/nodekey"]) {
      assert.equal(statSync(join(net.folder(1), name)).mode & 0o077, 0, name);
    }
  });

  it("refuses a node that has the right key and another genesis", async () => {
    const stranger = mkdtempSync(join(tmpdir(), "nw-geth-"));
    // Two sealers in its genesis, where ours has one; in all else it is our node 2, at its place and with its key.
    makeLabNetwork(stranger, { profile: "two-sealers", places: await freePlaces(3) });
    copyFileSync(join(net.folder(2), "geth", "nodekey"), join(stranger, "node2", "geth", "nodekey"));
    // Whoever reads the other's greeting first hangs up, so the reason is in one of two logs, on the level "debug".
    const verbose = { ...net.node(2), launcher: ["sh", "-c", 'exec "$@" --verbosity 4', "sh"] };
    await net.kill(2);
    try {
      await net.ask(1, "debug_verbosity", 4);
      await startNode(requireProgram(lookForGeth()), stranger, net.network.plan, verbose);
      await askUntil(
        "nobody refuses",
        async () => net.log(1) + readFileSync(join(stranger, "node2", "geth.log"), "utf8"),
        (log) => /Ethereum handshake failed.*genesis mismatch/.test(log),
        60_000,
      );
      assert.equal(await net.ask<string>(1, "net_peerCount"), "0x0");
      assert.equal(await ask<string>(ipcPath(stranger, net.node(2)), "net_peerCount"), "0x0");
    } finally {
      await killNode(stranger, net.node(2));
      rmSync(stranger, { recursive: true, force: true });
      await net.ask(1, "debug_verbosity", 3);
      await net.up();
    }
    await net.untilSameHead([1, 2]);
  });

  it("refuses to put another genesis over a chain that exists", async () => {
    const file = join(net.dir, "genesis.json");
    const genesis = readFileSync(file, "utf8");
    await net.kill(2);
    try {
      writeFileSync(file, genesis.replace(/"timestamp": "0x\w+"/, '"timestamp": "0x1"'));
      await assert.rejects(net.up(), /node2 refuses .*genesis\.json: .*incompatible genesis/);
    } finally {
      writeFileSync(file, genesis);
      await net.up();
    }
    await net.untilSameHead([1, 2]);
  });

  it("refuses a genesis of tomorrow, for which a sealer would wait without a word", async () => {
    const file = join(net.dir, "genesis.json");
    const genesis = readFileSync(file, "utf8");
    try {
      writeFileSync(file, genesis.replace(/"timestamp": "0x\w+"/, '"timestamp": "0xffffffff"'));
      await assert.rejects(net.up(), /this machine's clock is \d+ s behind the genesis block/);
    } finally {
      writeFileSync(file, genesis);
    }
  });
});

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

  it("stops what it has started when one node cannot start, and shows why", async () => {
    const { authPort } = readPlan(dir)!.nodes[0]!;
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(authPort, "127.0.0.1", resolve));
    try {
      const { status, output } = geth("up", "--dir", dir);
      assert.equal(status, 1);
      assert.match(output, /node2 runs[\s\S]*node1.*geth ended[\s\S]*address already in use/);
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
