/** Who is answered at the embedded chain's door, and what. */
import assert from "node:assert/strict";
import { request } from "node:http";
import { LAB_ACCOUNTS } from "../../common/lab";
import { identityOf } from "../../scripts/chain/process-identity";
import { type EmbeddedChain, startEmbeddedChain } from "../../scripts/embedded-chain";

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  text: string;
}

describe("the embedded chain's door", () => {
  let chain: EmbeddedChain;
  before(async () => {
    chain = await startEmbeddedChain({ sealing: "manual" });
  });
  after(() => chain?.kill());

  /** fetch would not let a test choose Host and Origin. */
  const ask = (headers: Record<string, string>, body: unknown, method = "POST"): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const length = { "content-length": String(Buffer.byteLength(text)) };
      const all = { ...headers, ...length };
      const call = request({ host: "127.0.0.1", port: chain.port, method, headers: all }, (response) => {
        let text = "";
        response.on("data", (chunk) => {
          text += String(chunk);
        });
        response.once("end", () =>
          resolve({ status: response.statusCode!, headers: response.headers, text }),
        );
      });
      call.once("error", reject);
      call.end(text);
    });
  const call = (method: string, ...params: unknown[]) => ({ jsonrpc: "2.0", id: 1, method, params });
  const chainId = call("eth_chainId");

  for (const host of [
    "evil.example",
    "evil.example:8545",
    "127.0.0.1.evil.example",
    "localhost.evil.example:80",
    "192.168.0.2:8545",
  ])
    it(`is shut to the host ${host}, a page's own name for this machine`, async () => {
      const { status, text } = await ask({ host }, chainId);
      assert.equal(status, 403);
      assert.ok(!text.includes("0x343a"));
    });

  for (const origin of [
    "http://evil.example",
    "https://127.0.0.1.evil.example",
    "null",
    "file://",
    "http://localhost@evil.example",
    "https://evil.example:8545",
  ])
    it(`is shut to pages of ${origin}`, async () => {
      for (const method of ["POST", "OPTIONS"]) {
        const { status, headers, text } = await ask({ origin }, chainId, method);
        assert.equal(status, 403);
        assert.equal(headers["access-control-allow-origin"], undefined);
        assert.ok(!text.includes("0x343a"));
      }
    });

  for (const origin of [
    undefined,
    "http://localhost:3000",
    "http://127.0.0.1:4000",
    "chrome-extension://nkbihfbeogaeaoehlefnkodbefgpgknn",
    "moz-extension://0a1b",
  ])
    it(`is open to ${origin ?? "programs"}`, async () => {
      const { status, headers, text } = await ask(origin === undefined ? {} : { origin }, chainId);
      assert.deepEqual([status, JSON.parse(text).result], [200, "0x343a"]);
      assert.equal(headers["access-control-allow-origin"], origin);
      if (origin) assert.equal((await ask({ origin }, "", "OPTIONS")).status, 204);
    });

  it("refuses what only the program that started the chain may do, alone and in a batch, and does none of it", async () => {
    const { operator, consumer } = LAB_ACCOUNTS;
    const before = await chain.rpc("eth_getBalance", consumer.address, "latest");
    const head = await chain.rpc("eth_blockNumber");
    const theft = { from: operator.address, to: consumer.address, value: "0x1" };
    const forbidden = [
      call("anvil_impersonateAccount", operator.address),
      call("anvil_setBalance", consumer.address, "0x1"),
      call("hardhat_setBalance", consumer.address, "0x1"),
      call("eth_sendTransaction", theft),
      call("eth_sendUnsignedTransaction", theft),
      call("eth_sign", operator.address, "0x00"),
      call("personal_unlockAccount", operator.address, "", 1),
      call("evm_mine"),
      call("evm_increaseTime", 3600),
      call("evm_snapshot"),
      call("anvil_mine", "0x10"),
      call("anvil_dumpState"),
      call("debug_getRawTransaction", `0x${"00".repeat(32)}`),
      call("debug_traceCall", theft, "latest"),
      call("trace_block", "latest"),
      call("txpool_content"),
      call("eth_newFilter", {}),
      call("eth_call", { to: consumer.address }, "latest", { [operator.address]: { balance: "0x0" } }),
      call("ETH_CHAINID"),
      call("eth_chainId\u0000"),
      call("__proto__"),
    ].map((one, id) => ({ ...one, id }));
    for (const one of forbidden) {
      const { text } = await ask({}, one);
      assert.ok(JSON.parse(text).error, `${one.method}: ${text}`);
    }
    const batch = JSON.parse((await ask({}, [...forbidden, { ...chainId, id: "last" }])).text) as {
      id: unknown;
      result?: string;
    }[];
    assert.deepEqual(
      batch.filter(({ result }) => result !== undefined).map(({ id }) => id),
      ["last"],
    );
    assert.equal(await chain.rpc("eth_getBalance", consumer.address, "latest"), before);
    assert.equal(await chain.rpc("eth_blockNumber"), head);
  });

  it("answers what is no question in words, and goes on", async () => {
    for (const body of ["", "{", "null", "7", "[]", "[1]", '{"id":1}', `[${"1,".repeat(2000)}1]`]) {
      const { status, text } = await ask({}, body);
      assert.ok(status < 500, text);
      assert.ok(/error|POST/.test(text), text);
    }
    assert.equal((await ask({}, "", "GET")).status, 405);
    assert.equal((await ask({}, "x".repeat(2 * 1024 * 1024)).catch(() => ({ status: 413 }))).status, 413);
    assert.equal(JSON.parse((await ask({}, chainId)).text).result, "0x343a");
  });

  it("is the only one to be found: anvil itself has another port, and answers no page at all", async () => {
    assert.notEqual(chain.pid, process.pid);
    const commandLine = identityOf(chain.pid)!.command;
    const [, host, port] = /--host (\S+) --port (\d+)/.exec(commandLine) ?? [];
    assert.notEqual(Number(port), chain.port);
    if (process.platform === "linux") assert.notEqual(host, "127.0.0.1");
    const preflight = await fetch(`http://${host}:${port}`, {
      method: "OPTIONS",
      headers: { origin: "http://evil.example" },
    });
    assert.equal(preflight.headers.get("access-control-allow-origin"), null);
  });
});
