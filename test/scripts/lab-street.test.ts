/** The street of a lab: who lives there, and how its meters and offers come onto the chain. */
import assert from "node:assert/strict";
import { meterKeyOf } from "../../chain/meter-key";
import { createPrivateKey } from "../../chain/web3";
import { LAB_ACCOUNTS } from "../../common/lab";
import { type LabChain, labChain } from "../../scripts/lab-chain";
import { type LabHome, prepareStreet } from "../../scripts/lab-market";
import { FIRST_OFFERS, firstOffersOf, labHouseholds, labKeyOf, streetFile } from "../../scripts/lab-street";
import { MOST_HOMES, parseHomes } from "../../server/homes-file";
import { TestChain } from "../support/chain";

describe("a lab's street", () => {
  it("is a right list of homes of any length, the same each time", () => {
    for (const count of [1, 2, 6, MOST_HOMES]) {
      const text = streetFile(count);
      const { homes, problems } = parseHomes(text);
      assert.deepEqual(problems, []);
      assert.equal(homes.length, count);
      assert.equal(streetFile(count), text);
    }
  });

  it("has the two ends of one wire in its first two homes, and modelled meters in all others", () => {
    const { homes } = parseHomes(streetFile(6));
    assert.deepEqual(
      homes.map(({ name, meter, receivingMeter }) => [
        name,
        meter.kind,
        receivingMeter && `${receivingMeter.kind} from ${receivingMeter.wireFrom}`,
      ]),
      [
        ["House 1", "simulated", null],
        ["House 2", "modelled", "simulated from House 1"],
        ["House 3", "modelled", null],
        ["House 4", "modelled", null],
        ["House 5", "modelled", null],
        ["House 6", "modelled", null],
      ],
    );
  });

  it("gives the first two households the accounts of the lessons, and each other one its own", () => {
    const households = labHouseholds(40);
    const addresses = households.map(({ address }) => address);
    assert.deepEqual(addresses.slice(0, 2), [LAB_ACCOUNTS.prosumer.address, LAB_ACCOUNTS.consumer.address]);
    // m/44'/60'/0'/0/103 of the lab's words, as every wallet derives it.
    assert.equal(addresses[2], "0xC4c81D5C1851702d27d602aA8ff830A7689F17cc");
    assert.equal(
      new Set([...addresses, ...Object.values(LAB_ACCOUNTS).map(({ address }) => address)]).size,
      44,
    );
    assert.equal(labKeyOf(addresses[4]!.toLowerCase(), households), households[4]!.privateKey);
    assert.equal(labKeyOf(LAB_ACCOUNTS.consumer2.address, []), LAB_ACCOUNTS.consumer2.privateKey);
    assert.equal(labKeyOf(`0x${"12".repeat(20)}`, households), null);
  });

  it("keeps the three offers of the first house, and gives every other one of its own below the grid's price", () => {
    assert.equal(firstOffersOf(1), FIRST_OFFERS);
    const others = Array.from({ length: 30 }, (_, i) => firstOffersOf(i + 2)).flat();
    assert.equal(others.length, 30);
    assert.ok(new Set(others.map(({ milliWh }) => milliWh)).size > 5);
    assert.ok(new Set(others.map(({ pricePerKWh }) => pricePerKWh)).size > 10);
    for (const { milliWh, pricePerKWh } of others) {
      assert.ok(milliWh >= 1_000n && milliWh <= 8_000n);
      assert.ok(pricePerKWh >= 100n * 10n ** 18n && pricePerKWh <= 170n * 10n ** 18n);
    }
  });
});

