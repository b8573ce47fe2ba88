/** A model of the money, built from the contracts' events alone, and the audit that holds it against the chain. */
import assert from "node:assert/strict";
import { decodeParameters, encodeFunctionSignature, encodeParameters } from "web3-eth-abi";
import { type Event, rpc } from "./chain";
import type { Meter } from "./world";

const AUDIT = encodeFunctionSignature("audit(address[],uint256[])");

export interface Offer {
  meter: Meter;
  seller: string;
  price: bigint;
}
export interface Trade {
  id: bigint;
  offer: Offer;
  buyer: string;
  ordered: bigint;
  deadline: bigint;
  delivered: bigint;
  payment: bigint;
  paid: bigint;
}

export class Books {
  readonly meters: { meter: Meter; register: bigint }[] = [];
  /** Addresses of the meters that are commissioned now. */
  readonly alive = new Set<string>();
  readonly offers: Offer[] = [];
  readonly open = new Map<bigint, Trade>();
  private readonly closed: bigint[] = [];

  /** @param trade address of the `TradeHarness` */
  constructor(private readonly trade: string) {}

  /** Follows the events; what leaves the escrow must go to whom they say, to the last base unit. */
  keep(events: Event[]): void {
    const due = new Map<string, bigint>();
    const owe = (to: string, amount: bigint) => due.set(to, (due.get(to) ?? 0n) + amount);
    for (const [name, args] of events) {
      const id = args.tradeId as bigint;
      if (name === "MeterCommissioned") this.alive.add(args.meter as string);
      else if (name === "MeterDecommissioned") this.alive.delete(args.meter as string);
      else if (name === "OfferListed") {
        const { meter } = this.meters.find((each) => each.meter.address === args.meter)!;
        this.offers.push({ meter, seller: args.prosumer as string, price: args.pricePerKWh as bigint });
      } else if (name === "TradeOpened") {
        const offer = this.offers[Number(args.offerId) - 1]!;
        const [buyer, ordered, payment] = [
          args.buyer as string,
          args.milliWh as bigint,
          args.payment as bigint,
        ];
        assert.equal(payment, (ordered * offer.price) / 1_000_000n);
        const deadline = args.deadline as bigint;
        this.open.set(id, { id, offer, buyer, ordered, deadline, payment, delivered: 0n, paid: 0n });
      } else if (name === "TradeSettled" || name === "TradeRefunded") {
        const trade = this.open.get(id)!;
        const paid = name === "TradeSettled" ? (args.paid as bigint) : 0n;
        trade.paid += paid;
        trade.delivered = name === "TradeSettled" ? (args.deliveredMilliWh as bigint) : trade.delivered;
        owe(trade.offer.seller, paid);
        owe(trade.buyer, args.refunded as bigint);
        if (name === "TradeRefunded" || args.isClosed) {
          assert.equal(
            trade.paid + (args.refunded as bigint),
            trade.payment,
            "paid + refunded = escrow at close",
          );
          this.open.delete(id);
          this.closed.push(id);
        }
      } else if (name === "Transfer" && args.from === this.trade) {
        owe(args.to as string, -(args.value as bigint));
      }
    }
    for (const [to, rest] of due) assert.equal(rest, 0n, `what ${to} was due and what it got`);
  }

  /** What must hold after every step. */
  async check(): Promise<void> {
    const trades = [...this.open.values()];
    const inputs = encodeParameters(
      ["address[]", "uint256[]"],
      [[...this.alive], [...trades.map(({ id }) => id), ...this.closed.slice(-3)]],
    );
    const answer = await rpc<string>("eth_call", { to: this.trade, data: AUDIT + inputs.slice(2) }, "latest");
    const {
      0: held,
      1: owed,
      2: oversold,
      3: etherMissing,
    } = decodeParameters(Array(4).fill("uint256"), answer);
    const unpaid = trades.reduce((sum, { payment, paid }) => sum + payment - paid, 0n);
    assert.equal(owed, unpaid, "the chain's open escrow is the model's");
    assert.equal(held, unpaid, "escrow held is the sum of the open trades' unpaid escrow");
    assert.equal(oversold, 0n, "no meter has sold more than its register shows");
    assert.equal(etherMissing, 0n, "ether held covers the tokens in circulation");
  }
}
