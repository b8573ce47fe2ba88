import assert from "node:assert/strict";
import { get } from "node:http";
import { connect, type Socket as TcpSocket } from "node:net";
import { io, type Socket } from "socket.io-client";
import type {
  ChainView,
  ClientToServerEvents,
  MeterView,
  SampleView,
  ServerToClientEvents,
  Snapshot,
  StreetHouseView,
  TradeView,
} from "../../common/events";
import type { Wire } from "../../common/wire";
import { Feed } from "../../server/feed";
import { Web } from "../../server/web";
import {
  BUYER,
  commissioned,
  listed,
  METER,
  OTHER_METER,
  OTHER_PROSUMER,
  opened,
  PROSUMER,
  type Stand,
  settled,
  startStand,
  temporaryFolder,
  webParts,
} from "./support";

const TRADE = 1_000_001n;
type Page = Socket<ServerToClientEvents, ClientToServerEvents>;

describe("the sockets", function () {
  this.timeout(60_000);
  let folder: ReturnType<typeof temporaryFolder>;
  let stand: Stand;
  let web: Web;
  let feed: Feed;
  let url: string;
  let pages: Page[];

  beforeEach(async () => {
    pages = [];
    folder = temporaryFolder();
    stand = await startStand(folder.path);
    stand.store.ledger.reset({ genesisHash: "genesis", trade: "0xtrade" });
    stand.chain.confirm(commissioned());
    stand.chain.confirm(listed(1n, 100_000n));
    await startWeb();
  });
  afterEach(async () => {
    for (const page of pages) page.disconnect();
    await feed.stop();
    await web.stop();
    await stand.stop();
    folder.remove();
  });

  async function startWeb(limits = {}): Promise<void> {
    web = new Web(webParts(stand, { socketLimits: limits }));
    feed = new Feed({
      ledger: stand.store.ledger,
      homes: stand.homes,
      views: stand.views,
      publisher: web.sockets,
      elapsedMs: () => performance.now(),
    });
    await feed.start();
    await web.start();
    url = web.url.replace("localhost", "127.0.0.1");
  }

  /** A page of the buyer's, unless it says something else of itself. */
  function open(options: Parameters<typeof io>[1] = {}): Page {
    const auth = { house: null, account: BUYER };
    const page: Page = io(url, { forceNew: true, reconnection: false, auth, ...options });
    pages.push(page);
    return page;
  }
  const snapshotOf = (page: Page) => new Promise<Wire<Snapshot>>((resolve) => page.once("snapshot", resolve));
  const tradeOf = (page: Page, wanted: (trade: Wire<TradeView>) => boolean) =>
    new Promise<Wire<TradeView>>((resolve) => {
      page.on("trade", (trade) => {
        if (wanted(trade)) resolve(trade);
      });
    });

  it("tell a page what it looks at on connecting, and then what changes", async () => {
    const [first, second] = [open(), open({ transports: ["websocket"] })];
    const [snapshot, same] = await Promise.all([snapshotOf(first), snapshotOf(second)]);
    assert.deepEqual(same, snapshot);
    assert.equal(snapshot.offers[0]?.remainingMilliWh, "100000");
    assert.equal(snapshot.meters[0]?.state, "online");
    assert.equal(snapshot.chain.state, "following");
    const heard = [first, second].map((page) => tradeOf(page, ({ status }) => status === "delivering"));
    const offers = [first, second].map(
      (page) => new Promise((resolve) => page.on("offer", (offer) => resolve(offer.remainingMilliWh))),
    );
    stand.chain.confirm(opened(TRADE, 20n));
    for (const trade of await Promise.all(heard)) assert.equal(trade.tradeId, "1000001");
    assert.deepEqual(await Promise.all(offers), ["99980", "99980"]);
    const done = [first, second].map((page) => tradeOf(page, ({ status }) => status === "settling"));
    stand.tick(100, 21n);
    for (const trade of await Promise.all(done)) assert.equal(trade.deliveredMilliWh, "20");
    const paid = tradeOf(second, ({ status }) => status === "settled");
    stand.chain.confirm(settled(TRADE, 20n, 21n, true));
    assert.equal((await paid).settlements.length, 1);
  });

  it("tell the street once which house sells to whom, and again when that has changed", async () => {
    stand.chain.confirm(commissioned(OTHER_METER));
    const page = open();
    const { street } = await snapshotOf(page);
    const elsewhere = {
      name: null,
      kind: null,
      state: "elsewhere",
      watts: null,
      roofW: null,
      batteryCharge: null,
    };
    assert.deepEqual(street, [
      {
        meter: METER,
        name: "House 1",
        kind: "simulated",
        prosumer: PROSUMER,
        state: "online",
        watts: 0,
        roofW: 3,
        batteryCharge: null,
        sellsTo: null,
      },
      { meter: OTHER_METER, prosumer: PROSUMER, sellsTo: null, ...elsewhere },
    ]);
    const told: Wire<StreetHouseView>[] = [];
    page.on("street", (houses) => told.push(...houses));
    const next = (wanted: (house: Wire<StreetHouseView>) => boolean) =>
      new Promise<void>((resolve) => {
        page.on("street", (houses) => houses.some(wanted) && resolve());
      });
    const selling = next(({ sellsTo, watts }) => sellsTo === BUYER && watts === 2.5);
    stand.chain.confirm(opened(TRADE, 20n));
    stand.tick(100, 7n);
    await selling;
    const done = next(({ meter, sellsTo }) => meter === METER && sellsTo === null);
    stand.tick(100, 13n);
    await done;
    const texts = told.filter(({ meter }) => meter === METER).map((house) => JSON.stringify(house));
    assert.ok(
      texts.every((text, i) => text !== texts[i - 1]),
      "nothing is told twice",
    );
  });

  it("tell the version of the configuration when it becomes another", async () => {
    const page = open();
    assert.equal((await snapshotOf(page)).configVersion, null);
    const told = new Promise((resolve) => page.once("config", resolve));
    stand.configVersion = "first";
    stand.chain.confirm(commissioned(OTHER_METER));
    assert.equal(await told, "first");
    const again = new Promise((resolve) => page.once("config", resolve));
    stand.configVersion = "second";
    stand.chain.confirm(commissioned());
    assert.equal(await again, "second");
  });

  it("bring samples as they come", async () => {
    const page = open();
    await snapshotOf(page);
    let heard: string | undefined;
    page.once("sample", (sample) => {
      heard = sample.registerMilliWh;
    });
    // One sample may be lost (to a transport that is just being upgraded), not all of them.
    while (heard === undefined) {
      stand.tick(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(heard, "0");
  });

  it("tell that today has begun, and that the chain is silent, though nothing else happens", async () => {
    stand.chain.confirm(opened(TRADE, 20n));
    stand.tick(100, 7n);
    const page = open();
    const { meters } = await snapshotOf(page);
    assert.equal(meters[0]?.todayMilliWh, "7");
    const meter = new Promise<Wire<MeterView>>((resolve) => {
      page.on("meter", (view) => view.todayMilliWh === "0" && resolve(view));
    });
    const chain = new Promise<ChainView>((resolve) => {
      page.on("chain", (view) => view.state === "silent" && resolve(view));
    });
    stand.clock.ms = new Date(stand.clock.ms).setHours(24, 0, 0, 0);
    assert.equal((await meter).lastSample?.registerMilliWh, "7");
    assert.match((await chain).detail, /no block has come since/);
  });

  it("tell that the chain has refused a reading for good, though nothing else happens", async () => {
    stand.chain.confirm(opened(TRADE, 20n));
    stand.tick(100, 20n);
    const page = open();
    await snapshotOf(page);
    const told = tradeOf(page, ({ wait }) => wait?.reason === "refused");
    const { settlements } = stand.store;
    settlements.settlementRefused(settlements.pendingReadings()[0]!, "RegisterTooLarge");
    assert.equal((await told).status, "settling");
  });

  it("tell what was sold today while it is being sold", async () => {
    const page = open();
    await snapshotOf(page);
    const delivering = tradeOf(page, ({ status }) => status === "delivering");
    stand.chain.confirm(opened(TRADE, 20n));
    await delivering;
    const heard = new Promise<Wire<MeterView>>((resolve) => {
      page.on("meter", (meter) => {
        if (meter.lastSample?.registerMilliWh === "7") resolve(meter);
      });
    });
    stand.tick(100, 7n);
    assert.equal((await heard).todayMilliWh, "7");
  });

  it("tell everything anew after a reorganisation", async () => {
    const page = open();
    await snapshotOf(page);
    const heard = tradeOf(page, ({ status }) => status === "delivering");
    stand.chain.confirm(opened(TRADE, 20n));
    await heard;
    const anew = snapshotOf(page);
    stand.chain.reorganise(2, "b");
    assert.deepEqual((await anew).trades, []);
  });

  it("say the same thing once", async () => {
    const page = open();
    await snapshotOf(page);
    const trades: Wire<TradeView>[] = [];
    page.on("trade", (trade) => trades.push(trade));
    const last = tradeOf(page, ({ status }) => status === "settled");
    stand.chain.confirm(opened(TRADE, 20n));
    for (let i = 0; i < 5; i++) stand.chain.confirm();
    stand.tick(100, 20n);
    stand.chain.confirm(settled(TRADE, 20n, 20n, true));
    await last;
    const told = trades.map((trade) => JSON.stringify(trade));
    assert.equal(new Set(told).size, told.length);
  });

  it("remember nothing of what is closed", async () => {
    const page = open();
    await snapshotOf(page);
    const close = async (from: bigint) => {
      const ids = Array.from({ length: 20 }, (_, i) => from + BigInt(i));
      const last = tradeOf(
        page,
        ({ tradeId, status }) => tradeId === `${from + 19n}` && status === "settled",
      );
      const opening = tradeOf(page, ({ tradeId }) => tradeId === `${from + 19n}`);
      stand.chain.confirm(...ids.map((id) => opened(id, 1n)));
      await opening;
      stand.chain.confirm(...ids.map((id) => settled(id, 1n, 20n, true)));
      await last;
    };
    await close(1_000_001n);
    const { remembered } = feed;
    await close(1_000_101n);
    await close(1_000_201n);
    assert.equal(feed.remembered, remembered);
  });

  it("tell a snapshot instead of hundreds of trades at once", async () => {
    const page = open();
    await snapshotOf(page);
    let told = 0;
    page.on("trade", () => told++);
    const ids = Array.from({ length: 300 }, (_, i) => TRADE + BigInt(i));
    const anew = snapshotOf(page);
    stand.chain.confirm(...ids.map((id) => opened(id, 1n)), ...ids.map((id) => settled(id, 1n, 20n, true)));
    assert.equal((await anew).trades.length, 200);
    assert.equal(told, 0);
  });

  it("show a queued trade moving up when the one before it ends", async () => {
    stand.chain.confirm(opened(TRADE, 5n), opened(1_000_002n, 5n));
    const page = open();
    const { trades } = await snapshotOf(page);
    assert.deepEqual(trades.map(({ status }) => status).sort(), ["delivering", "queued"]);
    const next = tradeOf(page, ({ tradeId, status }) => tradeId === "1000002" && status === "delivering");
    stand.tick(100, 5n);
    await next;
  });

  it("tell of trades to their two parties, and to whoever looks at the seller's house", async () => {
    stand.chain.confirm(commissioned(OTHER_METER, OTHER_PROSUMER));
    const looks = [
      { house: null, account: BUYER },
      { house: OTHER_METER, account: PROSUMER.toLowerCase() },
      { house: METER, account: null },
      { house: OTHER_METER, account: null },
    ];
    const four = looks.map((auth) => open({ auth }));
    const [buyer, seller, watcher, stranger] = four as [Page, Page, Page, Page];
    await Promise.all(four.map(snapshotOf));
    const strange: string[] = [];
    for (const name of ["trade", "meter", "home", "sample"] as const)
      stranger.on(name, () => strange.push(name));
    const told = [buyer, seller, watcher].map((page) =>
      tradeOf(page, ({ status }) => status === "delivering"),
    );
    const offer = new Promise<string>((resolve) =>
      stranger.on("offer", ({ remainingMilliWh }) => resolve(remainingMilliWh)),
    );
    stand.chain.confirm(opened(TRADE, 20n));
    stand.tick(100, 7n);
    for (const trade of await Promise.all(told)) assert.equal(trade.tradeId, "1000001");
    assert.equal(await offer, "99980", "every offer is everybody's");
    const late = open({ auth: { house: OTHER_METER, account: null } });
    assert.deepEqual((await snapshotOf(late)).trades, []);
    assert.deepEqual(strange, []);
  });

  it("show another house and another account's trades to a page that looks there", async () => {
    stand.chain.confirm(commissioned(OTHER_METER, OTHER_PROSUMER), opened(TRADE, 20n));
    const page = open({ auth: { house: OTHER_METER, account: null } });
    const before = await snapshotOf(page);
    assert.deepEqual(
      [before.meters.map(({ meter }) => meter), before.homes, before.trades],
      [[OTHER_METER], [], []],
    );
    assert.equal(before.street.length, 2);
    page.emit("look", { house: METER, account: BUYER });
    const after = await snapshotOf(page);
    assert.deepEqual([after.meters[0]?.meter, after.homes[0]?.meter, after.trades.length], [METER, METER, 1]);
    const sample = new Promise<Wire<SampleView>>((resolve) => page.once("sample", resolve));
    stand.tick(100, 7n);
    assert.equal((await sample).meter, METER);
    page.emit("look", { house: OTHER_METER, account: null });
    await snapshotOf(page);
    const samples: unknown[] = [];
    page.on("sample", (heard) => samples.push(heard));
    stand.tick(100, 7n);
    page.emit("look", { house: "0x0000000000000000000000000000000000000001", account: null });
    assert.equal((await snapshotOf(page)).meters[0]?.meter, METER, "an unknown house is as good as none");
    assert.deepEqual(samples, [], "the house that was left is not heard any more");
  });

  const strange: [what: string, sent: unknown[]][] = [
    ["nothing", []],
    ["no object", ["0x"]],
    ["another address than one", [{ house: "0x12", account: null }]],
    ["a list of accounts", [{ house: null, account: [BUYER] }]],
    ["more than a look", [{ house: null, account: null, relay: "closed" }]],
    [
      "two looks at once",
      [
        { house: null, account: null },
        { house: null, account: null },
      ],
    ],
  ];
  for (const [what, sent] of strange)
    it(`hang up on a look that is ${what}`, async () => {
      const page = open();
      await snapshotOf(page);
      const gone = new Promise((resolve) => page.once("disconnect", resolve));
      (page as unknown as Socket).emit("look", ...sent);
      await gone;
    });

  it("hang up on a handshake whose look is none", async () => {
    const page = open({ auth: { house: 7 } });
    page.on("snapshot", () => assert.fail("it is shown nothing"));
    await new Promise((resolve) => page.once("disconnect", resolve));
  });

  it("hang up on whoever looks about faster than people do", async () => {
    const page = open();
    await snapshotOf(page);
    let snapshots = 0;
    page.on("snapshot", () => snapshots++);
    const gone = new Promise((resolve) => page.once("disconnect", resolve));
    for (let i = 0; i < 200; i++) page.emit("look", { house: METER, account: null });
    await gone;
    assert.ok(snapshots < 60, `${snapshots} snapshots`);
  });

  it("hang up on whoever says anything else: nothing can be asked for here", async () => {
    const page = open();
    await snapshotOf(page);
    const gone = new Promise((resolve) => page.once("disconnect", resolve));
    (page as unknown as Socket).emit("setRelay", "closed");
    await gone;
    assert.equal(stand.meter.relay, "open");
  });

  it("hang up on whoever sends much", async () => {
    const page = open({ transports: ["websocket"] });
    await snapshotOf(page);
    const gone = new Promise((resolve) => page.once("disconnect", resolve));
    (page as unknown as Socket).emit("x", "y".repeat(100_000));
    await gone;
  });

  it("refuse pages of another origin", async () => {
    for (const origin of ["http://evil.example", "null", "not an origin"]) {
      const response = await fetch(`${url}/socket.io/?EIO=4&transport=polling`, { headers: { origin } });
      assert.equal(response.status, 403, origin);
    }
    const own = await fetch(`${url}/socket.io/?EIO=4&transport=polling`, { headers: { origin: url } });
    assert.equal(own.status, 200);
  });

  it("refuse every Host but their own, in handshakes and in what follows them", async () => {
    const handshake = "/socket.io/?EIO=4&transport=polling";
    for (const host of ["evil.example", `evil.example:${new URL(url).port}`, "localhost:1"]) {
      const refusal = await asHost(host, handshake);
      assert.equal(refusal.status, 403);
      assert.match(refusal.text, /ALLOWED_HOSTS/);
      // A rebound name is of one origin with itself.
      assert.equal((await asHost(host, handshake, { origin: `http://${host}` })).status, 403);
    }
    const { host } = new URL(url);
    const { sid } = JSON.parse((await asHost(host, handshake)).text.slice(1)) as { sid: string };
    assert.equal((await asHost("evil.example", `${handshake}&sid=${sid}`)).status, 400);
    const upgrade = {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": Buffer.alloc(16).toString("base64"),
    };
    for (const path of ["", `&sid=${sid}`]) {
      const socket = `/socket.io/?EIO=4&transport=websocket${path}`;
      assert.equal((await asHost("evil.example", socket, upgrade)).status, 400);
      assert.equal((await asHost(host, socket, upgrade)).status, 101);
    }
  });

  it("leave room for others when one address takes what it can", async () => {
    await feed.stop();
    await web.stop();
    await startWeb({ maxConnections: 3, maxOfOneAddress: 2 });
    await Promise.all([snapshotOf(open()), snapshotOf(open())]);
    const third = open();
    assert.ok(await new Promise<Error>((resolve) => third.once("connect_error", resolve)));
    const other = open({ localAddress: "127.0.0.9", transports: ["websocket"] } as object);
    assert.ok(await snapshotOf(other));
  });

  it("take so many connections and no more", async () => {
    await feed.stop();
    await web.stop();
    await startWeb({ maxConnections: 2 });
    await Promise.all([snapshotOf(open()), snapshotOf(open())]);
    const third = open();
    const why = await new Promise<Error>((resolve) => third.once("connect_error", resolve));
    assert.ok(why);
    const left = new Promise((resolve) => pages[0]!.once("disconnect", resolve));
    pages[0]!.disconnect();
    await left;
    await snapshotWhenLetIn();
  });

  it("welcome a thousand watchers behind one address, and keep room for others", async () => {
    const address = new URL(url);
    /** The status of one more handshake; it stays open. */
    const handshake = (localAddress: string) =>
      new Promise<number>((resolve, reject) => {
        const { hostname, port } = address;
        const path = "/socket.io/?EIO=4&transport=polling";
        get({ hostname, port, path, localAddress, agent: false }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        }).on("error", reject);
      });
    const statuses: number[] = [];
    for (let i = 0; i < 1_200; i++) statuses.push(await handshake("127.0.0.1"));
    assert.equal(statuses.indexOf(403), 1_100, "the class gets in, and the flood behind it does not");
    assert.equal(await handshake("127.0.0.9"), 200);
  });

  it("hang up on the slowest reader when too much waits for all of them together", async () => {
    await feed.stop();
    await web.stop();
    await startWeb({ maxWaitingInAll: 400_000 });
    stand.chain.confirm(opened(TRADE, 20n));
    const quick = open({ transports: ["websocket"] });
    await snapshotOf(quick);
    const slow = await openStalled();
    const closed = new Promise<void>((resolve) => slow.tcp.once("close", () => resolve()));
    const trade = stand.views.trade(TRADE)!;
    for (let i = 0; i < 200_000 && web.sockets.connections > 1; i++) {
      web.sockets.send("trade", trade);
      if (i % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    slow.tcp.resume();
    await closed;
    assert.equal(quick.connected, true);
  });

  it("lose samples for a reader that falls behind, and no trade", async () => {
    const slow = await openStalled();
    // Far more than any socket buffer holds: without loss they would all have to wait here.
    const samples = 60_000;
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < samples; i++) {
      web.sockets.sendVolatile("sample", stand.views.sample(METER, stand.home.lastSample!));
      if (i % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(process.memoryUsage().heapUsed - before < 200_000_000);
    stand.chain.confirm(opened(TRADE, 20n));
    const text = await slow.readUntil('"status":"delivering"');
    const arrived = text.split('"sample"').length - 1;
    assert.ok(arrived < samples, `${arrived} of ${samples} samples arrived`);
    slow.tcp.destroy();
  });

  it("hang up on a reader when even trades pile up, and tell it everything when it returns", async () => {
    await feed.stop();
    await web.stop();
    await startWeb({ maxWaiting: 100_000 });
    stand.chain.confirm(opened(TRADE, 20n));
    const slow = await openStalled();
    const trade = stand.views.trade(TRADE)!;
    const closed = new Promise<void>((resolve) => slow.tcp.once("close", () => resolve()));
    for (let i = 0; i < 200_000 && web.sockets.connections > 0; i++) {
      web.sockets.send("trade", trade);
      if (i % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    slow.tcp.resume();
    await closed;
    assert.equal((await snapshotOf(open())).trades[0]?.tradeId, "1000001");
  });

  /** Asks under a Host of one's choosing, which `fetch` does not let one write. */
  const asHost = (host: string, path: string, headers: Record<string, string> = {}) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const options = { headers: { host, ...headers }, agent: false };
      const request = get(url + path, options, (response) => {
        let text = "";
        response.on("data", (chunk) => {
          text += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      });
      request.on("upgrade", (_response, socket) => {
        socket.destroy();
        resolve({ status: 101, text: "" });
      });
      request.on("error", reject);
    });

  /** A page whose network takes nothing until it is read: a WebSocket by hand, greeted, and then left alone. */
  async function openStalled(): Promise<{ tcp: TcpSocket; readUntil(what: string): Promise<string> }> {
    const tcp = connect(Number(new URL(url).port), "127.0.0.1");
    let text = "";
    const listeners = new Set<() => void>();
    tcp.on("data", (chunk) => {
      text += chunk.toString("latin1");
      for (const listener of listeners) listener();
      // The server's close frame; a browser would answer it, here hanging up is enough.
      if (["\x88\x00", "\x88\x02"].some((frame) => text.slice(-4).includes(frame))) tcp.end();
    });
    const seen = (what: string) =>
      new Promise<string>((resolve, reject) => {
        const look = () => {
          if (!text.includes(what)) return;
          listeners.delete(look);
          resolve(text);
        };
        listeners.add(look);
        tcp.once("close", () => reject(new Error(`closed before ${what}`)));
        look();
      });
    tcp.on("error", () => tcp.destroy());
    tcp.write(
      `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: ${new URL(url).host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString("base64")}\r\n\r\n`,
    );
    await seen('"sid"');
    // Socket.IO's "connect to the main namespace", in one masked frame with an all-zero mask.
    tcp.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, ...Buffer.from("40")]));
    await seen('"snapshot"');
    tcp.pause();
    return {
      tcp,
      readUntil: (what) => {
        tcp.resume();
        return seen(what);
      },
    };
  }

  /** A connection that has just gone may still count for a moment. */
  async function snapshotWhenLetIn(): Promise<Wire<Snapshot>> {
    for (;;) {
      const page = open();
      const snapshot = await new Promise<Wire<Snapshot> | null>((resolve) => {
        page.once("snapshot", resolve);
        page.once("connect_error", () => resolve(null));
      });
      if (snapshot) return snapshot;
    }
  }
});
