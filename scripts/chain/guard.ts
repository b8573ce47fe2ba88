/**
 * The endpoint of the embedded chain for everybody but its keeper: JSON-RPC over HTTP on loopback. anvil itself would
 * answer any page that is open in a browser of this machine, and lets every caller move anybody's ether. The methods
 * are the same as those of the page's own endpoint (server/rpc).
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createDoor, type Door, type DoorLimits } from "../../server/rpc/door";

/** The largest transaction, in hex, and room for a batch of reads. */
const MAX_BODY_BYTES = 1024 * 1024;
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);
/** Wallets in a browser call with the address of their own page. */
const EXTENSIONS = new Set(["chrome-extension:", "moz-extension:", "safari-web-extension:"]);
/** All callers are programs of this machine's own user: wide enough for Truffle and for a chain of many days. */
const LIMITS: DoorLimits = {
  maxBatch: 1000,
  maxLogBlocks: Number.POSITIVE_INFINITY,
  gasCap: 30_000_000n,
  withinMs: 10_000,
  callsPerMinute: Number.POSITIVE_INFINITY,
  maxUnderWay: { client: 256, all: 256 },
};

export interface GuardOptions {
  /** TCP port on 127.0.0.1; any free one when 0. */
  port: number;
  /** Hands a request or batch on to the node. */
  forward(body: string, signal: AbortSignal): Promise<string>;
  /** Resolves when everything that the node may have told by now is kept; rejects when it never will be. */
  kept(): Promise<void>;
}

export interface Guard {
  readonly port: number;
  close(): Promise<void>;
}

class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** @throws when the port is taken */
export async function startGuard(options: GuardOptions): Promise<Guard> {
  const door = createDoor({
    forward: options.forward,
    limits: LIMITS,
    elapsedMs: () => performance.now(),
  });
  const server = createServer((request, response) => {
    answer(request, response, door, options.kept).catch((error: Error) => {
      const status = error instanceof Refusal ? error.status : 503;
      response.writeHead(status, { "content-type": "text/plain; charset=utf-8", connection: "close" });
      response.end(`${error.message}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(options.port, "127.0.0.1", resolve);
  }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "EADDRINUSE") throw cause;
    throw new Error(`port ${options.port} is already in use`, { cause });
  });
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  door: Door,
  kept: () => Promise<void>,
): Promise<void> {
  refuseForeignHost(request);
  allowOrigin(request, response);
  if (request.method === "OPTIONS") {
    response.writeHead(204, {
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": "content-type",
      "access-control-max-age": "600",
    });
    response.end();
    return;
  }
  if (request.method !== "POST") throw new Refusal(405, "JSON-RPC is asked by POST");
  const { status, body } = await door.answer(await readBody(request), "this machine");
  await kept();
  response.writeHead(status, { "content-type": "application/json" });
  response.end(body);
}

/** A page of elsewhere can point a name of its own at this machine (DNS rebinding); it cannot change that name. */
function refuseForeignHost({ headers }: IncomingMessage): void {
  const name = /^(.*?)(:\d+)?$/.exec(headers.host ?? "")?.[1] ?? "";
  if (!LOOPBACK.has(name.toLowerCase()))
    throw new Refusal(403, `this node answers at localhost, not at ${JSON.stringify(headers.host ?? "")}`);
}

function allowOrigin({ headers }: IncomingMessage, response: ServerResponse): void {
  response.setHeader("vary", "Origin");
  const { origin } = headers;
  if (origin === undefined) return;
  if (!isOwnOrigin(origin)) throw new Refusal(403, `this node answers no page of ${JSON.stringify(origin)}`);
  response.setHeader("access-control-allow-origin", origin);
}

function isOwnOrigin(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, hostname } = new URL(origin);
  if (EXTENSIONS.has(protocol)) return true;
  return (protocol === "http:" || protocol === "https:") && LOOPBACK.has(hostname);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Refusal(413, `a request has at most ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
