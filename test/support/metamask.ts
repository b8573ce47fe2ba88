/**
 * A stand-in for MetaMask, announced by EIP-6963, that behaves as the released extension was recorded to: its codes,
 * its sentences, its order of events, and errors that are plain objects. Its windows are answered by the test. It
 * lives outside the page, as an extension does, so the page's content security policy does not bind it.
 */
import type { Page } from "playwright-core";
import { Common, FeeMarketEIP1559Transaction, privateKeyToAddress } from "web3-eth-accounts";
import { bytesToHex, hexToBytes } from "web3-utils";
import { type Provider, type ProviderFailure, rpcProvider } from "../../public/wallet/provider";
import { until } from "./until";

/** Of this test alone, on a chain that ends with it. */
const KEY = `0x${"5a".repeat(32)}`;

type Answer = { result: unknown } | { error: ProviderFailure };
interface Window {
  method: string;
  answer(isConfirmed: boolean): void;
}
interface AddedChain {
  chainId: string;
  nativeCurrency?: { symbol: string; decimals: number };
  rpcUrls: string[];
}
interface Transaction {
  from?: string;
  to: string;
  value?: string;
  data?: string;
}

const fail = (code: number, message: string): never => {
  throw { code, message } satisfies ProviderFailure;
};
const isAllowedRpc = (text: string): boolean => {
  const { protocol, hostname } = new URL(text);
  return protocol === "https:" || ["localhost", "127.0.0.1"].includes(hostname);
};

export class MetaMaskStandIn {
  readonly account = privateKeyToAddress(KEY).toLowerCase();
  readonly asked: string[] = [];
  chainId = "0x1";
  private isConnected = false;
  private windows: Window[] = [];
  private readonly chains = new Map<string, Provider>();
  private page: Page | null = null;

  /** Before the page is loaded. */
  async install(page: Page): Promise<void> {
    this.page = page;
    await page.exposeFunction("metamaskRequest", (method: string, params: unknown[]) =>
      this.answer(method, params),
    );
    await page.addInitScript(announceInPage);
  }

  /** The open window's method, once there is one. */
  window(): Promise<string> {
    return until("a window of MetaMask", () => this.windows[0]?.method);
  }

  async confirm(): Promise<string> {
    return this.close(true);
  }

  async cancel(): Promise<string> {
    return this.close(false);
  }

  private async close(isConfirmed: boolean): Promise<string> {
    const method = await this.window();
    this.windows.shift()?.answer(isConfirmed);
    return method;
  }

  async emit(event: string, value: unknown): Promise<void> {
    await this.page?.evaluate(
      ([name, given]) => window.dispatchEvent(new CustomEvent(`metamask:${name}`, { detail: given })),
      [event, value] as const,
    );
  }

  private async answer(method: string, params: unknown[]): Promise<Answer> {
    this.asked.push(method);
    try {
      return { result: (await this.request(method, params)) ?? null };
    } catch (error) {
      return { error: error as ProviderFailure };
    }
  }

  private async ask(method: string, refusal: string): Promise<void> {
    if (this.windows.some((window) => window.method === method))
      fail(-32002, `Request of type '${method}' already pending for origin. Please wait.`);
    const isConfirmed = await new Promise<boolean>((answer) => this.windows.push({ method, answer }));
    if (!isConfirmed) fail(4001, refusal);
  }

  private async request(method: string, params: unknown[]): Promise<unknown> {
    switch (method) {
      case "eth_chainId":
        return this.chainId;
      case "eth_accounts":
        return this.isConnected ? [this.account] : [];
      case "eth_requestAccounts":
        return this.connect();
      case "wallet_revokePermissions":
        this.isConnected = false;
        await this.emit("accountsChanged", []);
        return null;
      case "wallet_switchEthereumChain":
        return this.switchTo((params[0] as { chainId: string }).chainId);
      case "wallet_addEthereumChain":
        return this.add(params[0] as AddedChain);
      case "wallet_watchAsset":
        await this.ask(method, "User rejected the request.");
        return true;
      case "eth_sendTransaction":
        return this.send(params[0] as Transaction);
      default:
        return this.node().request({ method, params });
    }
  }

