/**
 * JSON-RPC to one Ethereum node, over HTTP or its IPC socket. It may be slow, gone, or wrong: each request has a
 * time-out, answers have a largest size, and every answer is checked against a schema before anyone believes it.
 */
import type { ZodType } from "zod";
import { exchangeLine } from "./ipc";

/** The node did not answer, or not sensibly: worth trying again. */
export class NodeError extends Error {
  override name = "NodeError";
}

export class TooLargeError extends NodeError {
  override name = "TooLargeError";
}

/** The node answered with a JSON-RPC error object: it understood and refuses. */
export class RpcError extends NodeError {
  override name = "RpcError";
  constructor(
    readonly method: string,
    readonly code: number,
    /** The node's own words. */
    readonly reason: string,
    /** Revert data as 0x-hex, where the node gave any. */
    readonly data: string | null,
  ) {
    super(`${method}: ${reason} (code ${code})`);
  }
}

export interface Call<T> {
  method: string;
  params: unknown[];
  schema: ZodType<T>;
}

export interface RpcOptions {
  /** http(s)://…, or the absolute path of an IPC socket. */
  url: string;
  /** For one request, a batch included. */
  timeoutMs: number;
  maxAnswerBytes?: number;
}

/** Room for the logs of one range many times over; a node that sends more is not believed. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

export class JsonRpc {
  private lastId = 0;
  private isStopped = false;
  private readonly underWay = new Set<AbortController>();

  constructor(private readonly options: RpcOptions) {}

  async call<T>(method: string, params: unknown[], schema: ZodType<T>): Promise<T> {
    const id = ++this.lastId;
    return this.read({ method, params, schema }, id, await this.post({ jsonrpc: "2.0", id, method, params }));
  }

  /** Several calls in one HTTP request. Results in order; a refused call is an RpcError in its place. */
  async batch<T>(calls: Call<T>[]): Promise<(T | RpcError)[]> {
    if (calls.length === 0) return [];
    const firstId = this.lastId + 1;
    this.lastId += calls.length;
    const requests = calls.map(({ method, params }, i) => ({
      jsonrpc: "2.0",
      id: firstId + i,
      method,
      params,
    }));
    const answers = await this.post(requests);
    if (!Array.isArray(answers)) throw new NodeError(`${this.where()} does not answer a batch with a list`);
    const byId = new Map(answers.map((answer: unknown) => [(answer as { id?: unknown } | null)?.id, answer]));
    return calls.map((call, i) => {
      try {
        return this.read(call, firstId + i, byId.get(firstId + i));
      } catch (error) {
        if (error instanceof RpcError) return error;
        throw error;
      }
    });
  }

  /** Like `batch`, but any refusal throws. */
  async all<T>(calls: Call<T>[]): Promise<T[]> {
    return (await this.batch(calls)).map((result) => {
      if (result instanceof RpcError) throw result;
      return result;
    });
  }

  /** Ends what is under way; every later call fails. */
  stop(): void {
    this.isStopped = true;
    for (const request of this.underWay) request.abort();
  }

  private where(): string {
    return `the node at ${this.options.url}`;
  }

  private async post(body: unknown): Promise<unknown> {
    const { url, timeoutMs } = this.options;
    if (this.isStopped) throw new NodeError(`${this.where()} is asked no more`);
    const request = new AbortController();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      request.abort();
    }, timeoutMs);
    this.underWay.add(request);
    let text: string;
    try {
      const question = JSON.stringify(body);
      text = url.startsWith("/")
        ? await exchangeLine(url, question, this.maxAnswerBytes, request.signal)
        : await this.exchangeHttp(question, request.signal);
    } catch (error) {
      if (error instanceof NodeError) throw error;
      if (error instanceof RangeError) throw this.tooLarge();
      if (isLate) throw new NodeError(`${this.where()} did not answer within ${timeoutMs / 1000} s`);
      throw new NodeError(`${this.where()} cannot be reached: ${causeOf(error)}`, { cause: error });
    } finally {
      clearTimeout(timer);
      this.underWay.delete(request);
    }
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new NodeError(`${this.where()} does not answer with JSON: ${text.slice(0, 80)}`, { cause });
    }
  }

  private get maxAnswerBytes(): number {
    return this.options.maxAnswerBytes ?? MAX_ANSWER_BYTES;
  }

  private tooLarge(): TooLargeError {
    return new TooLargeError(`${this.where()} answers with more than ${this.maxAnswerBytes} bytes`);
  }

  private async exchangeHttp(question: string, signal: AbortSignal): Promise<string> {
    const response = await fetch(this.options.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: question,
      signal,
    });
    const text = await this.readBody(response);
    if (!response.ok)
      throw new NodeError(`${this.where()} answers HTTP ${response.status}: ${wordsOf(text)}`);
    return text;
  }

  private async readBody(response: Response): Promise<string> {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    if (!response.body) return "";
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      bytes += chunk.byteLength;
      if (bytes > this.maxAnswerBytes) throw this.tooLarge();
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString("utf8");
  }

  private read<T>({ method, schema }: Call<T>, id: number, answer: unknown): T {
    const envelope = answer as { id?: unknown; error?: unknown; result?: unknown } | null | undefined;
    if (typeof envelope !== "object" || envelope === null || Array.isArray(envelope)) {
      throw new NodeError(`${this.where()} gives no JSON-RPC answer to ${method}`);
    }
    if (envelope.error !== undefined && envelope.error !== null) throw rpcError(method, envelope.error);
    if (envelope.id !== id)
      throw new NodeError(`${this.where()} answers ${method} with another request's id`);
    const parsed = schema.safeParse(envelope.result);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    const at = issue?.path.length ? `${issue.path.join(".")}: ` : "";
    throw new NodeError(`${this.where()} answers ${method} with nonsense (${at}${issue?.message})`);
  }
}

function rpcError(method: string, error: unknown): RpcError {
  const { code, message, data } = error as { code?: unknown; message?: unknown; data?: unknown };
  return new RpcError(
    method,
    typeof code === "number" ? code : 0,
    typeof message === "string" ? message : "no reason given",
    typeof data === "string" && /^0x([0-9a-f]{2})*$/i.test(data) ? data : null,
  );
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
