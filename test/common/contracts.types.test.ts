/** Nothing here is run against a chain: `tsc` is the test. A line marked @ts-expect-error that compiles is the failure. */
import assert from "node:assert/strict";
import { type TradeAbi, tokenAbi, tradeAbi } from "../../chain/codec";
import { contractAt } from "../../chain/contract";
import { EthereumNode } from "../../chain/node";
import { JsonRpc } from "../../chain/rpc";
import type { ErrorName, EventArguments, MethodResult } from "../../common/contracts";

const ADDRESS = "0x0000000000000000000000000000000000000001";
const nobody = new EthereumNode(new JsonRpc({ url: "http://127.0.0.1:1", timeoutMs: 1 }));
const send = () => Promise.reject(new Error("nothing is sent here"));
const trade = contractAt(tradeAbi, ADDRESS, nobody, send);
const token = contractAt(tokenAbi, ADDRESS, nobody, send);
const reading = { tradeId: 1n, deliveredMilliWh: 2n, registerMilliWh: 3n, isFinal: true };
const WORD = `0x${"01".repeat(32)}`;
const signature = { r: WORD, vs: WORD };

/** True only for the very same type; `any` and `unknown` are not the same as anything else. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <_ extends true>() => undefined;

describe("the contracts' types", () => {
  it("know methods and their arguments", () => {
    assert.equal(trade.methods.purchase(1n, 2n, 3n).encodeABI().length, 2 + 8 + 192);
    trade.methods.settle(reading, signature);
    trade.methods.settleMany([reading], [signature]);
    token.methods.transferAndCall(ADDRESS, 1n, "0x");
    token.methods["transferAndCall(address,uint256,bytes)"](ADDRESS, 1n, "0x");
    void (() => {
      // @ts-expect-error no such method
      trade.methods.buy(1n, 2n);
      // @ts-expect-error an argument is missing
      trade.methods.purchase(1n, 2n);
      // @ts-expect-error a number is no bigint
      trade.methods.purchase(1n, 2n, 3);
      // @ts-expect-error a number is no bigint in an array of structs either
      trade.methods.settleMany([{ ...reading, tradeId: 1 }], [signature]);
      // @ts-expect-error no such field
      trade.methods.settle({ ...reading, energy: 1n }, signature);
      // @ts-expect-error no such overload
      token.methods["transferAndCall(address,uint256,uint256)"](ADDRESS, 1n, 2n);
    });
  });

  it("know what comes back", () => {
    same<Same<MethodResult<TradeAbi, "offerCount">, bigint>>();
    same<Same<MethodResult<TradeAbi, "GRACE_PERIOD">, bigint>>();
    same<Same<MethodResult<TradeAbi, "tradeOf">["buyer"], string>>();
    same<Same<MethodResult<TradeAbi, "tradeOf">["status"], bigint>>();
    void (async () => {
      const count: bigint = await trade.methods.offerCount().call();
      const { escrow } = await trade.methods.tradeOf(1n).call();
      // @ts-expect-error money is no number
      const money: number = escrow;
      // @ts-expect-error no such field
      (await trade.methods.tradeOf(1n).call()).price;
      return { count, money };
    });
  });

  it("know events and their fields", () => {
    same<Same<EventArguments<TradeAbi, "TradeSettled">["isClosed"], boolean>>();
    same<Same<EventArguments<TradeAbi, "TradeOpened">["milliWh"], bigint>>();
    void (async () => {
      const [refunded] = await trade.getPastEvents("TradeRefunded", { fromBlock: 1n, toBlock: "latest" });
      refunded?.returnValues.refunded.toString();
      // @ts-expect-error no such field in this event
      refunded?.returnValues.paid.toString();
      // @ts-expect-error no such event
      await trade.getPastEvents("TradeClosed");
      const [opened] = await trade.getPastEvents("TradeOpened", { filter: { buyer: ADDRESS } });
      opened?.returnValues.payment.toString();
      // @ts-expect-error no such argument to filter by
      await trade.getPastEvents("TradeOpened", { filter: { seller: ADDRESS } });
    });
  });

  it("know errors", () => {
    const known: ErrorName<TradeAbi> = "OfferNotOpen";
    // @ts-expect-error no such error
    const unknown: ErrorName<TradeAbi> = "OfferClosed";
    assert.notEqual(known, unknown);
  });

  it("are known to migrations and to Truffle's tests too", () => {
    void (async () => {
      const trade = await artifacts.require("EnergyTrade").deployed();
      await trade.purchase(1, "2", 3, { from: ADDRESS });
      // @ts-expect-error no such contract
      artifacts.require("EnergyTrades");
      // @ts-expect-error no such method
      await trade.buy(1, 2);
      // @ts-expect-error an argument is missing
      await trade.purchase(1, 2);
      // @ts-expect-error no such transaction setting
      await trade.purchase(1, 2, 3, { form: ADDRESS });
      // @ts-expect-error a BN is no number
      const count: number = await trade.offerCount();
      // @ts-expect-error no such argument of a constructor
      await artifacts.require("EnergyToken").new("1");
      return count;
    });
  });
});
