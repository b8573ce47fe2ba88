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
import type { ClientToServerEvents, News, ServerToClientEvents, Snapshot } from "../../common/events";
import { toWire } from "../../common/wire";
import { buildPage } from "../../scripts/build-page";

export interface ScriptedServer {
  readonly url: string;
  /** Of every connection from now on. */
  snapshot: Snapshot;
  config: ConfigView;
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
  io.on("connection", (socket) => socket.emit("snapshot", toWire(scripted.snapshot)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const scripted: ScriptedServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    snapshot,
    config,
    // One kind of news at a time is what Socket.IO's types cannot follow.
    tell: (name, news) =>
      void io.emit(name, ...([toWire(news)] as unknown as Parameters<ServerToClientEvents[typeof name]>)),
    stop: async () => {
      await io.close();
    },
  };
  return scripted;
}
