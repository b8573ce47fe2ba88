import { type Event, eventsOf, refuses, rpc } from "../support/contracts/chain";
import { digestOf, meterWithKey, newWorld, reading, type World } from "../support/contracts/world";

const EnergyToken = artifacts.require("EnergyToken");
const EnergyTrade = artifacts.require("EnergyTrade");
const ZERO = "0x0000000000000000000000000000000000000000";
const UNKNOWN = "0";
const COMMISSIONED = "1";
const DECOMMISSIONED = "2";

describe("the migrations", () => {
  it("leave a trade that takes the token, and the first account as operator", async () => {
    const token = await EnergyToken.deployed();
    const trade = await EnergyTrade.deployed();
    const [operator] = await web3.eth.getAccounts();
    assert.equal(await trade.token(), token.address);
    assert(await trade.hasRole(await trade.OPERATOR_ROLE(), process.env.OPERATOR ?? operator!));
    assert.equal((await token.totalSupply()).toString(), `1${"0".repeat(27)}`);
  });
});

describe("the chain of these tests", () => {
  it("knows no opcode that a clique network at London lacks", async () => {
    const push0 = rpc("eth_call", { data: "0x5f5ff3" }, "latest");
    const error = await push0.then(
      () => undefined,
      (reason: Error) => reason,
    );
    assert.match(String(error), /opcode/i);
  });
});

describe("EnergyTrade's operator", () => {
  let world: World;
  beforeEach(async () => {
    world = await newWorld();
  });

  it("commissions a meter", async () => {
    const { trade, operator, prosumer } = world;
    const meter = meterWithKey(0x33).address;
    assert.equal((await trade.meterOf(meter)).status.toString(), UNKNOWN);
    const commissioning = await trade.commission(meter, prosumer, { from: operator });
    assert.deepEqual(eventsOf(commissioning), [["MeterCommissioned", { meter, prosumer }]] satisfies Event[]);
    const { prosumer: owner, soldMilliWh, registerMilliWh, status } = await trade.meterOf(meter);
    assert.deepEqual(
      [owner, String(soldMilliWh), String(registerMilliWh), String(status)],
      [prosumer, "0", "0", COMMISSIONED],
    );
  });

  it("decommissions a meter for good", async () => {
    const { trade, operator, prosumer, meter } = world;
    const end = await trade.decommission(meter.address, { from: operator });
    assert.deepEqual(eventsOf(end), [["MeterDecommissioned", { meter: meter.address }]] satisfies Event[]);
    const { prosumer: owner, status } = await trade.meterOf(meter.address);
    assert.deepEqual([owner, String(status)], [ZERO, DECOMMISSIONED]);
    await refuses(
      trade.commission.call(meter.address, prosumer, { from: operator }),
      "MeterAlreadyKnown",
      meter.address,
    );
    await refuses(
      trade.decommission.call(meter.address, { from: operator }),
      "MeterNotCommissioned",
      meter.address,
    );
    await refuses(
      trade.listOffer.call(meter.address, "1", "1000000", "60", { from: prosumer }),
      "MeterNotCommissioned",
      meter.address,
    );
  });

  it("takes an offer off the market with its meter", async () => {
    const { trade, operator, prosumer, buyer, meter } = world;
    await world.list(1000n);
    assert.equal(String((await trade.offerOf(1)).remainingMilliWh), "1000");
    await trade.decommission(meter.address, { from: operator });
    assert.equal(String((await trade.offerOf(1)).remainingMilliWh), "0");
    await refuses(trade.purchase.call(1, 10, { from: buyer }), "OfferNotOpen", 1n);
    await refuses(trade.withdrawOffer.call(1, { from: prosumer }), "OfferNotOpen", 1n);
  });

  it("refuses what would lose money or trust", async () => {
    const { trade, operator, prosumer, meter } = world;
    const fresh = meterWithKey(0x33).address;
    await refuses(trade.commission.call(ZERO, prosumer, { from: operator }), "InvalidMeter", ZERO);
    await refuses(trade.commission.call(fresh, ZERO, { from: operator }), "InvalidProsumer", ZERO);
    await refuses(
      trade.commission.call(fresh, trade.address, { from: operator }),
      "InvalidProsumer",
      trade.address,
    );
    await refuses(
      trade.commission.call(meter.address, prosumer, { from: operator }),
      "MeterAlreadyKnown",
      meter.address,
    );
    await refuses(trade.decommission.call(fresh, { from: operator }), "MeterNotCommissioned", fresh);
  });

  it("is the only one who may", async () => {
    const { trade, prosumer, meter } = world;
    const role = BigInt(await trade.OPERATOR_ROLE());
    const wanted = `0x${role.toString(16).padStart(64, "0")}`;
    const from = { from: prosumer };
    await refuses(
      trade.commission.call(meter.address, prosumer, from),
      "AccessControlUnauthorizedAccount",
      prosumer,
      wanted,
    );
    await refuses(
      trade.decommission.call(meter.address, from),
      "AccessControlUnauthorizedAccount",
      prosumer,
      wanted,
    );
  });
});

describe("a reading's digest", () => {
  it("is EIP-712's for domain neighborwatt, version 1, whatever the values", async () => {
    const { trade, chainId } = await newWorld();
    const { hashReading } = trade;
    for (const message of [
      reading(0n, 0n, 0n),
      reading(1_000_001n, 20n, 12_345n, true),
      reading(2n ** 256n - 1n, 2n ** 64n - 1n, 2n ** 64n - 1n, true),
    ]) {
      assert.equal(await hashReading(message), digestOf(chainId, trade.address, message));
    }
  });
});
