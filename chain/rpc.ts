/**
 * JSON-RPC to one Ethereum node, over HTTP or its IPC socket: each request has a time-out, answers have a largest size,
 * and an answer is checked against a schema before anyone believes it.
 */
import { type ZodType, z } from "zod";
import { exchange, NodeError, TooLargeError } from "./transport";

export { NodeError, TooLargeError };

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

  /** For a node that is believed, such as one that this program has started: its answer is not checked. */
  async ask<T>(method: string, ...params: unknown[]): Promise<T> {
    return (await this.call(method, params, z.unknown())) as T;
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
    const { url, timeoutMs, maxAnswerBytes = MAX_ANSWER_BYTES } = this.options;
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
      text = await exchange(url, JSON.stringify(body), { signal: request.signal, maxAnswerBytes });
    } catch (error) {
      if (error instanceof NodeError) throw error;
      if (isLate) throw new NodeError(`${this.where()} did not answer within ${timeoutMs / 1000} s`);
      throw new NodeError(`${this.where()} cannot be reached: ${(error as Error).message}`, { cause: error });
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

const ASKED_WITHIN_MS = 10_000;

/** One question, over a connection of its own where it is an IPC socket, to a node that is believed. */
export const ask = <T>(url: string, method: string, ...params: unknown[]): Promise<T> =>
  new JsonRpc({ url, timeoutMs: ASKED_WITHIN_MS }).ask<T>(method, ...params);
