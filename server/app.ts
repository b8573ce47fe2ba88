/** The HTTP application: composed here, listening nowhere. */
import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import express, { type Express } from "express";
import { bigintsAsText } from "../common/wire";
import { type ApiParts, createApi } from "./http/api";
import { answerErrors, errorView, HttpError, notFound, readOnly } from "./http/errors";
import { type Hosts, hostHeaderOf } from "./http/hosts";
import { complaint, type Metrics, type MetricsParts } from "./http/metrics";
import { createRpc, RPC_PATH } from "./http/rpc";
import { limitRate, securityHeaders } from "./http/security";
import { servePage } from "./http/static";
import { SERVER_ID_HEADER } from "./listening";
import type { DoorLimits } from "./rpc/door";

export interface AppParts extends ApiParts, MetricsParts {
  /** Where Vite built the page. */
  pageDir: string;
  hosts: Hosts;
  /** In the answer of `/healthz`: tells this server from another program at its address. */
  serverId: string;
  /** The node behind `/rpc`; null where there is no `/rpc`. */
  rpcUrl: string | null;
  publicRpcUrl: string;
  /** Of one address, to `/api`. */
  requestsPerMinute?: number;
  rpcLimits?: Partial<DoorLimits>;
}

export function createApp(parts: AppParts, metrics: Metrics): Express {
  const app = express();
  app.disable("x-powered-by");
  app.set("query parser", "simple");
  app.set("json replacer", bigintsAsText);
  app.use(securityHeaders(parts.rpcUrl === null ? parts.publicRpcUrl : null));

  // Before everything that refuses: whoever watches the server is always answered, and a stranger learns a word only.
  app.get("/healthz", (request, response) => {
    const words = complaint(parts);
    response.set({ [SERVER_ID_HEADER]: parts.serverId, "cache-control": "no-store" });
    const isStranger = parts.hosts.refusalOf(hostHeaderOf(request)) !== null;
    if (words === null) response.json({ status: "ok" });
    else response.status(503).json(errorView("degraded", isStranger ? "degraded" : words));
  });
  app.use(readOnly(parts.rpcUrl === null ? [] : [RPC_PATH]));
  app.use((request, response, next) => {
    const words = parts.hosts.refusalOf(hostHeaderOf(request));
    if (words === null) return next();
    metrics.refused.inc({ reason: "host" });
    response.set("connection", "close");
    throw new HttpError(403, "hostNotServed", words);
  });

  if (parts.rpcUrl !== null)
    app.post(
      RPC_PATH,
      createRpc({
        rpcUrl: parts.rpcUrl,
        hosts: parts.hosts,
        refused: (reason) => metrics.rpcRefused.inc({ reason }),
        ...(parts.rpcLimits && { limits: parts.rpcLimits }),
      }),
    );

  const limit = limitRate(parts.requestsPerMinute ?? 600, () => metrics.refused.inc({ reason: "rate" }));
  app.use("/api", limit, (_request, response, next) => {
    response.set("cache-control", "no-store");
    next();
  });
  app.use("/api", createApi(parts));

  // Without a limit, so that a flood shuts no scraper out; gathered once for all who wait.
  let gathering: Promise<string> | null = null;
  app.get("/metrics", async (_request, response) => {
    gathering ??= metrics.registry.metrics().finally(() => {
      gathering = null;
    });
    response.type(metrics.registry.contentType).send(await gathering);
  });

  app.use(servePage(parts.pageDir));
  app.get("/", () => {
    if (!existsSync(join(parts.pageDir, "index.html")))
      throw new HttpError(503, "pageNotBuilt", "The page is not built: `npm start` does it.");
    throw new HttpError(404, "notFound", "There is nothing at this address.");
  });
  app.use(notFound);
  app.use(answerErrors(parts.log));
  return app;
}

/** An HTTP server that answers in the same shape what never reaches the application. */
export function createHttpServer(app: Express): Server {
  const server = createServer({ maxHeaderSize: 16_384, requestTimeout: 30_000, headersTimeout: 15_000 }, app);
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === "ECONNRESET" || !socket.writable) return socket.destroy();
    const isLarge = error.code === "HPE_HEADER_OVERFLOW";
    const body = JSON.stringify(
      isLarge
        ? errorView("headersTooLarge", "The address and the headers may have 16 kB together.")
        : errorView("badRequest", "This is not HTTP."),
    );
    socket.end(
      `HTTP/1.1 ${isLarge ? "431 Request Header Fields Too Large" : "400 Bad Request"}\r\n` +
        `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
  });
  return server;
}
