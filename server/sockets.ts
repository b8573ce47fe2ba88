/**
 * Socket.IO: a snapshot on connecting, then changes, of what the page looks at. A reader that falls behind loses samples; when even the
 * rest piles up here it is disconnected, and gets a new snapshot when it returns: no trade is lost to it, no memory
 * to us.
 */
import type { Server as HttpServer, IncomingMessage } from "node:http";
import { type DefaultEventsMap, Server, type Socket } from "socket.io";
import type { ClientToServerEvents, Look, News, ServerToClientEvents, Snapshot } from "../common/events";
import type { Log } from "../common/log";
import type { Service } from "../common/service";
import { toWire, type Wire } from "../common/wire";
import type { Publisher } from "./feed";
import { type Hosts, hostHeaderOf } from "./http/hosts";
import { accountRoom, houseRoom, lookFrom } from "./look";
import type { Views } from "./views";

interface Reader {
  /** Characters handed to the transport and not yet taken by the network. */
  waiting: number;
  look: Look;
  /** When it may be served its next look, by the steady clock; it looks about faster than people do far above that. */
  lookedUntilMs: number;
}
/** A connection as Engine.IO has it, before Socket.IO's own. */
interface EngineClient {
  remoteAddress?: string;
  once(event: "close", listener: () => void): unknown;
}
type PageServer = Server<ClientToServerEvents, ServerToClientEvents, DefaultEventsMap, Reader>;
type PageSocket = Socket<ClientToServerEvents, ServerToClientEvents, DefaultEventsMap, Reader>;

export interface SocketLimits {
  maxConnections: number;
  /** Of one address, so that one flood leaves room for others. */
  maxOfOneAddress: number;
  /** Characters that may wait for one reader; above, it is disconnected. */
  maxWaiting: number;
  /** Characters that may wait for all of them; above, the one with the most is disconnected. */
  maxWaitingInAll: number;
}

/**
 * A school, or a proxy, is one address: a thousand watchers behind it are welcome. Two hundred more places are kept for
 * other addresses, which a flood from one cannot take. What slow readers cost is bounded for all together.
 */
const DEFAULT_LIMITS: SocketLimits = {
  maxConnections: 1_300,
  maxOfOneAddress: 1_100,
  maxWaiting: 4_000_000,
  maxWaitingInAll: 100_000_000,
};

/** A page sends handshakes, pongs and where it looks, nothing else. */
const MAX_CLIENT_BYTES = 1_000;
/** Each look costs a snapshot: this many in a row, and one more in each of these spans. */
const LOOKS_IN_A_ROW = 30;
const LOOK_EVERY_MS = 200;

export interface SocketParts {
  server: HttpServer;
  hosts: Hosts;
  /** Hears of each refusal. */
  refused(reason: "host" | "origin" | "connections"): void;
  views: Views;
  log: Log;
  limits?: Partial<SocketLimits>;
}

export class Sockets implements Service, Publisher {
  private io: PageServer | undefined;
  private readonly limits: SocketLimits;
  private readonly ofAddress = new Map<string, number>();

  constructor(private readonly parts: SocketParts) {
    this.limits = { ...DEFAULT_LIMITS, ...parts.limits };
  }

  get connections(): number {
    return this.io?.engine.clientsCount ?? 0;
  }

  async start(): Promise<void> {
    this.io = new Server(this.parts.server, {
      maxHttpBufferSize: MAX_CLIENT_BYTES,
      serveClient: false,
      perMessageDeflate: false,
      allowRequest: (request, decide) => {
        const refusal = this.refusalOf(request);
        decide(refusal, refusal === undefined);
      },
    });
    // A handshake is asked above; this is for all that follows it, upgrades too.
    this.io.engine.use((request: IncomingMessage, _response: unknown, next: (error?: Error) => void) => {
      const isHandshake = !hasSession(request);
      const words = isHandshake ? null : this.parts.hosts.refusalOf(hostHeaderOf(request));
      if (words === null) return next();
      this.parts.refused("host");
      next(new Error(words));
    });
    this.io.engine.on("connection", (client: EngineClient) => this.count(client));
    this.io.on("connection", (socket) => this.welcome(socket));
  }

  async stop(): Promise<void> {
    await this.io?.close();
    this.io = undefined;
  }

  send<Name extends keyof News>(name: Name, news: News[Name], rooms?: string[]): void {
    this.leaveSlowest();
    this.to(rooms)?.emit(name, ...sent<Name>(news));
  }

  sendVolatile<Name extends keyof News>(name: Name, news: News[Name], rooms?: string[]): void {
    this.to(rooms)?.volatile.emit(name, ...sent<Name>(news));
  }

