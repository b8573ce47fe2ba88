import assert from "node:assert/strict";
import type { TradeView } from "../../common/events";
import { LAB_ACCOUNTS } from "../../common/lab";
import { shownHouse } from "../../public/select";
import type { PageState } from "../../public/state";
import { gainsOf, houseName, neighbourName, salesOf } from "../../public/street";
import { config, METER, meterOf, readyState, streetOf, trade } from "./fixtures";

const NWT = 10n ** 18n;
const SELLER = LAB_ACCOUNTS.prosumer.address;
const BUYER = LAB_ACCOUNTS.consumer.address;

const withTrades = (...trades: Partial<TradeView>[]): PageState => ({
  ...readyState,
  trades: Object.fromEntries(trades.map((more, i) => [i, { ...trade, tradeId: BigInt(i), ...more }])),
});

describe("What a house has gained by the street's trades", () => {
  // 120 NWT/kWh, where the grid asks 180 and pays 60: 60 to either side for each kWh.
  const settled = { settledMilliWh: 500_000n, paid: 60n * NWT };

  it("is what the buyer did not pay the grid, and what the grid would not have paid the seller", () => {
    const state = withTrades(settled, { ...settled, status: "settled" });
    assert.deepEqual(gainsOf(state, BUYER), { trades: 2, saved: 60n * NWT, earned: 0n });
    assert.deepEqual(gainsOf(state, SELLER), { trades: 2, saved: 0n, earned: 60n * NWT });
  });

  it("counts what was settled alone, whoever is named how", () => {
    const state = withTrades(settled, {}, { ...settled, buyer: SELLER, seller: BUYER });
    assert.deepEqual(gainsOf(state, BUYER.toLowerCase()), { trades: 2, saved: 30n * NWT, earned: 30n * NWT });
  });

  it("may be a loss", () => {
    assert.equal(gainsOf(withTrades({ ...settled, paid: 100n * NWT }), BUYER)?.saved, -10n * NWT);
  });

  it("is unknown of who has no settled trade, and where the grid's price is not known", () => {
    assert.equal(gainsOf(withTrades({}), BUYER), null);
    assert.equal(gainsOf(withTrades(settled), LAB_ACCOUNTS.consumer2.address), null);
    const view = { ...config, gridTariffPerKWh: 0n };
    const untold = { ...withTrades(settled), config: { status: "ready" as const, view, chain: "x" } };
    assert.equal(gainsOf(untold, BUYER), null);
    assert.equal(gainsOf({ ...untold, config: { status: "loading" } }, BUYER), null);
  });
});

describe("The houses of the street", () => {
  const street = Object.fromEntries(streetOf(6).map((house) => [house.meter, house]));
  const state: PageState = { ...readyState, street };
  const as = (account: string | null, house: string | null = null): PageState => ({
    ...state,
    wallet: { ...state.wallet, account },
    ui: { ...state.ui, house },
  });

  it("show the chosen one, else one's own, else the first", () => {
    const own = street[meterOf(5)]!.prosumer;
    assert.equal(shownHouse(as(null)), METER);
    assert.equal(shownHouse(as(own.toLowerCase())), meterOf(5));
    assert.equal(shownHouse(as(own, meterOf(2))), meterOf(2));
    assert.equal(shownHouse(as(own, "0xgone")), meterOf(5));
    assert.equal(shownHouse({ ...state, street: {} }), null);
  });

  it("have names; a house of another server and a neighbour without a house have their address", () => {
    assert.equal(houseName(state, METER), "House 1");
    const nameless = { ...state, street: { [METER]: { ...street[METER]!, name: null } } };
    assert.equal(houseName(nameless, METER), "House 0xa7F1…BcEC");
    assert.equal(neighbourName(state, SELLER), "House 1");
    assert.equal(neighbourName(state, BUYER), "you");
    assert.equal(neighbourName(as(null), BUYER), "0x3C44…93BC");
  });

  it("sell what flows; a delivery whose load takes nothing is no flow", () => {
    const [first] = salesOf(state);
    assert.deepEqual([first?.seller.meter, first?.isFlowing], [METER, true]);
    const idle = { ...street[METER]!, watts: 0.1 };
    assert.equal(salesOf({ ...state, street: { [METER]: idle } })[0]?.isFlowing, false);
    const unmeasured = { ...idle, watts: null };
    assert.equal(salesOf({ ...state, street: { [METER]: unmeasured } })[0]?.isFlowing, false);
    assert.deepEqual(salesOf({ ...state, street: { [METER]: { ...idle, sellsTo: null } } }), []);
  });
});
