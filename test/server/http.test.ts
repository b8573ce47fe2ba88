import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, get as httpGet } from "node:http";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import type { MeterHistoryView, TradeDetailView, TradePageView } from "../../common/api";
import type { Wire } from "../../common/wire";
import { freePort } from "../../scripts/embedded-chain";
import { Web } from "../../server/web";
import {
  BUYER,
  commissioned,
  HOUR_MS,
  listed,
  METER,
  opened,
  SILENT_AFTER_MS,
  START_MS,
  type Stand,
  settled,
  startStand,
  temporaryFolder,
  webParts,
} from "./support";

const TRADE = 1_000_001n;

describe("the HTTP side", function () {
  this.timeout(30_000);
  let folder: ReturnType<typeof temporaryFolder>;
  let stand: Stand;
  let settlementTrouble: string | null = null;
  let web: Web;
  let url: string;
  let host: string;

  before(async () => {
    folder = temporaryFolder();
    stand = await startStand(join(folder.path, "data"));
    stand.chain.confirm(commissioned());
    stand.chain.confirm(listed(1n), opened(TRADE, 20n), opened(1_000_002n, 500n));
    stand.tick(100, 12n);
    stand.tick(900, 9n);
    stand.chain.confirm(settled(TRADE, 20n, 21n, true));
    for (let i = 0; i < 30; i++) stand.tick(1000, 1n);
    const pageDir = join(folder.path, "page");
    mkdirSync(join(pageDir, "assets"), { recursive: true });
    writeFileSync(join(pageDir, "index.html"), "<!doctype html><title>page</title>");
    writeFileSync(join(pageDir, "assets", "a.js"), "1");
    writeFileSync(join(pageDir, "assets", "icon.svg"), "<svg/>");
    for (const name of ["a.js", "gone.js", "icon.svg"]) {
      writeFileSync(join(pageDir, "assets", `${name}.br`), brotliCompressSync(`${name} by Brotli`));
      writeFileSync(join(pageDir, "assets", `${name}.gz`), gzipSync(`${name} by gzip`));
    }
    writeFileSync(join(folder.path, "secret"), "secret");
    web = new Web(webParts(stand, { pageDir, settlementTrouble: () => settlementTrouble }));
    await web.start();
    url = web.url.replace("localhost", "127.0.0.1");
    ({ host } = new URL(url));
  });
  after(async () => {
    await web.stop();
    await stand.stop();
    folder.remove();
  });

  const get = (path: string, init?: RequestInit) => fetch(url + path, init);
  const json = async <T>(path: string): Promise<T> => {
    const response = await get(path);
    assert.equal(response.status, 200, path);
    return (await response.json()) as T;
  };
  const refused = async (response: Response, status: number, code: string) => {
    assert.equal(response.status, status, response.url);
    assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
    const body = (await response.json()) as { error: { code: string; message: string } };
    assert.deepEqual(Object.keys(body), ["error"]);
    assert.deepEqual(Object.keys(body.error), ["code", "message"]);
    assert.equal(body.error.code, code);
    assert.ok(body.error.message.length > 0);
    return body.error.message;
  };

  it("sends the page compressed as the browser takes it", async () => {
    for (const [takes, encoding, body] of [
      ["gzip, deflate, br", "br", "a.js by Brotli"],
      ["gzip", "gzip", "a.js by gzip"],
      ["identity", null, "1"],
      ["br;q=0, gzip;q=0", null, "1"],
    ] as const) {
      const response = await get("/assets/a.js", { headers: { "accept-encoding": takes } });
      assert.equal(response.headers.get("content-encoding"), encoding, takes);
      assert.match(response.headers.get("content-type") ?? "", /^text\/javascript/);
      assert.match(response.headers.get("vary") ?? "", /accept-encoding/i);
      assert.match(response.headers.get("cache-control") ?? "", /immutable/);
      assert.equal(await response.text(), body);
    }
    const icon = await get("/assets/icon.svg", { headers: { "accept-encoding": "br" } });
    assert.equal(icon.headers.get("cross-origin-resource-policy"), "cross-origin");
    assert.match(icon.headers.get("content-type") ?? "", /^image\/svg/);
  });

  it("says what is not there, in plain JSON: a file that went away, a path that cannot be decoded", async () => {
    for (const name of ["gone.js.br", "gone.js.gz"])
      rmSync(join(folder.path, "page", "assets", name), { force: true });
    for (const path of ["/assets/gone.js", "/%ZZ", "/assets/%E0%A4%A", "/assets/..%2f..%2fjournal.sqlite"]) {
      const response = await get(path, { headers: { "accept-encoding": "br" } });
      assert.equal(response.headers.get("content-encoding"), null, path);
      await refused(response, 404, "notFound");
    }
  });

  it("lists offers and trades, newest first, by page, status and party", async () => {
    const { offers } = await json<{ offers: { offerId: string; remainingMilliWh: string }[] }>("/api/offers");
    assert.deepEqual([offers[0]?.offerId, offers[0]?.remainingMilliWh], ["1", "480"]);
    const all = await json<Wire<TradePageView>>("/api/trades");
    assert.deepEqual(
      [all.total, all.trades.map(({ tradeId, status }) => [tradeId, status])],
      [
        2,
        [
          ["1000002", "delivering"],
          ["1000001", "settled"],
        ],
      ],
    );
    const second = await json<Wire<TradePageView>>("/api/trades?offset=1&limit=1");
    assert.deepEqual([second.total, second.offset, second.trades[0]?.tradeId], [2, 1, "1000001"]);
    assert.equal((await json<Wire<TradePageView>>("/api/trades?status=settled")).total, 1);
    assert.equal((await json<Wire<TradePageView>>(`/api/trades?party=${BUYER.toLowerCase()}`)).total, 2);
    assert.equal((await json<Wire<TradePageView>>(`/api/trades?party=0x${"1".repeat(40)}`)).total, 0);
    assert.deepEqual((await json<Wire<TradePageView>>("/api/trades?limit=0")).trades, []);
  });

  it("shows a trade with its signed readings", async () => {
    const { trade, readings } = await json<Wire<TradeDetailView>>(`/api/trades/${TRADE}`);
    assert.equal(trade.status, "settled");
    assert.deepEqual([trade.confirmations, trade.settlements.length], [2, 1]);
    assert.deepEqual(
      readings.map(({ deliveredMilliWh, registerMilliWh, isFinal }) => [
        deliveredMilliWh,
        registerMilliWh,
        isFinal,
      ]),
      [["20", "21", true]],
    );
  });

  it("gives the meter's history as JSON and as CSV", async () => {
    const range = `from=${START_MS}&to=${START_MS + 60_000}`;
    const view = await json<Wire<MeterHistoryView>>(`/api/meters/${METER}/readings?${range}&step=1`);
    assert.deepEqual([view.stepS, view.fromMs, view.toMs], [1, START_MS, START_MS + 60_000]);
    assert.equal(view.points.length, 31);
    assert.equal(view.points[0]?.atMs, START_MS);
    assert.equal(view.points.at(-1)?.registerMilliWh, "50");
    const csv = await get(`/api/meters/${METER.toLowerCase()}/readings?${range}&step=10&format=csv`);
    assert.match(csv.headers.get("content-type") ?? "", /^text\/csv/);
    assert.match(
      csv.headers.get("content-disposition") ?? "",
      /^attachment; filename=readings-0x[0-9a-zA-Z]{40}-\d+-\d+\.csv$/,
    );
    const rows = (await csv.text()).split("\r\n");
    assert.equal(rows[0], "at,volts,amperes,watts,panelWatts,registerMilliWh");
    assert.equal(rows.length, 6);
    for (const row of rows.slice(1, -1))
      assert.match(row, /^2026-11-22T12:00:\d0\.000Z,6\.200,0\.\d{4},[\d.]+,3\.000,\d+$/);
    const iso = `from=2026-11-22T12:00:00Z&to=2026-11-22T13:00:00%2B01:00`;
    await refused(await get(`/api/meters/${METER}/readings?${iso}`), 400, "invalidInput");
  });

  it("chooses a step that a chart can show, over any range", async () => {
    const stepOf = async (spanMs: number) =>
      (
        await json<Wire<MeterHistoryView>>(
          `/api/meters/${METER}/readings?from=${START_MS}&to=${START_MS + spanMs}`,
        )
      ).stepS;
    assert.deepEqual(
      await Promise.all([60_000, HOUR_MS, 24 * HOUR_MS, 3650 * 24 * HOUR_MS].map(stepOf)),
      [1, 10, 300, 525_600],
    );
  });

  const bad: [path: string, said: RegExp][] = [
    ["/api/trades/0", /trade's id/],
    ["/api/trades/-1", /trade's id/],
    ["/api/trades/1e6", /trade's id/],
    [`/api/trades/${"9".repeat(79)}`, /trade's id/],
    ["/api/trades/1000001?verbose=1", /verbose/],
    ["/api/trades?limit=201", /limit: at most 200/],
    ["/api/trades?limit=-1", /limit/],
    ["/api/trades?limit=1&limit=2", /limit/],
    ["/api/trades?offset=x", /offset/],
    ["/api/trades?status=paid", /status/],
    ["/api/trades?party=0x12", /party: an address/],
    ["/api/trades?__proto__=1&order=asc", /order/],
    ["/api/offers?x=1", /x/],
    [`/api/meters/${METER}/readings?step=0`, /step/],
    [`/api/meters/${METER}/readings?step=1.5`, /step/],
    [`/api/meters/${METER}/readings?from=yesterday`, /from: ms since 1970/],
    [`/api/meters/${METER}/readings?from=2026-13-45T99:99Z`, /from/],
    [`/api/meters/${METER}/readings?from=9&to=8`, /from: must be before to/],
    [`/api/meters/${METER}/readings?from=0&step=1`, /step: at least \d+ s for this range/],
    [`/api/meters/${METER}/readings?format=xml`, /format/],
  ];
  for (const [path, said] of bad)
    it(`refuses ${path.slice(0, 70)} and says why`, async () => {
      assert.match(await refused(await get(path), 400, "invalidInput"), said);
    });

  it("refuses what is not there in one shape", async () => {
    await refused(await get("/api/nothing"), 404, "notFound");
    await refused(await get("/nothing.html"), 404, "notFound");
    await refused(await get("/api/trades/7"), 404, "tradeNotFound");
    await refused(await get(`/api/meters/0x${"0".repeat(40)}/readings`), 404, "meterNotFound");
    await refused(await get("/api/trades/%E0%A4%A"), 400, "badRequest");
    await refused(await get("/%E0%A4%A"), 404, "notFound");
    await refused(await get("/api/config"), 503, "noContracts");
  });

  it("serves the page, and nothing beside its folder", async () => {
    const page = await get("/");
    assert.match(await page.text(), /<title>page/);
    assert.equal(page.headers.get("cache-control"), "no-cache");
    assert.match((await get("/assets/a.js")).headers.get("cache-control") ?? "", /immutable/);
    for (const path of [
      "/../secret",
      "/%2e%2e/secret",
      "/..%2fsecret",
      "/assets/..%5c..%5csecret",
      "/.env",
    ]) {
      const answer = await raw(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 40[034]/, path);
      assert.doesNotMatch(answer, /secret$/);
    }
  });

  it("changes nothing, whatever the method", async () => {
    for (const path of ["/", "/api/trades", "/api/trades/1000001", "/api/relay", "/metrics", "/healthz"])
      for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
        const response = await get(path, { method });
        assert.equal(response.headers.get("allow"), "GET, HEAD");
        await refused(response, 405, "methodNotAllowed");
      }
    const head = await get("/api/trades", { method: "HEAD" });
    assert.deepEqual([head.status, await head.text()], [200, ""]);
  });

  it("does not wait for a large body", async () => {
    const answer = await raw(
      `POST /api/trades HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 9999999999\r\n\r\n{"a":`,
    );
    assert.match(answer, /^HTTP\/1\.1 405 [\s\S]*methodNotAllowed/);
  });

  it("refuses giant headers and what is not HTTP, and goes on", async () => {
    const giant = await raw(`GET / HTTP/1.1\r\nHost: ${host}\r\nX-Giant: ${"a".repeat(20_000)}\r\n\r\n`);
    assert.match(giant, /^HTTP\/1\.1 431 [\s\S]*\{"error":\{"code":"headersTooLarge"/);
    assert.match(
      await raw(`GET /${"a".repeat(20_000)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
      /^HTTP\/1\.1 431 /,
    );
    assert.match(await raw("\x16\x03\x01 hello\r\n\r\n"), /^HTTP\/1\.1 400 [\s\S]*"badRequest"/);
    assert.match(
      await raw("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n"),
      /^HTTP\/1\.1 40[03]/,
    );
    assert.equal((await get("/api/offers")).status, 200);
  });

  it("sends a strict policy, and none of an https site's headers", async () => {
    const { headers } = await get("/");
    const policy = headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /script-src 'self'(;|$)/);
    assert.match(policy, /style-src 'self'(;|$)/);
    assert.match(policy, /img-src 'self' data:/);
    assert.match(
      policy,
      new RegExp(`connect-src 'self' ws://${url.slice(7)} http://192.168.1.5:8545 ws://192.168.1.5:8545`),
    );
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe|upgrade-insecure/);
    assert.equal(headers.get("strict-transport-security"), null);
    assert.equal(headers.get("x-powered-by"), null);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    const forged = await raw("GET / HTTP/1.1\r\nHost: evil; script-src *\r\nConnection: close\r\n\r\n");
    assert.doesNotMatch(forged, /evil/);
  });

  it("is healthy while it trades, and says what is wrong when it does not", async () => {
    assert.deepEqual(await json("/healthz"), { status: "ok" });
    stand.store.ledger.nodeState("nodeLost", "no answer");
    stand.meter.say("lost");
    const said = await refused(await get("/healthz"), 503, "degraded");
    assert.equal(said, "chain nodeLost: no answer; meter lost: test lost");
    stand.meter.say("online");
    stand.store.ledger.nodeState("following", "test");
  });

  it("shows its figures to Prometheus", async () => {
    const response = await get("/metrics");
    assert.match(response.headers.get("content-type") ?? "", /^text\/plain/);
    const text = await response.text();
    for (const line of [
      "neighborwatt_chain_following 1",
      "neighborwatt_chain_followed_block 3",
      `neighborwatt_meter_online{meter="${METER}",home="House 1"} 1`,
      `neighborwatt_trades{status="settled"} 1`,
      `neighborwatt_trades{status="delivering"} 1`,
      "neighborwatt_settlements_pending 0",
    ])
      assert.ok(text.includes(`${line}\n`), line);
    assert.match(text, /neighborwatt_meter_register_watt_hours\{.*\} 0\.05\d/);
    assert.match(text, /process_cpu_seconds_total/);
  });

  it("does not take silence for health", async () => {
    const { clock } = stand;
    const before = clock.ms;
    clock.ms += 5_001;
    const stuck = await refused(await get("/healthz"), 503, "degraded");
    assert.equal(stuck, "meter online, but it gives no samples");
    clock.ms = before + SILENT_AFTER_MS;
    stand.meter.sample();
    const silent = await refused(await get("/healthz"), 503, "degraded");
    assert.match(silent, /^chain silent: no block has come since block \d+ of \d\d:\d\d:\d\d UTC/);
    assert.equal(stand.views.chain().state, "silent");
    assert.match(await (await get("/metrics")).text(), /^neighborwatt_chain_silent 1$/m);
    stand.chain.confirm();
    assert.deepEqual(await json("/healthz"), { status: "ok" });
    settlementTrouble = "a signed reading waits";
    assert.equal(await refused(await get("/healthz"), 503, "degraded"), "a signed reading waits");
    settlementTrouble = null;
  });

  it("answers every path and query in its own shape, and never with a fault of its own", async () => {
    const word = fc.string({ unit: "grapheme", maxLength: 30 }).map(encodeURIComponent);
    const path = fc.oneof(
      word.map((text) => `/${text}`),
      word.map((text) => `/api/trades/${text}`),
      fc.tuple(word, word).map(([key, value]) => `/api/trades?${key}=${value}`),
      fc.tuple(word, word).map(([key, value]) => `/api/meters/${METER}/readings?${key}=${value}`),
      fc
        .tuple(fc.constantFrom("from", "to", "step", "format"), fc.oneof(word, fc.integer().map(String)))
        .map(([key, value]) => `/api/meters/${METER}/readings?${key}=${value}`),
      fc.stringMatching(/^[!-~]{0,40}$/).map((text) => `/${text}`),
    );
    await fc.assert(
      fc.asyncProperty(path, async (one) => {
        const answer = await raw(`GET ${one} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
        const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
        assert.ok([200, 301, 304, 400, 403, 404, 503].includes(status), `${one}: ${answer.slice(0, 200)}`);
        if (status >= 400) assert.match(answer, /\{"error":\{"code":"\w+","message":"/);
      }),
      { numRuns: 400 },
    );
  });

  it("answers no other Host, whatever is asked, and names the setting", async () => {
    const paths = ["/", "/assets/a.js", "/api/offers", "/api/config", "/metrics", "/nothing"];
    for (const path of paths)
      for (const name of ["evil.example", `evil.example:${new URL(url).port}`, "127.0.0.1:1", ""]) {
        const answer = await raw(`GET ${path} HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`);
        assert.match(answer, /^HTTP\/1\.1 403 [\s\S]*"hostNotServed"[\s\S]*ALLOWED_HOSTS/, `${path} ${name}`);
      }
    assert.match(await raw("GET /api/offers HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 403 /);
    assert.match(await (await get("/metrics")).text(), /requests_refused_total\{reason="host"\} [1-9]\d*\n/);
  });

  it("goes on behind proxies by the setting: as they pass Host on, and as they write another", async () => {
    const allowedHosts = [{ name: "house.example", port: null }];
    const proxied = new Web(webParts(stand, { allowedHosts }));
    await proxied.start();
    try {
      const { port } = new URL(proxied.url);
      const origin = "https://house.example";
      const ways = [
        { host: "house.example", origin },
        { host: "house.example:443", origin },
        { host: `127.0.0.1:${port}`, origin },
        { host: "house.example:8080", origin: "http://house.example:8080" },
      ];
      for (const headers of ways)
        for (const path of ["/api/offers", "/socket.io/?EIO=4&transport=polling"])
          assert.equal(await statusAs(port, path, headers), 200, JSON.stringify(headers));
    } finally {
      await proxied.stop();
    }
  });

  it("lets a wallet's window show the page's icon, and nobody else's page its other parts", async () => {
    assert.equal((await get("/assets/icon.svg")).headers.get("cross-origin-resource-policy"), "cross-origin");
    for (const path of ["/", "/assets/a.js", "/api/offers"])
      assert.equal((await get(path)).headers.get("cross-origin-resource-policy"), "same-origin");
  });

  it("answers a watcher and a scraper while one address floods", async () => {
    const flooded = new Web(webParts(stand, { requestsPerMinute: 3 }));
    await flooded.start();
    try {
      const ask = async (path: string) => (await fetch(new URL(path, flooded.url))).status;
      for (const path of ["/api/offers", "/healthz", "/metrics", "/socket.io/?EIO=4&transport=polling"])
        for (let i = 0; i < 20; i++) await ask(path);
      assert.equal(await ask("/api/offers"), 429);
      for (const path of ["/healthz", "/metrics", "/", "/socket.io/?EIO=4&transport=polling"])
        assert.ok([200, 503].includes(await ask(path)), path);
      const { port } = new URL(flooded.url);
      assert.equal(await statusAs(port, "/healthz", { host: "evil.example" }), 200);
    } finally {
      await flooded.stop();
    }
  });

  it("prints the address that is its own, when another program has the other localhost", async () => {
    const port = await freePort();
    const other = createServer((_request, response) => response.end("another program"));
    await new Promise<void>((resolve) => other.listen(port, "::1", resolve));
    const ours = new Web(webParts(stand, { port }));
    await ours.start();
    try {
      assert.equal(ours.url, `http://127.0.0.1:${port}`);
    } finally {
      await ours.stop();
      other.close();
    }
    const alone = new Web(webParts(stand, { port }));
    await alone.start();
    assert.equal(alone.url, `http://localhost:${port}`);
    await alone.stop();
  });

  it("names the addresses that other machines can open, where it listens on all", async () => {
    const open = new Web(webParts(stand, { host: "0.0.0.0" }));
    await open.start();
    try {
      const lan = Object.values(networkInterfaces())
        .flatMap((list) => list ?? [])
        .filter(({ family, internal }) => family === "IPv4" && !internal);
      assert.equal(open.urlsForOthers.length, lan.length);
      for (const address of open.urlsForOthers)
        assert.equal((await fetch(`${address}/api/offers`)).status, 200, address);
    } finally {
      await open.stop();
    }
    assert.deepEqual(web.urlsForOthers, []);
  });

  const statusAs = (port: string, path: string, headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      const options = { host: "127.0.0.1", port, path, headers, agent: false };
      const request = httpGet(options, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      request.on("error", reject);
    });

  it("limits how often one address may ask, and says so", async () => {
    const limited = new Web(webParts(stand, { requestsPerMinute: 3 }));
    await limited.start();
    try {
      const ask = () => fetch(`${limited.url.replace("localhost", "127.0.0.1")}/api/offers`);
      for (let i = 0; i < 3; i++) assert.equal((await ask()).status, 200);
      await refused(await ask(), 429, "tooManyRequests");
    } finally {
      await limited.stop();
    }
  });

  it("says that the page is not built, and that a port is taken", async () => {
    const bare = new Web(webParts(stand));
    await bare.start();
    try {
      const address = bare.url.replace("localhost", "127.0.0.1");
      await refused(await fetch(`${address}/`), 503, "pageNotBuilt");
      const second = new Web(webParts(stand, { port: Number(new URL(address).port) }));
      await assert.rejects(second.start(), /Port \d+ is already in use\. .*PORT/);
      await second.stop();
    } finally {
      await bare.stop();
    }
    await assert.rejects(
      new Web(webParts(stand, { host: "203.0.113.1" })).start(),
      /Cannot listen on 203\.0\.113\.1.*HOST/,
    );
  });

  /** Everything the server answers to these very bytes. */
  function raw(bytes: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let answer = "";
      const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(bytes));
      socket.setTimeout(5000, () => socket.destroy());
      socket.on("data", (chunk) => {
        answer += chunk;
      });
      // A server that has answered may cut off what it did not read.
      socket.on("error", (error) => (answer === "" ? reject(error) : resolve(answer)));
      socket.on("close", () => resolve(answer));
    });
  }
});
