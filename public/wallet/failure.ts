/**
 * What a wallet's refusal means. A wallet rejects with plain objects, and each layer between wraps them once more, so
 * the wallet's own code is looked for from the inside out.
 */
interface Wrapped {
  code?: unknown;
  message?: unknown;
  data?: unknown;
  cause?: Wrapped;
  innerError?: Wrapped;
}

/** The wallet's own code; null when there is none. */
export function codeOf(error: unknown): number | null {
  const e = error as Wrapped | null | undefined;
  // MetaMask puts what the node said below its own "Internal JSON-RPC error".
  const nested = (e?.data as { originalError?: Wrapped } | undefined)?.originalError?.code;
  const code = e?.cause?.code ?? e?.innerError?.code ?? nested ?? e?.code;
  return typeof code === "number" ? code : null;
}

export function messageOf(error: unknown): string {
  const e = error as Wrapped | null | undefined;
  const message = e?.cause?.message ?? e?.innerError?.message ?? e?.message;
  return typeof message === "string" && message !== "" ? message : String(error);
}

export type FailureKind =
  /** A choice of the person, never shown as an error. */
  | "rejected"
  | "windowOpen"
  | "unknownChain"
  | "notConnected"
  | "walletOffline"
  /** The chain was reset under the same id and the wallet counts on from the old one. */
  | "staleNonce"
  | "noEther"
  | "unsupported"
  /** A part of the page that the server no longer has. */
  | "pageOlder"
  | "failed";

export function failureKind(error: unknown): FailureKind {
  const message = messageOf(error);
  if (/nonce too (high|low)/i.test(message)) return "staleNonce";
  if (/insufficient funds/i.test(message)) return "noEther";
  // In the words of Chromium and Firefox, of Safari, and of Vite.
  if (/dynamically imported module|Importing a module script failed|Unable to preload/i.test(message))
    return "pageOlder";
  switch (codeOf(error)) {
    case 4001:
      return "rejected";
    case -32002:
      return "windowOpen";
    case 4902:
      return "unknownChain";
    case 4100:
      return "notConnected";
    case 4200:
    case -32601:
      return "unsupported";
    case 4900:
    case 4901:
      return "walletOffline";
    case -32602:
      // MetaMask's word for a page that is no longer connected.
      return /must provide an Ethereum address/i.test(message) ? "notConnected" : "failed";
    default:
      return "failed";
  }
}
