import { encodeParameters } from "web3-eth-abi";
import { isLabChain } from "../../common/lab";
import { type Event, eventsOf, nameOfRefusal, refuses, rpc } from "../support/contracts/chain";
import {
  ANY_PAYMENT,
  consentOf,
  digestOf,
  GRACE,
  meterWithKey,
  NWT,
  newWorld,
  PRICE,
  reading,
  type Signature,
  type World,
} from "../support/contracts/world";

const EnergyToken = artifacts.require("EnergyToken");
const EnergyTrade = artifacts.require("EnergyTrade");
const ZERO = "0x0000000000000000000000000000000000000000";
/** A role as an error names it. */
const wordOf = (role: string) => `0x${BigInt(role).toString(16).padStart(64, "0")}`;
const UNKNOWN = "0";
const COMMISSIONED = "1";
const RETIRED = "2";
const DECOMMISSIONED = "3";

describe("the migrations", () => {
  it("leave a trade that takes the token, and the first account as operator", async () => {
    const token = await EnergyToken.deployed();
    const trade = await EnergyTrade.deployed();
    const [operator] = await web3.eth.getAccounts();
    assert.equal(await trade.token(), token.address);
    assert(await trade.hasRole(await trade.OPERATOR_ROLE(), process.env.OPERATOR ?? operator!));
    assert.equal((await token.totalSupply()).toString(), `1${"0".repeat(27)}`);
    const grace = isLabChain(Number(await web3.eth.getChainId())) ? "600" : "86400";
    assert.equal((await trade.GRACE_PERIOD()).toString(), process.env.GRACE_PERIOD_S ?? grace);
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

  it("commissions a meter that consents, above the register that it has", async () => {
    const { trade, prosumer, stranger } = world;
    const meter = meterWithKey(0x33);
    assert.equal((await trade.meterOf(meter.address)).status.toString(), UNKNOWN);
    assert.deepEqual(eventsOf(await world.commission(meter, prosumer, 777n)), [
      ["MeterCommissioned", { meter: meter.address, prosumer, baselineMilliWh: 777n }],
    ] satisfies Event[]);
    const { prosumer: owner, soldMilliWh, registerMilliWh, status } = await trade.meterOf(meter.address);
    assert.deepEqual(
      [owner, String(soldMilliWh), String(registerMilliWh), String(status)],
      [prosumer, "777", "777", COMMISSIONED],
    );
    // What it measured before cannot be sold.
    await trade.listOffer(meter.address, 1000, PRICE.toString(), 60, 1, { from: prosumer });
    await world.token.sendTransaction({ from: stranger, value: NWT.toString() });
    await world.buy(1n, 1000n, (1000n * PRICE) / 1_000_000n, stranger);
    const early = reading(1_000_001n, 10n, 786n);
    await refuses(
      world.trySettle(early, await world.sign(early, meter)),
      "EnergyNotMetered",
      meter.address,
      787n,
      786n,
    );
    const metered = reading(1_000_001n, 10n, 787n);
    await world.trySettle(metered, await world.sign(metered, meter));
  });

  it("commissions nobody without the meter's consent to these very values", async () => {
    const { trade, prosumer, stranger, chainId } = world;
    const meter = meterWithKey(0x33);
    const consent = (
      by = meter,
      owner = prosumer,
      baseline = 0n,
      nonce = 0n,
      at = trade.address,
      chain = chainId,
    ) => consentOf(chain, at, by, owner, baseline, nonce);
    const refused = async (signature: Signature) => {
      const error = await world.tryCommission(meter, prosumer, 0n, signature).then(
        () => assert.fail("nothing was refused"),
        (reason: unknown) => reason,
      );
      assert.equal(nameOfRefusal(error), "ConsentNotByMeter");
    };
    await refused(consent(meterWithKey(0x44)));
    await refused(consent(meter, stranger));
    await refused(consent(meter, prosumer, 1n));
    await refused(consent(meter, prosumer, 0n, 1n));
    await refused(consent(meter, prosumer, 0n, 0n, stranger));
    await refused(consent(meter, prosumer, 0n, 0n, trade.address, chainId + 1));
    await refused({ r: `0x${"00".repeat(32)}`, vs: `0x${"00".repeat(32)}` });
    await world.tryCommission(meter, prosumer, 0n, consent());
    assert.equal(String(await trade.nonces(meter.address)), "0");
    await world.commission(meter, prosumer);
    assert.equal(String(await trade.nonces(meter.address)), "1");
  });

  it("retires a meter: it sells no more, and what was bought is delivered and paid", async () => {
    const { trade, operator, prosumer, buyer, meter } = world;
    await world.list(1000n);
    await world.buy(1n, 100n, (100n * PRICE) / 1_000_000n);
    assert.deepEqual(eventsOf(await trade.retire(meter.address, { from: operator })), [
      ["MeterRetired", { meter: meter.address }],
    ] satisfies Event[]);
    const { prosumer: owner, status } = await trade.meterOf(meter.address);
    assert.deepEqual([owner, String(status)], [prosumer, RETIRED]);
    assert.equal(String((await trade.offerOf(1)).remainingMilliWh), "0");
    const from = { from: prosumer };
    await refuses(trade.purchase.call(1, 10, ANY_PAYMENT, { from: buyer }), "OfferNotOpen", 1n);
    await refuses(trade.withdrawOffer.call(1, from), "OfferNotOpen", 1n);
    const again = trade.listOffer.call(meter.address, "1", "1000000", "60", "1", from);
    await refuses(again, "MeterNotCommissioned", meter.address);
    await refuses(
      trade.retire.call(meter.address, { from: operator }),
      "MeterNotCommissioned",
      meter.address,
    );
    await refuses(world.tryCommission(meter, prosumer), "MeterAlreadyKnown", meter.address);
    await world.settle(reading(1_000_001n, 50n, 50n));
    await trade.refund("1000001", from);
    assert.equal(await world.balance(prosumer), (50n * PRICE) / 1_000_000n);
    // Its key was stolen after all.
    await trade.decommission(meter.address, { from: operator });
    assert.equal(String((await trade.meterOf(meter.address)).status), DECOMMISSIONED);
  });

  it("decommissions a meter for good, and remembers what it sold", async () => {
    const { trade, operator, prosumer, meter } = world;
    await world.list(1000n);
    await world.buy(1n, 100n, (100n * PRICE) / 1_000_000n);
    await world.settle(reading(1_000_001n, 50n, 60n));
    const end = await trade.decommission(meter.address, { from: operator });
    assert.deepEqual(eventsOf(end), [["MeterDecommissioned", { meter: meter.address }]] satisfies Event[]);
    const { prosumer: owner, soldMilliWh, registerMilliWh, status } = await trade.meterOf(meter.address);
    assert.deepEqual([owner, soldMilliWh, registerMilliWh, status].map(String), [
      ZERO,
      "50",
      "60",
      DECOMMISSIONED,
    ]);
    await refuses(world.tryCommission(meter, prosumer), "MeterAlreadyKnown", meter.address);
    for (const call of [trade.decommission, trade.retire])
      await refuses(call.call(meter.address, { from: operator }), "MeterNotCommissioned", meter.address);
    await refuses(
      trade.listOffer.call(meter.address, "1", "1000000", "60", "1", { from: prosumer }),
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
    await refuses(trade.purchase.call(1, 10, ANY_PAYMENT, { from: buyer }), "OfferNotOpen", 1n);
    await refuses(trade.withdrawOffer.call(1, { from: prosumer }), "OfferNotOpen", 1n);
  });

  it("refuses what would lose money or trust", async () => {
    const { trade, token, operator, prosumer, meter } = world;
    const fresh = meterWithKey(0x33);
    const none = { r: `0x${"00".repeat(32)}`, vs: `0x${"00".repeat(32)}` };
    // A malformed signature recovers to the zero address: it must not be a meter.
    await refuses(
      world.tryCommission({ ...fresh, address: ZERO }, prosumer, 0n, none),
      "ConsentNotByMeter",
      ZERO,
      ZERO,
    );
    for (const lost of [ZERO, trade.address, token.address])
      await refuses(world.tryCommission(fresh, lost), "InvalidProsumer", lost);
    await refuses(world.tryCommission(meter, prosumer), "MeterAlreadyKnown", meter.address);
    await world.tryCommission(fresh, prosumer, 2n ** 40n - 1n);
    await refuses(
      world.tryCommission(fresh, prosumer, 2n ** 40n),
      "RegisterTooLarge",
      fresh.address,
      2n ** 40n,
    );
    for (const call of [trade.decommission, trade.retire])
      await refuses(call.call(fresh.address, { from: operator }), "MeterNotCommissioned", fresh.address);
  });

  it("is nobody at first: the deployer names operators, itself among them", async () => {
    const { token, operator, prosumer, chainId } = world;
    const trade = await EnergyTrade.new(token.address, GRACE.toString(), { from: operator });
    const meter = meterWithKey(0x33);
    const consent = consentOf(chainId, trade.address, meter, prosumer);
    const commission = () => trade.commission.call(meter.address, prosumer, 0, consent, { from: operator });
    const role = await trade.OPERATOR_ROLE();
    await refuses(commission(), "AccessControlUnauthorizedAccount", operator, wordOf(role));
    await trade.grantRole(role, operator, { from: operator });
    await commission();
  });

  it("is the only one who may", async () => {
    const { trade, prosumer, meter } = world;
    const wanted = wordOf(await trade.OPERATOR_ROLE());
    const calls = [
      () => world.tryCommission(meterWithKey(0x33), prosumer, 0n, undefined, prosumer),
      () => trade.retire.call(meter.address, { from: prosumer }),
      () => trade.decommission.call(meter.address, { from: prosumer }),
    ];
    for (const call of calls) await refuses(call(), "AccessControlUnauthorizedAccount", prosumer, wanted);
  });
});

describe("a grace", () => {
  it("is given at deployment, from a minute to thirty days", async () => {
    const { token } = await newWorld();
    const [min, max] = [60n, 2_592_000n];
    for (const grace of [min, 86_400n, max]) {
      const trade = await EnergyTrade.new(token.address, grace.toString());
      assert.equal((await trade.GRACE_PERIOD()).toString(), grace.toString());
    }
    for (const grace of [0n, min - 1n, max + 1n, 2n ** 64n - 1n]) {
      // Truffle keeps the reason of a refused deployment to itself: the call of its bytes tells it.
      const { bytecode } = EnergyTrade as unknown as { bytecode: string };
      const data = bytecode + encodeParameters(["address", "uint64"], [token.address, grace]).slice(2);
      const error = await rpc("eth_call", { data }, "latest").then(
        () => assert.fail("nothing was refused"),
        (reason: unknown) => reason,
      );
      assert.equal(nameOfRefusal(error), "InvalidGracePeriod");
    }
  });
});

describe("the digests", () => {
  it("of consents differ by each value, the nonce too", async () => {
    const { trade, prosumer, buyer } = await newWorld();
    const digests = await Promise.all([
      trade.hashCommission(prosumer, 0, 0),
      trade.hashCommission(buyer, 0, 0),
      trade.hashCommission(prosumer, 1, 0),
      trade.hashCommission(prosumer, 0, 1),
    ]);
    assert.equal(new Set(digests).size, digests.length);
  });

  it("are EIP-712's for domain neighborwatt, version 2, whatever the values", async () => {
    const { trade, chainId, buyer } = await newWorld();
    const most = String(2n ** 64n - 1n);
    for (const message of [
      reading(0n, 0n, 0n),
      reading(1_000_001n, 20n, 12_345n, true),
      reading(2n ** 256n - 1n, 2n ** 64n - 1n, 2n ** 64n - 1n, true),
    ])
      for (const purchase of [
        { buyer, orderedMilliWh: "20", deadline: "1795363174" },
        { buyer: ZERO, orderedMilliWh: most, deadline: most },
      ])
        assert.equal(
          await trade.hashReading(message, purchase.buyer, purchase.orderedMilliWh, purchase.deadline),
          digestOf(chainId, trade.address, message, purchase),
        );
  });
});
