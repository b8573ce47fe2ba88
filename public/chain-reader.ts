/**
 * What the page asks the chain itself: balances, where its transactions stand, and whether the wallet sees the same
 * chain. By `/rpc` of its server where there is one, else through the connected wallet.
 */
import { nodeOf } from "./node";
import { configOf, isOnChain } from "./select";
import type { PageState } from "./state";
import type { Store } from "./store";
import { checkTransactions } from "./transaction-check";
import { isListOf, loadTransactions, mergeTransactions, type Owner } from "./transactions";
import { failureKind } from "./wallet/failure";
import { LAB_RDNS } from "./wallet/lab-id";
import type { Provider } from "./wallet/provider";
import { findNonceAhead, type NonceAhead, seesSameChain } from "./wallet/wallet-chain";

export interface ChainReader {
  store: Store;
  /** Of the connected wallet. */
  provider(): Provider;
  storage: Storage;
  /** Where `storage` events of other tabs arrive. */
  otherTabs?: EventTarget;
  nowMs(): number;
}

const EVERY_MS = 1000;
/** A wallet asks its node for each of these. */
const COMPARE_EVERY_ROUNDS = 4;

/**
 * For balances, checks and receipts. The wallet is asked where there is no `/rpc`, and while `/rpc` does not answer if it
 * has a node of its own: what it replaces meanwhile would be found by nobody later.
 */
export function readerOf(state: PageState, wallet: () => Provider): Provider {
  const config = configOf(state);
  if (!config?.hasRpcDoor) return wallet();
  const node = nodeOf(config);
  const { rdns, isOnOldChain } = state.wallet;
  if (rdns === LAB_RDNS || isOnOldChain) return node;
  return {
    request: (call) =>
      node.request(call).catch((error) => {
        if (failureKind(error) !== "walletOffline") throw error;
        return wallet().request(call);
      }),
  };
}

async function readBalances(store: Store, reader: Provider): Promise<void> {
  const account = store.state.wallet.account;
  const config = configOf(store.state);
  if (!account || !config || !isOnChain(store.state)) return;
  const { decodeUint, encodeCall, tokenAbi } = await import("../chain/codec");
  const call = { to: config.contracts.token, data: encodeCall(tokenAbi, "balanceOf", account) };
  const [wei, tokens] = (await Promise.all([
    reader.request({ method: "eth_getBalance", params: [account, "latest"] }),
    reader.request({ method: "eth_call", params: [call, "latest"] }),
  ])) as [string, string];
  // The account may have changed meanwhile; then these are not its balances.
  if (store.state.wallet.account !== account || !isOnChain(store.state)) return;
  const old = store.state.balances;
  const balances = { wei: BigInt(wei), tokens: decodeUint(tokens) };
  if (old?.wei !== balances.wei || old.tokens !== balances.tokens)
    store.dispatch({ type: "balances", balances });
}

/**
 * Compares the wallet's chain with the page's and keeps what came out of it in the state. The lab wallet and a page
 * without `/rpc` have one way to the chain only: there is nothing to compare.
 * @throws ProviderFailure when the wallet does not answer
 */
export async function compareWalletChain(store: Store, wallet: Provider): Promise<void> {
  const config = configOf(store.state);
  if (!config?.hasRpcDoor || !isOnChain(store.state) || store.state.wallet.rdns === LAB_RDNS) return;
  const isSame = await seesSameChain(nodeOf(config), wallet);
  if (isSame !== null && isOnChain(store.state) && store.state.wallet.isOnOldChain === isSame)
    store.dispatch({ type: "wallet", change: { isOnOldChain: !isSame } });
}

