/**
 * A stand-in for MetaMask, announced by EIP-6963, that behaves as the released extension was recorded to: its codes,
 * its sentences, its order of events, errors that are plain objects, windows that take a while to show, a network for
 * each site. Its windows are answered by the test. It lives outside the page, as an extension does, so the page's
 * content security policy does not bind it. One stand-in serves all the pages it is installed in, as an extension
 * serves all tabs.
 */
import type { Page } from "playwright-core";
import { privateKeyToAddress } from "web3-eth-accounts";
import { failure, type ProviderFailure } from "../../public/wallet/provider";
import { type Answer, announceInPage } from "./metamask-inpage";
import { type SentTransaction, WalletNetwork } from "./metamask-network";
import { until } from "./until";

const MAINNET = "0x1";
/** Of these tests alone, on chains that end with them. */
const KEYS = [`0x${"5a".repeat(32)}`, `0x${"5b".repeat(32)}`];
const ACCOUNTS = KEYS.map((key) => privateKeyToAddress(key).toLowerCase());
const keyOf = (account: string): string =>
  KEYS[ACCOUNTS.indexOf(account.toLowerCase())] ?? fail(4100, "The account is not in this wallet.");

interface Window {
  method: string;
  answer(isConfirmed: boolean): void;
}
interface AddedChain {
  chainId: string;
  nativeCurrency?: { symbol: string; decimals: number };
  rpcUrls: string[];
}
interface Site {
  chainId: string;
  isPermitted: boolean;
  pages: Set<Page>;
}

const fail = (code: number, message: string): never => {
  throw failure(code, message);
};
const isAllowedRpc = (text: string): boolean => {
  const { protocol, hostname } = new URL(text);
  return protocol === "https:" || ["localhost", "127.0.0.1"].includes(hostname);
};

export class MetaMaskStandIn {
  readonly accounts = ACCOUNTS as [string, string];
  readonly asked: string[] = [];
  /** Hashes of what was sent, the newest last; replacements too. */
  readonly sent: string[] = [];
  /** What the person has let into the wallet's list of tokens. */
  readonly watched: { chainId: string; address: string }[] = [];
  /** How far its polled block stands behind the node: three, some seconds after a block, was seen. */
  blocksBehind = 0;
  private selected = 0;
  private isLocked = false;
  private areWindowsHeld = false;
  private unlocks: (() => void)[] = [];
  private windows: Window[] = [];
  private readonly networks = new Map<string, WalletNetwork>();
  private readonly sites = new Map<string, Site>();

  /** The one that is chosen in the wallet, in lower case. */
  get account(): string {
    return ACCOUNTS[this.selected] as string;
  }

  /** The network of the site, or of the only one there is. */
  get chainId(): string {
    return [...this.sites.values()].at(-1)?.chainId ?? MAINNET;
  }

  /** Before the page is loaded. */
  async install(page: Page): Promise<void> {
    await page.exposeBinding("metamaskRequest", ({ frame }, method: string, params: unknown[]) =>
      this.answer(this.site(new URL(frame.url()).origin, page), method, params),
    );
    await page.addInitScript(announceInPage);
  }

  /** The open window's method, once there is one. */
  window(): Promise<string> {
    return until("a window of MetaMask", () => (this.areWindowsHeld ? undefined : this.windows[0]?.method));
  }

  async confirm(): Promise<string> {
    return this.close(true);
  }

  async cancel(): Promise<string> {
    return this.close(false);
  }

  /** From now on windows do not show, as in the seconds that the real one takes, until `showWindows`. */
  holdWindows(): void {
    this.areWindowsHeld = true;
  }

  showWindows(): void {
    this.areWindowsHeld = false;
  }

  /** Another of its accounts is chosen in the wallet; windows that are open stay with theirs. */
  async switchAccount(index: 0 | 1): Promise<void> {
    this.selected = index;
    await this.tellAccounts();
  }

  /** The page hears the same as when the person disconnects it. */
  async lock(): Promise<void> {
    this.isLocked = true;
    await this.tellAccounts();
  }

  async unlock(): Promise<void> {
    this.isLocked = false;
    for (const resolve of this.unlocks.splice(0)) resolve();
    await this.tellAccounts();
  }

  /** The person takes the site's permission away in the wallet. */
  async disconnectSites(): Promise<void> {
    for (const site of this.sites.values()) site.isPermitted = false;
    await this.tellAccounts();
  }

  /** The polled heights are forgotten; activity, permissions and networks stay. The test reloads the pages. */
  restartBrowser(): void {
    for (const network of this.networks.values()) network.restart();
  }

  /** The counts of sent transactions are forgotten; the polled heights stay. */
  clearActivity(): void {
    for (const network of this.networks.values()) network.clearActivity();
  }

  speedUp(hash: string): Promise<string> {
    return this.note(this.network(this.chainId).speedUp(hash));
  }

  cancelTransaction(hash: string): Promise<string> {
    return this.note(this.network(this.chainId).cancel(hash));
  }

  /** An event in all pages, whatever the wallet's own state says. */
  async emit(event: string, value: unknown): Promise<void> {
    for (const { pages } of this.sites.values()) await this.tell(pages, event, value);
  }

  private site(origin: string, page: Page): Site {
    const site = this.sites.get(origin) ?? { chainId: MAINNET, isPermitted: false, pages: new Set() };
    this.sites.set(origin, site);
    if (!site.pages.has(page)) {
      site.pages.add(page);
      page.once("close", () => site.pages.delete(page));
    }
    return site;
  }

