/**
 * Where the page's transactions stand, by what the chain says. Only a receipt makes one sealed. When the node has no
 * receipt, the account's count of sealed transactions decides: a number that is used up was used by another
 * transaction, sped up or cancelled in the wallet, and that one is looked for in the blocks.
 */
import { configOf } from "./select";
import type { Store } from "./store";
import type { TransactionRecord } from "./transactions";
import { failureKind, messageOf } from "./wallet/failure";
import type { Provider } from "./wallet/provider";

/** A node may take a moment to know what another has taken in. */
export const MISSING_AFTER_MS = 60_000;
/** Searched from the head down where the node no longer has the counts of old blocks. */
const BLOCKS_WITHOUT_COUNTS = 300;

interface Receipt {
  status: string;
  blockNumber: string;
}

export interface ChainTransaction {
  hash: string;
  from: string;
  nonce: string;
  to: string | null;
  value: string;
  input?: string;
  data?: string;
  blockNumber?: string | null;
}

/** What the chain says of a transaction. */
export interface Finding {
  receipt: Receipt | null;
  /** Whether the node has it at all, sealed or waiting, or another of the same account and number that waits. */
  isKnown: boolean;
  /** The newest block with the confirmations needed. */
  confirmedBlock: number;
}

const same = (left: string | null | undefined, right: string | null | undefined) =>
  (left ?? "").toLowerCase() === (right ?? "").toLowerCase();
const hex = (value: number) => `0x${value.toString(16)}`;
const dataOf = ({ input, data }: ChainTransaction) => input ?? data ?? "0x";

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
    return { ...record, status: "missing", block: null, isConfirmed: false };
  return { ...record, status: "pending", block: null, isConfirmed: false };
}

const countAt = async (provider: Provider, account: string, block: string): Promise<number> =>
  Number(await provider.request({ method: "eth_getTransactionCount", params: [account, block] }));

async function inBlock(
  provider: Provider,
  block: number,
  account: string,
  nonce: number,
): Promise<ChainTransaction | null> {
  const found = (await provider.request({
    method: "eth_getBlockByNumber",
    params: [hex(block), true],
  })) as { transactions?: ChainTransaction[] } | null;
  return found?.transactions?.find((one) => same(one.from, account) && Number(one.nonce) === nonce) ?? null;
}

/**
 * The sealed transaction of this account and number. The account's count at each height leads to its block in a few
 * steps; where the node has no old counts, the newest blocks are read one by one.
 * @returns null when it is deeper than that
 */
export async function findSealed(
  provider: Provider,
  account: string,
  nonce: number,
): Promise<ChainTransaction | null> {
  const head = Number(await provider.request({ method: "eth_blockNumber" }));
  try {
    let [low, high] = [0, head];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((await countAt(provider, account, hex(middle))) > nonce) high = middle;
      else low = middle + 1;
    }
    const found = await inBlock(provider, low, account, nonce);
    if (found) return found;
  } catch (error) {
    if (failureKind(error) === "walletOffline") throw error;
    console.info("The node has no counts of old blocks:", messageOf(error));
  }
  for (let block = head; block >= 0 && block > head - BLOCKS_WITHOUT_COUNTS; block--) {
    const found = await inBlock(provider, block, account, nonce);
    if (found) return found;
  }
  return null;
}

/** A wallet cancels by sending nothing to its own account under the same number. */
const isCancellation = (sealed: ChainTransaction): boolean =>
  same(sealed.to, sealed.from) && BigInt(sealed.value) === 0n && dataOf(sealed) === "0x";

/** Same number, same act: sped up, or sent again for another fee. */
const doesTheSame = (record: TransactionRecord, sealed: ChainTransaction): boolean =>
  !!record.call &&
  same(sealed.to, record.call.to) &&
  same(dataOf(sealed), record.call.data) &&
  BigInt(sealed.value) === BigInt(record.call.value);

/** Its number is used up and it was not sealed: which one was, and what that makes of the record. */
async function replaced(
  provider: Provider,
  record: TransactionRecord,
  nonce: number,
  confirmedBlock: number,
): Promise<TransactionRecord> {
  const sealed = await findSealed(provider, record.account, nonce);
  // Too deep to be found is deep enough to stay.
  if (!sealed) return { ...record, status: "replaced", block: null, isConfirmed: true };
  if (doesTheSame(record, sealed)) {
    const receipt = await receiptOf(provider, sealed.hash);
    const isKnown = true;
    return updateRecord({ ...record, hash: sealed.hash }, { receipt, isKnown, confirmedBlock }, 0);
  }
  const block = Number(sealed.blockNumber);
  const status = isCancellation(sealed) ? "cancelled" : "replaced";
  return { ...record, status, block, isConfirmed: block <= confirmedBlock };
}

const receiptOf = async (provider: Provider, hash: string): Promise<Receipt | null> =>
  (await provider.request({ method: "eth_getTransactionReceipt", params: [hash] })) as Receipt | null;

const transactionOf = async (provider: Provider, hash: string): Promise<ChainTransaction | null> =>
  (await provider.request({
    method: "eth_getTransactionByHash",
    params: [hash],
  })) as ChainTransaction | null;

/** The record with its number, which only the node can tell: a wallet says a hash and nothing else. */
const learned = (record: TransactionRecord, found: ChainTransaction): TransactionRecord =>
  record.nonce !== null || !same(found.from, record.account)
    ? record
    : { ...record, nonce: Number(found.nonce) };

async function checked(
  provider: Provider,
  record: TransactionRecord,
  confirmedBlock: number,
  nowMs: number,
): Promise<TransactionRecord> {
  const receipt = await receiptOf(provider, record.hash);
  if (receipt) return updateRecord(record, { receipt, isKnown: true, confirmedBlock }, nowMs);
  const found = await transactionOf(provider, record.hash);
  if (found) {
    const finding = { receipt, isKnown: true, confirmedBlock };
    return updateRecord(learned(record, found), finding, nowMs);
  }
  const { nonce, account } = record;
  if (nonce === null) return updateRecord(record, { receipt, isKnown: false, confirmedBlock }, nowMs);
  if ((await countAt(provider, account, "latest")) > nonce)
    return replaced(provider, record, nonce, confirmedBlock);
  // Its replacement waits: the account's next number, with all that waits, is above.
  const isKnown = (await countAt(provider, account, "pending")) > nonce;
  return updateRecord(record, { receipt, isKnown, confirmedBlock }, nowMs);
}

const hasChanged = (before: TransactionRecord, after: TransactionRecord): boolean =>
  (["hash", "nonce", "status", "block", "isConfirmed"] as const).some((key) => before[key] !== after[key]);

/**
 * Asks the node about every transaction that can still change: a lost one too, since a node may bring it back.
 * Resolves to how many have changed.
 */
export async function checkTransactions(store: Store, provider: Provider, nowMs: number): Promise<number> {
  const { transactions, chain } = store.state;
  const needed = configOf(store.state)?.confirmationsNeeded ?? 1;
  const confirmedBlock = (chain?.head?.block ?? 0) - needed + 1;
  let changed = 0;
  for (const record of transactions) {
    if (record.isConfirmed) continue;
    const updated = await checked(provider, record, confirmedBlock, nowMs);
    if (!hasChanged(record, updated)) continue;
    store.dispatch({ type: "transactionChange", hash: record.hash, transaction: updated });
    changed += 1;
  }
  return changed;
}
