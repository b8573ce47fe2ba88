import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { checksumAddress } from "../../chain/checksum";
import { encodeCall, tradeAbi } from "../../chain/codec";
import { halvesOf } from "../../chain/web3";
import type { NetworkView } from "../../common/events";
import { LAB_ACCOUNTS } from "../../common/lab";
import { paymentFor } from "../../common/units";
import { freePort } from "../../scripts/embedded-chain";
import { Nodes } from "../../server/network/nodes";
import type { NodeAddress } from "../../server/node-list";
import { PRICE, TestChain } from "../support/chain";
import { until } from "../support/until";
import { FaultyLine } from "./faulty-line";
import { clock, log } from "./support";

const { consumer, operator, prosumer } = LAB_ACCOUNTS;

describe("the nodes of the network", function () {
  this.timeout(60_000);
  let chain: TestChain;
  let line: FaultyLine;
  const running: Nodes[] = [];

  before(async () => {
    chain = await TestChain.start();
  });
  after(() => chain.stop());
  beforeEach(async () => {
    line = await new FaultyLine(chain.rpcUrl).start();
  });
  afterEach(async () => {
    for (const nodes of running.splice(0)) await nodes.stop();
    await line.stop();
  });

  function nodesAt(
    addresses: Record<string, string>,
    more: Partial<ConstructorParameters<typeof Nodes>[0]> = {},
  ): Nodes {
    const { token, trade } = chain;
    const nodes = new Nodes({
      nodes: Object.entries(addresses).map(([name, address]): NodeAddress => ({ name, address })),
      chainId: chain.chainId,
      contracts: () => ({ token, trade }),
      watchers: () => 0,
      changed: () => {},
      ...{ clock, log, intervalMs: 20, timeoutMs: 500 },
      ...more,
    });
    running.push(nodes);
    return nodes;
  }
  const node = (view: NetworkView, name: string) => view.nodes.find((one) => one.name === name)!;
  const head = async () => {
    const { number, hash } = await chain.rpc<{ number: string; hash: string }>(
      "eth_getBlockByNumber",
      "latest",
      false,
    );
    return { block: Number(number), hash };
  };

  it("say where they stand, and what anvil has not got is not made up", async () => {
    const view = await nodesAt({ anvil: chain.rpcUrl }).view();
    const anvil = node(view, "anvil");
    assert.deepEqual(
      { ...anvil, head: null },
      {
        ...{ name: "anvil", state: "answers", detail: "", head: null },
        ...{ peers: null, pending: 0, isSealing: null },
      },
    );
    const { block, hash } = await head();
    assert.deepEqual([anvil.head?.block, anvil.head?.hash], [block, hash]);
    assert.deepEqual([view.sealers, view.periodS], [[], null]);
  });

  it("show a transaction that waits", async () => {
    const hash = await chain.submit("consumer", chain.token, "0x", 7n);
    assert.equal(node(await nodesAt({ anvil: chain.rpcUrl }).view(), "anvil").pending, 1);
    await chain.mine();
    const { blocks } = await nodesAt({ anvil: chain.rpcUrl }).view();
    assert.equal(blocks[0]?.calls[0]?.txHash, hash);
  });

  it("show the last twenty blocks, newest first, with our transactions by name, argument and outcome", async () => {
    const offerId = await chain.listOffer(5000n);
    const tradeId = await chain.purchase("consumer", offerId, 40n);
    const { trade } = chain;
    const reading = { tradeId, deliveredMilliWh: 40n, registerMilliWh: 40n, isFinal: true };
    const signature = halvesOf(chain.signReading(reading));
    await chain.call("settler", "settleMany", [[reading], [signature]]);
    const refused = await chain.submit("consumer", trade, encodeCall(tradeAbi, "withdrawOffer", offerId));
    await chain.submit("operator", trade, "0xdeadbeef00");
    await chain.submit("operator", consumer.address, "0x", 1n);
    await chain.mine();

    const { blocks } = await nodesAt({ anvil: chain.rpcUrl }).view();
    assert.equal(blocks.length, Math.min(20, (await chain.head()) + 1));
    for (const [i, { block }] of blocks.entries()) assert.equal(block, blocks[0]!.block - i);
    const [newest, settled, bought, listed] = blocks;
    const said = (list: (typeof blocks)[number] | undefined) =>
      list?.calls.map(({ name, contract, from, isDone }) => [name, contract, from, isDone]);
    const args = (list: (typeof blocks)[number] | undefined) =>
      Object.fromEntries(list!.calls[0]!.args.map(({ name, value }) => [name, value]));

    assert.deepEqual(said(listed), [["listOffer", "EnergyTrade", prosumer.address, true]]);
    assert.deepEqual(args(listed), {
      meter: chain.meterKey.meter,
      milliWh: "5000",
      pricePerKWh: PRICE.toString(),
      deliveryWindow: "3600",
      smallestOrderMilliWh: "1",
    });
    assert.deepEqual(said(bought), [["transferAndCall", "EnergyToken", consumer.address, true]]);
    assert.deepEqual(args(bought), {
      to: checksumAddress(chain.trade),
      value: paymentFor(40n, PRICE).toString(),
      offerId: offerId.toString(),
      milliWh: "40",
    });
    assert.deepEqual(said(settled), [["settleMany", "EnergyTrade", LAB_ACCOUNTS.settler.address, true]]);
    assert.equal(args(settled).tradeId, tradeId.toString());
    assert.equal(args(settled).isFinal, "true");
    assert.match(args(settled).vs!, /^0x[0-9a-f]{64}$/);
    assert.equal(newest?.transactionCount, 3);
    assert.equal(newest?.callCount, 2, "what is not for our contracts is counted, not shown");
    const byName = new Map(newest?.calls.map((call) => [call.name, call]));
    assert.deepEqual(
      [byName.get("withdrawOffer")?.txHash, byName.get("withdrawOffer")?.isDone],
      [refused, false],
    );
    assert.deepEqual(
      [byName.get("0xdeadbeef")?.from, byName.get("0xdeadbeef")?.isDone],
      [operator.address, false],
    );
  });

  it("go on from block to block, and back where the chain went another way", async () => {
    const nodes = nodesAt({ anvil: chain.rpcUrl }, { intervalMs: 0 });
    const hashes = async () => (await nodes.view()).blocks.map(({ hash }) => hash);
    const truth = async (count: number) => {
      const { block } = await head();
      const wanted = Array.from({ length: count }, (_, i) => `0x${(block - i).toString(16)}`);
      const blocks = await Promise.all(
        wanted.map((one) => chain.rpc<{ hash: string }>("eth_getBlockByNumber", one, false)),
      );
      return blocks.map(({ hash }) => hash);
    };
    const count = async () => Math.min(20, (await chain.head()) + 1);
    assert.deepEqual(await hashes(), await truth(await count()));
    await chain.mine();
    assert.deepEqual(await hashes(), await truth(await count()));
    await chain.mine(45);
    assert.deepEqual(await hashes(), await truth(20));
    await chain.rpc("anvil_reorg", 3, []);
    await chain.mine();
    assert.deepEqual(await hashes(), await truth(20));
    await chain.rpc("anvil_rollback", 2);
    assert.deepEqual(await hashes(), await truth(20));
  });

  it("that are gone are shown as such, with the reason and without their address", async () => {
    const directory = mkdtempSync(join(tmpdir(), "nw-nodes-"));
    const port = await freePort();
    line.fault = "hang";
    const view = await nodesAt({
      gone: `http://127.0.0.1:${port}`,
      noSocket: join(directory, "geth.ipc"),
      hangs: line.url,
      anvil: chain.rpcUrl,
    }).view();
    rmSync(directory, { recursive: true });
    assert.deepEqual(
      view.nodes.map(({ state, detail }) => [state, detail]),
      [
        ["silent", "cannot be reached: ECONNREFUSED"],
        ["silent", "cannot be reached: ENOENT"],
        ["silent", "did not answer within 0.5 s"],
        ["answers", ""],
      ],
    );
    assert.ok(view.blocks.length > 0, "the blocks come from the one that answers");
  });

  it("that serve another chain are told apart, and give no blocks", async () => {
    const view = await nodesAt({ anvil: chain.rpcUrl }, { chainId: 13371 }).view();
    assert.deepEqual(
      [node(view, "anvil").state, node(view, "anvil").detail, view.blocks],
      ["wrongChain", "serves chain 13370, not 13371", []],
    );
  });

  it("that lie about being ahead do not hide the others' blocks", async () => {
    line.tamper = ({ method, params }, answer) =>
      method === "eth_getBlockByNumber" && params[0] === "latest"
        ? { ...answer, result: { ...(answer.result as object), number: "0xffffffffff" } }
        : answer;
    const view = await nodesAt({ liar: line.url, anvil: chain.rpcUrl }).view();
    assert.equal(view.blocks[0]?.hash, (await head()).hash);
  });

  it("that name a time beyond all dates, or talk without end, are silent in few words", async () => {
    line.tamper = ({ method }, answer) =>
      method === "eth_getBlockByNumber"
        ? { ...answer, result: { ...(answer.result as object), timestamp: "0xffffffffffff" } }
        : answer;
    const { nodes } = await nodesAt({ liar: line.url }).view();
    assert.match(nodes[0]!.detail, /^answers eth_getBlockByNumber with nonsense .*too large a number/);
    line.tamper = ({ id }) => ({ id, error: { code: -32000, message: "no ".repeat(100_000) } });
    const talker = (await nodesAt({ talker: line.url }).view()).nodes[0]!;
    assert.deepEqual([talker.state, talker.detail.length], ["silent", 200]);
  });

  it("are asked while somebody looks, told when something changed, and left alone otherwise", async () => {
    let watchers = 0;
    const told: NetworkView[] = [];
    const nodes = nodesAt(
      { line: line.url },
      { watchers: () => watchers, changed: (view) => told.push(view) },
    );
    await nodes.start();
    await chain.mine();
    assert.equal(nodes.recent(), null);
    assert.equal(line.requests.length, 0);
    watchers = 1;
    await until("a first view", () => told.length === 1);
    const asked = line.requests.length;
    await until("more questions", () => line.requests.length > asked + 20);
    assert.equal(told.length, 1, "nothing has changed");
    await chain.mine();
    await until("the new block", () => told.length === 2);
    assert.deepEqual(nodes.recent(), told[1]);
    line.fault = "cut";
    await until("its silence", () => told.at(-1)?.nodes[0]?.state === "silent");
    assert.deepEqual(told.at(-1)?.blocks, told[1]?.blocks, "what was seen stays");
  });

  it("may answer anything at all: they are then shown as silent, and never throw", async () => {
    const nodes = nodesAt({ line: line.url, anvil: chain.rpcUrl }, { intervalMs: 0 });
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.nat(6), async (result, which) => {
        let asked = 0;
        line.tamper = (_, answer) => (asked++ === which ? { ...answer, result } : answer);
        const view = await nodes.view();
        assert.match(node(view, "line").state, /^(silent|answers|wrongChain)$/);
        assert.equal(node(view, "anvil").state, "answers");
        assert.equal(view.blocks[0]?.hash, (await head()).hash);
      }),
      { numRuns: 150 },
    );
  });

  describe("behind an IPC socket", () => {
    let directory: string;
    let socket: Server;
    let say: (question: string) => string | null;
    before(async () => {
      directory = mkdtempSync(join(tmpdir(), "nw-ipc-"));
      socket = createServer((client) => {
        client.on("error", () => client.destroy());
        client.on("data", (chunk) => {
          const answer = say(chunk.toString());
          if (answer === null) client.destroy();
          else client.write(answer);
        });
      });
      await new Promise<void>((resolve) => socket.listen(join(directory, "geth.ipc"), resolve));
    });
    after(async () => {
      await new Promise((resolve) => socket.close(resolve));
      rmSync(directory, { recursive: true });
    });

    const rows: [what: string, say: typeof say, detail: RegExp][] = [
      ["hangs up", () => null, /^cannot be reached: the node hung up$/],
      ["says nothing", () => "", /^did not answer within 0.5 s$/],
      ["talks nonsense", () => "hello\n", /^does not answer with JSON: hello/],
      ["never ends", () => "x".repeat(9_000_000), /^answers with more than 8388608 bytes$/],
    ];
    for (const [what, answer, detail] of rows)
      it(`one that ${what} is silent`, async () => {
        say = answer;
        const view = await nodesAt({ ipc: join(directory, "geth.ipc") }).view();
        assert.equal(node(view, "ipc").state, "silent");
        assert.match(node(view, "ipc").detail, detail);
      });
  });
});
