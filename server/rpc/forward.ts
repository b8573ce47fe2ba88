/** Hands a JSON-RPC request on to a node over HTTP. */
import { exchange, HttpStatusError, TooLargeError, UnreachableError } from "../../chain/transport";
import { AnswerTooLarge, NodeFailure } from "./failures";

/**
 * @param maxAnswerBytes a longer answer is not read to its end
 * @throws NodeFailure 502 or 503, AnswerTooLarge
 */
export function httpForward(url: string, maxAnswerBytes: number) {
  return async (body: string, signal: AbortSignal): Promise<string> => {
    try {
      return await exchange(url, body, { signal, maxAnswerBytes, redirect: "error" });
    } catch (error) {
      if (error instanceof TooLargeError) throw new AnswerTooLarge(maxAnswerBytes);
      if (error instanceof HttpStatusError)
        throw new NodeFailure(502, `The node answers with HTTP ${error.status}.`);
      if (error instanceof UnreachableError)
        throw new NodeFailure(503, "The node is away: it cannot be reached.");
      throw error;
    }
  };
}
