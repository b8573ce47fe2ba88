/** The listening side: the application and Socket.IO on one port. */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type AppParts, createApp, createHttpServer } from "./app";
import { type SocketLimits, Sockets } from "./sockets";
import type { Service } from "./types";

export interface WebParts extends Omit<AppParts, "connections"> {
  host: string;
  port: number;
  socketLimits?: Partial<SocketLimits>;
}

export class Web implements Service {
  readonly sockets: Sockets;
  private readonly server: Server;

  constructor(private readonly parts: WebParts) {
    this.server = createHttpServer(createApp({ ...parts, connections: () => this.sockets.connections }));
    this.sockets = new Sockets({
      server: this.server,
      views: parts.views,
      log: parts.log,
      ...(parts.socketLimits && { limits: parts.socketLimits }),
    });
  }

  /** Where a browser of this machine finds it. */
  get url(): string {
    const { port } = this.server.address() as AddressInfo;
    const { host } = this.parts;
    const isAny = ["127.0.0.1", "0.0.0.0", "::", "::1"].includes(host);
    return `http://${isAny ? "localhost" : host.includes(":") ? `[${host}]` : host}:${port}`;
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
  }

  async stop(): Promise<void> {
    // Socket.IO closes the HTTP server with it; what keeps a connection open without asking is not waited for.
    const closed = this.sockets.stop();
    this.server.closeAllConnections();
    await closed;
  }
}

function whyNotListening(error: NodeJS.ErrnoException, host: string, port: number): string {
  switch (error.code) {
    case "EADDRINUSE":
      return `Port ${port} is already in use. Stop what listens there, or set PORT to another.`;
    case "EACCES":
      return `Port ${port} is not for everybody: set PORT to one above 1023.`;
    default:
      return `Cannot listen on ${host}, port ${port} (${error.message}): set HOST to an address of this machine.`;
  }
}
