/**
 * A door to a node for callers that nobody vouches for: JSON-RPC 2.0 in, JSON-RPC 2.0 out, and between them a written
 * list of methods (methods.ts), bounds on everything that costs, and the node's own answers. It knows no HTTP beyond a
 * status; whoever opens it checks Host, Origin and the body's size first.
 */
import { AnswerTooLarge, NodeFailure, NodeNonsense } from "./failures";
import { listedMethods, type ReadCall } from "./methods";
import { type NodeCall, type Outcome, outcomesOf, questionOf, untilLate } from "./node-calls";
import { type LogFilter, ParameterError } from "./parameters";
import { Rate } from "./rate";

export interface DoorLimits {
  /** Calls in one request. */
  maxBatch: number;
  /** Blocks that one `eth_getLogs` may look through. */
  maxLogBlocks: number;
  /** Gas of one `eth_call` or `eth_estimateGas`; what asks for more gets this. */
  gasCap: bigint;
  /** For the node's answer to one request, ms. */
  withinMs: number;
  /** Calls of one client in a minute. */
  callsPerMinute: number;
  /** Requests of one client that the node works on at a time, and of all of them together. */
  maxUnderWay: { client: number; all: number };
}

export const DOOR_LIMITS: DoorLimits = {
  maxBatch: 50,
  maxLogBlocks: 10_000,
  gasCap: 15_000_000n,
  withinMs: 5_000,
  callsPerMinute: 6_000,
  maxUnderWay: { client: 16, all: 64 },
};

/** Why a call was refused or not answered, for `/metrics`. */
export const REFUSALS = [
  "invalidJson",
  "invalidRequest",
  "batchLength",
  "method",
  "invalidParams",
  "stateOverride",
  "logRange",
  "answerTooLarge",
  "rate",
  "busy",
  "node",
  // Decided by whoever opens the door.
  "tooLarge",
  "contentType",
  "origin",
] as const;
export type Refusal = (typeof REFUSALS)[number];

export interface DoorParts {
  /** Hands one JSON-RPC request or batch on to the node. @throws NodeFailure, or any other error for a node that is away */
  forward(body: string, signal: AbortSignal): Promise<string>;
  limits?: Partial<DoorLimits>;
  refused?(reason: Refusal): void;
  /** Monotonic. */
  elapsedMs(): number;
}

export interface DoorAnswer {
  status: number;
  /** JSON; empty when nothing is to be answered, as to a notification. */
  body: string;
}

export interface Door {
  /** @param client whose rate it counts to, such as an IP address */
  answer(text: string, client: string): Promise<DoorAnswer>;
  /** An answer to a request that was refused before it came here. */
  refuse(reason: Refusal, status: number, message: string): DoorAnswer;
}

type Id = string | number | null;
/** A call as it came: `id` is undefined for a notification. */
interface Asked {
  id: Id | undefined;
  /** What goes to the node; null when it is refused already. */
  call: NodeCall | null;
  outcome: Outcome | null;
}

const MAX_ID_LENGTH = 200;
const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
const NO_METHOD = -32601;
const INVALID_PARAMS = -32602;
/** EIP-1474: a limit is exceeded. */
const LIMIT = -32005;
/** Not -32002: wallets say by it that a window of theirs is open. */
const UNAVAILABLE = -32000;

const failed = (code: number, message: string): Outcome => ({ error: { code, message } });
const envelope = (id: Id, outcome: Outcome) => ({ jsonrpc: "2.0", id, ...outcome });
const single = (status: number, code: number, message: string): DoorAnswer => ({
  status,
  body: JSON.stringify(envelope(null, failed(code, message))),
});

