/** Every refusal in one shape: `{error: {code, message}}`. */
import { STATUS_CODES } from "node:http";
import type { ErrorRequestHandler, RequestHandler } from "express";
import type { ZodType } from "zod";
import type { ErrorView } from "../../common/api";
import { type Log, messageOf } from "../../common/log";

/** A refusal by this server, with words for whoever asked. */
export class HttpError extends Error {
  override name = "HttpError";
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export const errorView = (code: string, message: string): ErrorView => ({ error: { code, message } });

/** @throws HttpError 400 naming each parameter that cannot be used */
export function parseInput<T>(schema: ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => [path.join("."), message].join(": "));
  throw new HttpError(400, "invalidInput", problems.join("; ").replace(/^: /, "").slice(0, 500));
}

/**
 * Reading is all one can do here: money moves by a wallet, the relay by delivery.
 * @param posted paths that are asked by POST, and by nothing else
 */
export const readOnly =
  (posted: readonly string[]): RequestHandler =>
  (request, response, next) => {
    const isPosted = posted.includes(request.path);
    if (isPosted ? request.method === "POST" : request.method === "GET" || request.method === "HEAD")
      return next();
    // The body, however large, is not waited for.
    response.set({ allow: isPosted ? "POST" : "GET, HEAD", connection: "close" }).status(405);
    response.json(
      errorView(
        "methodNotAllowed",
        isPosted ? "Only POST." : "Only GET and HEAD: nothing can be changed here.",
      ),
    );
  };

export const notFound: RequestHandler = () => {
  throw new HttpError(404, "notFound", "There is nothing at this address.");
};

/** @param log hears of faults of ours, not of the asker's */
export const answerErrors =
  (log: Log): ErrorRequestHandler =>
  (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error);
    if (error instanceof HttpError) {
      response.status(error.status).json(errorView(error.code, error.message));
      return;
    }
    // Express and its parts put a status on errors that are the asker's: a malformed URL, a path outside the page.
    const status = statusOf(error);
    if (status >= 400 && status < 500) {
      const code = status === 404 ? "notFound" : "badRequest";
      response.status(status).json(errorView(code, `${STATUS_CODES[status] ?? "Bad Request"}.`));
      return;
    }
    log.error(`${request.method} ${request.path} failed: ${messageOf(error)}`);
    response.status(500).json(errorView("internal", "The server failed; its log says why."));
  };

function statusOf(error: unknown): number {
  if (error instanceof URIError) return 400;
  const status = typeof error === "object" && error !== null && "status" in error ? error.status : 500;
  return typeof status === "number" ? status : 500;
}
