import assert from "node:assert/strict";
import fc from "fast-check";
import type { Follower } from "../../chain/follower";
import { EthereumNode } from "../../chain/node";
import { JsonRpc } from "../../chain/rpc";
import { TestChain } from "../support/chain";
import { until } from "../support/until";
import { FaultyLine, type Request } from "./faulty-line";
import { RecordingSink } from "./recording-sink";
import { followerOf, untilCaughtUp } from "./support";

type Json = Record<string, unknown>;
const zeroHash = `0x${"0".repeat(64)}`;

/** What a node may answer, and what the follower says to it. */
const lies: { it: string; method: string; change: (result: unknown) => unknown; says: RegExp }[] = [
  {
    it: "no block at all",
    method: "eth_getBlockByNumber",
    change: () => null,
    says: /nonsense|does not give block 0/,
  },
  {
    it: "a block whose hash is too short",
    method: "eth_getBlockByNumber",
    change: (block) => ({ ...(block as Json), hash: "0x12" }),
    says: /eth_getBlockByNumber with nonsense \(hash: not 32 bytes of 0x-hex\)/,
  },
  {
    it: "a block number that is no number",
    method: "eth_getBlockByNumber",
    change: (block) => ({ ...(block as Json), number: "seven" }),
    says: /number: not a 0x-hex number/,
  },
  {
    it: "a block number beyond what a number can hold",
    method: "eth_getBlockByNumber",
    change: (block) => ({ ...(block as Json), number: `0x${"f".repeat(20)}` }),
    says: /too large a number/,
  },
  {
    it: "another block than asked for",
    method: "eth_getBlockByNumber",
    change: (block) => ({ ...(block as Json), number: "0x2" }),
    says: /gives block 2 when asked for block \d+/,
  },
  {
    it: "logs that are no list",
    method: "eth_getLogs",
    change: () => ({}),
    says: /eth_getLogs with nonsense/,
  },
  changedLog("another contract's log", { address: `0x${"1".repeat(40)}` }, /of another contract/),
  changedLog("a log with another block's hash", { blockHash: zeroHash }, /another hash than the block's/),
  changedLog("a log of another event", { topics: [zeroHash] }, /another event than asked for/),
  changedLog("a log with too little data", { data: "0x" }, /cannot be read/),
  changedLog("a log with odd data", { data: "0x123" }, /not 0x-hex bytes/),
  changedLog("a log of a block that was removed", { removed: true }, /removed/),
  changedLog(
    "a log from below what was asked for",
    { blockNumber: "0x0" },
    /asked for blocks \d+ to \d+|another hash/,
  ),
  changedLog("a log from above what was asked for", { blockNumber: "0xffff" }, /asked for blocks \d+ to \d+/),
  {
    it: "one log twice",
    method: "eth_getLogs",
    change: (logs) => [...(logs as Json[]), ...(logs as Json[])],
    says: /twice/,
  },
  { it: "code that is no hex", method: "eth_getCode", change: () => 12, says: /eth_getCode with nonsense/ },
  { it: "another chain id", method: "eth_chainId", change: () => "0x1", says: /chain id is 1, not 13370/ },
];

function changedLog(it: string, change: Json, says: RegExp) {
  const changeLast = (logs: unknown) =>
    (logs as Json[]).map((log, i, all) => (i === all.length - 1 ? { ...log, ...change } : log));
  return { it, method: "eth_getLogs", change: changeLast, says };
}

describe("a node that gives", function () {
  this.timeout(60_000);
  let chain: TestChain;
  let line: FaultyLine;
  let sink: RecordingSink;
  let follower: Follower;

  before(async () => {
    chain = await TestChain.start();
    await chain.listOffer();
  });
  after(() => chain.stop());
  beforeEach(async () => {
    line = await new FaultyLine(chain.rpcUrl).start();
    sink = new RecordingSink();
    follower = followerOf(chain, sink, { url: line.url });
  });
  afterEach(async () => {
    await follower.stop();
    await line.stop();
  });

  const refusesAndRecovers = async (says: RegExp) => {
    await until(`nodeLost, ${says}`, () => sink.state === "nodeLost" && says.test(sink.detail));
    assert.deepEqual(sink.batches, []);
    line.tamper = (_, answer) => answer;
    line.say = null;
    await untilCaughtUp(chain, sink);
  };

  for (const { it: what, method, change, says } of lies) {
    it(`${what} is not believed`, async () => {
      // The first answer is the start's own check of the chain id.
      let isFirst = method === "eth_chainId";
      line.tamper = (request: Request, answer) => {
        if (request.method !== method || isFirst) {
          isFirst &&= request.method !== method;
          return answer;
        }
        return { ...answer, result: change(answer.result) };
      };
      await follower.start();
      await refusesAndRecovers(says);
    });
  }

  const texts: [string, string, RegExp][] = [
    ["a web page", "<html>Welcome</html>", /does not answer with JSON: <html>/],
    ["nothing", "", /does not answer with JSON/],
    ["null", "null", /gives no JSON-RPC answer/],
    ["a list", "[]", /gives no JSON-RPC answer/],
    ["an answer to another request", '{"jsonrpc":"2.0","id":0,"result":"0x1"}', /another request's id/],
    ["an error without words", '{"jsonrpc":"2.0","id":1,"error":7}', /no reason given/],
  ];
  for (const [what, text, says] of texts) {
    it(`${what} is not believed`, async () => {
      line.say = text;
      await follower.start();
      await refusesAndRecovers(says);
    });
  }

  it("a chain that changes between two requests is read again, and never mixed", async () => {
    let changes = 0;
    line.before = async ({ method }) => {
      if (method !== "eth_getLogs" || changes >= 3) return;
      changes++;
      await chain.rpc("anvil_reorg", 1, []);
    };
    await follower.start();
    await untilCaughtUp(chain, sink);
    assert.equal(changes, 3);
  });

  it("a refusal is told by its words alone, the same ones each time", async () => {
    line.refusal = "The node is away";
    const node = new EthereumNode(new JsonRpc({ url: line.url, timeoutMs: 5000 }));
    for (let look = 0; look < 2; look++)
      await assert.rejects(node.head(), {
        name: "HttpStatusError",
        message: `the node at ${line.url} answers HTTP 503: The node is away`,
      });
  });

  it("an answer of endless length is given up", async () => {
    line.say = `{"jsonrpc":"2.0","id":1,"result":"${"0".repeat(100_000)}"}`;
    const node = new EthereumNode(new JsonRpc({ url: line.url, timeoutMs: 5000, maxAnswerBytes: 50_000 }));
    await assert.rejects(node.chainId(), /answers with more than 50000 bytes/);
  });

  it("anything at all never makes it fail otherwise than by a NodeError", async () => {
    const node = new EthereumNode(new JsonRpc({ url: line.url, timeoutMs: 5000 }));
    const questions: (() => Promise<unknown>)[] = [
      () => node.head(),
      () => node.headers([1, 2]),
      () => node.logs(chain.trade, [], 0, 5),
      () => node.receipts([zeroHash]),
      () => node.nonce(chain.trade, "latest"),
      () => node.tryCalls([{ from: chain.trade, to: chain.trade, data: "0x" }], "latest"),
    ];
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.nat(), async (result, which) => {
        line.tamper = (_, answer) => ({ ...answer, result });
        await questions[which % questions.length]!().catch((error: Error) => {
          assert.match(error.name, /^(NodeError|RpcError)$/);
          assert.match(error.message, /nonsense|gives block/);
        });
      }),
      { numRuns: 200 },
    );
  });
});
