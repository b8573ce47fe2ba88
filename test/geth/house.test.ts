import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { io, type Socket } from "socket.io-client";
import type { ConfigView } from "../../common/api";
import type { CallView, NetworkView, ServerToClientEvents, Snapshot } from "../../common/events";
import { LAB_ACCOUNTS } from "../../common/lab";
import type { Wire } from "../../common/wire";
import { LAB_SEALERS } from "../../geth/lab";
import { makeLabNetwork, stopNetwork } from "../../geth/network";
import { freePort } from "../../scripts/embedded-chain";
import { type GethLab, labNodes, prepareGeth } from "../../scripts/geth-lab";
import { buyTokens, purchase } from "../../scripts/trading";
import { freePlaces, needGeth, TestNetwork } from "../support/geth";
import { type House, startHouse } from "../support/house";
import { until } from "../support/until";

const [SEALER] = LAB_SEALERS;

describe("the whole house on the two-node network", function () {
  this.timeout(300_000);
  let net: TestNetwork;
  let house: House;

  before(async function () {
    await needGeth(this);
    net = await TestNetwork.start();
    const { dir, rpcUrl } = net;
    const nodes = labNodes(rpcUrl, 13371, { dir, rpcUrl });
    assert.ok(nodes, "the lab's nodes");
    house = await startHouse({ page: false, gethRpcUrl: rpcUrl, env: { CHAIN_NODES: nodes } });
    await buyTokens(house.lab, "consumer", "1");
  });
  after(async () => {
    await house?.stop();
    await net?.stop();
  });

  const network = () => house.get<NetworkView>("/api/network");
  const untilNode = (number: number, state: string) =>
    until(
      `node ${number} ${state}`,
      async () => {
        const view = await network();
        return view.nodes[number - 1]?.state === state && view;
      },
      60_000,
      250,
    );

  it("tells the page its chain id, and offers the lab wallet and the faucet, whose keys are the lab's", async () => {
    const config = await house.get<Wire<ConfigView>>("/api/config");
    assert.deepEqual(
      [config.network, config.chainId, config.rpcUrl, config.labWallet, config.faucet],
      ["geth", 13371, net.rpcUrl, true, true],
    );
  });

  it("shows both nodes, who seals, and the sealer of every block", async () => {
    const view = await network();
    assert.deepEqual(
      view.nodes.map(({ name, state, peers, isSealing }) => [name, state, peers, isSealing]),
      [
        ["node1", "answers", 1, true],
        ["node2", "answers", 1, false],
      ],
    );
    for (const { head } of view.nodes) assert.ok(view.blocks.some(({ hash }) => hash === head?.hash));
    assert.deepEqual([view.sealers, view.periodS], [[SEALER.address], 1]);
    assert.equal(view.blocks.length, Math.min(20, view.blocks[0]!.block + 1));
    for (const { block, sealer } of view.blocks) assert.equal(sealer, block === 0 ? null : SEALER.address);
  });

  it("tells a page that looks of a purchase in its block, then of what the meter's reading settled", async () => {
    const calls = new Map<string, CallView>();
    const pending: (number | null)[] = [];
    const page: Socket<ServerToClientEvents> = io(house.url, { transports: ["websocket"] });
    try {
      page.on("network", (view) => {
        pending.push(...view.nodes.map((node) => node.pending));
        for (const call of view.blocks.flatMap((block) => block.calls)) calls.set(call.txHash, call);
      });
      const { tradeId, txHash, payment } = await purchase(house.lab, "consumer", 1n, 2n);
      const { trade } = await house.untilSettled(tradeId);
      const settlement = trade.settlements.at(-1)!;
      await until("both in the blocks", () => calls.has(txHash) && calls.has(settlement.txHash));
      const bought = calls.get(txHash)!;
      assert.deepEqual(bought, {
        txHash,
        from: LAB_ACCOUNTS.consumer.address,
        contract: "EnergyToken",
        name: "transferAndCall",
        args: [
          { name: "to", value: house.deployment.trade },
          { name: "value", value: payment.toString() },
          { name: "offerId", value: "1" },
          { name: "milliWh", value: "2" },
        ],
        isDone: true,
      });
      const settled = calls.get(settlement.txHash)!;
      assert.match(settled.name, /^settle(Many)?$/);
      assert.equal(settled.from, LAB_ACCOUNTS.settler.address);
      assert.equal(settled.args.find(({ name }) => name === "tradeId")?.value, tradeId.toString());
      assert.ok(pending.every((count) => count !== null));
    } finally {
      page.disconnect();
    }
  });

  it("gives a page that comes the nodes with its snapshot, once somebody has looked", async () => {
    await network();
    const page: Socket<ServerToClientEvents> = io(house.url, { transports: ["websocket"] });
    try {
      const snapshot = await new Promise<Wire<Snapshot>>((resolve) => page.once("snapshot", resolve));
      assert.equal(snapshot.network?.nodes.length, 2);
    } finally {
      page.disconnect();
    }
  });

  it("shows a killed sealer as not answering, its blocks as they were, and its return", async () => {
    await net.kill(1);
    const view = await untilNode(1, "silent");
    assert.match(view.nodes[0]!.detail, /^cannot be reached: (ENOENT|ECONNREFUSED)$/);
    assert.deepEqual([view.nodes[0]!.head, view.nodes[1]!.state], [null, "answers"]);
    assert.equal(view.blocks[0]?.hash, view.nodes[1]?.head?.hash);
    assert.deepEqual(view.sealers, [SEALER.address], "recovered from the blocks, nobody else can say");
    await net.up();
    await untilNode(1, "answers");
  });

  it("shows a killed validator as not answering, and the blocks that the sealer goes on with", async () => {
    const { block } = await net.head(1);
    await net.kill(2);
    const view = await until(
      "blocks without node 2",
      async () => {
        const seen = await network();
        return seen.nodes[1]?.state === "silent" && seen.blocks[0]!.block > block + 2 && seen;
      },
      60_000,
      250,
    );
    assert.match(view.nodes[1]!.detail, /^cannot be reached: ECONNREFUSED$/);
    assert.equal(view.blocks[0]?.sealer, SEALER.address);
    await net.up();
    await untilNode(2, "answers");
    const { blocks } = await network();
    assert.deepEqual(
      blocks.map(({ hash }) => hash),
      (await net.hashes(2, blocks[0]!.block)).reverse().slice(0, 20),
    );
  });
});

