/**
 * Transactions this page has sent, kept in localStorage per chain and account (a chain begun anew is another), so that
 * a reload in the middle of a purchase goes on showing it. All tabs share the storage: each change is made to what is
 * there by then, and never writes a tab's whole list over another's.
 */
export type TransactionKind =
  | "purchase"
  | "buyTokens"
  | "redeem"
  | "listOffer"
  | "withdrawOffer"
  | "refund"
  | "faucet";

export interface TransactionRecord {
  /** Of the transaction that counts: a wallet that speeds one up sends another in its place. */
  hash: string;
  /** With `account` it names the transaction for good, whatever replaces it; null until the node has told it. */
  nonce: number | null;
  /** What it does, to know it again under another hash. */
  call?: { to: string; data: string; value: string };
  kind: TransactionKind;
  /** Whose list it is in: the account that signed, but for the faucet's gift the one that gets it. */
  account: string;
  sentAtMs: number;
  /** What it says in words: quantities as decimal strings, for the sentence of its kind. */
  details: { offerId?: string; tradeId?: string; milliWh?: string; tokens?: string; wei?: string };
  /**
   * `cancelled`: the wallet used its number for nothing. `replaced`: something else was sealed under its number.
   * `missing`: no node knows it.
   */
  status: "pending" | "sealed" | "reverted" | "missing" | "cancelled" | "replaced";
  block: number | null;
  /** Deep enough under the head to stay; until then its block may be replaced, and it sealed in another. */
  isConfirmed: boolean;
}

/** Kept for the list; the chain has the rest. */
const MAX_KEPT = 20;

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
  if (!Array.isArray(parsed)) return [];
  return parsed
    .filter(isRecord)
    .map((record) => ({ ...record, nonce: record.nonce ?? null }))
    .slice(0, MAX_KEPT);
}

export const loadTransactions = (storage: Storage, chain: string, account: string): TransactionRecord[] =>
  parseTransactions(storage.getItem(keyOf(chain, account)));

export const saveTransactions = (
  storage: Storage,
  chain: string,
  account: string,
  records: TransactionRecord[],
): void => storage.setItem(keyOf(chain, account), JSON.stringify(records.slice(0, MAX_KEPT)));

/** Whether another tab has written to this list. */
export const isListOf = (key: string | null, { chain, account }: Owner): boolean =>
  key === keyOf(chain, account);

/** Makes the changes from `before` to `after` to what is stored now, which another tab may have changed meanwhile. */
export function mergeTransactions(
  storage: Storage,
  chain: string,
  account: string,
  before: readonly TransactionRecord[],
  after: readonly TransactionRecord[],
): TransactionRecord[] {
  const gone = new Set(before.map(({ hash }) => hash));
  const changed = after.filter((record) => !before.includes(record));
  for (const { hash } of after) gone.delete(hash);
  const touched = new Set([...gone, ...changed.map(({ hash }) => hash)]);
  const others = loadTransactions(storage, chain, account).filter(({ hash }) => !touched.has(hash));
  const merged = [...changed, ...others].sort((a, b) => b.sentAtMs - a.sentAtMs);
  saveTransactions(storage, chain, account, merged);
  return merged;
}

/** Whose list a transaction belongs to; read before anything is awaited, since the account may change meanwhile. */
export interface Owner {
  chain: string;
  account: string;
}
