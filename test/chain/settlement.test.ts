import assert from "node:assert/strict";
import type { ChainEvent } from "../../chain/chain-event";
import type { Follower } from "../../chain/follower";
import { Sender } from "../../chain/sender";
import { Settlement } from "../../chain/settlement";
import { settleCall } from "../../chain/simulation";
import { LAB_ACCOUNTS } from "../../common/lab";
import { paymentFor } from "../../common/units";
import { PRICE, TestChain } from "../support/chain";
import { until } from "../support/until";
import { FaultyLine } from "./faulty-line";
import { ReadingSource } from "./reading-source";
import { RecordingSink } from "./recording-sink";
import { clock, followerOf, log, nodeAt, untilCaughtUp } from "./support";

interface Waiting {
  hash: string;
  nonce: string;
  to: string;
  maxFeePerGas: string;
}

const { settler, prosumer } = LAB_ACCOUNTS;

describe("settlement", function () {
  this.timeout(60_000);
  let chain: TestChain;
  let line: FaultyLine;
  let sink: RecordingSink;
  let source: ReadingSource;
  let follower: Follower;
  let settlement: Settlement;
  let warnings: string[] = [];

  const startSettlement = async (stuckAfterMs?: number) => {
    warnings = [];
    const warn = (text: string) => void warnings.push(text);
    const shared = { node: nodeAt(line.url), clock, log: { ...log, warn } };
    const sender = new Sender({
      ...shared,
      privateKey: settler.privateKey,
      chainId: chain.chainId,
      stuckAfterMs,
    });
    settlement = new Settlement({ ...shared, follower, sink, source, sender, pollIntervalMs: 10 });
    await settlement.start();
  };
  const start = async ({ confirmations = 1 } = {}) => {
    follower = followerOf(chain, sink, { url: line.url, confirmations });
    await follower.start();
    await startSettlement();
  };
  /** The settler's transactions that wait for a block. */
  const pool = async () => {
    const content =
      await chain.rpc<Record<string, Record<string, Record<string, Waiting>>>>("txpool_content");
    const mine = Object.entries(content.pending ?? {}).find(
      ([from]) => from.toLowerCase() === settler.address.toLowerCase(),
    );
    return Object.values(mine?.[1] ?? {});
  };
  const untilSent = () => until("a transaction in the pool", async () => (await pool()).length > 0);
  const settled = () =>
    sink.events.filter(
      (event): event is ChainEvent & { name: "TradeSettled" } => event.name === "TradeSettled",
    );
  const balance = async (account: string) =>
    BigInt(
      await chain.rpc<string>("eth_call", {
        to: chain.token,
        data: `0x70a08231${account.slice(2).padStart(64, "0")}`,
      }),
    );
  const openTrades = async (count: number, milliWh = 1000n) => {
    const offerId = await chain.listOffer();
    const ids: bigint[] = [];
    for (let i = 0; i < count; i++) ids.push(await chain.purchase("consumer", offerId, milliWh));
    return ids;
  };

  beforeEach(async () => {
    chain = await TestChain.start();
    line = await new FaultyLine(chain.rpcUrl).start();
    sink = new RecordingSink();
    source = new ReadingSource(chain, sink);
  });
  afterEach(async () => {
    await settlement.stop();
    await follower.stop();
    await line.stop();
    await chain.stop();
  });

  it("brings a reading to the chain as soon as it is woken, and pays to the last base unit", async () => {
    const [tradeId] = await openTrades(1);
    await start();
    await untilCaughtUp(chain, sink);
    source.sign(tradeId!, 400n, true);
    settlement.wake();
    await untilSent();
    await chain.mine();
    await until("the settlement", () => settled().length === 1);
    assert.equal(settled()[0]!.paid, paymentFor(400n, PRICE));
    assert.equal(settled()[0]!.refunded, paymentFor(1000n, PRICE) - paymentFor(400n, PRICE));
    assert.equal(await balance(prosumer.address), paymentFor(400n, PRICE));
    assert.deepEqual(source.pendingReadings(), []);
  });

  it("settles what waits together in one transaction, 32 at most", async () => {
    const ids = await openTrades(40, 10n);
    for (const id of ids) source.sign(id, 10n);
    await start();
    await untilSent();
    await chain.mine();
    await until("32 settlements", () => settled().length === 32);
    await untilSent();
    await chain.mine();
    await until("40 settlements", () => settled().length === 40);
    assert.equal(new Set(settled().map(({ txHash }) => txHash)).size, 2);
    assert.deepEqual(
      settled().map(({ tradeId }) => tradeId),
      ids,
    );
  });

  it("sends the newest reading of a trade only, and the next one after it", async () => {
    const [tradeId] = await openTrades(1);
    source.sign(tradeId!, 100n);
    source.sign(tradeId!, 200n);
    await start();
    await untilSent();
    source.sign(tradeId!, 300n);
    settlement.wake();
    await chain.mine();
    await until("the first", () => settled().length === 1);
    await untilSent();
    await chain.mine();
    await until("the second", () => settled().length === 2);
    assert.deepEqual(
      settled().map(({ deliveredMilliWh }) => deliveredMilliWh),
      [200n, 300n],
    );
  });

  it("does not send again what is in a block without confirmations yet", async () => {
    const [tradeId] = await openTrades(1);
    source.sign(tradeId!, 100n);
    await start({ confirmations: 3 });
    await chain.mine(2);
    await untilSent();
    await chain.mine();
    for (let i = 0; i < 10; i++) settlement.wake();
    await chain.mine();
    await until("the next head", async () => sink.head?.block === (await chain.head()));
    assert.equal(source.pendingReadings().length, 1);
    await chain.mine();
    await until("the settlement", () => settled().length === 1);
    assert.equal(line.requests.filter(({ method }) => method === "eth_sendRawTransaction").length, 1);
  });

  it("sends again what a reorganisation took", async () => {
    const [tradeId] = await openTrades(1);
    await start({ confirmations: 3 });
    await chain.mine(2);
    source.sign(tradeId!, 100n);
    settlement.wake();
    await untilSent();
    await chain.mine();
    await until("its block", async () => sink.early.some(({ name }) => name === "TradeSettled"));
    await chain.rpc("anvil_reorg", 1, []);
    await until("it to be sent again", async () => {
      settlement.wake();
      return (await pool()).length > 0;
    });
    await chain.mine(3);
    await until("the settlement", () => settled().length === 1);
    assert.equal(await balance(prosumer.address), paymentFor(100n, PRICE));
  });

  it("leaves a reading that the contract refuses for good to the source, by name, and settles the others", async () => {
    const [good, closed, foreign] = await openTrades(3);
    await chain.call("prosumer", "refund", [closed!]);
    await start();
    await untilCaughtUp(chain, sink);
    // As when the refund is only just confirmed: the store still offers it.
    sink.events = sink.events.filter(({ name }) => name !== "TradeRefunded");
    source.sign(good!, 100n);
    source.sign(closed!, 100n);
    source.sign(foreign!, 100n, false, { signature: "0x" });
    source.sign(foreign!, 2000n);
    settlement.wake();
    await untilSent();
    assert.deepEqual(
      source.refused.map(({ reading, reason }) => [reading.tradeId, reason]),
      [
        [closed, `TradeNotOpen(tradeId ${closed})`],
        [foreign, `ReadingExceedsOrder(tradeId ${foreign}, deliveredMilliWh 2000, orderedMilliWh 1000)`],
      ],
    );
    await chain.mine();
    await until("the good one", () => settled().length === 1);
    assert.equal(settled()[0]!.tradeId, good);
  });

  it("does not call for good what only an unconfirmed block refuses", async () => {
    const [tradeId] = await openTrades(1);
    await start({ confirmations: 3 });
    await chain.mine(2);
    await until("the trade", () => sink.events.some(({ name }) => name === "TradeOpened"));
    // Someone else brings the same reading, in a block that is then reorganised away.
    const reading = source.sign(tradeId!, 100n);
    await chain.send("faucet", chain.trade, settleCall([reading]));
    settlement.wake();
    await until("a simulation", () => line.requests.some(({ method }) => method === "eth_call"));
    assert.deepEqual(source.refused, []);
    await chain.rpc("anvil_reorg", 1, []);
    await until("it to be sent", async () => {
      settlement.wake();
      return (await pool()).length > 0;
    });
    await chain.mine(3);
    await until("the settlement", () => settled().length === 1);
  });

  it("tries again later when more energy would be sold than the register shows", async () => {
    const [first, second] = await openTrades(2);
    source.sign(first!, 1000n);
    await start();
    await untilSent();
    await chain.mine();
    await until("the first", () => settled().length === 1);
    source.sign(second!, 500n, false, { registerMilliWh: 1200n });
    settlement.wake();
    await until("a simulation", () => line.requests.some(({ method }) => method === "eth_call"));
    assert.deepEqual(source.refused, []);
    source.sign(second!, 501n);
    settlement.wake();
    await untilSent();
    await chain.mine();
    await until("the second", () => settled().length === 2);
  });

  it("pays once when a front-runner settles the same reading in the same block", async () => {
    const [tradeId] = await openTrades(1);
    const reading = source.sign(tradeId!, 100n);
    await start();
    await untilSent();
    const [ours] = await pool();
    const rich = { maxFeePerGas: 500_000_000_000n, maxPriorityFeePerGas: 90_000_000_000n };
    await chain.submit("faucet", chain.trade, settleCall([reading]), 0n, rich);
    await chain.mine();
    await until("the settlement", () => settled().length === 1);
    assert.notEqual(settled()[0]!.txHash, ours!.hash);
    const receipt = await chain.rpc<{ status: string }>("eth_getTransactionReceipt", ours!.hash);
    assert.equal(receipt.status, "0x0");
    source.sign(tradeId!, 150n);
    settlement.wake();
    await untilSent();
    await chain.mine();
    await until("the next", () => settled().length === 2);
    assert.equal(await balance(prosumer.address), paymentFor(150n, PRICE));
    assert.deepEqual(source.refused, []);
  });

  it("finds its transaction again when the node's answer to sending it was lost", async () => {
    const [tradeId] = await openTrades(1);
    source.sign(tradeId!, 100n);
    line.tamper = ({ method }, answer) => {
      if (method !== "eth_sendRawTransaction") return answer;
      line.fault = "cut";
      return { ...answer, result: undefined };
    };
    await start();
    await untilSent();
    await chain.mine();
    line.tamper = (_, answer) => answer;
    line.fault = null;
    await until("the settlement", () => settled().length === 1);
    assert.equal(Number(await chain.rpc("eth_getTransactionCount", settler.address, "pending")), 1);
  });

  it("hands its transaction to the node again when the pool lost it", async () => {
    const [tradeId] = await openTrades(1);
    source.sign(tradeId!, 100n);
    await start();
    await untilSent();
    const [ours] = await pool();
    await chain.rpc("anvil_dropTransaction", ours!.hash);
    assert.equal((await pool()).length, 0);
    await untilSent();
    assert.equal((await pool())[0]!.hash, ours!.hash);
    await chain.mine();
    await until("the settlement", () => settled().length === 1);
  });

  it("raises the fee of a stuck transaction under the same nonce", async () => {
    const [tradeId] = await openTrades(1);
    source.sign(tradeId!, 100n);
    follower = followerOf(chain, sink, { url: line.url });
    await follower.start();
    await startSettlement(100);
    await untilSent();
    const [before] = await pool();
    await until("a dearer one", async () => {
      const [now] = await pool();
      return BigInt(now!.maxFeePerGas) > (BigInt(before!.maxFeePerGas) * 3n) / 2n;
    });
    const [now] = await pool();
    assert.equal(now!.nonce, before!.nonce);
    assert.notEqual(now!.hash, before!.hash);
    await chain.mine();
    await until("the settlement", () => settled().length === 1);
  });

  it("waits after a restart for what it had sent before, and sends nothing twice", async () => {
    const [tradeId] = await openTrades(1);
    source.sign(tradeId!, 100n);
    await start();
    await untilSent();
    const [ours] = await pool();
    await settlement.stop();
    await startSettlement();
    await until("the new run to look", async () => {
      const asked = line.requests.map(({ params }) => params[1]);
      return asked.filter((block) => block === "pending").length > 1;
    });
    assert.equal((await pool()).length, 1);
    await chain.mine();
    await until("the settlement", () => settled().length === 1);
    assert.equal(settled()[0]!.txHash, ours!.hash);
    assert.equal((await pool()).length, 0);
  });

  it("takes the nonce of a transaction of an earlier run that is stuck for good", async () => {
    const [tradeId] = await openTrades(1);
    await chain.submit("settler", prosumer.address, "0x", 1n, {
      maxFeePerGas: 1n << 34n,
      maxPriorityFeePerGas: 1n,
    });
    source.sign(tradeId!, 100n);
    follower = followerOf(chain, sink, { url: line.url });
    await follower.start();
    await startSettlement(200);
    await until("ours in its place", async () => {
      const [now] = await pool();
      return now?.to.toLowerCase() === chain.trade;
    });
    await chain.mine();
    await until("the settlement", () => settled().length === 1);
  });

  describe("while another program uses the settler's account", () => {
    const high = { maxFeePerGas: 90_000_000_000n, maxPriorityFeePerGas: 9_000_000_000n };
    /** It was handed in that often, and the sender has looked what became of it after the last time. */
    const untilRefused = (times: number) =>
      until(`ours to be refused for the ${times}. time`, () => {
        const methods = line.requests.map(({ method }) => method);
        const handedIn = methods.flatMap((method, i) => (method === "eth_sendRawTransaction" ? [i] : []));
        return handedIn.length >= times && methods.includes("eth_getTransactionReceipt", handedIn[times - 1]);
      });
    const statusOf = async (hash: string) =>
      (await chain.rpc<{ status: string } | null>("eth_getTransactionReceipt", hash))?.status;

    it("leaves a number to the one that was faster, and takes the next", async () => {
      const [tradeId] = await openTrades(1);
      let other = "";
      line.before = async ({ method }) => {
        if (method === "eth_sendRawTransaction" && other === "")
          other = await chain.submit("settler", prosumer.address, "0x", 1n, high);
      };
      source.sign(tradeId!, 100n);
      await start();
      await untilRefused(1);
      assert.deepEqual(
        (await pool()).map(({ hash }) => hash),
        [other],
      );
      await chain.mine();
      assert.equal(await statusOf(other), "0x1");
      await untilSent();
      await chain.mine();
      await until("the settlement", () => settled().length === 1);
      assert.deepEqual(source.refused, []);
      const [said] = warnings;
      assert.match(said ?? "", /another program has used number 0 of 0x\w{40}; going on with the next/);
    });

    it("does not outbid who replaces its transaction, and settles under the next number", async () => {
      const [tradeId] = await openTrades(1);
      source.sign(tradeId!, 100n);
      await start();
      await untilSent();
      const [ours] = await pool();
      const other = await chain.submit("settler", prosumer.address, "0x", 1n, {
        ...high,
        nonce: Number(ours!.nonce),
      });
      await untilRefused(2);
      assert.deepEqual(
        (await pool()).map(({ hash }) => hash),
        [other],
      );
      await chain.mine();
      assert.equal(await statusOf(other), "0x1");
      await untilSent();
      await chain.mine();
      await until("the settlement", () => settled().length === 1);
      assert.equal(await statusOf(ours!.hash), undefined);
    });

    it("settles all that is signed, each once, while the other sends all the time", async () => {
      const ids = await openTrades(4, 10n);
      await start();
      for (const [i, tradeId] of ids.entries()) {
        const others = [];
        for (let n = 0; n <= i; n++) others.push(await chain.submit("settler", prosumer.address, "0x", 1n));
        source.sign(tradeId, 10n);
        settlement.wake();
        await until(`the settlement of ${tradeId}`, async () => {
          await chain.mine();
          return settled().length === i + 1;
        });
        for (const other of others) assert.equal(await statusOf(other), "0x1");
      }
      assert.equal(await balance(prosumer.address), 4n * paymentFor(10n, PRICE));
    });
  });

  for (const [what, wrong] of [
    ["too low", -1],
    ["too high", 1],
  ] as const)
    it(`finds out that a number was ${what}, and pays once`, async () => {
      const [tradeId] = await openTrades(1);
      await chain.send("settler", prosumer.address, "0x", 1n);
      let isLying = true;
      const honest = Number(await chain.rpc("eth_getTransactionCount", settler.address, "latest"));
      line.tamper = ({ method, params }, answer) =>
        isLying && method === "eth_getTransactionCount" && params[0] === settler.address
          ? { ...answer, result: `0x${(honest + wrong).toString(16)}` }
          : answer;
      line.before = async ({ method }) => {
        if (method === "eth_sendRawTransaction") isLying = false;
      };
      source.sign(tradeId!, 100n);
      await start();
      await until("the settlement", async () => {
        if ((await pool()).length > 0) await chain.mine();
        return settled().length === 1;
      });
      // What waited for a number before its own runs now, and must change nothing.
      for (let i = 0; i < 3; i++) await chain.mine();
      await untilCaughtUp(chain, sink);
      assert.equal(await balance(prosumer.address), paymentFor(100n, PRICE));
      assert.equal(settled().length, 1);
      assert.deepEqual(source.refused, []);
    });

  it("goes on when the chain lost the blocks of its last transactions", async () => {
    const [first, second] = await openTrades(2);
    await start();
    for (const tradeId of [first!, second!]) {
      source.sign(tradeId, 100n);
      settlement.wake();
      await untilSent();
      await chain.mine();
      await until("the settlement", () => settled().some((event) => event.tradeId === tradeId));
    }
    await chain.rpc("anvil_rollback", 2);
    await until("the follower to notice", () => sink.rollbacks.length > 0);
    await until("both to be settled again", async () => {
      settlement.wake();
      if ((await pool()).length > 0) await chain.mine();
      return settled().length === 2 && sink.state === "following";
    });
    assert.equal(await balance(prosumer.address), paymentFor(100n, PRICE) * 2n);
  });

  it("says that the account needs ether when it has none, and settles once it has", async () => {
    const [tradeId] = await openTrades(1);
    await chain.rpc("anvil_setBalance", settler.address, "0x0");
    source.sign(tradeId!, 100n);
    const lines: string[] = [];
    follower = followerOf(chain, sink, { url: line.url });
    await follower.start();
    const shared = {
      node: nodeAt(line.url),
      clock,
      log: { ...log, warn: (text: string) => lines.push(text) },
    };
    const sender = new Sender({ ...shared, privateKey: settler.privateKey, chainId: chain.chainId });
    settlement = new Settlement({ ...shared, follower, sink, source, sender, pollIntervalMs: 10 });
    await settlement.start();
    await until("a warning", () =>
      lines.some((text) => /has too little ether for gas: send it some/.test(text)),
    );
    assert.ok(lines.some((text) => text.includes(settler.address)));
    await chain.rpc("anvil_setBalance", settler.address, "0xde0b6b3a7640000");
    await untilSent();
    await chain.mine();
    await until("the settlement", () => settled().length === 1);
  });
});