  sendSnapshots(): void {
    const ofLook = new Map<string, Wire<Snapshot>>();
    for (const socket of this.io?.sockets.sockets.values() ?? []) {
      const { look } = socket.data;
      const key = JSON.stringify(look);
      const snapshot = ofLook.get(key) ?? toWire(this.parts.views.snapshot(look));
      ofLook.set(key, snapshot);
      this.show(socket, snapshot);
    }
  }

  /** All in these rooms, each page once; everybody where none is named. */
  private to(rooms: string[] | undefined): Pick<PageServer, "emit" | "volatile"> | undefined {
    return rooms ? this.io?.to(rooms) : this.io;
  }

  private leaveSlowest(): void {
    const { maxWaiting, maxWaitingInAll } = this.limits;
    const sockets = [...(this.io?.sockets.sockets.values() ?? [])];
    let inAll = sockets.reduce((sum, { data }) => sum + data.waiting, 0);
    if (inAll <= Math.min(maxWaiting, maxWaitingInAll)) return;
    sockets.sort((a, b) => b.data.waiting - a.data.waiting);
    for (const socket of sockets) {
      if (socket.data.waiting <= maxWaiting && inAll <= maxWaitingInAll) return;
      inAll -= socket.data.waiting;
      this.parts.log.warn("a page reads too slowly and is disconnected; it gets everything when it returns");
      socket.disconnect(true);
    }
  }

  private welcome(socket: PageSocket): void {
    socket.data.waiting = 0;
    socket.conn.on("packetCreate", ({ data }: { data?: string }) => {
      socket.data.waiting += data?.length ?? 0;
    });
    socket.conn.on("drain", () => {
      socket.data.waiting = 0;
    });
    socket.data.lookedUntilMs = 0;
    // Nothing else is expected from a page: whoever sends another event is not one.
    socket.onAny((name, sent, ...more) => {
      if (name === "look" && more.length === 0) this.look(socket, sent);
      else socket.disconnect(true);
    });
    this.look(socket, socket.handshake.auth);
  }

  /** The page sees what it looks at, at once and from now on. */
  private look(socket: PageSocket, sent: unknown): void {
    const look = lookFrom(sent);
    const nowMs = performance.now();
    const untilMs = Math.max(nowMs, socket.data.lookedUntilMs) + LOOK_EVERY_MS;
    if (!look || untilMs > nowMs + LOOKS_IN_A_ROW * LOOK_EVERY_MS) {
      socket.disconnect(true);
      return;
    }
    socket.data.lookedUntilMs = untilMs;
    socket.data.look = look;
    this.show(socket, toWire(this.parts.views.snapshot(look)));
  }

  /** The rooms follow from what is shown: which house is the first, and who owns it, may have changed. */
  private show(socket: PageSocket, snapshot: Wire<Snapshot>): void {
    for (const room of socket.rooms) if (room !== socket.id) socket.leave(room);
    for (const { meter, prosumer } of snapshot.meters) socket.join([houseRoom(meter), accountRoom(prosumer)]);
    const { account } = socket.data.look;
    if (account) socket.join(accountRoom(account));
    socket.emit("snapshot", snapshot);
  }

  /** Why a handshake is refused; undefined when it is welcome. */
  private refusalOf(request: IncomingMessage): string | undefined {
    const { refused, hosts } = this.parts;
    const { origin } = request.headers;
    const host = hostHeaderOf(request);
    const words = hosts.refusalOf(host);
    if (words !== null) {
      refused("host");
      return words;
    }
    // A browser names the page's origin; no other site's page shall read along. Programs name none.
    if (origin !== undefined && !hosts.isOwnOrigin(origin, host)) {
      refused("origin");
      return "This server talks to its own pages only. Behind a proxy, put the page's name into ALLOWED_HOSTS.";
    }
    if (!hasSession(request) && this.isFull(request.socket.remoteAddress)) {
      refused("connections");
      return "too many connections";
    }
    return undefined;
  }

  private count(client: EngineClient): void {
    const address = client.remoteAddress ?? "";
    const add = (change: number) => {
      const count = (this.ofAddress.get(address) ?? 0) + change;
      if (count > 0) this.ofAddress.set(address, count);
      else this.ofAddress.delete(address);
    };
    add(1);
    client.once("close", () => add(-1));
  }

  private isFull(address: string | undefined): boolean {
    const { maxConnections, maxOfOneAddress } = this.limits;
    if (this.connections >= maxConnections) return true;
    return (this.ofAddress.get(address ?? "") ?? 0) >= maxOfOneAddress;
  }
}

/** One kind of news at a time is what Socket.IO's types cannot follow. */
const sent = <Name extends keyof News>(news: News[Name]) =>
  [toWire(news)] as unknown as Parameters<ServerToClientEvents[Name]>;

const hasSession = (request: IncomingMessage): boolean =>
  new URLSearchParams(request.url?.split("?")[1]).has("sid");
