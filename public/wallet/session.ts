/**
 * The connected wallet: found by announcement, connected by the person's choice, followed by its events, and found
 * again after a reload without a window. Providers stay in here; the state holds what is shown.
 */
import { configOf } from "../select";
import type { Store } from "../store";
import type { TabStorage } from "../tab-storage";
import { checksummed } from "../web3/codec";
import { discoverWallets } from "./discovery";
import { failureKind } from "./failure";
import { switchChain } from "./network";
import type { Provider, ProviderDetail } from "./provider";

const REMEMBERED = "neighborwatt/wallet";

export interface Session {
  /** Opens the wallet's window. @throws ProviderFailure the wallet's own, 4001 for a rejection */
  connect(uuid: string): Promise<void>;
  disconnect(): Promise<void>;
  /** @throws ProviderFailure | ChainNotAddable */
  switchToHouse(): Promise<void>;
  /** Of the connected wallet. @throws Error when none is connected */
  provider(): Provider;
  stop(): void;
}

export function startSession(store: Store, target: EventTarget, storage: TabStorage): Session {
  const details = new Map<string, ProviderDetail>();
  let current: ProviderDetail | null = null;
  let unfollow = () => {};

  const wallet = (change: Parameters<typeof store.dispatch>[0] & { type: "wallet" }) =>
    store.dispatch(change);

  const left = () => {
    unfollow();
    current = null;
    storage.removeItem(REMEMBERED);
    wallet({
      type: "wallet",
      change: {
        status: "none",
        name: "",
        rdns: "",
        account: null,
        chainId: null,
        isOffline: false,
        isOnOldChain: false,
      },
    });
  };

  const follow = (provider: Provider) => {
    const accounts = (list: string[]) =>
      list[0] ? wallet({ type: "wallet", change: { account: checksummed(list[0]) } }) : left();
    const chain = (chainId: string) =>
      wallet({ type: "wallet", change: { chainId: Number(chainId), isOffline: false, isOnOldChain: false } });
    const online = () => wallet({ type: "wallet", change: { isOffline: false } });
    const offline = () => wallet({ type: "wallet", change: { isOffline: true } });
    const listeners = [
      ["accountsChanged", accounts],
      ["chainChanged", chain],
      ["connect", online],
      ["disconnect", offline],
    ] as const;
    for (const [event, listener] of listeners) provider.on?.(event, listener as (value: never) => void);
    return () => {
      for (const [event, listener] of listeners)
        provider.removeListener?.(event, listener as (value: never) => void);
    };
  };

  const enter = async (detail: ProviderDetail, accounts: string[]) => {
    const chainId = Number(await detail.provider.request({ method: "eth_chainId" }));
    unfollow();
    current = detail;
    unfollow = follow(detail.provider);
    storage.setItem(REMEMBERED, detail.info.rdns);
    wallet({
      type: "wallet",
      change: {
        status: "connected",
        name: detail.info.name,
        rdns: detail.info.rdns,
        account: accounts[0] ? checksummed(accounts[0]) : null,
        chainId,
        isOffline: false,
        isOnOldChain: false,
      },
    });
  };

  /** A wallet that still knows this page says so without a window. */
  const reconnect = async (detail: ProviderDetail) => {
    if (current || storage.getItem(REMEMBERED) !== detail.info.rdns) return;
    try {
      const accounts = (await detail.provider.request({ method: "eth_accounts" })) as string[];
      if (accounts.length > 0 && !current) await enter(detail, accounts);
    } catch (error) {
      // Not answering yet is no news: the person can still press "connect", and is told then.
      console.info("The wallet of the last visit does not answer:", failureKind(error));
    }
  };

  const stopDiscovery = discoverWallets(target, (detail) => {
    details.set(detail.info.uuid, detail);
    const { uuid, name, rdns, icon } = detail.info;
    store.dispatch({ type: "walletFound", choice: { uuid, name, rdns, icon } });
    void reconnect(detail);
  });

  return {
    async connect(uuid) {
      const detail = details.get(uuid);
      if (!detail) throw new Error("That wallet is gone: reload the page");
      if (store.state.wallet.status === "none")
        wallet({
          type: "wallet",
          change: { status: "connecting", name: detail.info.name, rdns: detail.info.rdns },
        });
      try {
        await enter(detail, (await detail.provider.request({ method: "eth_requestAccounts" })) as string[]);
      } catch (error) {
        // A second press while the first window is open ends nothing: the first answer still counts.
        if (!current && failureKind(error) !== "windowOpen") left();
        throw error;
      }
    },
    async disconnect() {
      const provider = current?.provider;
      left();
      try {
        await provider?.request({ method: "wallet_revokePermissions", params: [{ eth_accounts: {} }] });
      } catch (error) {
        // Not every wallet can be told to forget; the page has forgotten it all the same.
        if (failureKind(error) !== "unsupported") throw error;
      }
    },
    async switchToHouse() {
      const config = configOf(store.state);
      if (!config || !current) throw new Error("Connect a wallet first");
      await switchChain(current.provider, config);
      const chainId = Number(await current.provider.request({ method: "eth_chainId" }));
      wallet({ type: "wallet", change: { chainId } });
    },
    provider() {
      if (!current) throw new Error("No wallet is connected");
      return current.provider;
    },
    stop() {
      stopDiscovery();
      unfollow();
    },
  };
}
