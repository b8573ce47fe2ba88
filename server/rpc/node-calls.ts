/** What a door asks the node, and how it reads the node's answer. */
import { NodeFailure, NodeNonsense } from "./failures";

export interface RpcErrorObject {
  code: number;
  message: string;
  data?: unknown;
}
export type Outcome = { result: unknown } | { error: RpcErrorObject };
export interface NodeCall {
  method: string;
  params: unknown[];
}

/** The caller's ids stay here: theirs may be twice the same, or huge. */
export function questionOf(calls: NodeCall[]): string {
  const requests = calls.map(({ method, params }, i) => ({ jsonrpc: "2.0", id: i + 1, method, params }));
  return JSON.stringify(requests.length === 1 ? requests[0] : requests);
}

export function outcomesOf(count: number, text: string): Outcome[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new NodeNonsense("it does not answer with JSON");
  }
  const byId = new Map<unknown, Record<string, unknown>>();
  for (const one of Array.isArray(parsed) ? parsed : [parsed])
    if (typeof one === "object" && one !== null) byId.set((one as { id?: unknown }).id, one);
  return Array.from({ length: count }, (_, i) => {
    const one = byId.get(i + 1);
    // The node's own error as it is: its data are a revert's bytes.
    if (typeof one?.error === "object" && one.error !== null) return { error: one.error as RpcErrorObject };
    if (!one || !("result" in one)) throw new NodeNonsense("it leaves a call without an answer");
    return { result: one.result };
  });
}

/** The signal ends what listens to it; the caller is answered even when nothing does. */
export function untilLate<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new NodeFailure(504, "The node did not answer in time."));
    if (signal.aborted) late();
    signal.addEventListener("abort", late, { once: true });
    work
      .then(resolve, (error: unknown) => (signal.aborted ? late() : reject(error)))
      .finally(() => {
        signal.removeEventListener("abort", late);
      });
  });
}
