/** `POST /rpc`: the page's own way to the node, on the page's origin. What may be asked is in server/rpc/. */
import type { IncomingMessage } from "node:http";
import type { Request, RequestHandler, Response } from "express";
import { createDoor, type Door, type DoorAnswer, type DoorLimits, type Refusal } from "../rpc/door";
import { httpForward } from "../rpc/forward";
import { type Hosts, hostHeaderOf } from "./hosts";

export const RPC_PATH = "/rpc";
/** The largest transaction that a node takes, in hex, and what is around it. */
const MAX_BODY_BYTES = 512 * 1024;
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

export interface RpcParts {
  rpcUrl: string;
  hosts: Hosts;
  refused(reason: Refusal): void;
  limits?: Partial<DoorLimits>;
}

/** Answers everything that comes to its path, whatever the method. */
export function createRpc({ rpcUrl, hosts, refused, limits }: RpcParts): RequestHandler {
  const door = createDoor({
    forward: httpForward(rpcUrl, MAX_ANSWER_BYTES),
    elapsedMs: () => performance.now(),
    refused,
    ...(limits && { limits }),
  });
  return async (request, response) => {
    response.set("cache-control", "no-store");
    send(response, await answer(door, hosts, request));
  };
}

async function answer(door: Door, hosts: Hosts, request: Request): Promise<DoorAnswer> {
  const { origin, "content-type": type = "", "content-encoding": encoding = "identity" } = request.headers;
  // Without a preflight no page of elsewhere can send this content type; with one it is refused here.
  if (!/^application\/json\s*(;|$)/i.test(type))
    return door.refuse("contentType", 415, "Send JSON-RPC with the content type application/json.");
  if (encoding.toLowerCase() !== "identity")
    return door.refuse("contentType", 415, "Send the body as it is: a compressed one is not read here.");
  if (origin !== undefined && !hosts.isOwnOrigin(origin, hostHeaderOf(request)))
    return door.refuse("origin", 403, "This address answers the pages of this server only.");
  let text: string | null;
  try {
    text = await readBody(request, MAX_BODY_BYTES);
  } catch (error) {
    // Whoever asked has gone, or was too slow: no fault of this server.
    if (!request.destroyed) throw error;
    return door.refuse("invalidJson", 400, "The request ended before its body did.");
  }
  if (text === null)
    return door.refuse("tooLarge", 413, `A request may have ${MAX_BODY_BYTES} bytes at most.`);
  return door.answer(text, request.socket.remoteAddress ?? "");
}

/** Null when it is longer than allowed; what follows is not waited for. */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<string | null> {
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) return null;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function send(response: Response, { status, body }: DoorAnswer): void {
  response.status(status);
  // What is left of a body that was refused is not read.
  if (status >= 400) response.set("connection", "close");
  if (body === "") response.end();
  else response.type("application/json").send(body);
}