describe("the geth network of `NETWORK=geth npm start`", function () {
  this.timeout(180_000);
  let lab: GethLab;

  before(async function () {
    await needGeth(this);
    const places = await freePlaces(2);
    lab = {
      dir: mkdtempSync(join(tmpdir(), "nw-geth-")),
      rpcUrl: `http://127.0.0.1:${places[1]!.rpcPort}`,
    };
    makeLabNetwork(lab.dir, { places });
  });
  after(async () => {
    if (!lab) return;
    await stopNetwork(lab.dir);
    rmSync(lab.dir, { recursive: true, force: true });
  });

  it("is the lab's own, started when nothing answers where the lab's would", async () => {
    const { note, started } = await prepareGeth(lab.rpcUrl, lab);
    assert.deepEqual([...started].sort(), ["node1", "node2"]);
    assert.match(note, /started, block \d+$/);
  });

  it("is left as it is when it runs already", async () => {
    const { note, started } = await prepareGeth(lab.rpcUrl, lab);
    assert.deepEqual(started, []);
    assert.match(note, /^runs already, block \d+$/);
  });

  it("is whatever answers at another address", async () => {
    const elsewhere = { ...lab, rpcUrl: "http://127.0.0.1:1" };
    const { note, started } = await prepareGeth(lab.rpcUrl, elsewhere);
    assert.deepEqual([note, started], [`the node at ${lab.rpcUrl}`, []]);
    assert.equal(labNodes(lab.rpcUrl, 13371, elsewhere), null);
  });

  it("is missed by name when nothing answers at another address", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    await assert.rejects(prepareGeth(url, lab), /No node answers at .*unset RPC_URL/);
  });
});
