/**
 * The one way a transaction leaves the page: simulated first, so that no window opens for what must fail; then the
 * wallet's window; then a record that only the chain can turn into "sealed".
 */
import { compareWalletChain } from "../chain-reader";
import { revertSentence } from "../errors";
import { readerOf } from "../node";
import { noticeOf } from "../notices";
import { configOf } from "../select";
import type { Store } from "../store";
import type { TransactionKind, TransactionRecord } from "../transactions";
import type { Provider } from "../wallet/provider";
import { OldChainError } from "../wallet/wallet-chain";

export interface Call {
  kind: TransactionKind;
  /** Which control is busy meanwhile. */
  control: string;
  to: string;
  data?: string;
  /** wei */
  value?: bigint;
  details: TransactionRecord["details"];
}

export interface Sender {
  store: Store;
  provider(): Provider;
  nowMs(): number;
}

/**
 * On the page's own node, which stands where the page stands; a wallet may be some blocks behind.
 * @throws OldChainError, or the node's refusal with the revert's data
 */
async function checkBeforeSending(store: Store, wallet: Provider, parameters: object): Promise<void> {
  const config = configOf(store.state);
  await compareWalletChain(store, wallet);
  if (store.state.wallet.isOnOldChain) throw new OldChainError();
  const reader = config ? readerOf(config, () => wallet) : wallet;
  await reader.request({ method: "eth_call", params: [parameters, "latest"] });
}

/** Resolves to the hash, or null when it was not sent; the notice then says why. Never rejects. */
export async function send({ store, provider, nowMs }: Sender, call: Call): Promise<string | null> {
  const from = store.state.wallet.account;
  if (!from || store.state.busy[call.control]) return null;
  const parameters = {
    from,
    to: call.to,
    ...(call.data ? { data: call.data } : {}),
    ...(call.value === undefined ? {} : { value: `0x${call.value.toString(16)}` }),
  };
  const phase = (next: "checking" | "wallet" | null) =>
    store.dispatch({ type: "busy", what: call.control, phase: next });
  store.dispatch({ type: "notice", notice: null });
  phase("checking");
  try {
    await checkBeforeSending(store, provider(), parameters);
    phase("wallet");
    const hash = (await provider().request({
      method: "eth_sendTransaction",
      params: [parameters],
    })) as string;
    store.dispatch({
      type: "transaction",
      transaction: {
        hash,
        kind: call.kind,
        account: from,
        sentAtMs: nowMs(),
        details: call.details,
        status: "pending",
        block: null,
        isConfirmed: false,
      },
    });
    return hash;
  } catch (error) {
    const sentence = revertSentence(error, store.state.ui.language);
    store.dispatch({
      type: "notice",
      notice: sentence ? { name: "simulationFailed", values: { reason: sentence } } : noticeOf(error),
    });
    return null;
  } finally {
    phase(null);
  }
}
