const BYTES = /^0x([0-9a-f]{2}){4,}$/i;

/**
 * The revert data inside whatever a wallet or node threw: `data` itself (geth, anvil), `data.data` (MetaMask's
 * "Internal JSON-RPC error"), `data.result` (ganache), or one of them below a wrapper. Null when it was no revert.
 */
export function revertData(error: unknown, depth = 0): string | null {
  if (depth > 6 || typeof error !== "object" || error === null) return null;
  const { data, result, cause, innerError, originalError, error: inner } = error as Record<string, unknown>;
  for (const bytes of [data, result]) if (typeof bytes === "string" && BYTES.test(bytes)) return bytes;
  for (const next of [data, result, cause, innerError, originalError, inner]) {
    const found = revertData(next, depth + 1);
    if (found) return found;
  }
  return null;
}
