/**
 * A chain of a test's own: anvil with the real contracts on it, sealed only when the test says so, and the lab's
 * accounts to act. Everything is raw JSON-RPC and signed here, so that a test can also do what no wallet would.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeParameters } from "web3-eth-abi";
import { type ContractName, readCompiled } from "../../chain/artifacts";
import {
  type Arguments,
  decodeTradeEvent,
  encodeCall,
  encodePurchase,
  type Method,
  type TradeAbi,
  type TradeEventName,
  tokenAbi,
  tradeAbi,
  tradeEventTopic,
} from "../../chain/codec";
import { type MeterKey, meterKeyOf } from "../../chain/meter-key";
import type { ReadingStatement } from "../../chain/readings";
import { ask } from "../../chain/rpc";
import { signTransaction } from "../../chain/signer";
import { createPrivateKey, halvesOf, keccak256 } from "../../chain/web3";
import { EMBEDDED_CHAIN_ID, LAB_ACCOUNTS, TOKENS_PER_ETHER } from "../../common/lab";
import { BASE_UNITS, paymentFor } from "../../common/units";
import { type EmbeddedChain, startEmbeddedChain } from "../../scripts/embedded-chain";
import type { FolderLock } from "../../scripts/folder-lock";
import { until } from "./until";

export type Role = keyof typeof LAB_ACCOUNTS;
export const PRICE = 120n * BASE_UNITS;
const GRACE_PERIOD_S = 600n;

const FEES = { maxFeePerGas: 50_000_000_000n, maxPriorityFeePerGas: 1_500_000_000n };
/** `nonce`: in place of the account's next, to replace what waits under it. */
type Fees = typeof FEES & { nonce?: number };

interface Receipt {
  status: string;
  contractAddress: string | null;
  blockNumber: string;
  logs: { topics: string[]; data: string; address: string }[];
}

const buildDir = join(__dirname, "..", "..", "build", "contracts");
const bytecodeOf = (name: ContractName) => readCompiled(buildDir, name).bytecode;

/** What makes a trade this one, for the meter that signs its readings. */
type Purchase = Pick<ReadingStatement, "buyer" | "orderedMilliWh" | "deadlineAtMs">;
const NO_PURCHASE: Purchase = { buyer: LAB_ACCOUNTS.consumer.address, orderedMilliWh: 0n, deadlineAtMs: 0 };

export class TestChain {
  readonly chainId: number;
  /** By trade id, as they were opened last. */
  private readonly purchases = new Map<bigint, Purchase>();
  readonly artifactsDir = mkdtempSync(join(tmpdir(), "neighborwatt-artifacts-"));
  readonly meterKey: MeterKey = meterKeyOf(createPrivateKey());
  token = "";
  trade = "";

  constructor(
    public anvil: Pick<EmbeddedChain, "rpcUrl" | "kill"> & Partial<Pick<EmbeddedChain, "rpc" | "mine">>,
    chainId = EMBEDDED_CHAIN_ID,
  ) {
    this.chainId = chainId;
  }

  /** Starts anvil; with `deploy` the contracts are on it, the meter is commissioned, the consumers have tokens. */
  static async start({
    deploy = true,
    ...options
  }: {
    deploy?: boolean;
    port?: number;
    keptIn?: FolderLock;
  } = {}): Promise<TestChain> {
    const chain = new TestChain(await startEmbeddedChain({ sealing: "manual", ...options }));
    if (deploy) await chain.deploy();
    return chain;
  }

  get rpcUrl(): string {
    return this.anvil.rpcUrl;
  }

  rpc<T>(method: string, ...params: unknown[]): Promise<T> {
    // The embedded chain's own door answers no evm_ and anvil_ methods; on geth there is no other.
    const { anvil } = this;
    return anvil.rpc ? anvil.rpc<T>(method, ...params) : ask<T>(this.rpcUrl, method, ...params);
  }

  async stop(): Promise<void> {
    await this.anvil.kill();
    rmSync(this.artifactsDir, { recursive: true, force: true });
  }

  async head(): Promise<number> {
    return Number(await this.rpc<string>("eth_blockNumber"));
  }

  async mine(blocks = 1): Promise<void> {
    if (this.anvil.mine) await this.anvil.mine(blocks);
    else await this.rpc("anvil_mine", `0x${blocks.toString(16)}`);
  }

  // ------------------------------------------------------------ transactions

  /** Puts a transaction into the pool. @returns its hash */
  async submit(role: Role, to: string | null, data: string, value = 0n, fees: Fees = FEES): Promise<string> {
    const { address, privateKey } = LAB_ACCOUNTS[role];
    const nonce = Number(await this.rpc<string>("eth_getTransactionCount", address, "pending"));
    const fields = {
      chainId: this.chainId,
      nonce,
      data: data as `0x${string}`,
      gasLimit: 6_000_000n,
      ...fees,
    };
    const { raw } = signTransaction({ ...fields, ...(to ? { to } : {}), value }, privateKey);
    return this.rpc("eth_sendRawTransaction", raw);
  }