  private async connect(): Promise<string[]> {
    if (!this.isConnected) await this.ask("wallet_requestPermissions", "User rejected the request.");
    this.isConnected = true;
    await this.emit("accountsChanged", [this.account]);
    return [this.account];
  }

  private async switchTo(chainId: string): Promise<null> {
    if (!this.chains.has(chainId) && chainId !== "0x1")
      fail(
        4902,
        `Unrecognized chain ID "${chainId}". Try adding the chain using wallet_addEthereumChain first.`,
      );
    if (this.chainId === chainId) return null;
    await this.ask("wallet_switchEthereumChain", "User rejected the request.");
    await this.moveTo(chainId);
    return null;
  }

  private async add({ chainId, nativeCurrency, rpcUrls }: AddedChain): Promise<null> {
    if (!rpcUrls.every(isAllowedRpc))
      fail(
        -32602,
        `Expected an array with at least one valid string HTTPS url 'rpcUrls', Received:\n${rpcUrls}`,
      );
    if (nativeCurrency?.decimals !== 18 || !/^.{1,6}$/.test(nativeCurrency.symbol))
      fail(-32602, "Expected the number 18 for 'nativeCurrency.decimals'");
    await this.ask("wallet_addEthereumChain", "User rejected the request.");
    this.chains.set(chainId, rpcProvider(rpcUrls[0] ?? ""));
    await this.ask("wallet_switchEthereumChain", "User rejected the request.");
    await this.moveTo(chainId);
    return null;
  }

  private async moveTo(chainId: string): Promise<void> {
    this.chainId = chainId;
    // MetaMask answers first and tells of the new chain after.
    setTimeout(() => void this.emit("chainChanged", chainId), 0);
  }

  private node(): Provider {
    return this.chains.get(this.chainId) ?? fail(-32603, "Internal JSON-RPC error.");
  }

  private async send(transaction: Transaction): Promise<unknown> {
    if (!this.isConnected) fail(-32602, "Invalid parameters: must provide an Ethereum address.");
    const rpc = this.node();
    await this.ask("eth_sendTransaction", "MetaMask Tx Signature: User denied transaction signature.");
    const read = async (method: string, ...params: unknown[]) =>
      BigInt((await rpc.request({ method, params })) as string);
    const signed = FeeMarketEIP1559Transaction.fromTxData(
      {
        nonce: await read("eth_getTransactionCount", this.account, "pending"),
        to: transaction.to,
        value: BigInt(transaction.value ?? "0x0"),
        data: transaction.data ?? "0x",
        gasLimit: await read("eth_estimateGas", transaction),
        maxFeePerGas: (await read("eth_gasPrice")) * 2n,
        maxPriorityFeePerGas: 1n,
      },
      { common: Common.custom({ chainId: Number(this.chainId) }, { hardfork: "london" }) },
    ).sign(hexToBytes(KEY));
    return rpc.request({ method: "eth_sendRawTransaction", params: [bytesToHex(signed.serialize())] });
  }
}

/** Runs in the page, before its own scripts: the part of the extension that a page can touch. */
function announceInPage(): void {
  const bridge = window as unknown as { metamaskRequest(method: string, params: unknown[]): Promise<Answer> };
  const listeners = new Map<unknown, (event: Event) => void>();
  const provider = {
    isMetaMask: true,
    async request({ method, params = [] }: { method: string; params?: unknown[] }) {
      const answer = await bridge.metamaskRequest(method, params);
      if ("error" in answer) throw answer.error;
      return answer.result;
    },
    on(event: string, listener: (value: unknown) => void) {
      const wrapped = (given: Event) => listener((given as CustomEvent).detail);
      listeners.set(listener, wrapped);
      window.addEventListener(`metamask:${event}`, wrapped);
    },
    removeListener(event: string, listener: (value: unknown) => void) {
      const wrapped = listeners.get(listener);
      if (wrapped) window.removeEventListener(`metamask:${event}`, wrapped);
    },
  };
  const detail = Object.freeze({
    info: {
      uuid: "350670db-19fa-4704-a166-e52e178b59d2",
      name: "MetaMask",
      rdns: "io.metamask",
      icon: "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E",
    },
    provider,
  });
  const announce = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
}
