/**
 * One text to an Ethereum node, over HTTP or its IPC socket, and its answer. The node may be slow, gone, or wrong: an
 * answer has a largest size, and whoever waits can give up.
 */
import { exchangeLine } from "./ipc";

/** The node did not answer, or not sensibly: worth trying again. */
export class NodeError extends Error {
  override name = "NodeError";
}

/** Nobody listens there, or the line broke. */
export class UnreachableError extends NodeError {
  override name = "UnreachableError";
}

/** It answers, but with an HTTP status that is no success. */
export class HttpStatusError extends NodeError {
  override name = "HttpStatusError";
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

export class TooLargeError extends NodeError {
  override name = "TooLargeError";
}

export interface ExchangeOptions {
  signal: AbortSignal;
  maxAnswerBytes: number;
  /** By default as fetch does: followed. */
  redirect?: "error" | "follow";
}

/**
 * @param url http(s)://…, or the absolute path of an IPC socket
 * @throws UnreachableError, HttpStatusError, TooLargeError; the signal's reason when it gave up
 */
export async function exchange(url: string, body: string, options: ExchangeOptions): Promise<string> {
  const { signal, maxAnswerBytes } = options;
  try {
    return url.startsWith("/")
      ? await exchangeLine(url, body, maxAnswerBytes, signal)
      : await exchangeHttp(url, body, options);
  } catch (error) {
    if (error instanceof RangeError)
      throw new TooLargeError(`the node at ${url} answers with more than ${maxAnswerBytes} bytes`);
    if (error instanceof NodeError || signal.aborted) throw error;
    throw new UnreachableError(`the node at ${url} cannot be reached: ${causeOf(error)}`, { cause: error });
  }
}

async function exchangeHttp(
  url: string,
  body: string,
  { signal, maxAnswerBytes, redirect = "follow" }: ExchangeOptions,
): Promise<string> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    signal,
    redirect,
  });
  const text = await readBody(response, maxAnswerBytes);
  if (response.ok) return text;
  throw new HttpStatusError(
    `the node at ${url} answers HTTP ${response.status}: ${wordsOf(text)}`,
    response.status,
  );
}

async function readBody(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  if (!response.body) return "";
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new RangeError(`more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * What a refusal says. The answer around the words holds the question's number, and would make each refusal another
 * one: the same words for as long as it lasts.
 */
function wordsOf(text: string): string {
  try {
    const [first] = [JSON.parse(text)].flat() as { error?: { message?: unknown } | null }[];
    const words = first?.error?.message;
    if (typeof words === "string") return words;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return text.slice(0, 200);
}

/** fetch says only "fetch failed"; the reason (ECONNREFUSED and the like) is one level down. A socket names it itself. */
function causeOf(error: unknown): string {
  const { message, cause, code } = error as NodeJS.ErrnoException & {
    cause?: { code?: string; message?: string };
  };
  return cause?.code ?? cause?.message ?? (typeof code === "string" ? code : message);
}
