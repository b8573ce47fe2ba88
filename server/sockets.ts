/**
 * Socket.IO, one way: a snapshot on connecting, then changes. A reader that falls behind loses samples; when even the
 * rest piles up here it is disconnected, and gets a new snapshot when it returns: no trade is lost to it, no memory
 * to us.
 */
import type { Server as HttpServer, IncomingMessage } from "node:http";
import { type DefaultEventsMap, Server, type Socket } from "socket.io";
import type { ClientToServerEvents, News, ServerToClientEvents } from "../common/events";
import type { Log } from "../common/log";
import type { Service } from "../common/service";
import { toWire } from "../common/wire";
import type { Publisher } from "./feed";
import type { Hosts } from "./http/hosts";
import type { Views } from "./views";

interface Reader {
  /** Characters handed to the transport and not yet taken by the network. */
  waiting: number;
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

/** A page sends handshakes and pongs, nothing else. */
const MAX_CLIENT_BYTES = 1_000;

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
      const words = isHandshake ? null : this.parts.hosts.refusalOf(request.headers.host);
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

  send<Name extends keyof News>(name: Name, news: News[Name]): void {
    this.leaveSlowest();
    this.io?.emit(name, ...sent<Name>(news));
  }

  sendVolatile<Name extends keyof News>(name: Name, news: News[Name]): void {
    this.io?.volatile.emit(name, ...sent<Name>(news));
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
    // Nothing is expected from a page: whoever sends an event is not one.
    socket.onAny(() => socket.disconnect(true));
    socket.emit("snapshot", toWire(this.parts.views.snapshot()));
  }

  /** Why a handshake is refused; undefined when it is welcome. */
  private refusalOf(request: IncomingMessage): string | undefined {
    const { refused, hosts } = this.parts;
    const { origin, host } = request.headers;
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
