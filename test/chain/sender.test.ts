import assert from "node:assert/strict";
import { encodeCall, tradeAbi } from "../../chain/codec";
import { Sender } from "../../chain/sender";
import { LAB_ACCOUNTS } from "../../common/lab";
import { TestChain } from "../support/chain";
import { until } from "../support/until";
import { FaultyLine, type Request } from "./faulty-line";
import { clock, log, nodeAt } from "./support";

const { faucet } = LAB_ACCOUNTS;
const GIFT = { to: `0x${"5e".repeat(20)}`, data: "0x", value: 7n } as const;

describe("a call that is sent", function () {
  this.timeout(60_000);
  let chain: TestChain;
  let line: FaultyLine;
  let sender: Sender;

  const senderOf = (privateKey: string = faucet.privateKey) =>
    new Sender({ node: nodeAt(line.url), privateKey, chainId: chain.chainId, clock, log });
  const given = async () => Number(await chain.rpc<string>("eth_getBalance", GIFT.to, "latest"));
  const count = async () =>
    Number(await chain.rpc<string>("eth_getTransactionCount", faucet.address, "latest"));
  /** Seals blocks until it is through. */
  const sealed = async <T>(sending: Promise<T>): Promise<T> => {
    let isThrough = false;
    const through = () => {
      isThrough = true;
    };
    sending.then(through, through);
    await until("the end of sending", async () => {
      if (!isThrough) await chain.mine();
      return isThrough;
    });
    return sending;
  };
  /** Does something once, before the first transaction reaches the node. */
  const beforeSending = (work: () => Promise<unknown>) => {
    let isDone = false;
    line.before = async ({ method }: Request) => {
      if (method !== "eth_sendRawTransaction" || isDone) return;
      isDone = true;
      await work();
    };
  };
  const inPool = () =>
    until("a transaction in the pool", async () => {
      const pending = Number(await chain.rpc<string>("eth_getTransactionCount", faucet.address, "pending"));
      return pending > (await count());
    });

  before(async () => {
    chain = await TestChain.start();
  });
  after(() => chain.stop());
  beforeEach(async () => {
    line = await new FaultyLine(chain.rpcUrl).start();
    sender = senderOf();
    await chain.rpc("anvil_setBalance", GIFT.to, "0x0");
  });
  afterEach(() => line.stop());

  it("comes into a block, and gives its receipt", async () => {
    const receipt = await sealed(sender.send(GIFT));
    assert.equal(receipt.blockNumber <= (await chain.head()), true);
    assert.equal(receipt.gasUsed, 21_000n);
    assert.equal(await given(), 7);
  });

  it("twice counts twice, and two at once go one after the other", async () => {
    const first = await count();
    const receipts = await sealed(Promise.all([sender.send(GIFT), sender.send(GIFT), sender.send(GIFT)]));
    assert.equal(new Set(receipts.map(({ transactionHash }) => transactionHash)).size, 3);
    assert.deepEqual([await given(), await count()], [21, first + 3]);
  });

  it("is handed to the node again when its pool lost it, and counts once", async () => {
    const first = await count();
    const sending = sender.send(GIFT);
    await inPool();
    await chain.rpc("anvil_dropAllTransactions");
    await inPool();
    await sealed(sending);
    assert.deepEqual([await given(), await count()], [7, first + 1]);
  });

  it("counts once when the node's answer to it was lost, and when the node is away for a while", async () => {
    const first = await count();
    line.tamper = ({ method }, answer) => {
      if (method !== "eth_sendRawTransaction") return answer;
      line.tamper = (_, other) => other;
      line.fault = "cut";
      throw new Error("the answer is lost");
    };
    const sending = sender.send(GIFT);
    await until("some more questions in vain", () => {
      const sent = line.requests.findIndex(({ method }) => method === "eth_sendRawTransaction");
      return sent >= 0 && line.requests.length > sent + 3;
    });
    line.fault = null;
    await sealed(sending);
    assert.deepEqual([await given(), await count()], [7, first + 1]);
  });

  it("gets the next number when another program's is in a block already (nonce too low)", async () => {
    const first = await count();
    beforeSending(async () => {
      await chain.submit("faucet", LAB_ACCOUNTS.consumer.address, "0x", 1n);
      await chain.mine();
    });
    await sealed(sender.send(GIFT));
    assert.deepEqual([await given(), await count()], [7, first + 2]);
  });

  it("outbids nobody whose transaction waits under its number (replacement underpriced), and gets the next", async () => {
    const first = await count();
    let other = "";
    beforeSending(async () => {
      const fees = { maxFeePerGas: 90_000_000_000n, maxPriorityFeePerGas: 9_000_000_000n };
      other = await chain.submit("faucet", LAB_ACCOUNTS.consumer.address, "0x", 1n, fees);
    });
    await sealed(sender.send(GIFT));
    assert.deepEqual([await given(), await count()], [7, first + 2]);
    assert.equal((await chain.rpc<{ status: string }>("eth_getTransactionReceipt", other)).status, "0x1");
  });

  it("goes through beside the calls of another program with the same key", async () => {
    const first = await count();
    const others = senderOf();
    const sending = [sender, others, sender, others, sender].map((one) => one.send(GIFT));
    await sealed(Promise.all(sending));
    assert.deepEqual([await given(), await count()], [35, first + 5]);
  });

  it("that the contract would refuse is told in its words and not sent, and the next one is", async () => {
    const first = await count();
    const refused = sender.send({ to: chain.trade, data: encodeCall(tradeAbi, "refund", 99n) });
    const next = sender.send(GIFT);
    await assert.rejects(refused, /refused by the contract: TradeNotOpen\(tradeId 99\)/);
    await sealed(next);
    assert.deepEqual([await given(), await count()], [7, first + 1]);
  });

  it("that was reverted in its block is an error with the block's number", async () => {
    const call = { to: chain.trade, data: encodeCall(tradeAbi, "refund", 99n) } as const;
    await assert.rejects(sealed(sender.send(call, 100_000n)), /was reverted in block \d+/);
  });

  it("of an account without ether says so", async () => {
    const poor = senderOf(`0x${"77".repeat(32)}`);
    await assert.rejects(poor.send(GIFT, 21_000n), /too little ether|insufficient funds/i);
  });
});
