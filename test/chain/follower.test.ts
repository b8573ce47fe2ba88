import assert from "node:assert/strict";
import type { Follower } from "../../chain/follower";
import { halvesOf } from "../../chain/web3";
import { LAB_ACCOUNTS } from "../../common/lab";
import { PRICE, TestChain } from "../support/chain";
import { until } from "../support/until";
import { FaultyLine } from "./faulty-line";
import { RecordingSink } from "./recording-sink";
import { followerOf, untilCaughtUp } from "./support";

describe("the follower", function () {
  this.timeout(60_000);
  let chain: TestChain;
  let sink: RecordingSink;
  let line: FaultyLine;
  let follower: Follower | null = null;

  const follow = async (more: Parameters<typeof followerOf>[2] = {}) => {
    follower = followerOf(chain, sink, { url: line.url, ...more });
    await follower.start();
  };

  beforeEach(async () => {
    chain = await TestChain.start();
    sink = new RecordingSink();
    line = await new FaultyLine(chain.rpcUrl).start();
  });
  afterEach(async () => {
    await follower?.stop();
    follower = null;
    await line.stop();
    await chain.stop();
  });

  it("gives every event with its arguments", async () => {
    const { prosumer, consumer } = LAB_ACCOUNTS;
    const { meter } = chain.meterKey;
    await chain.listOffer(5000n);
    await chain.purchase("consumer", 1n, 1000n);
    const reading = { tradeId: 1_000_001n, deliveredMilliWh: 400n, registerMilliWh: 450n, isFinal: true };
    await chain.call("settler", "settle", [reading, halvesOf(chain.signReading(reading))]);
    await chain.purchase("consumer2", 1n, 500n);
    await chain.call("prosumer", "refund", [1_000_002n]);
    await chain.call("prosumer", "withdrawOffer", [1n]);
    await chain.call("operator", "retire", [meter]);
    await chain.call("operator", "decommission", [meter]);
    await follow();
    await untilCaughtUp(chain, sink);

    const deadlines = sink.batches.flatMap(({ headers }) => headers).map(({ atS }) => BigInt(atS) + 3600n);
    const facts = sink.events.map(({ block, blockHash, txHash, logIndex, ...fact }) => {
      if (fact.name !== "TradeOpened") return fact;
      assert.ok(deadlines.includes(fact.deadline));
      return { ...fact, deadline: 0n };
    });
    const opened = { name: "TradeOpened", offerId: 1n, deadline: 0n };
    assert.deepEqual(facts, [
      { name: "MeterCommissioned", meter, prosumer: prosumer.address, baselineMilliWh: 0n },
      {
        name: "OfferListed",
        offerId: 1n,
        meter,
        prosumer: prosumer.address,
        milliWh: 5000n,
        pricePerKWh: PRICE,
        deliveryWindow: 3600n,
        smallestOrderMilliWh: 1n,
      },
      { ...opened, tradeId: 1_000_001n, buyer: consumer.address, milliWh: 1000n, payment: PRICE / 1000n },
      {
        name: "TradeSettled",
        tradeId: 1_000_001n,
        deliveredMilliWh: 400n,
        registerMilliWh: 450n,
        paid: (PRICE / 10_000n) * 4n,
        refunded: (PRICE / 10_000n) * 6n,
        isClosed: true,
      },
      {
        ...opened,
        tradeId: 1_000_002n,
        buyer: LAB_ACCOUNTS.consumer2.address,
        milliWh: 500n,
        payment: PRICE / 2000n,
      },
      { name: "TradeRefunded", tradeId: 1_000_002n, refunded: PRICE / 2000n },
      { name: "OfferWithdrawn", offerId: 1n, remainingMilliWh: 3500n },
      { name: "MeterRetired", meter },
      { name: "MeterDecommissioned", meter },
    ]);
  });

  it("goes on from the cursor after a restart and asks for no block twice", async () => {
    await chain.listOffer();
    await follow();
    await untilCaughtUp(chain, sink);
    await follower!.stop();
    const cursor = sink.cursor()!.block;
    await chain.listOffer();
    line.requests = [];
    await follow();
    await untilCaughtUp(chain, sink);
    const froms = line.requests
      .filter(({ method }) => method === "eth_getLogs")
      .map(({ params }) => Number((params[0] as { fromBlock: string }).fromBlock));
    assert.ok(froms.length > 0 && froms.every((from) => from > cursor), `asked from ${froms}`);
    assert.equal(sink.rollbacks.length, 0);
  });

  it("previews an event until it has its confirmations, and applies it then", async () => {
    await follow({ confirmations: 3 });
    await chain.listOffer();
    const listed = await chain.head();
    await until("a preview", () => sink.early.length === 1);
    assert.equal(sink.head?.block, listed);
    assert.ok(!sink.events.some(({ name }) => name === "OfferListed"));
    await chain.mine();
    await until("the next head", () => sink.head?.block === listed + 1);
    assert.equal(sink.early.length, 1);
    assert.ok(!sink.events.some(({ name }) => name === "OfferListed"));
    await chain.mine();
    await untilCaughtUp(chain, sink, 3);
    assert.equal(sink.early.length, 0);
    assert.equal(sink.events.at(-1)?.name, "OfferListed");
  });

  it("takes a preview back when the block is reorganised away before it is confirmed", async () => {
    await follow({ confirmations: 3 });
    await chain.listOffer();
    await until("a preview", () => sink.early.length === 1);
    await chain.rpc("anvil_reorg", 1, []);
    await until("the preview to go", () => sink.early.length === 0);
    await chain.mine(4);
    await untilCaughtUp(chain, sink, 3);
    assert.equal(sink.rollbacks.length, 0);
    assert.ok(!sink.events.some(({ name }) => name === "OfferListed"));
  });

  it("rolls back to the common ancestor when confirmed blocks are replaced", async () => {
    await follow();
    await chain.listOffer();
    await untilCaughtUp(chain, sink);
    const ancestor = sink.cursor()!.block;
    await chain.listOffer();
    await chain.listOffer();
    await untilCaughtUp(chain, sink);
    await chain.rpc("anvil_reorg", 2, []);
    await untilCaughtUp(chain, sink);
    assert.deepEqual(sink.rollbacks, [ancestor]);
    assert.equal(sink.events.filter(({ name }) => name === "OfferListed").length, 1);
  });

  it("finds the ancestor among many known blocks", async () => {
    await follow();
    await untilCaughtUp(chain, sink);
    const ancestor = sink.cursor()!.block;
    for (let i = 0; i < 70; i++) {
      await chain.mine();
      await until("the next block", () => sink.head?.block === ancestor + i + 1);
    }
    await chain.rpc("anvil_reorg", 70, []);
    await untilCaughtUp(chain, sink);
    assert.deepEqual(sink.rollbacks, [ancestor]);
  });

  it("waits for a node that is behind, and goes on where it was when the node has caught up", async () => {
    await follow({ behindGraceMs: 60_000 });
    await chain.listOffer();
    await untilCaughtUp(chain, sink);
    const old = await chain.rpc("eth_getBlockByNumber", "0x3", false);
    line.tamper = ({ method, params }, answer) =>
      method === "eth_getBlockByNumber" && params[0] === "latest" ? { ...answer, result: old } : answer;
    await until("nodeLost", () => sink.state === "nodeLost");
    assert.match(sink.detail, /at block 3, behind block \d+ that was followed already; waiting/);
    assert.equal(follower!.isFollowing(), false);
    line.tamper = (_, answer) => answer;
    await untilCaughtUp(chain, sink);
    assert.deepEqual(sink.rollbacks, []);
  });

  it("rolls back to the head of a node that stays behind", async () => {
    await follow();
    await chain.listOffer();
    await chain.listOffer();
    await untilCaughtUp(chain, sink);
    await chain.rpc("anvil_rollback", 1);
    await untilCaughtUp(chain, sink);
    assert.deepEqual(sink.rollbacks, [await chain.head()]);
    assert.equal(sink.events.filter(({ name }) => name === "OfferListed").length, 1);
  });

  for (const [fault, detail] of [
    ["cut", /cannot be reached/],
    ["hang", /did not answer within 0.2 s/],
  ] as const) {
    it(`waits while the line is down (${fault}), and misses nothing`, async () => {
      await follow({ timeoutMs: 200 });
      await untilCaughtUp(chain, sink);
      line.fault = fault;
      await until("nodeLost", () => sink.state === "nodeLost");
      assert.match(sink.detail, detail);
      await chain.listOffer();
      line.fault = null;
      await untilCaughtUp(chain, sink);
      assert.ok(follower!.contracts());
    });
  }

  it("starts while the node is away", async () => {
    line.fault = "cut";
    await follow();
    await until("nodeLost", () => sink.state === "nodeLost");
    line.fault = null;
    await untilCaughtUp(chain, sink);
  });

  it("stops even while the node hangs", async () => {
    await follow({ timeoutMs: 3_600_000 });
    await untilCaughtUp(chain, sink);
    line.fault = "hang";
    const asked = line.requests.length;
    await until("a request that hangs", () => line.requests.length > asked);
    await follower!.stop();
  });

  it("reads a long chain in pages and tells how far it is", async () => {
    for (let i = 0; i < 5; i++) await chain.listOffer();
    await chain.mine(200);
    await chain.listOffer();
    await follow({ pageBlocks: 16 });
    await untilCaughtUp(chain, sink);
    assert.ok(sink.batches.length > 10);
    assert.deepEqual([...new Set(sink.states)], ["rebuilding", "following"]);
    for (const { params, method } of line.requests) {
      if (method !== "eth_getLogs") continue;
      const { fromBlock, toBlock } = params[0] as { fromBlock: string; toBlock: string };
      assert.ok(Number(toBlock) - Number(fromBlock) < 17);
    }
  });

  it("asks for fewer blocks when the node refuses so many", async () => {
    await chain.mine(300);
    line.tamper = ({ method, params }, answer) => {
      if (method !== "eth_getLogs") return answer;
      const { fromBlock, toBlock } = params[0] as { fromBlock: string; toBlock: string };
      if (Number(toBlock) - Number(fromBlock) < 40) return answer;
      return {
        ...answer,
        result: undefined,
        error: { code: -32005, message: "query returned more than 10000 results" },
      };
    };
    await follow();
    await untilCaughtUp(chain, sink);
  });

  it("asks for fewer blocks when the node does not answer for so many in time", async () => {
    await chain.mine(100);
    line.before = async ({ method, params }) => {
      if (method !== "eth_getLogs") return;
      const { fromBlock, toBlock } = params[0] as { fromBlock: string; toBlock: string };
      // For ever, as far as this node is asked.
      if (Number(toBlock) - Number(fromBlock) >= 16) await new Promise(() => {});
    };
    await follow({ timeoutMs: 300 });
    await untilCaughtUp(chain, sink);
  });

  it("tries again when the store fails, and then applies the same batch", async () => {
    let failures = 0;
    sink.whileApplying = () => {
      if (failures++ < 3) throw new Error("disk full");
    };
    await chain.listOffer();
    await follow();
    await untilCaughtUp(chain, sink);
    assert.ok(failures > 3);
    assert.ok(sink.states.includes("nodeLost"), "told while it lasted");
    assert.equal(sink.state, "following");
  });
});
