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

/**
 * A node reached straight from the page, for the lab's own keys. The address is the configuration's, so a page that is
 * served by http reaches what its reader's browser can.
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
      if (!response.ok) throw failure(4900, `${rpcUrl} answers ${response.status}`);
      const answer = (await response.json()) as { result?: unknown; error?: ProviderFailure };
      if (answer.error) throw answer.error;
      return answer.result ?? null;
    },
  };
}
