/** What published systems of this kind got wrong, and a contract that tries it on purpose. */
import { eventsOf, refuses } from "../support/contracts/chain";
import {
  ANY_PAYMENT,
  consentOf,
  digestOf,
  GRACE,
  meterWithKey,
  newWorld,
  PRICE,
  reading,
  signDigest,
  type World,
} from "../support/contracts/world";

const Attacker = artifacts.require("Attacker");
const EnergyTrade = artifacts.require("EnergyTrade");
const SilentToken = artifacts.require("SilentToken");
const FIRST = 1_000_001n;
/** 1,000 mWh at 120 NWT per kWh. */
const PAYMENT = 120_000_000_000_000_000n;

describe("known failures do not happen here", () => {
  let world: World;
  beforeEach(async () => {
    world = await newWorld();
    await world.list(1_000_000n);
    await world.buy(1n, 1000n, PAYMENT);
  });

  it("the refund of an undelivered trade goes to the buyer, not to the seller", async () => {
    const { trade, prosumer, buyer } = world;
    await trade.refund(FIRST.toString(), { from: prosumer });
    assert.equal(await world.balance(prosumer), 0n);
    assert.equal(await world.balance(buyer), 1000n * 10n ** 18n);
  });

  it("a seller is not paid twice for one delivery out of a stranger's escrow", async () => {
    const { trade, prosumer, stranger } = world;
    await world.token.sendTransaction({ from: stranger, value: "1000000000000000000" });
    await world.buy(1n, 1000n, PAYMENT, stranger);
    const full = reading(FIRST, 1000n, 1000n, true);
    await world.settle(full);
    await refuses(world.trySettle(full), "TradeNotOpen", FIRST);
    const both = [await world.sign(full), await world.sign(full)];
    await refuses(trade.settleMany.call([full, full], both, { from: prosumer }), "TradeNotOpen", FIRST);
    assert.equal(await world.balance(prosumer), PAYMENT);
    assert.equal(await world.balance(trade.address), PAYMENT);
  });

  it("nobody finalises a trade without the meter's signature, neither seller nor operator", async () => {
    const { trade, prosumer, operator, buyer, meter } = world;
    const full = reading(FIRST, 1000n, 1000n, true);
    const none = { r: `0x${"00".repeat(32)}`, vs: `0x${"00".repeat(32)}` };
    for (const from of [prosumer, operator, buyer]) {
      await refuses(
        trade.settle.call(full, none, { from }),
        "ReadingNotByMeter",
        FIRST,
        meter.address,
        "0x0000000000000000000000000000000000000000",
      );
    }
  });

  it("the buyer is paid before his address is forgotten", async () => {
    const { trade, buyer } = world;
    const [, transfer] = eventsOf(await world.settle(reading(FIRST, 0n, 0n, true)));
    assert.deepEqual(transfer, ["Transfer", { from: trade.address, to: buyer, value: PAYMENT }]);
  });

  it("a second purchase during a delivery is a trade of its own", async () => {
    await world.settle(reading(FIRST, 500n, 500n));
    await world.buy(1n, 1000n, PAYMENT);
    await world.settle(reading(FIRST, 1000n, 1000n));
    const second = await world.tradeOf(FIRST + 1n);
    assert.deepEqual([second.status, second.deliveredMilliWh, second.orderedMilliWh].map(String), [
      "1",
      "0",
      "1000",
    ]);
    await world.settle(reading(FIRST + 1n, 1000n, 2000n));
    assert.equal(await world.balance(world.prosumer), 2n * PAYMENT);
  });

  it("a counter that began again from 0 sells nothing it has sold before", async () => {
    await world.buy(1n, 1000n, PAYMENT);
    await world.settle(reading(FIRST, 1000n, 1000n));
    await refuses(
      world.trySettle(reading(FIRST + 1n, 1000n, 0n)),
      "EnergyNotMetered",
      world.meter.address,
      2000n,
      1000n,
    );
  });

  it("a delivery that overshot is not paid beyond the order", async () => {
    await refuses(
      world.trySettle(reading(FIRST, 1500n, 1500n, true)),
      "ReadingExceedsOrder",
      FIRST,
      1500n,
      1000n,
    );
    await world.settle(reading(FIRST, 1000n, 1500n, true));
    assert.equal(await world.balance(world.prosumer), PAYMENT);
  });

  it("a token that answers false instead of reverting opens no trade and pays for none", async () => {
    const { operator, prosumer, buyer, meter, chainId } = world;
    const token = await SilentToken.new();
    const trade = await EnergyTrade.new(token.address, GRACE.toString(), { from: operator });
    await trade.grantRole(await trade.OPERATOR_ROLE(), operator, { from: operator });
    const consent = consentOf(chainId, trade.address, meter, prosumer);
    await trade.commission(meter.address, prosumer, 0, consent, { from: operator });
    await trade.listOffer(meter.address, 1000, PRICE.toString(), 60, 1, { from: prosumer });
    const purchase = () => trade.purchase.call(1, 1000, ANY_PAYMENT, { from: buyer });
    await refuses(purchase(), "SafeERC20FailedOperation", token.address);
    await token.setAnswer(true);
    await trade.purchase(1, 1000, ANY_PAYMENT, { from: buyer });
    await token.setAnswer(false);
    const { orderedMilliWh, deadline } = await trade.tradeOf(FIRST.toString());
    const terms = { buyer, orderedMilliWh: String(orderedMilliWh), deadline: String(deadline) };
    const full = reading(FIRST, 1000n, 1000n, true);
    const signature = signDigest(digestOf(chainId, trade.address, full, terms), meter.privateKey);
    await refuses(trade.settle.call(full, signature), "SafeERC20FailedOperation", token.address);
    await refuses(
      trade.refund.call(FIRST.toString(), { from: prosumer }),
      "SafeERC20FailedOperation",
      token.address,
    );
  });

  it("an attacker's contract takes nothing from a stranger's escrow, in one transaction or from inside", async () => {
    const { trade, token, meter, stranger } = world;
    const attacker = await Attacker.new({ from: stranger });
    const own = meterWithKey(0x66);
    // The attacker is a seller with a meter of its own, whose key it holds, and a buyer with tokens.
    await world.commission(own, attacker.address);
    const to = (target: string, data: string, value = "0") => ({ target, value, data });
    const encode = trade.contract.methods;
    const list = encode.listOffer(own.address, "1000", PRICE.toString(), "60", "1").encodeABI();
    await attacker.execute([to(trade.address, list), to(token.address, "0x", "1000000")], {
      from: stranger,
      value: "1000000",
    });
    const refusesAll = (
      name: Parameters<typeof refuses>[1],
      args: Parameters<typeof refuses>[2][],
      ...data: string[]
    ) =>
      refuses(
        attacker.execute.call(
          data.map((each) => to(trade.address, each)),
          { from: stranger },
        ),
        name,
        ...args,
      );

    await refusesAll(
      "BuyerIsSeller",
      [2n, attacker.address],
      encode.purchase("2", "10", ANY_PAYMENT).encodeABI(),
    );
    await refusesAll("NotProsumer", [meter.address, attacker.address], encode.withdrawOffer("1").encodeABI());
    await refusesAll(
      "WrongToken",
      [attacker.address],
      encode
        .onTransferReceived(
          attacker.address,
          attacker.address,
          PAYMENT.toString(),
          `0x${"0".repeat(63)}1${"0".repeat(63)}9`,
        )
        .encodeABI(),
    );
    const stolen = reading(FIRST, 1000n, 1000n, true);
    await refusesAll(
      "ReadingNotByMeter",
      [FIRST, meter.address, own.address],
      encode.settle(stolen, await world.sign(stolen, own)).encodeABI(),
    );

    // Two settlements and a refund of its own trade within one transaction: one of them counts.
    await world.buy(2n, 1000n, PAYMENT);
    const full = reading(2_000_001n, 1000n, 1000n, true);
    const settle = encode.settle(full, await world.sign(full, own)).encodeABI();
    const refund = encode.refund("2000001").encodeABI();
    await refusesAll("TradeNotOpen", [2_000_001n], settle, settle);
    await refusesAll("TradeNotOpen", [2_000_001n], settle, refund);
    await refusesAll("TradeNotOpen", [2_000_001n], refund, settle);

    // Ether on its way out is the only call into a stranger's code: from there, everything it could try.
    const redeem = token.contract.methods.redeem("1000000000").encodeABI();
    const tooMuch = token.contract.methods.redeem((PAYMENT + 1n).toString()).encodeABI();
    await attacker.prepare(
      [
        to(token.address, tooMuch),
        to(trade.address, refund),
        to(trade.address, encode.refund(FIRST.toString()).encodeABI()),
      ],
      { from: stranger },
    );
    await attacker.execute([to(trade.address, settle), to(token.address, redeem)], { from: stranger });
    assert.equal((await attacker.reentered()).toString(), "0");
    assert.equal(await world.balance(attacker.address), PAYMENT);
    assert.equal(await world.balance(trade.address), PAYMENT, "the stranger's escrow is whole");
    assert.equal(await web3.eth.getBalance(attacker.address).then(String), "1000000");
  });
});