/** Of the newest transaction whose number is too high. Wallets may hand in two in the wrong order: then it is right a round later. */
async function lookForNonceAhead(
  store: Store,
  reader: Provider,
  last: NonceAhead | null,
): Promise<NonceAhead | null> {
  let found: NonceAhead | null = null;
  for (const { hash, account, status } of store.state.transactions)
    if (status === "pending") found ??= await findNonceAhead(reader, { hash, account });
  const told = found?.hash === last?.hash ? found : null;
  const { nonceAhead } = store.state;
  if (told?.hash !== nonceAhead?.hash || told?.expected !== nonceAhead?.expected)
    store.dispatch({ type: "nonceAhead", nonceAhead: told });
  return found;
}

/** Whose transactions these are: of one account on one chain. */
function ownerOf(state: PageState): Owner | null {
  if (!isOnChain(state) || state.config.status !== "ready" || !state.wallet.account) return null;
  return { chain: state.config.chain, account: state.wallet.account };
}

/** Reads every second, one round at a time; keeps the records in storage. Returns what stops it. */
export function startChainReader({ store, storage, otherTabs, provider, nowMs }: ChainReader): () => void {
  let owner: ReturnType<typeof ownerOf> = null;
  let saved = store.state.transactions;
  let rounds = 0;
  let lastAhead: NonceAhead | null = null;

  const unsubscribe = store.subscribe((state) => {
    const now = ownerOf(state);
    if (now?.chain !== owner?.chain || now?.account !== owner?.account) {
      owner = now;
      saved = owner ? loadTransactions(storage, owner.chain, owner.account) : [];
      rounds = 0;
      store.dispatch({ type: "transactions", transactions: saved });
      void round();
    } else if (state.transactions !== saved && owner) {
      const before = saved;
      saved = state.transactions;
      saved = mergeTransactions(storage, owner.chain, owner.account, before, saved);
      store.dispatch({ type: "transactions", transactions: saved });
      // Its number is learned at once, before the wallet can replace it: later nobody could tell it.
      if (saved.some(({ hash, nonce }) => nonce === null && !before.some((one) => one.hash === hash)))
        void round();
    }
  });
  const takeOver = (event: Event) => {
    if (!owner || !isListOf((event as StorageEvent).key, owner)) return;
    saved = loadTransactions(storage, owner.chain, owner.account);
    store.dispatch({ type: "transactions", transactions: saved });
  };
  otherTabs?.addEventListener("storage", takeOver);

  let isReading = false;
  let isOfflineByAnswer = false;
  async function round(): Promise<void> {
    const config = configOf(store.state);
    if (isReading || !config || !isOnChain(store.state)) return;
    isReading = true;
    try {
      const reader = readerOf(store.state, provider);
      await checkTransactions(store, reader, nowMs());
      lastAhead = await lookForNonceAhead(store, reader, lastAhead);
      await readBalances(store, reader);
      if (!config.hasRpcDoor) offline(false);
    } catch (error) {
      // The node or the wallet does not answer now; figures stay, and the notice of a wallet without a node is up.
      if (!config.hasRpcDoor && failureKind(error) === "walletOffline") offline(true);
      else console.info("The chain could not be read:", error);
    } finally {
      isReading = false;
    }
    if (config.hasRpcDoor && rounds++ % COMPARE_EVERY_ROUNDS === 0) await compare();
  }

  async function compare(): Promise<void> {
    try {
      await compareWalletChain(store, provider());
      // One that has said so itself says so too when its node is back; meanwhile it answers from memory.
      if (isOfflineByAnswer) offline(false);
    } catch (error) {
      if (failureKind(error) === "walletOffline") offline(true);
      else console.info("The wallet's chain could not be compared:", error);
    }
  }

  function offline(isOffline: boolean): void {
    isOfflineByAnswer = isOffline;
    if (store.state.wallet.isOffline !== isOffline) store.dispatch({ type: "wallet", change: { isOffline } });
  }

  const timer = setInterval(() => void round(), EVERY_MS);
  return () => {
    clearInterval(timer);
    otherTabs?.removeEventListener("storage", takeOver);
    unsubscribe();
  };
}
