/**
 * Transactions this page has sent, kept in localStorage per chain and account (a chain begun anew is another), so that a reload in the middle of a
 * purchase goes on showing it. Only the receipt makes one sealed; a node that does not know it makes it missing.
 */

import { configOf } from "./select";
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
  /** Deep enough under the head to stay; until then its block may be replaced, and it sealed in another. */
  isConfirmed: boolean;
}

/** Kept for the list; the chain has the rest. */
const MAX_KEPT = 20;
/** A node may take a moment to know what another has taken in. */
export const MISSING_AFTER_MS = 60_000;

/** @param chain as the configuration of the page tells it from others of its id */
const keyOf = (chain: string, account: string) =>
  `neighborwatt/transactions/${chain}/${account.toLowerCase()}`;

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

export const loadTransactions = (storage: Storage, chain: string, account: string): TransactionRecord[] =>
  parseTransactions(storage.getItem(keyOf(chain, account)));

export const saveTransactions = (
  storage: Storage,
  chain: string,
  account: string,
  records: TransactionRecord[],
): void => storage.setItem(keyOf(chain, account), JSON.stringify(records.slice(0, MAX_KEPT)));

interface Receipt {
  status: string;
  blockNumber: string;
}

/** What the chain says of a transaction. */
export interface Finding {
  receipt: Receipt | null;
  /** Whether the node has it at all, sealed or waiting. */
  isKnown: boolean;
  /** The newest block with the confirmations needed. */
  confirmedBlock: number;
}

/** Where a record stands now, by what the node says. */
export function updateRecord(
  record: TransactionRecord,
  { receipt, isKnown, confirmedBlock }: Finding,
  nowMs: number,
): TransactionRecord {
  if (receipt) {
    const status = Number(receipt.status) === 1 ? "sealed" : "reverted";
    const block = Number(receipt.blockNumber);
    return { ...record, status, block, isConfirmed: block <= confirmedBlock };
  }
  if (!isKnown && nowMs - record.sentAtMs > MISSING_AFTER_MS)
    return { ...record, status: "missing", block: null };
  return { ...record, status: "pending", block: null };
}

/** Asks the node about every transaction that can still change. Resolves to how many have. */
export async function checkTransactions(store: Store, provider: Provider, nowMs: number): Promise<number> {
  const { transactions, chain } = store.state;
  const needed = configOf(store.state)?.confirmationsNeeded ?? 1;
  const confirmedBlock = (chain?.head?.block ?? 0) - needed + 1;
  const open = transactions.filter(({ isConfirmed, status }) => !isConfirmed && status !== "missing");
  let changed = 0;
  for (const record of open) {
    const params = [record.hash];
    const receipt = (await provider.request({
      method: "eth_getTransactionReceipt",
      params,
    })) as Receipt | null;
    const isKnown =
      receipt !== null || (await provider.request({ method: "eth_getTransactionByHash", params })) !== null;
    const updated = updateRecord(record, { receipt, isKnown, confirmedBlock }, nowMs);
    const { status, block, isConfirmed } = updated;
    if (status === record.status && block === record.block && isConfirmed === record.isConfirmed) continue;
    store.dispatch({ type: "transaction", transaction: updated });
    changed += 1;
  }
  return changed;
}