export function createDoor(parts: DoorParts): Door {
  const limits: DoorLimits = { ...DOOR_LIMITS, ...parts.limits };
  const refused = (reason: Refusal) => parts.refused?.(reason);
  const readCall = listedMethods(limits.gasCap);
  const rate = new Rate(limits.callsPerMinute, parts.elapsedMs);
  const underWay = new Map<string, number>();
  let allUnderWay = 0;

  const refuse: Door["refuse"] = (reason, status, message) => {
    refused(reason);
    return single(status, reason === "tooLarge" ? LIMIT : INVALID_REQUEST, message);
  };

  async function ask(calls: NodeCall[], signal: AbortSignal): Promise<Outcome[]> {
    return outcomesOf(calls.length, await untilLate(parts.forward(questionOf(calls), signal), signal));
  }

  async function carryOut(asked: Asked[]): Promise<number> {
    const signal = AbortSignal.timeout(limits.withinMs);
    try {
      await checkLogRanges(asked, limits.maxLogBlocks, refused, async () => {
        const [head] = await ask([{ method: "eth_blockNumber", params: [] }], signal);
        if (!head || !("result" in head) || !/^0x[0-9a-f]{1,13}$/i.test(String(head.result)))
          throw new NodeNonsense("it does not say which block is the newest");
        return Number(head.result);
      });
      const open = asked.filter((one) => one.call !== null && one.outcome === null);
      if (open.length === 0) return 200;
      const outcomes = await ask(
        open.map((one) => one.call as NodeCall),
        signal,
      );
      open.forEach((one, i) => {
        one.outcome = outcomes[i] as Outcome;
      });
      return 200;
    } catch (error) {
      const isLarge = error instanceof AnswerTooLarge;
      const { status, words } = isLarge
        ? { status: 200, words: error.message }
        : error instanceof NodeFailure
          ? { status: error.status, words: error.message }
          : { status: 503, words: `The node is away: ${error instanceof Error ? error.message : error}` };
      for (const one of asked) {
        if (one.outcome !== null) continue;
        refused(isLarge ? "answerTooLarge" : "node");
        one.outcome = failed(isLarge ? LIMIT : UNAVAILABLE, words);
      }
      return status;
    }
  }

  async function answer(text: string, client: string): Promise<DoorAnswer> {
    let question: unknown;
    try {
      question = JSON.parse(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      refused("invalidJson");
      return single(200, PARSE_ERROR, "This is not JSON.");
    }
    const isBatch = Array.isArray(question);
    const entries: unknown[] = Array.isArray(question) ? question : [question];
    if (entries.length === 0 || entries.length > limits.maxBatch) {
      refused("batchLength");
      return single(200, INVALID_REQUEST, `A batch has 1 to ${limits.maxBatch} calls.`);
    }
    if (!rate.take(client, entries.length)) {
      refused("rate");
      return single(429, LIMIT, `At most ${limits.callsPerMinute} calls a minute: wait, then ask again.`);
    }
    const asked = entries.map((entry) => readEntry(entry, readCall, refused));
    let status = 200;
    if (asked.some((one) => one.call !== null)) {
      const mine = underWay.get(client) ?? 0;
      if (mine >= limits.maxUnderWay.client || allUnderWay >= limits.maxUnderWay.all) {
        refused("busy");
        return single(429, LIMIT, "Too many requests at a time: wait for the answers, then ask again.");
      }
      underWay.set(client, mine + 1);
      allUnderWay += 1;
      try {
        status = await carryOut(asked);
      } finally {
        allUnderWay -= 1;
        const left = (underWay.get(client) ?? 1) - 1;
        if (left === 0) underWay.delete(client);
        else underWay.set(client, left);
      }
    }
    const answers = asked
      .filter((one) => one.id !== undefined)
      .map((one) => envelope(one.id as Id, one.outcome as Outcome));
    if (answers.length === 0) return { status: status === 200 ? 204 : status, body: "" };
    return { status, body: JSON.stringify(isBatch ? answers : answers[0]) };
  }

  return { answer, refuse };
}

function isId(id: unknown): id is Id {
  if (id === null) return true;
  if (typeof id === "string") return id.length <= MAX_ID_LENGTH;
  return typeof id === "number" && Number.isFinite(id) && Math.abs(id) <= Number.MAX_SAFE_INTEGER;
}

function readEntry(entry: unknown, readCall: ReadCall, refused: (reason: Refusal) => void): Asked {
  const invalid = (message: string): Asked => {
    refused("invalidRequest");
    return { id: null, call: null, outcome: failed(INVALID_REQUEST, message) };
  };
  if (typeof entry !== "object" || entry === null || Array.isArray(entry))
    return invalid("A call is an object.");
  const { jsonrpc, id, method, params = [] } = entry as Record<string, unknown>;
  if (id !== undefined && !isId(id))
    return invalid(`An id is null, a text of at most ${MAX_ID_LENGTH} characters, or a number below 2^53.`);
  if (jsonrpc !== "2.0" || typeof method !== "string")
    return { ...invalid('A call has "jsonrpc": "2.0" and a method.'), id: id ?? null };
  try {
    const read = readCall(method, params);
    if (read !== null) return { id, call: { method, params: read }, outcome: null };
  } catch (error) {
    if (!(error instanceof ParameterError)) throw error;
    refused(error.reason);
    return { id, call: null, outcome: failed(INVALID_PARAMS, error.message) };
  }
  refused("method");
  const name = JSON.stringify(method.slice(0, 60));
  return { id, call: null, outcome: failed(NO_METHOD, `The method ${name} is not available here.`) };
}

/** A range between two numbers is plain; one that ends at the newest block is looked up, once for all of a request. */
async function checkLogRanges(
  asked: Asked[],
  most: number,
  refused: (reason: Refusal) => void,
  newest: () => Promise<number>,
): Promise<void> {
  let head: number | null = null;
  for (const one of asked) {
    if (one.call?.method !== "eth_getLogs") continue;
    const { fromBlock = "latest", toBlock = "latest", blockHash } = one.call.params[0] as LogFilter;
    if (blockHash !== undefined || fromBlock === toBlock) continue;
    const isNumber = (end: string) => end === "earliest" || end.startsWith("0x");
    if (!isNumber(fromBlock) || !isNumber(toBlock)) head ??= await newest();
    const at = (end: string) =>
      end === "earliest" ? 0 : end.startsWith("0x") ? Number(end) : (head as number);
    if (at(toBlock) - at(fromBlock) < most) continue;
    refused("logRange");
    one.call = null;
    one.outcome = failed(LIMIT, `Logs are looked up in at most ${most} blocks at a time: ask for fewer.`);
  }
}
