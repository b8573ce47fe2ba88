import assert from "node:assert/strict";
import { sameAddress } from "../../common/address";
import { LAB_ACCOUNTS } from "../../common/lab";
import { isOnChain, ownMeters, ownTrades, shownMeter } from "../../public/select";
import { type Action, HISTORY_MS, initialState, type PageState, reduce } from "../../public/state";
import { createStore } from "../../public/store";
import { METER, offer, readyState, record, sample, snapshot, trade } from "./fixtures";

const reduced = (...actions: Action[]): PageState => actions.reduce(reduce, initialState);

describe("The page's state", () => {
  it("takes a snapshot whole and forgets what the snapshot no longer has", () => {
    const stale = { ...offer, offerId: 99n };
    const state = reduced({ type: "offer", offer: stale }, { type: "snapshot", snapshot });
    assert.deepEqual(Object.keys(state.offers), ["1"]);
    assert.deepEqual(Object.keys(state.trades), ["1000001"]);
    assert.equal(state.hasSnapshot, true);
    assert.equal(state.chain?.followedBlock, 9);
  });

  it("replaces an offer, a trade, a meter and the chain by their newer word", () => {
    const state = reduced(
      { type: "snapshot", snapshot },
      { type: "offer", offer: { ...offer, remainingMilliWh: 480n } },
      { type: "trade", trade: { ...trade, status: "delivering" } },
      { type: "meter", meter: { ...snapshot.meters[0]!, state: "lost" } },
      { type: "chain", chain: { ...snapshot.chain, state: "nodeLost" } },
    );
    assert.equal(state.offers["1"]?.remainingMilliWh, 480n);
    assert.equal(state.trades["1000001"]?.status, "delivering");
    assert.equal(state.meters[METER]?.state, "lost");
    assert.equal(state.chain?.state, "nodeLost");
  });

  it("shows every sample at once and keeps two a second for the chart", () => {
    const samples = [0, 100, 200, 499, 500, 700, 1000].map((atMs) => ({
      type: "sample" as const,
      sample: sample(atMs),
    }));
    const state = reduced({ type: "snapshot", snapshot }, ...samples);
    assert.equal(state.meters[METER]?.lastSample?.atMs, 1000);
    assert.equal(state.meters[METER]?.relay, "closed");
    assert.deepEqual(
      state.history[METER]?.map(({ atMs }) => atMs),
      [0, 500, 1000],
    );
  });

  it("keeps five minutes of samples, not more", () => {
    const samples = Array.from({ length: 700 }, (_, index) => ({
      type: "sample" as const,
      sample: sample(index * 500),
    }));
    const kept = reduced(...samples).history[METER] ?? [];
    const newest = kept.at(-1)?.atMs ?? 0;
    assert.equal(newest, 699 * 500);
    assert.ok(kept.every(({ atMs }) => atMs > newest - HISTORY_MS));
    assert.equal(kept.length, HISTORY_MS / 500);
  });

  it("puts what was measured before into its place, beside what came meanwhile", () => {
    const live = [10_000, 10_500].map((atMs) => ({ type: "sample" as const, sample: sample(atMs) }));
    const past = [-HISTORY_MS, 8_000, 9_000, 10_200, 11_000].map((atMs) => sample(atMs, 1));
    const { history } = reduced(...live, { type: "history", meter: METER, points: past });
    assert.deepEqual(
      history[METER]?.map(({ atMs, watts }) => [atMs, watts]),
      [
        [8_000, 1],
        [9_000, 1],
        [10_000, 2.5],
        [10_500, 2.5],
        [11_000, 1],
      ],
    );
  });

  it("keeps a sample of a meter it has not heard of, for when it does", () => {
    const state = reduced({ type: "sample", sample: sample(5) });
    assert.deepEqual(state.meters, {});
    assert.equal(state.history[METER]?.length, 1);
  });

  it("forgets balances as soon as the account or the chain is another", () => {
    const rich = { ...readyState, balances: { wei: 1n, tokens: 2n } };
    const same = reduce(rich, { type: "wallet", change: { isOffline: true } });
    assert.deepEqual(same.balances, { wei: 1n, tokens: 2n });
    for (const change of [{ account: LAB_ACCOUNTS.prosumer.address }, { chainId: 1 }])
      assert.equal(reduce(rich, { type: "wallet", change }).balances, null);
  });

  it("lists a wallet once, however often it announces itself", () => {
    const choice = { uuid: "a", name: "MetaMask", rdns: "io.metamask", icon: "" };
    const state = reduced({ type: "walletFound", choice }, { type: "walletFound", choice });
    assert.deepEqual(state.wallet.found, [choice]);
  });

  it("puts a new transaction first and a known one in its place", () => {
    const other = { ...record, hash: `0x${"cd".repeat(32)}` };
    const sealed = { ...record, status: "sealed" as const, block: 9 };
    const state = reduced(
      { type: "transaction", transaction: record },
      { type: "transaction", transaction: other },
      { type: "transaction", transaction: sealed },
    );
    assert.deepEqual(state.transactions, [other, sealed]);
  });

  it("remembers which control is busy, and with what, until it is not", () => {
    const busy = reduced(
      { type: "busy", what: "redeem", phase: "checking" },
      { type: "busy", what: "buy-tokens", phase: "wallet" },
      { type: "busy", what: "redeem", phase: null },
    );
    assert.deepEqual(busy.busy, { "buy-tokens": "wallet" });
  });

  it("never changes the state it was given", () => {
    const frozen = Object.freeze({ ...readyState, offers: Object.freeze({ ...readyState.offers }) });
    reduce(frozen, { type: "offer", offer: { ...offer, offerId: 2n } });
    assert.deepEqual(Object.keys(frozen.offers), ["1"]);
  });

  it("tells its listeners of each change until they leave", () => {
    const store = createStore();
    const seen: number[] = [];
    const leave = store.subscribe((state) => seen.push(state.nowMs));
    store.dispatch({ type: "tick", nowMs: 1 });
    leave();
    store.dispatch({ type: "tick", nowMs: 2 });
    assert.deepEqual(seen, [1]);
  });
});

