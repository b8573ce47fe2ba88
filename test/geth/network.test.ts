import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { ask } from "../../chain/rpc";
import { LAB_ACCOUNTS } from "../../common/lab";
import { askUntil } from "../../geth/ask-until";
import { ipcPath } from "../../geth/folder";
import { makeLabNetwork, startNetwork } from "../../geth/network";
import { gethArguments, killNode, recommitMs, runningPid, startNode } from "../../geth/node";
import { lookForGeth, requireProgram } from "../../geth/programs";
import { freePlaces, listeningPorts, needGeth, TestNetwork, Transfers } from "../support/geth";

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

describe("how often a sealer begins its block again", () => {
  for (const period of [1, 2, 3, 5, 15, 60])
    it(`at a block every ${period} s: never within 0.4 s of the sealing, and no more than geth accepts`, () => {
      const interval = recommitMs(period);
      assert.ok(interval >= 1000, "below 1 s geth takes 1 s");
      const sealedAtMs = period * 1000;
      for (let atMs = interval; atMs < sealedAtMs + 400; atMs += interval)
        assert.ok(Math.abs(atMs - sealedAtMs) >= 400, `begun again ${atMs} ms after the beginning`);
    });
});

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

  it("begins blocks again at that interval", () => {
    const { dir, network } = net;
    const given = gethArguments(dir, network.plan, net.node(1));
    assert.equal(given[given.indexOf("--miner.recommit") + 1], `${recommitMs(1)}ms`);
  });

  it("seals every height once, whenever transactions come", async () => {
    const transfers = new Transfers(net, 2, LAB_ACCOUNTS.consumer.privateKey);
    const { block } = await net.head(1);
    // Thirty blocks: begun again each second, some five of them were sealed twice.
    const pausesMs = fc.sample(fc.integer({ min: 0, max: 499 }), { seed: 13371, numRuns: 100 });
    for (let i = 0; (await net.head(1)).block < block + 30; i++) {
      await transfers.send(1);
      await setTimeout(pausesMs[i % pausesMs.length]);
    }
    const sealed = [...net.log(1, 2000).matchAll(/Successfully sealed new block +number=(\S+)/g)];
    const heights = sealed.map(([, height]) => height);
    assert.ok(heights.length > 30);
    assert.deepEqual(heights, [...new Set(heights)]);
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
