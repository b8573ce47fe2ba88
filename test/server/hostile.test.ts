/** What nobody's page and no wallet sends, over real sockets to a real server with a real node behind it. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { LAB_ACCOUNTS } from "../../common/lab";
import { type EmbeddedChain, startEmbeddedChain } from "../../scripts/embedded-chain";
import { Web } from "../../server/web";
import { type Stand, startStand, temporaryFolder, webParts } from "./support";

const CHAIN_ID = '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}';
const HANDSHAKE = "/socket.io/?EIO=4&transport=polling";
const UPGRADE =
  "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
  `Sec-WebSocket-Key: ${Buffer.alloc(16).toString("base64")}\r\n`;

describe("A hostile request", function () {
  this.timeout(60_000);
  let chain: EmbeddedChain;
  let folder: ReturnType<typeof temporaryFolder>;
  let stand: Stand;
  let web: Web;
  let port: string;
  let untouched: unknown;

  before(async () => {
    folder = temporaryFolder();
    stand = await startStand(join(folder.path, "data"));
    chain = await startEmbeddedChain({ sealing: "instant" });
    web = new Web(webParts(stand, { rpcUrl: chain.rpcUrl, rpcLimits: { callsPerMinute: 1_000_000 } }));
    await web.start();
    port = new URL(web.url).port;
    untouched = await state();
  });
  after(async () => {
    await web.stop();
    await chain.stop();
    await stand.stop();
    folder.remove();
  });
  afterEach(async () => {
    assert.deepEqual(await state(), untouched, "nothing has changed");
    assert.equal(web.sockets.connections, 0, "nobody was let in");
  });

  /** What a request could change on the chain. */
  const state = async () => [
    await chain.rpc("eth_blockNumber"),
    await chain.rpc("eth_getBalance", LAB_ACCOUNTS.operator.address, "latest"),
    await chain.rpc("txpool_status"),
  ];

  /** The first line's status and the whole answer to these bytes. */
  const raw = (...parts: (string | Buffer)[]) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      let text = "";
      const socket = connect(Number(port), "127.0.0.1", () => {
        for (const part of parts) socket.write(part);
      });
      socket.setTimeout(5000, () => socket.destroy(new Error("no answer")));
      socket.on("data", (chunk) => {
        text += chunk;
      });
      socket.on("error", reject);
      socket.on("close", () => resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), text }));
    });
  const post = (body: string | Buffer, headers = "", type = "application/json") =>
    raw(
      `POST /rpc HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\nContent-Type: ${type}\r\n` +
        `${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`,
      body,
    );
  const ask = async (body: unknown) => {
    const { status, text } = await post(typeof body === "string" ? body : JSON.stringify(body));
    const json = text.slice(text.indexOf("\r\n\r\n") + 4);
    return { status, answer: json === "" ? null : JSON.parse(json) };
  };
  const call = (method: string, params: unknown = [], id: unknown = 1) => ({
    jsonrpc: "2.0",
    id,
    method,
    params,
  });

  it("of 10,000 calls in one batch, or of none, is one error", async () => {
    for (const batch of [[], Array(10_000).fill(1), Array(51).fill(call("eth_chainId"))]) {
      const { status, answer } = await ask(batch);
      assert.deepEqual([status, answer.error.code], [200, -32600]);
      assert.match(answer.error.message, /1 to 50 calls/);
    }
  });

  it("of nested batches, refused calls and ids twice the same is answered call by call", async () => {
    const { answer } = await ask([
      [call("eth_chainId")],
      call("eth_chainId", [], 7),
      call("evm_mine", [], 7),
      call("eth_chainId", [], null),
      { jsonrpc: "2.0", method: "anvil_mine", params: ["0x5"] },
      call("eth_sendTransaction", [{ from: LAB_ACCOUNTS.operator.address, value: "0x1" }], "7"),
    ]);
    assert.deepEqual(
      answer.map((one: { id: unknown; result?: unknown; error?: { code: number } }) => [
        one.id,
        one.result ?? one.error?.code,
      ]),
      [
        [null, -32600],
        [7, "0x343a"],
        [7, -32601],
        [null, "0x343a"],
        ["7", -32601],
      ],
    );
  });

  it("of notifications alone is answered by nothing, and does nothing that is refused", async () => {
    const notes = ["eth_chainId", "evm_mine", "anvil_mine"].map((method) => ({ jsonrpc: "2.0", method }));
    assert.deepEqual(await ask(notes), { status: 204, answer: null });
  });

  it("with a key twice goes to the node as it was checked", async () => {
    const first = await ask('{"jsonrpc":"2.0","id":1,"method":"eth_chainId","method":"evm_mine"}');
    assert.equal(first.answer.error.code, -32601);
    const last = await ask('{"jsonrpc":"2.0","id":1,"method":"evm_mine","method":"eth_chainId"}');
    assert.equal(last.answer.result, "0x343a");
  });

  for (const method of [
    "eth_chainid",
    "ETH_CHAINID",
    "eth_chainId ",
    "eth_chainId\u0000",
    "evm_mine\n",
    "eth_chаinId",
  ])
    it(`for the method ${JSON.stringify(method)} is refused by name`, async () => {
      const { answer } = await ask(call(method));
      assert.deepEqual([answer.error.code, answer.id], [-32601, 1]);
      assert.match(answer.error.message, /not available here/);
    });

  for (const [what, body] of [
    ["params as an object", call("eth_getBalance", { address: LAB_ACCOUNTS.consumer.address })],
    [
      "a number of 400 digits",
      `{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":[${"9".repeat(400)},false]}`,
    ],
    ["a block number of 400 digits", call("eth_getBlockByNumber", [`0x${"f".repeat(400)}`, false])],
    ["a value of 65 digits", call("eth_call", [{ value: `0x${"f".repeat(65)}` }])],
  ] as const)
    it(`with ${what} is refused`, async () => {
      const { status, answer } = await ask(body);
      assert.deepEqual([status, answer.error.code], [200, -32602]);
      assert.match(answer.error.message, /params/);
    });

  it("with a compressed body is told to send it as it is", async () => {
    for (const encoding of ["gzip", "br", "GZIP"]) {
      const { status, text } = await post(gzipSync(CHAIN_ID), `Content-Encoding: ${encoding}\r\n`);
      assert.equal(status, 415, encoding);
      assert.match(text, /compressed/);
    }
    assert.equal((await post(CHAIN_ID, "Content-Encoding: identity\r\n")).status, 200);
  });

  for (const type of [
    "text/json",
    "application/json-patch+json",
    "multipart/form-data; boundary=x",
    "application/json, text/plain",
  ])
    it(`of the content type ${type} is refused`, async () => {
      assert.equal((await post(CHAIN_ID, "", type)).status, 415);
    });

  const ways: [
    way: string,
    send: (headers: string) => Promise<{ status: number; text: string }>,
    refused: number,
    welcome: number,
  ][] = [
    [
      "/rpc",
      (headers) =>
        raw(
          `POST /rpc HTTP/1.1\r\n${headers}Connection: close\r\nContent-Type: application/json\r\n` +
            `Content-Length: ${CHAIN_ID.length}\r\n\r\n${CHAIN_ID}`,
        ),
      403,
      200,
    ],
    [
      "the handshake",
      (headers) => raw(`GET ${HANDSHAKE} HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`),
      403,
      0,
    ],
    [
      "the upgrade",
      (headers) =>
        raw(`GET ${HANDSHAKE.replace("polling", "websocket")} HTTP/1.1\r\n${headers}${UPGRADE}\r\n`),
      400,
      0,
    ],
  ];
  for (const [way, send, refused, welcome] of ways) {
    it(`to ${way} under another Host, two of them or none is refused`, async () => {
      for (const headers of [
        `Host: user@127.0.0.1:${port}\r\n`,
        `Host: user:word@localhost:${port}\r\n`,
        "Host: [::1]\r\n",
        `Host: [::2]:${port}\r\n`,
        `Host: ::1:${port}\r\n`,
        "Host: localhost\r\n",
        "Host: \r\n",
        `Host: localhost:${port}\r\nHost: evil.example\r\n`,
        `Host: evil.example\r\nHost: localhost:${port}\r\n`,
        `Host: localhost:${port}\r\nHost: localhost:${port}\r\n`,
      ]) {
        const { status, text } = await send(headers);
        assert.equal(status, refused, headers);
        assert.match(text, /ALLOWED_HOSTS/);
      }
      assert.equal((await send("")).status, 400, "no Host at all is no HTTP/1.1");
    });

    it(`to ${way} from a page of elsewhere is refused`, async () => {
      for (const origin of [
        "null",
        "http://localhost:1",
        "http://localhost",
        `https://localhost:${port}`,
        `http://127.0.0.1:${port}`,
        `http://localhost:${port}, http://evil.example`,
        `http://localhost:${port}@evil.example`,
      ])
        assert.equal(
          (await send(`Host: localhost:${port}\r\nOrigin: ${origin}\r\n`)).status,
          refused,
          origin,
        );
    });

    if (welcome)
      it(`to ${way} under a right Host in other letters is answered`, async () => {
        for (const host of ["localhost.", "LOCALHOST", "[::1]", "[0:0::1]", "127.0.0.1"])
          assert.equal((await send(`Host: ${host}:${port}\r\n`)).status, welcome, host);
      });
  }
});