describe("Questions to the state", () => {
  it("compares addresses whatever their case, and nothing equals no address", () => {
    assert.equal(sameAddress("0xAB", "0xab"), true);
    assert.equal(sameAddress(null, null), false);
  });

  it("counts as on the chain only when connected to the house's own", () => {
    assert.equal(isOnChain(readyState), true);
    assert.equal(isOnChain({ ...readyState, wallet: { ...readyState.wallet, chainId: 1 } }), false);
    assert.equal(isOnChain({ ...readyState, wallet: { ...readyState.wallet, status: "none" } }), false);
  });

  it("finds the trades one has bought or sold, newest first", () => {
    const older = { ...trade, tradeId: 1_000_000n, opened: { ...trade.opened, block: 3 } };
    const sameBlock = { ...trade, tradeId: 1_000_002n };
    const foreign = { ...trade, tradeId: 7n, buyer: METER, seller: TOKENLESS };
    const trades = Object.fromEntries([older, trade, sameBlock, foreign].map((one) => [one.tradeId, one]));
    const ids = (account: string) =>
      ownTrades({ ...readyState, trades, wallet: { ...readyState.wallet, account } }).map(
        ({ tradeId }) => tradeId,
      );
    assert.deepEqual(ids(LAB_ACCOUNTS.consumer.address.toLowerCase()), [1_000_002n, 1_000_001n, 1_000_000n]);
    assert.deepEqual(ids(LAB_ACCOUNTS.prosumer.address), [1_000_002n, 1_000_001n, 1_000_000n]);
    assert.deepEqual(ids(LAB_ACCOUNTS.consumer2.address), []);
  });

  it("knows whose meter it is, and shows the chosen one or else the first", () => {
    assert.deepEqual(ownMeters(readyState), []);
    const prosumer = { ...readyState.wallet, account: LAB_ACCOUNTS.prosumer.address };
    assert.deepEqual(ownMeters({ ...readyState, wallet: prosumer }), [METER]);
    assert.equal(shownMeter(readyState)?.meter, METER);
    assert.equal(shownMeter(initialState), null);
  });
});

const TOKENLESS = "0x0000000000000000000000000000000000000001";
