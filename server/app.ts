/** The HTTP application: composed here, listening nowhere. */
import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import express, { type Express } from "express";
import { type ApiParts, createApi } from "./http/api";
import { answerErrors, errorView, HttpError, notFound, readOnly } from "./http/errors";
import { complaint, createMetrics, type MetricsParts } from "./http/metrics";
import { limitRate, securityHeaders } from "./http/security";

export interface AppParts extends ApiParts, MetricsParts {
  /** Where Vite built the page. */
  pageDir: string;
  publicRpcUrl: string;
  /** Of one address, to everything but the page's files. */
  requestsPerMinute?: number;
}

export function createApp(parts: AppParts): Express {
  const app = express();
  app.disable("x-powered-by");
  app.set("query parser", "simple");
  app.use(securityHeaders(parts.publicRpcUrl));
  app.use(readOnly);

  const limit = limitRate(parts.requestsPerMinute ?? 600);
  app.use("/api", limit, (_request, response, next) => {
    response.set("cache-control", "no-store");
    next();
  });
  app.use("/api", createApi(parts));

  app.get("/healthz", limit, (_request, response) => {
    const words = complaint(parts);
    if (words === null) response.json({ status: "ok" });
    else response.status(503).json(errorView("degraded", words));
  });
  const metrics = createMetrics(parts);
  app.get("/metrics", limit, async (_request, response) => {
    response.type(metrics.contentType).send(await metrics.metrics());
  });

  // Vite names its assets by their content; the entry must be asked for each time.
  app.use(
    express.static(parts.pageDir, {
      setHeaders: (response, file) => {
        const isAsset = file.startsWith(join(parts.pageDir, "assets"));
        response.setHeader("cache-control", isAsset ? "public, max-age=31536000, immutable" : "no-cache");
      },
    }),
  );
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
