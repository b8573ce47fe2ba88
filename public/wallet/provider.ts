/** EIP-1193 and EIP-6963, as far as the page uses them. */
export interface Provider {
  request(call: { method: string; params?: readonly unknown[] }): Promise<unknown>;
  on?(event: string, listener: (value: never) => void): unknown;
  removeListener?(event: string, listener: (value: never) => void): unknown;
}

export interface ProviderInfo {
  uuid: string;
  name: string;
  rdns: string;
  icon: string;
}

export interface ProviderDetail {
  info: ProviderInfo;
  provider: Provider;
}

/** What an EIP-1193 provider rejects with: a plain object, not an `Error`. */
export interface ProviderFailure {
  code: number;
  message: string;
  data?: unknown;
}

export const failure = (code: number, message: string, data?: unknown): ProviderFailure =>
  data === undefined ? { code, message } : { code, message, data };

interface Answer {
  result?: unknown;
  error?: ProviderFailure;
}

/** Null when it is no JSON: then something else than a node has answered. */
async function answerOf(response: Response): Promise<Answer | null> {
  try {
    return (await response.json()) as Answer | null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/**
 * A node reached straight from the page, or by `/rpc` of the page's server.
 * @throws ProviderFailure the node's own error, or 4900 when it does not answer
 */
export function rpcProvider(rpcUrl: string): Provider {
  let id = 0;
  return {
    async request({ method, params = [] }) {
      id += 1;
      const body = JSON.stringify({ jsonrpc: "2.0", id, method, params });
      let response: Response;
      try {
        response = await fetch(rpcUrl, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body,
        });
      } catch (error) {
        throw failure(
          4900,
          `${rpcUrl} does not answer: ${error instanceof Error ? error.message : "no reason given"}`,
        );
      }
      const answer = await answerOf(response);
      if (!response.ok)
        throw failure(4900, answer?.error?.message ?? `${rpcUrl} answers with HTTP ${response.status}`);
      if (!answer) throw failure(4900, `${rpcUrl} does not answer with JSON`);
      if (answer.error) throw answer.error;
      return answer.result ?? null;
    },
  };
}
