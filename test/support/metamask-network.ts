/**
 * One network as MetaMask keeps it. Its idea of the newest block comes from a poll, so it stands behind the node and,
 * once it has seen a height, never goes back to a lower one: after a reset the node is asked for blocks it does not
 * have. Its count of an account's transactions goes on from the last it has sent, whatever the node says.
 */
import { Common, FeeMarketEIP1559Transaction } from "web3-eth-accounts";
import { bytesToHex, hexToBytes } from "web3-utils";
import { failure, type Provider, type ProviderFailure, rpcProvider } from "../../public/wallet/provider";

export interface SentTransaction {
  from: string;
  to: string;
  value?: string;
  data?: string;
}
interface Signable {
  nonce: bigint;
  to: string;
  value: bigint;
  data: string;
  gasLimit: bigint;
  maxFeePerGas: bigint;
}

/** Where a method names its block; a missing one means the newest. */
const BLOCK_PARAMETER: Record<string, number> = {
  eth_getBlockByNumber: 0,
  eth_getBalance: 1,
  eth_getCode: 1,
  eth_getTransactionCount: 1,
  eth_call: 1,
  eth_getStorageAt: 2,
};
/** Taken when the estimate fails, since its window opens all the same. */
const GAS_WITHOUT_ESTIMATE = 6_000_000n;
const hex = (value: bigint) => `0x${value.toString(16)}`;
const larger = (a: bigint, b: bigint) => (a > b ? a : b);

export class WalletNetwork {
  private highest: bigint | null = null;
  private readonly used = new Map<string, bigint>();
  private readonly sent = new Map<string, { from: string; transaction: Signable }>();

  private readonly node: Provider;

  constructor(
    readonly chainId: string,
    readonly rpcUrl: string,
    private readonly keyOf: (account: string) => string,
    /** How many blocks its poll stands behind the node. */
    private readonly blocksBehind: () => bigint,
  ) {
    this.node = rpcProvider(rpcUrl);
  }

  /** What restarting the browser does: the polled block is forgotten, the activity is not. */
  restart(): void {
    this.highest = null;
  }

  /** What "Clear activity tab data" does: the counts are forgotten, the polled block is not. */
  clearActivity(): void {
    this.used.clear();
    this.sent.clear();
  }

  /** @throws ProviderFailure -32603 with the node's own error in `data`; 4900 when the node is away */
  async request(method: string, params: readonly unknown[]): Promise<unknown> {
    if (method === "eth_blockNumber") return hex(await this.block());
    const at = BLOCK_PARAMETER[method];
    if (at === undefined || (params[at] !== undefined && params[at] !== "latest"))
      return this.ask(method, params);
    const named = [...params];
    named[at] = hex(await this.block());
    return this.ask(method, named);
  }

  /** Signs and hands the transaction to the node. A number above the account's count is no error: it waits. */
  async send({ from, to, value = "0x0", data = "0x" }: SentTransaction): Promise<string> {
    const counted = BigInt((await this.request("eth_getTransactionCount", [from, "latest"])) as string);
    const nonce = larger(counted, (this.used.get(from) ?? -1n) + 1n);
    const transaction = {
      nonce,
      to,
      value: BigInt(value),
      data,
      gasLimit: await this.gas({ from, to, value, data }),
      maxFeePerGas: BigInt((await this.ask("eth_gasPrice", [])) as string) * 2n,
    };
    const hash = await this.broadcast(from, transaction);
    this.used.set(from, nonce);
    return hash;
  }

  /** "Speed up": the same transaction under the same number for a higher fee. */
  async speedUp(hash: string): Promise<string> {
    const { from, transaction } = this.known(hash);
    return this.broadcast(from, { ...transaction, maxFeePerGas: transaction.maxFeePerGas * 2n });
  }

  /** "Cancel": nothing, to oneself, under the same number for a higher fee. */
  async cancel(hash: string): Promise<string> {
    const { from, transaction } = this.known(hash);
    const nothing = { to: from, value: 0n, data: "0x", gasLimit: 21_000n };
    return this.broadcast(from, {
      ...transaction,
      ...nothing,
      maxFeePerGas: transaction.maxFeePerGas * 2n,
    });
  }

  private known(hash: string) {
    const found = this.sent.get(hash);
    if (!found) throw new Error(`The wallet has not sent ${hash}`);
    return found;
  }

  private async block(): Promise<bigint> {
    const head = BigInt((await this.ask("eth_blockNumber", [])) as string);
    const polled = larger(head - this.blocksBehind(), 0n);
    this.highest = larger(this.highest ?? polled, polled);
    return this.highest;
  }

  private async gas(call: SentTransaction): Promise<bigint> {
    try {
      return BigInt((await this.ask("eth_estimateGas", [call])) as string);
    } catch (error) {
      if ((error as ProviderFailure).code !== -32603) throw error;
      return GAS_WITHOUT_ESTIMATE;
    }
  }

  private async broadcast(from: string, transaction: Signable): Promise<string> {
    const fee = transaction.maxFeePerGas / 2n;
    const signed = FeeMarketEIP1559Transaction.fromTxData(
      { ...transaction, maxPriorityFeePerGas: larger(fee, 1n) },
      { common: Common.custom({ chainId: Number(this.chainId) }, { hardfork: "london" }) },
    ).sign(hexToBytes(this.keyOf(from)));
    const raw = bytesToHex(signed.serialize());
    const hash = (await this.ask("eth_sendRawTransaction", [raw])) as string;
    this.sent.set(hash, { from, transaction });
    return hash;
  }

  private async ask(method: string, params: readonly unknown[]): Promise<unknown> {
    try {
      return await this.node.request({ method, params });
    } catch (error) {
      if ((error as ProviderFailure).code === 4900) throw error;
      throw failure(-32603, "Internal JSON-RPC error.", error);
    }
  }
}