  /** Submits, seals a block, and insists on success. */
  async send(role: Role, to: string | null, data: string, value = 0n): Promise<Receipt> {
    const hash = await this.submit(role, to, data, value);
    // geth's sealer may hear of it too late for the very next block.
    const receipt = await until(`a block with ${hash}`, async () => {
      await this.mine();
      return this.rpc<Receipt | null>("eth_getTransactionReceipt", hash);
    });
    if (receipt.status !== "0x1")
      throw new Error(`a transaction of ${role} failed: ${JSON.stringify(receipt)}`);
    return receipt;
  }

  call<Name extends Method<TradeAbi>>(
    role: Role,
    name: Name,
    args: Arguments<TradeAbi, Name>,
  ): Promise<Receipt> {
    return this.send(role, this.trade, encodeCall(tradeAbi, name, ...args));
  }

  // ------------------------------------------------------------ the market

  async deploy(): Promise<void> {
    const numbers = encodeParameters(["uint256", "uint256"], [10n ** 9n * BASE_UNITS, TOKENS_PER_ETHER]);
    const token = await this.send("operator", null, bytecodeOf("EnergyToken") + numbers.slice(2));
    this.token = token.contractAddress!;
    const trade =
      bytecodeOf("EnergyTrade") +
      encodeParameters(["address", "uint64"], [this.token, GRACE_PERIOD_S]).slice(2);
    this.trade = (await this.send("operator", null, trade)).contractAddress!;
    await this.call("operator", "grantRole", [keccak256("OPERATOR_ROLE"), LAB_ACCOUNTS.operator.address]);
    const prosumer = LAB_ACCOUNTS.prosumer.address;
    const consent = this.meterKey.consent(
      { chainId: this.chainId, trade: this.trade },
      { prosumer, baselineMilliWh: 0n, nonce: 0n },
    );
    await this.call("operator", "commission", [this.meterKey.meter, prosumer, 0n, halvesOf(consent)]);
    await this.send("consumer", this.token, "0x", BASE_UNITS);
    await this.send("consumer2", this.token, "0x", BASE_UNITS);
    this.writeArtifacts();
  }

  /** As `truffle migrate` leaves them, as far as the server reads them. */
  writeArtifacts(addresses: { token: string; trade: string } = this): void {
    for (const [name, address] of [
      ["EnergyToken", addresses.token],
      ["EnergyTrade", addresses.trade],
    ]) {
      const artifact = JSON.stringify({ contractName: name, networks: { [this.chainId]: { address } } });
      writeFileSync(join(this.artifactsDir, `${name}.json`), artifact);
    }
  }

  /** @returns the offer's id */
  async listOffer(milliWh = 1_000_000n): Promise<bigint> {
    const args = [this.meterKey.meter, milliWh, PRICE, 3600n, 1n] as const;
    const log = logOf(await this.call("prosumer", "listOffer", [...args]), "OfferListed");
    return decodeTradeEvent("OfferListed", log.data, log.topics.slice(1)).offerId;
  }

  purchaseData(offerId: bigint, milliWh: bigint): string {
    const order = encodePurchase(offerId, milliWh);
    const method = "transferAndCall(address,uint256,bytes)";
    return encodeCall(tokenAbi, method, this.trade, paymentFor(milliWh, PRICE), order);
  }

  /** As `purchase` opened it; a purchase that nobody made where it did not. */
  purchaseOf(tradeId: bigint): Purchase {
    return this.purchases.get(tradeId) ?? NO_PURCHASE;
  }

  /** The meter's signature under a reading of a trade that was opened by `purchase`; of none where it was not. */
  signReading(
    reading: Omit<ReadingStatement, keyof Purchase>,
    key = this.meterKey,
    purchase = this.purchaseOf(reading.tradeId),
  ): string {
    const { chainId, trade } = this;
    return key.signerFor({ chainId, trade }).sign({ ...reading, ...purchase });
  }

  /** @returns the trade's id */
  async purchase(role: Role, offerId: bigint, milliWh: bigint): Promise<bigint> {
    const log = logOf(await this.send(role, this.token, this.purchaseData(offerId, milliWh)), "TradeOpened");
    const opened = decodeTradeEvent("TradeOpened", log.data, log.topics.slice(1));
    const { tradeId, buyer, milliWh: orderedMilliWh, deadline } = opened;
    this.purchases.set(tradeId, { buyer, orderedMilliWh, deadlineAtMs: Number(deadline) * 1000 });
    return tradeId;
  }
}

function logOf(receipt: Receipt, event: TradeEventName) {
  const log = receipt.logs.find(({ topics }) => topics[0] === tradeEventTopic(event));
  if (!log) throw new Error(`no ${event} in ${JSON.stringify(receipt)}`);
  return log;
}
