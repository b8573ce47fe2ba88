/** The part of the extension that a page can touch, and the errors it rejects with. */
import type { ProviderFailure } from "../../public/wallet/provider";

export type Answer = { result: unknown } | { error: ProviderFailure };

/** Runs in the page, before its own scripts. */
export function announceInPage(): void {
  const bridge = window as unknown as { metamaskRequest(method: string, params: unknown[]): Promise<Answer> };
  const listeners = new Map<unknown, (event: Event) => void>();
  const provider = {
    isMetaMask: true,
    async request({ method, params = [] }: { method: string; params?: unknown[] }) {
      const answer = await bridge.metamaskRequest(method, params);
      if ("error" in answer) throw answer.error;
      return answer.result;
    },
    on(event: string, listener: (value: unknown) => void) {
      const wrapped = (given: Event) => listener((given as CustomEvent).detail);
      listeners.set(listener, wrapped);
      window.addEventListener(`metamask:${event}`, wrapped);
    },
    removeListener(event: string, listener: (value: unknown) => void) {
      const wrapped = listeners.get(listener);
      if (wrapped) window.removeEventListener(`metamask:${event}`, wrapped);
    },
  };
  const detail = Object.freeze({
    info: {
      uuid: "350670db-19fa-4704-a166-e52e178b59d2",
      name: "MetaMask",
      rdns: "io.metamask",
      icon: "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E",
    },
    provider,
  });
  const announce = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
}
