import assert from "node:assert/strict";
import fc from "fast-check";
import { createDoor, type DoorLimits, type DoorParts } from "../../server/rpc/door";
import { AnswerTooLarge, NodeFailure } from "../../server/rpc/failures";
import { LISTED_METHODS } from "../../server/rpc/methods";

const ADDRESS = `0x${"a1".repeat(20)}`;
const HASH = `0x${"b2".repeat(32)}`;
const NEVER_LISTED =
  /^(anvil|hardhat|evm|debug|trace|admin|personal|miner|ots|erigon|engine|parity|clique|wallet)_/;
const NEVER_METHODS =
  /^eth_(sendTransaction|sign|signTransaction|signTypedData\w*|sendUnsignedTransaction|new\w*Filter|uninstallFilter|getFilter\w+|subscribe|unsubscribe|simulateV1|callMany|createAccessList|submit\w+|getWork)$/;

interface Sent {
  jsonrpc: string;
  id: number;
  method: string;
  params: unknown[];
}

/** A door to a node that remembers what reached it, and answers each call with its method's name. */
function doorTo(
  limits: Partial<DoorLimits> = {},
  reply: (call: Sent) => unknown = (call) => ({
    result: call.method === "eth_blockNumber" ? "0x7530" : call.method,
  }),
  more: Partial<DoorParts> = {},
) {
  const sent: Sent[] = [];
  const refused: string[] = [];
  const clock = { ms: 0 };
  const door = createDoor({
    limits,
    elapsedMs: () => clock.ms,
    refused: (reason) => refused.push(reason),
    forward: async (body) => {
      const question = JSON.parse(body) as Sent | Sent[];
      const answers = [question].flat().map((call) => {
        sent.push(call);
        return { jsonrpc: "2.0", id: call.id, ...(reply(call) as object) };
      });
      return JSON.stringify(Array.isArray(question) ? answers : answers[0]);
    },
    ...more,
  });
  const ask = async (question: unknown, client = "one") => {
    const text = typeof question === "string" ? question : JSON.stringify(question);
    const { status, body } = await door.answer(text, client);
    return { status, answer: body === "" ? null : JSON.parse(body) };
  };
  const call = (method: string, ...params: unknown[]) => ask({ jsonrpc: "2.0", id: 1, method, params });
  return { ask, call, sent, refused, clock };
}

