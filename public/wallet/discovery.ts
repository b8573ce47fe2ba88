/** EIP-6963: every wallet in the browser announces itself when asked, and again whenever it arrives late. */
import type { ProviderDetail } from "./provider";

const isDetail = (value: unknown): value is ProviderDetail => {
  const detail = value as Partial<ProviderDetail> | null;
  return (
    typeof detail?.provider?.request === "function" &&
    typeof detail.info?.uuid === "string" &&
    typeof detail.info.name === "string" &&
    typeof detail.info.rdns === "string"
  );
};

/** Calls `found` for each announcement; a malformed one is no wallet. Returns what stops listening. */
export function discoverWallets(target: EventTarget, found: (detail: ProviderDetail) => void): () => void {
  const listener = (event: Event) => {
    const { detail } = event as CustomEvent<unknown>;
    if (isDetail(detail)) found(detail);
  };
  target.addEventListener("eip6963:announceProvider", listener);
  target.dispatchEvent(new Event("eip6963:requestProvider"));
  return () => target.removeEventListener("eip6963:announceProvider", listener);
}

/** Announces a wallet of the page's own, now and whenever asked. */
export function announceWallet(target: EventTarget, detail: ProviderDetail): void {
  const announce = () =>
    target.dispatchEvent(
      new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ ...detail }) }),
    );
  target.addEventListener("eip6963:requestProvider", announce);
  announce();
}
