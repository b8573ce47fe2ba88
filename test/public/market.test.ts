import assert from "node:assert/strict";
import { decodeCall, decodePurchase, tokenAbi } from "../../chain/codec";
import { LAB_ACCOUNTS } from "../../common/lab";
import { ids } from "../../public/ids";
import {
  buyEnergy,
  buyTokens,
  costOfTokens,
  redeemTokens,
  watchToken,
  worthOfTokens,
} from "../../public/market/actions";
import { send } from "../../public/market/send";
import { ownPurchases } from "../../public/select";
import { createStore } from "../../public/store";
import { entriesOf } from "../../public/timeline";
import { loadTransactions } from "../../public/transactions";
import { failure, type Provider } from "../../public/wallet/provider";
import { until } from "../support/until";
import { CHAIN, memoryStorage, offer, readyState, refuse, scripted, TOKEN, TRADE, TX_HASH } from "./fixtures";

function market(answers: Parameters<typeof scripted>[0] = {}) {
  const store = createStore(readyState);
  const sent: { from: string; to: string; data?: string; value?: string }[] = [];
  const provider = scripted({
    eth_call: () => "0x",
    eth_sendTransaction: ([transaction]) => {
      sent.push(transaction as (typeof sent)[number]);
      return TX_HASH;
    },
    ...answers,
  });
  const storage = memoryStorage();
  const sender = { store, storage, provider: (): Provider => provider, nowMs: () => 42 };
  return { store, storage, provider, sent, sender };
}

describe("A purchase", () => {
  it("is one transferAndCall of the exact payment, simulated before the window opens", async () => {
    const { sender, sent, provider, store } = market();
    assert.equal(await buyEnergy(sender, offer, 20n), TX_HASH);
    assert.deepEqual(provider.asked, ["eth_call", "eth_sendTransaction"]);
    const [transaction] = sent;
    assert.equal(transaction?.to, TOKEN);
    assert.equal(transaction?.from, LAB_ACCOUNTS.consumer.address);
    const call = decodeCall(tokenAbi, transaction?.data ?? "");
    assert.equal(call?.name, "transferAndCall");
    assert.equal(call?.args.to, TRADE);
    assert.equal(call?.args.value, 2_400_000_000_000_000n);
    assert.deepEqual(decodePurchase(call?.args.data as string), { offerId: 1n, milliWh: 20n });
    assert.deepEqual(store.state.transactions[0], {
      hash: TX_HASH,
      nonce: null,
      call: { to: TOKEN, data: transaction?.data ?? "", value: "0" },
      kind: "purchase",
      account: LAB_ACCOUNTS.consumer.address,
      sentAtMs: 42,
      details: { offerId: "1", milliWh: "20", tokens: "2400000000000000" },
      status: "pending",
      block: null,
      isConfirmed: false,
    });
    assert.deepEqual(store.state.purchases, []);
    assert.deepEqual(store.state.busy, {});
  });

  it("that would revert opens no window and says why", async () => {
    const data = `0x${"0".repeat(8)}`;
    const { sender, provider, store } = market({
      eth_call: () => {
        throw failure(3, "execution reverted", data);
      },
    });
    assert.equal(await buyEnergy(sender, offer, 20n), null);
    assert.deepEqual(provider.asked, ["eth_call"]);
    assert.equal(store.state.notice?.name, "simulationFailed");
    assert.deepEqual(store.state.transactions, []);
  });

  it("that is rejected leaves a neutral word and nothing else", async () => {
    const { sender, store } = market({ eth_sendTransaction: refuse(4001, "User denied") });
    assert.equal(await buyEnergy(sender, offer, 20n), null);
    assert.equal(store.state.notice?.name, "rejected");
    assert.deepEqual(store.state.transactions, []);
    assert.deepEqual(store.state.busy, {});
    assert.deepEqual(store.state.purchases, []);
  });

  it("shows its timeline from the click on, and that it waits for the wallet", async () => {
    const seen: unknown[][] = [];
    const { sender, store } = market();
    store.subscribe((state) => seen.push([state.purchases[0]?.milliWh, state.busy[ids.offerBuy("1")]]));
    await buyEnergy(sender, offer, 20n);
    assert.ok(seen.some(([milliWh, phase]) => milliWh === 20n && phase === "wallet"));
  });

  it("pressed twice is sent once", async () => {
    const { sender, sent } = market();
    const call = { kind: "refund" as const, control: "x", to: TRADE, details: {} };
    await Promise.all([send(sender, call), send(sender, call)]);
    assert.equal(sent.length, 1);
  });
});

