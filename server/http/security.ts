/** What a browser may do with the page, and how often anybody may ask. */
import type { IncomingMessage } from "node:http";
import type { RequestHandler } from "express";
import { rateLimit } from "express-rate-limit";
import helmet from "helmet";
import { errorView } from "./errors";

/**
 * Everything from this server alone, except the node that the page talks to where there is no `/rpc`. Nothing inline. No upgrade to
 * https and no HSTS: in a lab the page is served over plain http, and either would lock people out.
 */
export function securityHeaders(publicRpcUrl: string | null): RequestHandler {
  const node = publicRpcUrl === null ? [] : [new URL(publicRpcUrl).origin];
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        fontSrc: ["'self'"],
        manifestSrc: ["'self'"],
        // EIP-6963 wallets announce their icons as data.
        imgSrc: ["'self'", "data:"],
        // Not every browser counts a web socket to this very server as 'self'.
        connectSrc: ["'self'", socketOrigin, ...node, ...node.map((one) => one.replace(/^http/, "ws"))],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: false,
    // Both are ignored over plain http, with an error in the console of every visitor.
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    referrerPolicy: { policy: "no-referrer" },
    xFrameOptions: { action: "deny" },
  });
}

/** A Host header is anybody's to write: only a plain one gets into the policy. */
function socketOrigin(request: IncomingMessage): string {
  const host = request.headers.host ?? "";
  return /^([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/i.test(host) ? `ws://${host}` : "'self'";
}

/** @param refused hears of each refusal */
export const limitRate = (perMinute: number, refused: () => void): RequestHandler =>
  rateLimit({
    windowMs: 60_000,
    limit: perMinute,
    standardHeaders: "draft-8",
    legacyHeaders: false,
    handler: (_request, response) => {
      refused();
      response
        .status(429)
        .json(errorView("tooManyRequests", `At most ${perMinute} requests a minute: wait, then ask again.`));
    },
  });
