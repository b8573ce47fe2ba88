/** The listening side: the application and Socket.IO on one port. */
import { randomUUID } from "node:crypto";
import type { Server } from "node:http";
import { type AddressInfo, isIPv4 } from "node:net";
import type { Service } from "../common/service";
import { type AppParts, createApp, createHttpServer } from "./app";
import { type Host, Hosts, isAnyAddress, ownAddresses } from "./http/hosts";
import { createMetrics } from "./http/metrics";
import { answersAt, whyNotListening } from "./listening";
import { type SocketLimits, Sockets } from "./sockets";

export interface WebParts extends Omit<AppParts, "connections" | "hosts" | "serverId"> {
  host: string;
  port: number;
  /** Names that are ours besides the addresses served. */
  allowedHosts?: readonly Host[];
  socketLimits?: Partial<SocketLimits>;
}

export class Web implements Service {
  readonly sockets: Sockets;
  private readonly server: Server;
  /** Tells this server from another program at the same address. */
  private readonly serverId = randomUUID();
  private shownName = "127.0.0.1";

  constructor(private readonly parts: WebParts) {
    const hosts = new Hosts({
      host: parts.host,
      allowed: parts.allowedHosts ?? [],
      listening: () => this.listening(),
    });
    const appParts = {
      ...parts,
      hosts,
      serverId: this.serverId,
      connections: () => this.sockets.connections,
    };
    const metrics = createMetrics(appParts);
    this.server = createHttpServer(createApp(appParts, metrics));
    this.sockets = new Sockets({
      server: this.server,
      hosts,
      refused: (reason) => metrics.refused.inc({ reason }),
      views: parts.views,
      log: parts.log,
      ...(parts.socketLimits && { limits: parts.socketLimits }),
    });
  }

  /** Where a browser of this machine finds it. */
  get url(): string {
    return `http://${this.shownName}:${this.listening()?.port}`;
  }

  /** Where other machines find it; none when it listens on loopback alone. */
  get urlsForOthers(): string[] {
    const { host } = this.parts;
    if (!isAnyAddress(host)) return [];
    return ownAddresses()
      .filter((address) => isIPv4(address) && !address.startsWith("127."))
      .map((address) => `http://${address}:${this.listening()?.port}`);
  }

  /** @throws Error naming the setting to change when the address cannot be had */
  async start(): Promise<void> {
    const { host, port } = this.parts;
    await this.sockets.start();
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", (error: NodeJS.ErrnoException) => {
        reject(new Error(whyNotListening(error, host, port), { cause: error }));
      });
      this.server.listen(port, host, resolve);
    });
    this.shownName = await this.nameForBrowsers();
  }

  /** `localhost` where both of its addresses are ours or nobody's: a browser may try either. */
  private async nameForBrowsers(): Promise<string> {
    const { host } = this.parts;
    if (!["127.0.0.1", "0.0.0.0", "::", "::1", "localhost"].includes(host))
      return host.includes(":") ? `[${host}]` : host;
    const port = this.listening()?.port ?? 0;
    const [four, six] = await Promise.all(
      ["127.0.0.1", "::1"].map((address) => answersAt(address, port, this.serverId)),
    );
    if (four !== "other" && six !== "other") return "localhost";
    return four === "ours" ? "127.0.0.1" : "[::1]";
  }

  private listening(): AddressInfo | null {
    const address = this.server.address();
    return typeof address === "string" ? null : address;
  }

  async stop(): Promise<void> {
    // Socket.IO closes the HTTP server with it; what keeps a connection open without asking is not waited for.
    const closed = this.sockets.stop();
    this.server.closeAllConnections();
    await closed;
  }
}
