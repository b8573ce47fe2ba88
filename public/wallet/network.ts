/** One click to the right chain: switch to it, or add it first where the wallet does not know it. */
import type { ConfigView } from "../../common/api";
import { failureKind } from "./failure";
import type { Provider } from "./provider";

export const hexChainId = (chainId: number): string => `0x${chainId.toString(16)}`;

/** A name by which a browser means its own machine. */
export const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);

/**
 * MetaMask takes https, or plain http at localhost and 127.0.0.1; anything else is refused without a window. Then the
 * page shows a card to copy from, not a button that must fail.
 */
export function canBeAdded(rpcUrl: string): boolean {
  const { protocol, hostname } = new URL(rpcUrl);
  return protocol === "https:" || (protocol === "http:" && ["localhost", "127.0.0.1"].includes(hostname));
}

/** EIP-3085. MetaMask refuses any decimals but 18, and a symbol that has not 1 to 6 characters. */
export const chainParameters = (config: Pick<ConfigView, "chainId" | "chainName" | "rpcUrl">) => ({
  chainId: hexChainId(config.chainId),
  chainName: config.chainName,
  nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
  rpcUrls: [config.rpcUrl],
});

/** What the page does with an unknown chain that the wallet would refuse to add. */
export class ChainNotAddable extends Error {
  constructor(readonly rpcUrl: string) {
    super(
      `A wallet adds a chain by https or at 127.0.0.1 only, not at ${rpcUrl}: add it by hand, or forward its port`,
    );
  }
}

/**
 * Resolves when the wallet is on the chain.
 * @throws ChainNotAddable when the wallet does not know the chain and would refuse its address
 * @throws ProviderFailure the wallet's own, 4001 for a rejection
 */
export async function switchChain(provider: Provider, config: ConfigView): Promise<void> {
  const chainId = hexChainId(config.chainId);
  const switchTo = () => provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId }] });
  try {
    await switchTo();
    return;
  } catch (error) {
    if (failureKind(error) !== "unknownChain") throw error;
  }
  if (!canBeAdded(config.rpcUrl)) throw new ChainNotAddable(config.rpcUrl);
  await provider.request({ method: "wallet_addEthereumChain", params: [chainParameters(config)] });
  const current = await provider.request({ method: "eth_chainId" });
  // MetaMask switches after adding; a wallet that only adds is asked once more.
  if (current !== chainId) await switchTo();
}
