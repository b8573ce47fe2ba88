/** What the page asks the chain itself, through the connected wallet: balances, and where its transactions stand. */
import { configOf, isOnChain } from "./select";
import type { PageState } from "./state";
import type { Store } from "./store";
import { checkTransactions, loadTransactions, saveTransactions } from "./transactions";
import { failureKind } from "./wallet/failure";
import type { Provider } from "./wallet/provider";
import { decodeUint, encodeCall, tokenAbi } from "./web3/codec";

export interface ChainReader {
  store: Store;
  provider(): Provider;
  storage: Storage;
  nowMs(): number;
}

const EVERY_MS = 1000;

async function readBalances({ store, provider }: ChainReader): Promise<void> {
  const account = store.state.wallet.account;
  const config = configOf(store.state);
  if (!account || !config || !isOnChain(store.state)) return;
  const call = { to: config.contracts.token, data: encodeCall(tokenAbi, "balanceOf", account) };
  const [wei, tokens] = (await Promise.all([
    provider().request({ method: "eth_getBalance", params: [account, "latest"] }),
    provider().request({ method: "eth_call", params: [call, "latest"] }),
  ])) as [string, string];
  // The account may have changed meanwhile; then these are not its balances.
  if (store.state.wallet.account !== account || !isOnChain(store.state)) return;
  const old = store.state.balances;
  const balances = { wei: BigInt(wei), tokens: decodeUint(tokens) };
  if (old?.wei !== balances.wei || old.tokens !== balances.tokens)
    store.dispatch({ type: "balances", balances });
}

const ownerOf = (state: PageState): string =>
  isOnChain(state) ? `${state.wallet.chainId} ${state.wallet.account}` : "";

/** Reads every second, one round at a time; keeps the records in storage. Returns what stops it. */
export function startChainReader(reader: ChainReader): () => void {
  const { store, storage } = reader;
  let owner = "";
  let saved = store.state.transactions;

  const unsubscribe = store.subscribe((state) => {
    const { chainId, account } = state.wallet;
    if (ownerOf(state) !== owner) {
      owner = ownerOf(state);
      saved = owner && chainId && account ? loadTransactions(storage, chainId, account) : [];
      store.dispatch({ type: "transactions", transactions: saved });
      void round();
    } else if (state.transactions !== saved && owner && chainId && account) {
      saved = state.transactions;
      saveTransactions(storage, chainId, account, saved);
    }
  });

  let isReading = false;
  async function round(): Promise<void> {
    if (isReading || !isOnChain(store.state)) return;
    isReading = true;
    try {
      await checkTransactions(store, reader.provider(), reader.nowMs());
      await readBalances(reader);
      if (store.state.wallet.isOffline) store.dispatch({ type: "wallet", change: { isOffline: false } });
    } catch (error) {
      // The node or the wallet does not answer now; figures stay, and the notice of a wallet without a node is up.
      const isOffline = failureKind(error) === "walletOffline";
      if (isOffline && !store.state.wallet.isOffline)
        store.dispatch({ type: "wallet", change: { isOffline: true } });
      else if (!isOffline) console.info("The chain could not be read:", error);
    } finally {
      isReading = false;
    }
  }
  const timer = setInterval(() => void round(), EVERY_MS);
  return () => {
    clearInterval(timer);
    unsubscribe();
  };
}
