/**
 * Transactions this page has sent, kept in localStorage per chain and account, so that a reload in the middle of a
 * purchase goes on showing it. Only the receipt makes one sealed; a node that does not know it makes it missing.
 */

import type { Store } from "./store";
import type { Provider } from "./wallet/provider";

export type TransactionKind =
  | "purchase"
  | "buyTokens"
  | "redeem"
  | "listOffer"
  | "withdrawOffer"
  | "refund"
  | "faucet";

export interface TransactionRecord {
  hash: string;
  kind: TransactionKind;
  account: string;
  sentAtMs: number;
  /** What it says in words: quantities as decimal strings, for the sentence of its kind. */
  details: { offerId?: string; tradeId?: string; milliWh?: string; tokens?: string; wei?: string };
  status: "pending" | "sealed" | "reverted" | "missing";
  block: number | null;
}

/** Kept for the list; the chain has the rest. */
const MAX_KEPT = 20;
/** A node may take a moment to know what another has taken in. */
export const MISSING_AFTER_MS = 60_000;

const keyOf = (chainId: number, account: string) =>
  `neighborwatt/transactions/${chainId}/${account.toLowerCase()}`;

const isRecord = (value: unknown): value is TransactionRecord =>
  typeof value === "object" &&
  value !== null &&
  /^0x[0-9a-f]{64}$/i.test((value as TransactionRecord).hash) &&
  typeof (value as TransactionRecord).kind === "string" &&
  typeof (value as TransactionRecord).details === "object";

/** Whatever is there that still reads as records; a storage someone has edited is worth no error. */
export function parseTransactions(text: string | null): TransactionRecord[] {
  if (!text) return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
  return Array.isArray(parsed) ? parsed.filter(isRecord).slice(0, MAX_KEPT) : [];
}

export const loadTransactions = (storage: Storage, chainId: number, account: string): TransactionRecord[] =>
  parseTransactions(storage.getItem(keyOf(chainId, account)));

export const saveTransactions = (
  storage: Storage,
  chainId: number,
  account: string,
  records: TransactionRecord[],
): void => storage.setItem(keyOf(chainId, account), JSON.stringify(records.slice(0, MAX_KEPT)));

interface Receipt {
  status: string;
  blockNumber: string;
}

/** Where a record stands now, by what the node says. */
export function updateRecord(
  record: TransactionRecord,
  receipt: Receipt | null,
  isKnown: boolean,
  nowMs: number,
): TransactionRecord {
  if (receipt) {
    const status = Number(receipt.status) === 1 ? "sealed" : "reverted";
    return { ...record, status, block: Number(receipt.blockNumber) };
  }
  if (!isKnown && nowMs - record.sentAtMs > MISSING_AFTER_MS)
    return { ...record, status: "missing", block: null };
  return { ...record, status: "pending", block: null };
}

/** Asks the node about every transaction that is not sealed yet. Resolves to how many have changed. */
export async function checkTransactions(store: Store, provider: Provider, nowMs: number): Promise<number> {
  const open = store.state.transactions.filter((record) => record.status === "pending");
  let changed = 0;
  for (const record of open) {
    const params = [record.hash];
    const receipt = (await provider.request({
      method: "eth_getTransactionReceipt",
      params,
    })) as Receipt | null;
    const known =
      receipt !== null || (await provider.request({ method: "eth_getTransactionByHash", params })) !== null;
    const updated = updateRecord(record, receipt, known, nowMs);
    if (updated.status === record.status) continue;
    store.dispatch({ type: "transaction", transaction: updated });
    changed += 1;
  }
  return changed;
}
