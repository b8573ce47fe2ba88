/**
 * The page's own files and wire, with a snapshot of the test's making behind them: for streets that no real house of a
 * test has, of two hundred houses or of other servers. Nothing of the page itself is stood in for.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import express from "express";
import { Server } from "socket.io";
import type { ConfigView } from "../../common/api";
import type { ClientToServerEvents, Look, News, ServerToClientEvents, Snapshot } from "../../common/events";
import { toWire } from "../../common/wire";
import { buildPage } from "../../scripts/build-page";

export interface ScriptedServer {
  readonly url: string;
  /** Every house in full: each page is shown of it what it looks at. */
  snapshot: Snapshot;
  config: ConfigView;
  /** Every house that was looked at, in order, of all pages; null where a page named none. */
  readonly looks: (string | null)[];
  tell<Name extends keyof News>(name: Name, news: News[Name]): void;
  stop(): Promise<void>;
}

export async function scriptedServer(config: ConfigView, snapshot: Snapshot): Promise<ScriptedServer> {
  await buildPage();
  const app = express();
  app.get("/api/config", (_, response) => void response.json(toWire(scripted.config)));
  app.use("/api", (_, response) => void response.json({ error: { code: "none", message: "not scripted" } }));
  app.use(express.static(join(__dirname, "..", "..", "build", "page")));
  const server = createServer(app);
  const io = new Server<ClientToServerEvents, ServerToClientEvents>(server);
  io.on("connection", (socket) => {
    const show = ({ house }: Look) => {
      const { meters, homes, ...rest } = scripted.snapshot;
      const shown = meters.find(({ meter }) => meter === house) ?? meters[0];
      const isShown = ({ meter }: { meter: string }) => meter === shown?.meter;
      socket.emit(
        "snapshot",
        toWire({ ...rest, meters: meters.filter(isShown), homes: homes.filter(isShown) }),
      );
      scripted.looks.push(house);
    };
    socket.on("look", show);
    show(socket.handshake.auth as Look);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const scripted: ScriptedServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    snapshot,
    config,
    looks: [],
    // One kind of news at a time is what Socket.IO's types cannot follow.
    tell: (name, news) =>
      void io.emit(name, ...([toWire(news)] as unknown as Parameters<ServerToClientEvents[typeof name]>)),
    stop: async () => {
      await io.close();
    },
  };
  return scripted;
}