  private async tell(pages: Set<Page>, event: string, value: unknown): Promise<void> {
    for (const page of pages)
      await page.evaluate(
        ([name, given]) => window.dispatchEvent(new CustomEvent(`metamask:${name}`, { detail: given })),
        [event, value] as const,
      );
  }

  private async tellAccounts(): Promise<void> {
    for (const site of this.sites.values())
      await this.tell(site.pages, "accountsChanged", this.visibleTo(site));
  }

  /** The chosen one first; none while locked. */
  private visibleTo({ isPermitted }: Site): string[] {
    if (!isPermitted || this.isLocked) return [];
    return [this.account, ...ACCOUNTS.filter((account) => account !== this.account)];
  }

  private async close(isConfirmed: boolean): Promise<string> {
    const method = await this.window();
    this.windows.shift()?.answer(isConfirmed);
    return method;
  }

  private async note(sending: Promise<string>): Promise<string> {
    const hash = await sending;
    this.sent.push(hash);
    return hash;
  }

  private async answer(site: Site, method: string, params: unknown[]): Promise<Answer> {
    this.asked.push(method);
    try {
      return { result: (await this.request(site, method, params)) ?? null };
    } catch (error) {
      const failed = error as ProviderFailure;
      if (failed.code === 4900) await this.tell(site.pages, "disconnect", failed);
      return { error: failed };
    }
  }

  private async ask(method: string, refusal: string): Promise<void> {
    // One window of a kind at a time; transactions queue up.
    if (method !== "eth_sendTransaction" && this.windows.some((window) => window.method === method))
      fail(-32002, `Request of type '${method}' already pending for origin. Please wait.`);
    const isConfirmed = await new Promise<boolean>((answer) => this.windows.push({ method, answer }));
    if (!isConfirmed) fail(4001, refusal);
  }

  private async request(site: Site, method: string, params: unknown[]): Promise<unknown> {
    switch (method) {
      case "eth_chainId":
        return site.chainId;
      case "eth_accounts":
        return this.visibleTo(site);
      case "eth_requestAccounts":
        return this.connect(site);
      case "wallet_getPermissions":
        return site.isPermitted ? [{ parentCapability: "eth_accounts", caveats: [] }] : [];
      case "wallet_revokePermissions":
        site.isPermitted = false;
        await this.tell(site.pages, "accountsChanged", []);
        return null;
      case "wallet_switchEthereumChain":
        return this.switchTo(site, (params[0] as { chainId: string }).chainId);
      case "wallet_addEthereumChain":
        return this.add(site, params[0] as AddedChain);
      case "wallet_watchAsset": {
        const { options } = params as unknown as { options: { address: string } };
        await this.ask(method, "User rejected the request.");
        // Into the list of the network the site is on, mainnet too.
        this.watched.push({ chainId: site.chainId, address: options.address });
        return true;
      }
      case "eth_sendTransaction":
        return this.send(site, params[0] as SentTransaction);
      default:
        return this.network(site.chainId).request(method, params);
    }
  }

  private async connect(site: Site): Promise<string[]> {
    if (this.isLocked) await new Promise<void>((resolve) => this.unlocks.push(resolve));
    if (!site.isPermitted) await this.ask("wallet_requestPermissions", "User rejected the request.");
    site.isPermitted = true;
    await this.tell(site.pages, "accountsChanged", this.visibleTo(site));
    return this.visibleTo(site);
  }

  private async switchTo(site: Site, chainId: string): Promise<null> {
    if (!this.networks.has(chainId) && chainId !== MAINNET)
      fail(
        4902,
        `Unrecognized chain ID "${chainId}". Try adding the chain using wallet_addEthereumChain first.`,
      );
    if (site.chainId === chainId) return null;
    await this.ask("wallet_switchEthereumChain", "User rejected the request.");
    this.moveTo(site, chainId);
    return null;
  }

  private async add(site: Site, { chainId, nativeCurrency, rpcUrls }: AddedChain): Promise<null> {
    if (!rpcUrls.every(isAllowedRpc))
      fail(
        -32602,
        `Expected an array with at least one valid string HTTPS url 'rpcUrls', Received:\n${rpcUrls}`,
      );
    if (nativeCurrency?.decimals !== 18 || !/^.{1,6}$/.test(nativeCurrency.symbol))
      fail(-32602, "Expected the number 18 for 'nativeCurrency.decimals'");
    await this.ask("wallet_addEthereumChain", "User rejected the request.");
    const rpcUrl = rpcUrls[0] ?? "";
    if (this.networks.get(chainId)?.rpcUrl !== rpcUrl)
      this.networks.set(chainId, new WalletNetwork(chainId, rpcUrl, keyOf, () => BigInt(this.blocksBehind)));
    await this.ask("wallet_switchEthereumChain", "User rejected the request.");
    this.moveTo(site, chainId);
    return null;
  }

  /** Of this site alone: another one stays where it is. */
  private moveTo(site: Site, chainId: string): void {
    site.chainId = chainId;
    // MetaMask answers first and tells of the new chain after.
    setTimeout(() => void this.tell(site.pages, "chainChanged", chainId), 0);
  }

  private network(chainId: string): WalletNetwork {
    return this.networks.get(chainId) ?? fail(-32603, "Internal JSON-RPC error.");
  }

  private async send(site: Site, transaction: SentTransaction): Promise<string> {
    if (this.visibleTo(site).length === 0 || !this.visibleTo(site).includes(transaction.from?.toLowerCase()))
      fail(-32602, "Invalid parameters: must provide an Ethereum address.");
    const network = this.network(site.chainId);
    await this.ask("eth_sendTransaction", "MetaMask Tx Signature: User denied transaction signature.");
    return this.note(network.send({ ...transaction, from: transaction.from.toLowerCase() }));
  }
}