describe("A purchase while its window is open", () => {
  /** A wallet whose windows the test answers, by the call's data. */
  function slow() {
    const windows: { answer(hash: string): void; refuse(): void }[] = [];
    const opened = market({
      eth_sendTransaction: () =>
        new Promise((resolve, reject) =>
          windows.push({ answer: resolve, refuse: () => reject(failure(4001, "no")) }),
        ),
    });
    return { ...opened, windows };
  }
  const areOpen = (windows: unknown[], count: number) =>
    until(`${count} open windows`, () => windows.length === count);
  const other = LAB_ACCOUNTS.consumer2.address;

  it("belongs to the account that signs, whichever is chosen when the hash comes", async () => {
    const { store, storage, sender, windows } = slow();
    const buying = buyEnergy(sender, offer, 20n);
    await areOpen(windows, 1);
    store.dispatch({ type: "wallet", change: { account: other } });
    assert.deepEqual(ownPurchases(store.state), []);
    windows[0]?.answer(TX_HASH);
    await buying;
    assert.deepEqual(store.state.transactions, []);
    assert.deepEqual(loadTransactions(storage, CHAIN, other), []);
    const [kept] = loadTransactions(storage, CHAIN, LAB_ACCOUNTS.consumer.address);
    assert.equal(kept?.hash, TX_HASH);
  });

  it("has a card of its own beside another's, and outlives its refusal", async () => {
    const { store, sender, windows } = slow();
    const buying = [buyEnergy(sender, offer, 20n), buyEnergy(sender, { ...offer, offerId: 2n }, 30n)];
    await areOpen(windows, 2);
    const shown = () => entriesOf(ownPurchases(store.state), [], []).map(({ id }) => id);
    assert.deepEqual(shown(), ["draft-2", "draft"]);
    windows[0]?.refuse();
    await buying[0];
    assert.deepEqual(shown(), ["draft-2"]);
    windows[1]?.answer(TX_HASH);
    await Promise.all(buying);
    assert.deepEqual(shown(), []);
  });

  it("is not begun on another network, and not sent when the network was left meanwhile", async () => {
    const { store, sender, provider } = market({
      eth_call: () => {
        store.dispatch({ type: "wallet", change: { chainId: 1 } });
        return "0x";
      },
    });
    assert.equal(await buyEnergy(sender, offer, 20n), null);
    assert.equal(await buyEnergy(sender, offer, 20n), null);
    assert.deepEqual(provider.asked, ["eth_call"]);
    assert.equal(store.state.notice?.name, "wrongNetwork");
    await watchToken(sender);
    assert.deepEqual(provider.asked, ["eth_call"]);
  });
});

describe("Tokens", () => {
  const rows: [bigint, bigint, bigint, bigint][] = [
    // tokens, rate, wei to buy them, wei they are worth
    [1000n, 1000n, 1n, 1n],
    [1n, 1000n, 1n, 0n],
    [1001n, 1000n, 2n, 1n],
    [10n * 10n ** 18n, 1000n, 10n ** 16n, 10n ** 16n],
  ];
  for (const [tokens, rate, cost, worth] of rows)
    it(`${tokens} cost ${cost} wei and are worth ${worth} wei`, () => {
      assert.equal(costOfTokens(tokens, rate), cost);
      assert.equal(worthOfTokens(tokens, rate), worth);
    });

  it("are bought by sending ether to the token, and redeemed by its function", async () => {
    const { sender, sent } = market();
    await buyTokens(sender, 10n ** 19n);
    await redeemTokens(sender, 5n);
    assert.deepEqual(sent[0], {
      from: LAB_ACCOUNTS.consumer.address,
      to: TOKEN,
      value: `0x${(10n ** 16n).toString(16)}`,
    });
    assert.deepEqual(decodeCall(tokenAbi, sent[1]?.data ?? ""), { name: "redeem", args: { tokens: 5n } });
  });
});
