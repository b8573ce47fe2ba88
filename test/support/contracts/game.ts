/** Random calls to both contracts by random parties; `Books` follows what comes of them. */
import assert from "node:assert/strict";
import { Contract } from "web3-eth-contract";
import { energyTokenAbi } from "../../../build/abi/EnergyToken";
import { energyTradeAbi } from "../../../build/abi/EnergyTrade";
import type { TypedContract } from "../../../common/contracts";
import { Books, type Trade } from "./books";
import { type Event, eventsOf, rpc } from "./chain";
import { consentOf, digestOf, GRACE, meterWithKey, NWT, purchaseData, reading, signDigest } from "./world";

const EnergyToken = artifacts.require("EnergyToken");
const TradeHarness = artifacts.require("TradeHarness");

/** A small generator (mulberry32): the same numbers for the same seed, everywhere. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Receipt = { status: string; logs: { address: string; topics: string[]; data: string }[] };
type Travel = (seconds: bigint) => Promise<void>;
const POLL_MS = 50;
/** So many at a time: enough for every kind of quarrel, few enough to count after each step. */
const MANY_TRADES = 8;
const MANY_METERS = 4;
const GAS = "0x1e8480";

async function deploy(seed: number, travel?: Travel) {
  const [operator, ...others] = (await web3.eth.getAccounts()).slice(0, 6) as [string, ...string[]];
  const token = await EnergyToken.new((10n ** 9n * NWT).toString(), "1000", { from: operator });
  const trade = await TradeHarness.new(token.address, GRACE.toString(), { from: operator });
  await trade.grantRole(await trade.OPERATOR_ROLE(), operator, { from: operator });
  return {
    random: generator(seed),
    travel,
    operator,
    others,
    chainId: Number(await web3.eth.getChainId()),
    token: new Contract(energyTokenAbi, token.address) as unknown as TypedContract<typeof energyTokenAbi>,
    trade: new Contract(energyTradeAbi, trade.address) as unknown as TypedContract<typeof energyTradeAbi>,
    tokenAddress: token.address,
    tradeAddress: trade.address,
  };
}

export class Game {
  private keys = 0;

  private constructor(
    private readonly world: Awaited<ReturnType<typeof deploy>>,
    private readonly books: Books,
  ) {}

  /** Fresh contracts, one meter, one offer. `travel` is left out where the clock cannot be moved. */
  static async start(seed: number, travel?: Travel): Promise<Game> {
    const world = await deploy(seed, travel);
    const game = new Game(world, new Books(world.tradeAddress));
    for (const buyer of game.world.others)
      await game.sendTo(buyer, game.world.tokenAddress, "0x", 10n ** 15n);
    await game.commission();
    await game.list();
    return game;
  }

  /** One random call, often a foolish one. Says what came of it. */
  async play(): Promise<string> {
    const die = this.below(100);
    if (die < 30) return this.books.open.size < MANY_TRADES ? this.buy() : this.settle();
    if (die < 52) return this.settle();
    if (die < 62) return this.settleMany();
    if (die < 72) return this.list();
    if (die < 82) return this.refund();
    if (die < 86) return this.withdraw();
    if (die < 90) return this.sellTokens();
    if (die < 94) return this.redeem();
    if (die < 96) return this.books.alive.size < MANY_METERS ? this.commission() : this.decommission();
    return this.wait();
  }

  /** What must hold after every step. */
  check(): Promise<void> {
    return this.books.check();
  }

  private below(n: number): number {
    return Math.floor(this.world.random() * n);
  }

  private pick<T>(from: readonly T[]): T {
    const one = from[this.below(from.length)];
    assert(one !== undefined, "nothing to pick from");
    return one;
  }

