import assert from "node:assert/strict";
import type { NetworkView } from "../../common/events";
import { initialState, reduce } from "../../public/state";
import { argumentText } from "../../public/views/network";
import { snapshot } from "./fixtures";

const NWT = 10n ** 18n;

describe("An argument of a decoded call is shown in its own unit", () => {
  const rows: [name: string, value: string, shown: string][] = [
    ["milliWh", "1500", "1.5 Wh"],
    ["deliveredMilliWh", "20", "20 mWh"],
    ["pricePerKWh", String(120n * NWT), "120 NWT/kWh"],
    ["value", String(NWT / 2n), "0.5 NWT"],
    ["value", String(2n ** 256n - 1n), ">1,000,000,000 NWT"],
    ["tokens", String(3n * NWT), "3 NWT"],
    ["wei", String(NWT), "1 ETH"],
    ["deliveryWindow", "3600", "1 hour"],
    ["tradeId", "1000001", "1000001"],
    ["isFinal", "true", "true"],
    ["meter", "0xa7F16a13226b49258065215d6f1790ef4c97BcEC", "0xa7F1…BcEC"],
    ["milliWh", "no number", "no number"],
  ];
  for (const [name, value, shown] of rows)
    it(`${name} ${value.slice(0, 24)} is ${shown}`, () => {
      assert.equal(argumentText(name, value, "en"), shown);
    });
});

describe("The nodes", () => {
  const network: NetworkView = { nodes: [], sealers: [], periodS: 1, blocks: [] };

  it("are unknown at first, and as the server tells from then on", () => {
    assert.equal(initialState.network, null);
    assert.equal(reduce(initialState, { type: "network", network }).network, network);
    const state = reduce(initialState, { type: "snapshot", snapshot: { ...snapshot, network } });
    assert.equal(state.network, network);
  });
});
