/** Hands a JSON-RPC request on to a node over HTTP. */
import { AnswerTooLarge, NodeFailure } from "./failures";

/**
 * @param maxAnswerBytes a longer answer is not read to its end
 * @throws NodeFailure 502 or 503, AnswerTooLarge
 */
export function httpForward(url: string, maxAnswerBytes: number) {
  return async (body: string, signal: AbortSignal): Promise<string> => {
    let response: Response;
    try {
      response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
        signal,
        redirect: "error",
      });
    } catch (error) {
      if (signal.aborted) throw error;
      throw new NodeFailure(503, "The node is away: it cannot be reached.");
    }
    const text = await readBody(response, maxAnswerBytes);
    if (!response.ok) throw new NodeFailure(502, `The node answers with HTTP ${response.status}.`);
    return text;
  };
}

async function readBody(response: Response, maxAnswerBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  if (!response.body) return "";
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxAnswerBytes) throw new AnswerTooLarge(maxAnswerBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
