/**
 * The one way a transaction leaves the page: simulated first, so that no window opens for what must fail; then the
 * wallet's window; then a record that only the chain can turn into "sealed".
 */

import { sameAddress } from "../../common/address";
import { compareWalletChain, readerOf } from "../chain-reader";
import { revertSentence } from "../errors";
import { noticeOf } from "../notices";
import { isOnChain } from "../select";
import type { Store } from "../store";
import { mergeTransactions, type Owner, type TransactionKind, type TransactionRecord } from "../transactions";
import { messageOf } from "../wallet/failure";
import type { Provider } from "../wallet/provider";
import { OldChainError } from "../wallet/wallet-chain";

export type Codec = Pick<
  typeof import("../../chain/codec"),
  "encodeCall" | "encodePurchase" | "tokenAbi" | "tradeAbi"
>;

export interface Call {
  kind: TransactionKind;
  /** Which control is busy meanwhile. */
  control: string;
  to: string;
  /** Its bytes, by the codec, which is loaded for it. */
  data?: (codec: Codec) => string;
  /** wei */
  value?: bigint;
  details: TransactionRecord["details"];
}

export interface Sender {
  store: Store;
  provider(): Provider;
  storage: Storage;
  nowMs(): number;
}

/** Who signs, on which chain: read before the window opens, since another may be chosen while it is open. */
export function ownerOf({ store }: Sender): Owner | null {
  const { config, wallet } = store.state;
  return wallet.account && config.status === "ready"
    ? { chain: config.chain, account: wallet.account }
    : null;
}

/**
 * On the page's own node, which stands where the page stands; a wallet may be some blocks behind.
 * @throws OldChainError, or the node's refusal with the revert's data
 */
async function checkBeforeSending(store: Store, wallet: Provider, parameters: object): Promise<void> {
  try {
    await compareWalletChain(store, wallet);
  } catch (error) {
    // A wallet need not answer that; one that is on no chain at all refuses by itself.
    console.info("The wallet's chain could not be compared:", messageOf(error));
  }
  if (store.state.wallet.isOnOldChain) throw new OldChainError();
  await readerOf(store.state, () => wallet).request({ method: "eth_call", params: [parameters, "latest"] });
}

/** Adds what was just sent to the list of the account that signed, which need not be the one on show by now. */
export function keepTransaction(
  store: Store,
  storage: Storage,
  { chain, account }: Owner,
  record: TransactionRecord,
): void {
  const { config, wallet } = store.state;
  if (config.status === "ready" && config.chain === chain && sameAddress(wallet.account, account))
    store.dispatch({ type: "transaction", transaction: record });
  else mergeTransactions(storage, chain, account, [], [record]);
}

/** Resolves to the hash, or null when it was not sent; the notice then says why. Never rejects. */
export async function send(sender: Sender, call: Call): Promise<string | null> {
  const { store, storage, nowMs } = sender;
  const owner = ownerOf(sender);
  if (!owner || store.state.busy[call.control]) return null;
  const elsewhere = () => {
    if (!isOnChain(store.state)) store.dispatch({ type: "notice", notice: { name: "wrongNetwork" } });
    return !isOnChain(store.state);
  };
  if (elsewhere()) return null;
  const from = owner.account;
  const sent = {
    from,
    to: call.to,
    ...(call.value === undefined ? {} : { value: `0x${call.value.toString(16)}` }),
  };
  const phase = (next: "checking" | "wallet" | null) =>
    store.dispatch({ type: "busy", what: call.control, phase: next });
  store.dispatch({ type: "notice", notice: null });
  phase("checking");
  try {
    const wallet = sender.provider();
    // By name: what of the codec no page uses stays out of the page.
    const { encodeCall, encodePurchase, tokenAbi, tradeAbi } = await import("../../chain/codec");
    const data = call.data?.({ encodeCall, encodePurchase, tokenAbi, tradeAbi });
    const parameters = { ...sent, ...(data && { data }) };
    await checkBeforeSending(store, wallet, parameters);
    if (elsewhere()) return null;
    // The wallet would ask for an account that is no longer on show.
    if (!sameAddress(store.state.wallet.account, from)) {
      store.dispatch({ type: "notice", notice: { name: "accountChanged" } });
      return null;
    }
    phase("wallet");
    const hash = (await wallet.request({ method: "eth_sendTransaction", params: [parameters] })) as string;
    const record: TransactionRecord = {
      hash,
      nonce: null,
      call: { to: call.to, data: data ?? "0x", value: String(call.value ?? 0n) },
      kind: call.kind,
      account: from,
      sentAtMs: nowMs(),
      details: call.details,
      status: "pending",
      block: null,
      isConfirmed: false,
    };
    keepTransaction(store, storage, owner, record);
    return hash;
  } catch (error) {
    const sentence = await revertSentence(error, store.state.ui.language);
    store.dispatch({
      type: "notice",
      notice: sentence ? { name: "simulationFailed", values: { reason: sentence } } : noticeOf(error),
    });
    return null;
  } finally {
    phase(null);
  }
}
