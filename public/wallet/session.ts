/**
 * The connected wallet: found by announcement, connected by the person's choice, followed by its events, and found
 * again after a reload without a window. Providers stay in here; the state holds what is shown.
 */

import { checksumAddress } from "../../chain/checksum";
import { configOf } from "../select";
import type { Store } from "../store";
import type { TabStorage } from "../tab-storage";
import { discoverWallets } from "./discovery";
import { failureKind, messageOf } from "./failure";
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

/** Whether the wallet lets this page see accounts, locked or not; null where it cannot say (EIP-2255). */
async function isPermitted(provider: Provider): Promise<boolean | null> {
  try {
    const list = await provider.request({ method: "wallet_getPermissions" });
    if (!Array.isArray(list)) return null;
    return list.some(
      (one: { parentCapability?: unknown } | null) => one?.parentCapability === "eth_accounts",
    );
  } catch (error) {
    if (failureKind(error) !== "unsupported")
      console.info("The wallet does not tell its permissions:", messageOf(error));
    return null;
  }
}

/** What the wallet tells of itself from now on; it counts more than an answer that was asked for before. */
function hear(provider: Provider) {
  const heard: { accounts?: string[]; chainId?: number; stop(): void } = {
    stop() {
      provider.removeListener?.("accountsChanged", accounts);
      provider.removeListener?.("chainChanged", chain);
    },
  };
  const accounts = (list: string[]) => {
    heard.accounts = list;
  };
  const chain = (chainId: string) => {
    heard.chainId = Number(chainId);
  };
  provider.on?.("accountsChanged", accounts);
  provider.on?.("chainChanged", chain);
  return heard;
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

  /**
   * No account is shown any more. A wallet says the same when it is locked and when it has taken its permission back;
   * EIP-2255 tells the two apart where the wallet knows it. A locked one is listened to on: it comes back by itself.
   */
  const withdrawn = async (detail: ProviderDetail) => {
    current = null;
    const { name, rdns } = detail.info;
    const nothing = { account: null, chainId: null, isOffline: false, isOnOldChain: false };
    wallet({ type: "wallet", change: { status: "locked", name, rdns, ...nothing } });
    if ((await isPermitted(detail.provider)) === false && store.state.wallet.status === "locked") left();
  };

  const follow = (detail: ProviderDetail) => {
    const { provider } = detail;
    const accounts = (list: string[]) => {
      if (!list[0]) void withdrawn(detail);
      else if (current === detail) wallet({ type: "wallet", change: { account: checksumAddress(list[0]) } });
      else
        enter(detail, list).catch((error) => console.info("The wallet does not answer:", messageOf(error)));
    };
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

  const enter = async (detail: ProviderDetail, given: string[]): Promise<void> => {
    // Another account may be chosen before the wallet has told its chain.
    const heard = hear(detail.provider);
    let chainId: number;
    try {
      chainId = Number(await detail.provider.request({ method: "eth_chainId" }));
    } finally {
      heard.stop();
    }
    const accounts = heard.accounts ?? given;
    unfollow();
    current = detail;
    unfollow = follow(detail);
    storage.setItem(REMEMBERED, detail.info.rdns);
    if (!accounts[0]) return withdrawn(detail);
    wallet({
      type: "wallet",
      change: {
        status: "connected",
        name: detail.info.name,
        rdns: detail.info.rdns,
        account: checksumAddress(accounts[0]),
        chainId: heard.chainId ?? chainId,
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
      if (current) return;
      if (accounts.length > 0) return await enter(detail, accounts);
      // Locked, perhaps: then it tells its account when it is unlocked.
      unfollow();
      unfollow = follow(detail);
      if (await isPermitted(detail.provider)) await withdrawn(detail);
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
      const before = store.state.wallet.status;
      if (before === "none" || before === "locked")
        wallet({
          type: "wallet",
          change: { status: "connecting", name: detail.info.name, rdns: detail.info.rdns },
        });
      try {
        await enter(detail, (await detail.provider.request({ method: "eth_requestAccounts" })) as string[]);
      } catch (error) {
        // A second press while the first window is open ends nothing: the first answer still counts.
        if (current || failureKind(error) === "windowOpen") throw error;
        if (before === "locked") await withdrawn(detail);
        else left();
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
      const switched = current;
      await switchChain(switched.provider, config);
      const chainId = Number(await switched.provider.request({ method: "eth_chainId" }));
      if (current === switched) wallet({ type: "wallet", change: { chainId } });
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
