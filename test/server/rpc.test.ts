import assert from "node:assert/strict";
import { connect } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { signTransaction } from "../../chain/signer";
import { LAB_ACCOUNTS } from "../../common/lab";
import { type EmbeddedChain, startEmbeddedChain } from "../../scripts/embedded-chain";
import { LISTED_METHODS } from "../../server/rpc/methods";
import { Web } from "../../server/web";
import { type Stand, startStand, temporaryFolder, webParts } from "./support";

/** Reverts with Error("no"): PUSH data, MSTORE, REVERT. */
const REVERTS =
  "0x7f08c379a000000000000000000000000000000000000000000000000000000000600052602060045260026024526016024536e6f00";

describe("/rpc", function () {
  this.timeout(60_000);
  let chain: EmbeddedChain;
  let folder: ReturnType<typeof temporaryFolder>;
  let stand: Stand;
  let web: Web;
  let url: string;

  before(async () => {
    folder = temporaryFolder();
    stand = await startStand(join(folder.path, "data"));
    chain = await startEmbeddedChain({ sealing: "instant" });
    web = new Web(webParts(stand, { rpcUrl: chain.rpcUrl, rpcLimits: { callsPerMinute: 1_000_000 } }));
    await web.start();
    url = web.url.replace("localhost", "127.0.0.1");
  });
  after(async () => {
    await web.stop();
    await chain.stop();
    await stand.stop();
    folder.remove();
  });

  const post = (body: string, headers: Record<string, string> = {}) =>
    fetch(`${url}/rpc`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...headers },
    });
  const call = async (method: string, ...params: unknown[]) =>
    (await (await post(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }))).json()) as {
      result?: unknown;
      error?: { code: number; message: string; data?: unknown };
    };
  const refusals = async () =>
    Object.fromEntries(
      [
        ...(await (await fetch(`${url}/metrics`)).text()).matchAll(
          /rpc_refused_total\{reason="(\w+)"\} (\d+)/g,
        ),
      ].map(([, reason, count]) => [reason, Number(count)]),
    );

  it("reads the chain as the node itself would", async () => {
    const address = LAB_ACCOUNTS.consumer.address;
    assert.equal((await call("eth_chainId")).result, "0x343a");
    for (const [method, ...params] of [
      ["eth_getBalance", address, "latest"],
      ["eth_getBlockByNumber", "0x0", false],
      ["eth_getTransactionCount", address, "pending"],
      ["eth_feeHistory", "0x1", "latest", [50]],
      ["eth_estimateGas", { from: address, to: address, value: "0x1" }],
    ] as [string, ...unknown[]][])
      assert.deepEqual((await call(method, ...params)).result, await chain.rpc(method, ...params), method);
  });

  it("sends what is signed, and gives back its receipt", async () => {
    const { raw } = signTransaction(
      {
        chainId: 13370,
        nonce: BigInt(
          await chain.rpc<string>("eth_getTransactionCount", LAB_ACCOUNTS.consumer.address, "latest"),
        ),
        to: LAB_ACCOUNTS.consumer2.address,
        value: 1n,
        data: "0x",
        gasLimit: 21_000n,
        maxFeePerGas: 10_000_000_000n,
        maxPriorityFeePerGas: 1_000_000_000n,
      },
      LAB_ACCOUNTS.consumer.privateKey,
    );
    const hash = (await call("eth_sendRawTransaction", raw)).result as string;
    assert.match(hash, /^0x[0-9a-f]{64}$/);
    const receipt = (await call("eth_getTransactionReceipt", hash)).result as { status: string };
    assert.equal(receipt.status, "0x1");
    const again = await call("eth_sendRawTransaction", raw);
    assert.match(again.error?.message ?? "", /nonce too low|already known|already imported/i);
  });

  it("moves nobody's money unsigned, with the node's own methods or another state", async () => {
    const { operator, consumer } = LAB_ACCOUNTS;
    const before = await chain.rpc("eth_getBalance", operator.address, "latest");
    const counted = await refusals();
    const hostile: [string, ...unknown[]][] = [
      ["anvil_impersonateAccount", operator.address],
      ["eth_sendTransaction", { from: operator.address, to: consumer.address, value: "0x1" }],
      ["anvil_setBalance", operator.address, "0x0"],
      ["evm_mine"],
      ["anvil_reset"],
      ["eth_newFilter", {}],
      ["debug_traceCall", { to: consumer.address }, "latest"],
      ["eth_call", { to: consumer.address }, "latest", { [consumer.address]: { code: REVERTS } }],
    ];
    for (const [method, ...params] of hostile)
      assert.ok((await call(method, ...params)).error, `${method} is refused`);
    assert.equal(await chain.rpc("eth_getBalance", operator.address, "latest"), before);
    const now = await refusals();
    assert.equal(now.method! - counted.method!, 7);
    assert.equal(now.stateOverride! - counted.stateOverride!, 1);
  });

  it("lets no call run for ever, whatever gas it brings", async () => {
    const loop = `0x${"dd".repeat(20)}`;
    await chain.rpc("anvil_setCode", loop, "0x5b600056");
    for (const gas of [undefined, "0xffffffffffff"])
      for (const method of ["eth_call", "eth_estimateGas"])
        assert.match((await call(method, { to: loop, gas })).error?.message ?? "", /gas/i, method);
  });

  it("passes a revert's bytes through", async () => {
    const code = "0x63deadbeef60005260046000fd".replace("60046000fd", "6004601cfd");
    await chain.rpc("anvil_setCode", `0x${"cc".repeat(20)}`, code);
    const { error } = await call("eth_call", { to: `0x${"cc".repeat(20)}` }, "latest");
    assert.equal(error?.data, "0xdeadbeef");
  });

  it("answers no page of elsewhere, no other Host, no other content type, no other method", async () => {
    const body = '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}';
    const counted = await refusals();
    for (const origin of ["http://evil.example", "null", "http://localhost:1", "https://127.0.0.1"])
      assert.equal((await post(body, { origin })).status, 403, origin);
    assert.equal((await post(body, { origin: url })).status, 200);
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
      assert.equal((await post(body, { "content-type": type })).status, 415, type);
    assert.equal((await post(body, { "content-type": "Application/JSON; charset=utf-8" })).status, 200);
    for (const method of ["GET", "PUT", "DELETE", "OPTIONS", "HEAD"]) {
      const answer = await fetch(`${url}/rpc`, { method });
      assert.deepEqual([answer.status, answer.headers.get("allow")], [405, "POST"]);
      assert.equal(answer.headers.get("access-control-allow-origin"), null);
    }
    const now = await refusals();
    assert.deepEqual([now.origin! - counted.origin!, now.contentType! - counted.contentType!], [4, 4]);
    const { port } = new URL(url);
    const rebound = await raw(
      `POST /rpc HTTP/1.1\r\nHost: evil.example:${port}\r\nOrigin: http://evil.example:${port}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    assert.match(rebound, /^HTTP\/1\.1 403 [\s\S]*ALLOWED_HOSTS/);
  });

  it("reads no more of a body than it may have", async () => {
    assert.equal((await post(`"${"x".repeat(600_000)}"`)).status, 413);
    const endless = await raw(
      `POST /rpc HTTP/1.1\r\nHost: ${new URL(url).host}\r\nContent-Type: application/json\r\n` +
        `Content-Length: 99999999999\r\n\r\n{`,
    );
    assert.match(endless, /^HTTP\/1\.1 413 [\s\S]*"code":-32005/);
    const chunked = await raw(
      `POST /rpc HTTP/1.1\r\nHost: ${new URL(url).host}\r\nContent-Type: application/json\r\n` +
        `Transfer-Encoding: chunked\r\n\r\n${`10000\r\n${"[".repeat(65_536)}\r\n`.repeat(9)}`,
    );
    assert.match(chunked, /^HTTP\/1\.1 413 /);
    assert.equal((await call("eth_chainId")).result, "0x343a");
  });

  it("never fails by itself, whatever is posted", async () => {
    const one = fc.record(
      {
        jsonrpc: fc.constant("2.0"),
        id: fc.oneof(fc.integer(), fc.jsonValue()),
        method: fc.oneof(fc.constantFrom(...LISTED_METHODS), fc.string()),
        params: fc.oneof(
          fc.array(
            fc.oneof(
              fc.constantFrom(
                LAB_ACCOUNTS.consumer.address,
                "latest",
                "pending",
                "0x0",
                `0x${"ab".repeat(32)}`,
                true,
              ),
              fc.record({
                to: fc.constant(LAB_ACCOUNTS.consumer.address),
                data: fc.stringMatching(/^0x[0-9a-f]{0,9}$/),
              }),
              fc.jsonValue(),
            ),
            { maxLength: 4 },
          ),
          fc.jsonValue(),
        ),
      },
      { requiredKeys: ["jsonrpc", "method"] },
    );
    const body = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.oneof(one, fc.array(one, { maxLength: 5 })).map((value) => JSON.stringify(value)),
      },
      fc.json(),
      fc.string({ unit: "binary" }),
    );
    await fc.assert(
      fc.asyncProperty(body, async (text) => {
        const response = await post(text);
        assert.ok([200, 204].includes(response.status), `${response.status} for ${text}`);
        if (response.status === 200) JSON.parse(await response.text());
      }),
      { numRuns: 400 },
    );
  });

  it("says that the node is away, by a JSON-RPC error and a status that names the node", async () => {
    const away = new Web(webParts(stand, { rpcUrl: "http://127.0.0.1:9" }));
    await away.start();
    try {
      const response = await fetch(`${away.url}/rpc`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"jsonrpc":"2.0","id":"a","method":"eth_chainId"}',
      });
      assert.equal(response.status, 503);
      const answer = (await response.json()) as { id: string; error: { message: string } };
      assert.deepEqual([answer.id, answer.error.message], ["a", "The node is away: it cannot be reached."]);
    } finally {
      await away.stop();
    }
  });

  it("is not there where the settings do not open it; then the page may ask the node itself", async () => {
    const closed = new Web(webParts(stand, { rpcUrl: null }));
    await closed.start();
    try {
      const init = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
      assert.equal((await fetch(`${closed.url}/rpc`, init)).status, 405);
      const policyOf = async (at: string) =>
        (await fetch(`${at}/api/offers`)).headers.get("content-security-policy") ?? "";
      assert.match(await policyOf(closed.url), /connect-src 'self' ws:\S+ http:\/\/192\.168\.1\.5:8545 /);
      assert.match(await policyOf(url), /connect-src 'self' ws:\S+;/);
    } finally {
      await closed.stop();
    }
  });

  function raw(bytes: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let answer = "";
      const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(bytes));
      socket.setTimeout(5000, () => socket.destroy());
      socket.on("data", (chunk) => {
        answer += chunk;
      });
      socket.on("error", (error) => (answer === "" ? reject(error) : resolve(answer)));
      socket.on("close", () => resolve(answer));
    });
  }
});