describe("the door to a node", () => {
  it("lists reading, and sending what is signed, and nothing else", () => {
    assert.deepEqual(
      LISTED_METHODS.filter((name) => NEVER_LISTED.test(name) || NEVER_METHODS.test(name)),
      [],
    );
    assert.ok(LISTED_METHODS.includes("eth_sendRawTransaction"));
    assert.deepEqual(
      LISTED_METHODS.filter((name) => !/^(eth|net|web3|txpool)_/.test(name)),
      [],
    );
  });

  for (const method of [
    "anvil_impersonateAccount",
    "evm_mine",
    "debug_traceCall",
    "eth_sendTransaction",
    "eth_sign",
    "eth_newFilter",
    "eth_newBlockFilter",
    "eth_subscribe",
    "personal_unlockAccount",
    "admin_addPeer",
    "txpool_content",
    "__proto__",
    "constructor",
    "toString",
    "ETH_CALL",
    " eth_call",
    "",
  ])
    it(`hands ${JSON.stringify(method)} to no node`, async () => {
      const { call, sent, refused } = doorTo();
      const { status, answer } = await call(method, {});
      assert.deepEqual([status, answer.id, answer.error.code, sent.length], [200, 1, -32601, 0]);
      assert.deepEqual(refused, ["method"]);
    });

  it("hands on what it has read, whatever else stood there", async () => {
    const { call, sent } = doorTo();
    await call("eth_call", { to: ADDRESS, data: "0x01", gas: null, more: { deep: 1 } }, "latest");
    await call("eth_getBalance", ADDRESS);
    await call("eth_getLogs", {
      address: [ADDRESS],
      topics: [null, [HASH, null]],
      fromBlock: "0x1",
      toBlock: "0x2",
    });
    assert.deepEqual(
      sent.map(({ method, params }) => [method, params]),
      [
        ["eth_call", [{ to: ADDRESS, data: "0x01", gas: "0xe4e1c0" }, "latest"]],
        ["eth_getBalance", [ADDRESS]],
        [
          "eth_getLogs",
          [{ fromBlock: "0x1", toBlock: "0x2", address: [ADDRESS], topics: [null, [HASH, null]] }],
        ],
      ],
    );
  });

  it("caps the gas of what the node carries out", async () => {
    const { call, sent } = doorTo({ gasCap: 100n });
    for (const gas of ["0x63", "0x64", "0x65", `0x${"f".repeat(64)}`])
      for (const method of ["eth_call", "eth_estimateGas"]) await call(method, { to: ADDRESS, gas });
    assert.deepEqual(
      sent.map(({ params }) => (params[0] as { gas: string }).gas),
      ["0x63", "0x63", "0x64", "0x64", "0x64", "0x64", "0x64", "0x64"],
    );
  });

  const wrong: [reason: string, method: string, params: unknown][] = [
    ["stateOverride", "eth_call", [{ to: ADDRESS }, "latest", { [ADDRESS]: { balance: "0xff" } }]],
    ["stateOverride", "eth_call", [{ to: ADDRESS }, "latest", {}, { number: "0x1" }]],
    ["stateOverride", "eth_call", [{ to: ADDRESS }, "latest", null]],
    ["stateOverride", "eth_estimateGas", [{ to: ADDRESS }, "latest", {}]],
    ["invalidParams", "eth_call", []],
    ["invalidParams", "eth_call", { to: ADDRESS }],
    ["invalidParams", "eth_call", null],
    ["invalidParams", "eth_call", ["0x"]],
    ["invalidParams", "eth_call", [{ to: ADDRESS, data: "0x0" }]],
    ["invalidParams", "eth_call", [{ to: ADDRESS, data: `0x${"00".repeat(131_073)}` }]],
    ["invalidParams", "eth_call", [{ to: `${ADDRESS}00` }]],
    ["invalidParams", "eth_call", [{ to: ADDRESS, value: 1 }]],
    ["invalidParams", "eth_call", [{ to: ADDRESS, gas: "0x" }]],
    ["invalidParams", "eth_call", [{ to: ADDRESS, accessList: Array(51).fill({ address: ADDRESS }) }]],
    ["invalidParams", "eth_call", [{ to: ADDRESS }, "newest"]],
    ["invalidParams", "eth_call", [{ to: ADDRESS }, 12]],
    ["invalidParams", "eth_call", [{ to: ADDRESS }, `0x${"f".repeat(14)}`]],
    ["invalidParams", "eth_getBalance", [ADDRESS.slice(0, 41)]],
    ["invalidParams", "eth_getBalance", [[ADDRESS]]],
    ["invalidParams", "eth_chainId", [1]],
    ["invalidParams", "eth_getLogs", [{ address: Array(21).fill(ADDRESS) }]],
    ["invalidParams", "eth_getLogs", [{ topics: Array(5).fill(null) }]],
    ["invalidParams", "eth_getLogs", [{ topics: [Array(21).fill(HASH)] }]],
    ["invalidParams", "eth_getLogs", [{ topics: [[[HASH]]] }]],
    ["invalidParams", "eth_getLogs", [{ blockHash: HASH, fromBlock: "0x0" }]],
    ["logRange", "eth_getLogs", [{ fromBlock: "0x0", toBlock: "0x2710" }]],
    ["logRange", "eth_getLogs", [{ fromBlock: "earliest" }]],
    ["logRange", "eth_getLogs", [{ fromBlock: "0x1", toBlock: "latest" }]],
    ["invalidParams", "eth_feeHistory", ["0x401", "latest", []]],
    ["invalidParams", "eth_feeHistory", [1e308, "latest", []]],
    ["invalidParams", "eth_feeHistory", ["0x1", "latest", [101]]],
    ["invalidParams", "eth_getBlockByNumber", ["latest", "yes"]],
    ["invalidParams", "eth_sendRawTransaction", ["raw"]],
  ];
  for (const [reason, method, params] of wrong)
    it(`refuses ${method} ${JSON.stringify(params).slice(0, 60)}: ${reason}`, async () => {
      const { ask, sent, refused } = doorTo();
      const { status, answer } = await ask({ jsonrpc: "2.0", id: 7, method, params });
      assert.deepEqual([status, answer.id, "result" in answer], [200, 7, false]);
      assert.equal(answer.error.code, reason === "logRange" ? -32005 : -32602);
      assert.deepEqual(refused, [reason]);
      assert.deepEqual(
        sent.filter((call) => call.method !== "eth_blockNumber"),
        [],
      );
    });

  it("takes a range of logs up to its bound, whichever way it is named", async () => {
    const { call, sent } = doorTo();
    await call("eth_getLogs", { fromBlock: "0x0", toBlock: "0x270f" });
    await call("eth_getLogs", { fromBlock: "0x6000", toBlock: "latest" });
    await call("eth_getLogs", {});
    await call("eth_getLogs", { blockHash: HASH });
    assert.equal(sent.filter(({ method }) => method === "eth_getLogs").length, 4);
    assert.equal(sent.filter(({ method }) => method === "eth_blockNumber").length, 1);
  });

  it("speaks JSON-RPC: ids come back, twice the same or none", async () => {
    const { ask, sent } = doorTo();
    const call = (id: unknown, method = "eth_chainId") => ({ jsonrpc: "2.0", id, method });
    for (const id of [0, -1, 1.5, "text", "", null, Number.MAX_SAFE_INTEGER])
      assert.deepEqual((await ask(call(id))).answer, { jsonrpc: "2.0", id, result: "eth_chainId" });
    const { answer } = await ask([call(5), call(5, "net_version"), call("5", "evm_mine"), 1, []]);
    assert.deepEqual(
      answer.map((one: { id: unknown; result?: string; error?: { code: number } }) => [
        one.id,
        one.result ?? one.error?.code,
      ]),
      [
        [5, "eth_chainId"],
        [5, "net_version"],
        ["5", -32601],
        [null, -32600],
        [null, -32600],
      ],
    );
    assert.ok(sent.every(({ id }) => Number.isSafeInteger(id) && id >= 1 && id <= 50));
  });

  it("carries a notification out and answers nothing, not even a refusal", async () => {
    const { ask, sent, refused } = doorTo();
    const note = (method: string, params: unknown[] = []) => ({ jsonrpc: "2.0", method, params });
    assert.deepEqual(await ask(note("eth_sendRawTransaction", ["0x02"])), { status: 204, answer: null });
    assert.deepEqual(await ask([note("eth_chainId"), note("evm_mine")]), { status: 204, answer: null });
    assert.deepEqual(
      sent.map(({ method }) => method),
      ["eth_sendRawTransaction", "eth_chainId"],
    );
    assert.deepEqual(refused, ["method"]);
  });

  const malformed: [reason: string, code: number, text: string][] = [
    ["invalidJson", -32700, ""],
    ["invalidJson", -32700, "{"],
    ["invalidJson", -32700, '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"'],
    ["invalidJson", -32700, "[".repeat(100_000)],
    ["invalidRequest", -32600, "[".repeat(100_000) + "]".repeat(100_000)],
    ["batchLength", -32600, "[]"],
    ["batchLength", -32600, `[${Array(51).fill("1").join()}]`],
    ["invalidRequest", -32600, "1"],
    ["invalidRequest", -32600, "null"],
    ["invalidRequest", -32600, "{}"],
    ["invalidRequest", -32600, '{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}'],
    ["invalidRequest", -32600, '{"jsonrpc":"2.0","id":1,"method":["eth_chainId"]}'],
    ["invalidRequest", -32600, '{"jsonrpc":"2.0","id":{"a":1},"method":"eth_chainId"}'],
    ["invalidRequest", -32600, '{"jsonrpc":"2.0","id":1e400,"method":"eth_chainId"}'],
    [
      "invalidRequest",
      -32600,
      '{"jsonrpc":"2.0","id":123456789012345678901234567890,"method":"eth_chainId"}',
    ],
    ["invalidRequest", -32600, `{"jsonrpc":"2.0","id":"${"x".repeat(201)}","method":"eth_chainId"}`],
  ];
  for (const [reason, code, text] of malformed)
    it(`answers ${text.slice(0, 60) || "nothing at all"} (${text.length} characters) by ${code}`, async () => {
      const { ask, sent, refused } = doorTo();
      const { status, answer } = await ask(text);
      const error = Array.isArray(answer) ? answer[0].error : answer.error;
      assert.deepEqual([status, error.code, sent.length], [200, code, 0]);
      assert.deepEqual(refused, [reason]);
    });

  it("lets the node's own error through with a revert's bytes", async () => {
    const error = { code: 3, message: "execution reverted", data: "0x08c379a0ff" };
    const { call } = doorTo({}, () => ({ error }));
    assert.deepEqual((await call("eth_call", { to: ADDRESS })).answer, { jsonrpc: "2.0", id: 1, error });
  });

  it("bounds the calls of one client in a minute, a batch by its length", async () => {
    const { ask, clock, refused } = doorTo({ callsPerMinute: 5 });
    const call = { jsonrpc: "2.0", id: 1, method: "eth_chainId" };
    assert.equal((await ask([call, call, call, call])).status, 200);
    const { status, answer } = await ask([call, call]);
    assert.deepEqual([status, answer.error.code, refused], [429, -32005, ["rate"]]);
    assert.equal((await ask([call, call], "another")).status, 200);
    clock.ms = 60_000;
    assert.equal((await ask([call, call])).status, 200);
  });

  it("bounds what the node works on at a time, of one client and of all", async () => {
    const answers: (() => void)[] = [];
    const { call, ask, refused } = doorTo({ maxUnderWay: { client: 2, all: 3 } }, undefined, {
      forward: () =>
        new Promise((resolve) => answers.push(() => resolve('{"jsonrpc":"2.0","id":1,"result":"0x1"}'))),
    });
    const question = { jsonrpc: "2.0", id: 1, method: "eth_chainId" };
    const waiting = [call("eth_chainId"), call("eth_chainId"), ask(question, "two")];
    assert.equal((await call("eth_chainId")).status, 429);
    assert.equal((await ask(question, "three")).status, 429);
    for (const answer of answers) answer();
    for (const one of await Promise.all(waiting)) assert.equal(one.answer.result, "0x1");
    assert.deepEqual(refused, ["busy", "busy"]);
    const again = call("eth_chainId");
    await new Promise((resolve) => setImmediate(resolve));
    answers.at(-1)?.();
    assert.equal((await again).status, 200);
  });

  const failures: [what: string, status: number, code: number, forward: DoorParts["forward"]][] = [
    ["is away", 503, -32000, () => Promise.reject(new Error("ECONNREFUSED"))],
    ["is away, by name", 503, -32000, () => Promise.reject(new NodeFailure(503, "The node is away."))],
    ["never answers", 504, -32000, () => new Promise(() => {})],
    ["says no JSON", 502, -32000, async () => "<html>"],
    ["says null", 502, -32000, async () => "null"],
    ["answers another call", 502, -32000, async () => '{"jsonrpc":"2.0","id":9,"result":1}'],
    ["says neither result nor error", 502, -32000, async () => '{"jsonrpc":"2.0","id":1}'],
    ["says too much", 200, -32005, () => Promise.reject(new AnswerTooLarge(10))],
  ];
  for (const [what, status, code, forward] of failures)
    it(`says so when the node ${what}`, async () => {
      const { ask, refused } = doorTo({ withinMs: 20 }, undefined, { forward });
      const got = await ask([{ jsonrpc: "2.0", id: 4, method: "eth_chainId" }]);
      assert.deepEqual([got.status, got.answer[0].id, got.answer[0].error.code], [status, 4, code]);
      assert.match(got.answer[0].error.message, /node|more than 10 bytes/);
      assert.deepEqual(refused, [status === 200 ? "answerTooLarge" : "node"]);
    });

  it("survives whatever is sent, and hands on listed calls of sound shape only", async function () {
    this.timeout(60_000);
    const { ask, sent } = doorTo({ callsPerMinute: Number.POSITIVE_INFINITY });
    const hex = fc.stringMatching(/^0x[0-9a-fA-F]{0,70}$/);
    const method = fc.oneof(
      fc.constantFrom(...LISTED_METHODS),
      fc.constantFrom("anvil_setBalance", "eth_sendTransaction", "eth_newFilter", "__proto__"),
      fc.string(),
    );
    const call = fc.record(
      {
        to: fc.oneof(fc.constant(ADDRESS), hex, fc.jsonValue()),
        data: fc.oneof(hex, fc.jsonValue()),
        gas: fc.oneof(hex, fc.double()),
        fromBlock: fc.oneof(hex, fc.constantFrom("latest", "earliest")),
        toBlock: fc.oneof(hex, fc.jsonValue()),
        topics: fc.jsonValue(),
        address: fc.oneof(fc.constant(ADDRESS), fc.array(hex), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    const one = fc.record(
      {
        jsonrpc: fc.oneof({ weight: 9, arbitrary: fc.constant("2.0") }, fc.jsonValue()),
        id: fc.oneof({ weight: 9, arbitrary: fc.integer() }, fc.string(), fc.jsonValue(), fc.double()),
        method: fc.oneof({ weight: 19, arbitrary: method }, fc.jsonValue()),
        params: fc.oneof(
          fc.array(fc.oneof(call, hex, fc.constantFrom(ADDRESS, HASH, "latest", true), fc.jsonValue()), {
            maxLength: 4,
          }),
          fc.jsonValue(),
        ),
      },
      { requiredKeys: ["jsonrpc", "method"] },
    );
    const text = fc.oneof(
      { weight: 6, arbitrary: fc.oneof(one, fc.array(one, { maxLength: 6 })).map((v) => JSON.stringify(v)) },
      fc.json(),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(text, async (question) => {
        const { status, answer } = await ask(question);
        assert.ok(status === 200 || status === 204, `${status}`);
        for (const got of [answer ?? []].flat()) {
          assert.equal(got.jsonrpc, "2.0");
          assert.notEqual("result" in got, "error" in got);
        }
      }),
      { numRuns: 1500 },
    );
    const known = new Set(LISTED_METHODS);
    for (const { method: name, params } of sent) {
      assert.ok(known.has(name), name);
      if (name === "eth_call" || name === "eth_estimateGas") {
        assert.ok(params.length <= 2);
        assert.ok(BigInt((params[0] as { gas: string }).gas) <= 15_000_000n);
      }
    }
    assert.ok(sent.length > 50, `${sent.length} sound ones reached the node`);
  });
});