describe("the market of a lab's street", function () {
  this.timeout(60_000);
  let chain: TestChain;
  let lab: LabChain;
  const street = (count: number): LabHome[] =>
    labHouseholds(count).map(({ address, privateKey }, i) => ({
      name: `House ${i + 1}`,
      key: meterKeyOf(createPrivateKey()),
      account: address,
      privateKey,
      offers: firstOffersOf(i + 1),
    }));
  const prepare = (homes: LabHome[]) => prepareStreet(lab, chain.rpcUrl, homes, () => chain.mine());

  beforeEach(async () => {
    chain = await TestChain.start();
    lab = await labChain(chain.rpcUrl, { token: chain.token, trade: chain.trade });
  });
  afterEach(() => chain.stop());

  it("is made whole in two blocks, in the order of the homes, and only once", async () => {
    const homes = street(12);
    const before = await chain.head();
    assert.deepEqual(await prepare(homes), { commissioned: 12, listed: 14, notes: [] });
    assert.equal(await chain.head(), before + 2);
    const listed = await lab.trade.getPastEvents("OfferListed", { fromBlock: 0, toBlock: "latest" });
    assert.deepEqual(
      listed.map(({ returnValues: { offerId, meter, prosumer, milliWh, pricePerKWh } }) => ({
        offerId,
        meter,
        prosumer,
        milliWh,
        pricePerKWh,
      })),
      homes
        .flatMap(({ key, account, offers }) =>
          offers.map((offer) => ({ meter: key.meter, prosumer: account, ...offer })),
        )
        .map((offer, i) => ({ offerId: BigInt(i + 1), ...offer })),
    );
    assert.deepEqual(await prepare(homes), { commissioned: 0, listed: 0, notes: [] });
    assert.equal(await chain.head(), before + 2);
  });

  /** Each meter is its household's, and each first offer is there once. */
  async function assertWhole(homes: LabHome[]): Promise<void> {
    const listed = await lab.trade.getPastEvents("OfferListed", { fromBlock: 0, toBlock: "latest" });
    const terms = ({
      meter,
      milliWh,
      pricePerKWh,
    }: {
      meter: string;
      milliWh: bigint;
      pricePerKWh: bigint;
    }) => `${meter} ${milliWh} ${pricePerKWh}`;
    assert.deepEqual(
      listed.map(({ returnValues }) => terms(returnValues as never)).sort(),
      homes.flatMap(({ key, offers }) => offers.map((one) => terms({ meter: key.meter, ...one }))).sort(),
    );
    for (const { key, account } of homes) {
      const { prosumer, status } = await lab.trade.methods.meterOf(key.meter).call();
      assert.deepEqual([prosumer, status], [account, 1n]);
    }
  }

  it("is made whole once by two starts at once, of the same homes and of others of the same accounts", async () => {
    const homes = street(6);
    await Promise.all([prepare(homes), prepare(homes)]);
    await assertWhole(homes);
    const [some, others] = [street(4), street(4)];
    await Promise.all([prepare(some), prepare(others)]);
    await assertWhole([...homes, ...some, ...others]);
  });

  it("is made whole by a start after one that was ended in the middle", async () => {
    const homes = street(3);
    const [first] = homes;
    await prepare([{ ...first!, offers: first!.offers.slice(0, 1) }]);
    await prepare(homes);
    await assertWhole(homes);
  });

  it("grows by the homes that are new", async () => {
    const homes = street(4);
    await prepare(homes.slice(0, 2));
    assert.deepEqual(await prepare(homes), { commissioned: 2, listed: 2, notes: [] });
  });

  it("lists again what is sold out or withdrawn", async () => {
    const homes = street(3);
    await prepare(homes);
    await chain.call("consumer", "withdrawOffer", [4n]);
    assert.deepEqual(await prepare(homes), { commissioned: 0, listed: 1, notes: [] });
  });

  it("commissions the meter of somebody's own account, and leaves the offers to its owner", async () => {
    const [home] = street(1);
    const account = "0x1111111111111111111111111111111111111111";
    const own = { ...home!, account, privateKey: null };
    assert.deepEqual(await prepare([own]), { commissioned: 1, listed: 0, notes: [] });
    const { prosumer, status } = await lab.trade.methods.meterOf(own.key.meter).call();
    assert.deepEqual([prosumer, status], [account, 1n]);
  });

  it("says whose meter it is when the settings name another household, and changes nothing", async () => {
    const [home] = street(1);
    await prepare([home!]);
    const moved = {
      ...home!,
      account: LAB_ACCOUNTS.consumer2.address,
      privateKey: LAB_ACCOUNTS.consumer2.privateKey,
    };
    const { commissioned, listed, notes } = await prepare([moved]);
    assert.deepEqual([commissioned, listed, notes.length], [0, 0, 1]);
    assert.match(notes[0]!, /^House 1: its meter sells for 0x7099.*, not for 0x90F7/);
  });

  it("says so of a meter that sells no more", async () => {
    const homes = street(2);
    await prepare(homes);
    await chain.call("operator", "retire", [homes[1]!.key.meter]);
    const { commissioned, listed, notes } = await prepare(homes);
    assert.deepEqual([commissioned, listed], [0, 0]);
    assert.match(notes[0]!, /^House 2: its meter 0x.* sells no more/);
  });

  it("names what a chain refuses", async () => {
    const [home] = street(1);
    const dear = { ...home!, offers: [{ milliWh: 2n ** 33n, pricePerKWh: 1n }] };
    await assert.rejects(prepare([dear]), /^Error: an offer of House 1 was reverted$/);
  });
});
