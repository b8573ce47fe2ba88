/**
 * The lab wallet: an EIP-6963 wallet of the page's own, with everybody's keys and a confirmation window, so that
 * trading needs no extension. It exists on a lab's chain only, whoever asks.
 */
import { sameAddress } from "../../common/address";
import type { ConfigView } from "../../common/api";
import { LAB_ACCOUNTS } from "../../common/lab";
import { nodeOf } from "../node";
import type { TabStorage } from "../tab-storage";
import { announceWallet } from "./discovery";
import type { LabRole } from "./lab-dialog";
import { LAB_RDNS } from "./lab-id";
import { estimateFees, type LabTransaction, requireChain, sendFromLab } from "./lab-send";
import { hexChainId } from "./network";
import { failure, type Provider } from "./provider";

const CHOSEN = "neighborwatt/lab-account";

const ICON =
  "data:image/svg+xml," +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#f2a900"/><path d="M7 17 16 8l9 9v8H7z" fill="#2b2416"/></svg>',
  );

/** Reads that go to the node as they are; everything else needs the person, or is refused. */
const READS =
  /^(eth_(call|estimateGas|getB\w+|getTransaction\w+|blockNumber|gasPrice|getCode|getLogs)|net_version)$/;

const isRole = (text: string | null): text is LabRole =>
  text === "prosumer" || text === "consumer" || text === "consumer2";

interface SentTransaction {
  from?: string;
  to?: string;
  value?: string;
  data?: string;
}

export interface LabWalletOptions {
  /** As it is now: the server may come back with another network. */
  config(): ConfigView;
  storage: TabStorage;
  language(): "en" | "ko";
}

export function labWallet({
  config,
  storage,
  language,
}: LabWalletOptions): Provider & { emit(event: string, value: unknown): void } {
  const rpc: Provider = { request: (call) => nodeOf(config()).request(call) };
  const chainId = () => config().chainId;
  const listeners = new Map<string, Set<(value: never) => void>>();
  const emit = (event: string, value: unknown) => {
    for (const listener of listeners.get(event) ?? []) listener(value as never);
  };
  let isWindowOpen = false;
  const dialog = () => import("./lab-dialog");

  // Of this tab: the storage remembers it for a reload, and another tab may be another house meanwhile.
  const stored = storage.getItem(CHOSEN);
  let role: LabRole | null = isRole(stored) ? stored : null;
  const accounts = () => (role ? [LAB_ACCOUNTS[role].address.toLowerCase()] : []);

  /** One window at a time, as every wallet does. */
  async function inWindow<T>(method: string, ask: () => Promise<T | null>): Promise<T> {
    if (isWindowOpen) throw failure(-32002, `Request of type '${method}' already pending. Please wait.`);
    isWindowOpen = true;
    try {
      const answer = await ask();
      if (answer === null) throw failure(4001, "User rejected the request.");
      return answer;
    } finally {
      isWindowOpen = false;
    }
  }

  async function connect(method: string): Promise<string[]> {
    await requireChain(rpc, chainId());
    role = await inWindow(method, async () => (await dialog()).askForAccount(language()));
    storage.setItem(CHOSEN, role);
    emit("accountsChanged", accounts());
    return accounts();
  }

  async function sendTransaction(sent: SentTransaction): Promise<string> {
    const chosen = role;
    const account = chosen && LAB_ACCOUNTS[chosen];
    const chain = chainId();
    if (!account || !sameAddress(sent.from, account.address))
      throw failure(4100, "The lab wallet is not connected with that account");
    if (!sent.to) throw failure(-32602, "The lab wallet deploys no contracts");
    await requireChain(rpc, chain);
    const transaction: LabTransaction = {
      to: sent.to,
      value: BigInt(sent.value ?? "0x0"),
      data: sent.data ?? "0x",
    };
    const fees = await inWindow("eth_sendTransaction", async () => {
      const estimated = await estimateFees(rpc, account.address, transaction);
      const { askForConfirmation } = await dialog();
      const isConfirmed = await askForConfirmation({
        config: config(),
        role: chosen,
        transaction,
        fees: estimated,
        language: language(),
      });
      return isConfirmed ? estimated : null;
    });
    return sendFromLab(rpc, chain, account, transaction, fees);
  }

  async function request(method: string, params: readonly unknown[]): Promise<unknown> {
    if (READS.test(method)) return rpc.request({ method, params });
    switch (method) {
      case "eth_chainId":
        await requireChain(rpc, chainId());
        return hexChainId(chainId());
      case "eth_accounts":
        return accounts();
      case "eth_requestAccounts":
        return connect(method);
      case "eth_sendTransaction":
        return sendTransaction(params[0] as SentTransaction);
      case "wallet_revokePermissions":
        role = null;
        storage.removeItem(CHOSEN);
        emit("accountsChanged", []);
        return null;
      case "wallet_switchEthereumChain":
        if ((params[0] as { chainId?: string })?.chainId === hexChainId(chainId())) return null;
        throw failure(4902, `The lab wallet knows chain ${chainId()} only`);
      default:
        throw failure(4200, `The lab wallet has no ${method}`);
    }
  }

  return {
    request: ({ method, params = [] }) => request(method, params),
    emit,
    on(event, listener) {
      listeners.set(event, (listeners.get(event) ?? new Set()).add(listener));
    },
    removeListener(event, listener) {
      listeners.get(event)?.delete(listener);
    },
  };
}

/**
 * Announces the lab wallet where it may exist.
 * @returns what to call when the configuration has changed
 * @throws ProviderFailure 4901 when the node's chain is another
 */
export async function announceLabWallet(options: LabWalletOptions): Promise<() => void> {
  const config = options.config();
  await requireChain(nodeOf(config), config.chainId);
  const provider = labWallet(options);
  announceWallet(window, {
    info: { uuid: "7f1c2d54-9a52-4e7b-8a3c-13370c0ffee5", name: "Lab wallet", rdns: LAB_RDNS, icon: ICON },
    provider,
  });
  return () => provider.emit("chainChanged", hexChainId(options.config().chainId));
}