  private async sendTo(from: string, to: string, data: string, value = 0n): Promise<Event[] | undefined> {
    const transaction = { from, to, data, gas: GAS, value: `0x${value.toString(16)}` };
    const hash = await rpc<string>("eth_sendTransaction", transaction).catch(
      (error: Error & { data?: { hash?: string } }) => {
        if (error.data?.hash) return error.data.hash;
        throw error;
      },
    );
    const ask = () => rpc<Receipt | null>("eth_getTransactionReceipt", hash);
    let receipt = await ask();
    while (!receipt) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      receipt = await ask();
    }
    if (BigInt(receipt.status) === 0n) return undefined;
    const events = eventsOf({ tx: hash, logs: [], receipt });
    this.books.keep(events);
    return events;
  }

  private async send(
    from: string,
    call: { encodeABI(): string },
    done: string,
    to = this.world.tradeAddress,
  ): Promise<string> {
    return (await this.sendTo(from, to, call.encodeABI())) ? done : "refused";
  }

  private commission(): Promise<string> {
    const meter = meterWithKey(++this.keys);
    this.books.meters.push({ meter, register: BigInt(this.below(1000)) });
    const prosumer = this.pick(this.world.others.slice(0, 2));
    const consent = consentOf(this.world.chainId, this.world.tradeAddress, meter, prosumer);
    const call = this.world.trade.methods.commission(meter.address, prosumer, 0n, consent);
    return this.send(this.world.operator, call, "commissioned");
  }

  private decommission(): Promise<string> {
    const meter = this.pick([...this.books.alive]);
    const from = this.below(3) === 0 ? this.pick(this.world.others) : this.world.operator;
    return this.send(from, this.world.trade.methods.decommission(meter), "decommissioned");
  }

  private list(): Promise<string> {
    const { meter } = this.books.meters[Math.max(0, this.books.meters.length - 1 - this.below(3))]!;
    const price = BigInt(this.below(2 ** 30)) * 10n ** BigInt(this.below(12));
    const window = BigInt(40 + this.below(600));
    const call = this.world.trade.methods.listOffer(
      meter.address,
      BigInt(this.below(5000)),
      price,
      window,
      BigInt(1 + this.below(20)),
    );
    return this.send(this.pick(this.world.others.slice(0, 2)), call, "listed");
  }

  private withdraw(): Promise<string> {
    const call = this.world.trade.methods.withdrawOffer(BigInt(1 + this.below(this.books.offers.length + 1)));
    return this.send(this.pick(this.world.others.slice(0, 2)), call, "withdrawn");
  }

  private async buy(): Promise<string> {
    const { trade, token, tradeAddress, tokenAddress, others } = this.world;
    const recent = Math.max(0, this.books.offers.length - 5);
    const offerId = BigInt(1 + recent + this.below(this.books.offers.length - recent));
    const milliWh = BigInt(this.below(800));
    const buyer = this.pick(others);
    const payment = (milliWh * (this.books.offers[Number(offerId) - 1]?.price ?? 1n)) / 1_000_000n;
    // Now and then a base unit too many.
    const paying = payment + (this.below(10) === 0 ? 1n : 0n);
    if (this.below(4) === 0) {
      await this.send(buyer, token.methods.approve(tradeAddress, paying), "approved", tokenAddress);
      return this.send(buyer, trade.methods.purchase(offerId, milliWh, paying), "bought by allowance");
    }
    const method = token.methods["transferAndCall(address,uint256,bytes)"];
    return this.send(
      buyer,
      method(tradeAddress, paying, purchaseData(offerId, milliWh)),
      "bought",
      tokenAddress,
    );
  }

  /** A reading of a trade as its meter would sign it, or one that a faulty meter or a thief would. */
  private signedReading(trade: Trade) {
    const state = this.books.meters.find(({ meter }) => meter === trade.offer.meter)!;
    const fault = this.below(12);
    const fresh = BigInt(this.below(Number(trade.ordered - trade.delivered) + 1));
    const delivered = fault === 0 ? trade.delivered + BigInt(this.below(2000)) : trade.delivered + fresh;
    state.register += fault === 1 ? 0n : fresh;
    const message = reading(trade.id, delivered, state.register, this.below(3) === 0);
    const key = fault === 2 ? meterWithKey(0xee) : trade.offer.meter;
    const signature = signDigest(
      digestOf(this.world.chainId, this.world.tradeAddress, message, {
        buyer: trade.buyer,
        orderedMilliWh: trade.ordered.toString(),
        deadline: trade.deadline.toString(),
      }),
      key.privateKey,
    );
    const typed = {
      tradeId: trade.id,
      deliveredMilliWh: delivered,
      registerMilliWh: state.register,
      isFinal: message.isFinal,
    };
    return { typed, signature, isForged: fault === 2 };
  }

  private async settle(): Promise<string> {
    if (this.books.open.size === 0) return this.buy();
    const { typed, signature, isForged } = this.signedReading(this.pick([...this.books.open.values()]));
    const call = this.world.trade.methods.settle(typed, signature);
    const played = await this.send(this.pick(this.world.others), call, "settled");
    if (isForged) assert.equal(played, "refused", "nobody but the meter signs its readings");
    return played;
  }

  private async settleMany(): Promise<string> {
    if (this.books.open.size === 0) return this.buy();
    const trades = Array.from({ length: 1 + this.below(4) }, () => this.pick([...this.books.open.values()]));
    const signed = [...new Set(trades)].map((trade) => this.signedReading(trade));
    const call = this.world.trade.methods.settleMany(
      signed.map(({ typed }) => typed),
      signed.map(({ signature }) => signature),
    );
    const played = await this.send(this.pick(this.world.others), call, "settled many");
    if (signed.some(({ isForged }) => isForged)) assert.equal(played, "refused", "all are settled or none");
    return played;
  }

  private refund(): Promise<string> {
    if (this.books.open.size === 0) return this.buy();
    const trade = this.pick([...this.books.open.values()]);
    return this.send(this.pick(this.world.others), this.world.trade.methods.refund(trade.id), "refunded");
  }

  private async sellTokens(): Promise<string> {
    const { others, tokenAddress } = this.world;
    const bought = await this.sendTo(this.pick(others), tokenAddress, "0x", BigInt(this.below(10 ** 9)));
    return bought ? "sold tokens" : "refused";
  }

  private redeem(): Promise<string> {
    const { others, token, tokenAddress } = this.world;
    const amount = 10n ** BigInt(this.below(18)) + BigInt(this.below(10 ** 6));
    return this.send(this.pick(others), token.methods.redeem(amount), "redeemed", tokenAddress);
  }

  private async wait(): Promise<string> {
    if (!this.world.travel) return this.settle();
    await this.world.travel(BigInt(this.below(900)));
    return "waited";
  }
}
