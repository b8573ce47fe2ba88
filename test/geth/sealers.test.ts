import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { LAB_ACCOUNTS } from "../../common/lab";
import { askUntil } from "../../geth/ask-until";
import { genesisFor, readGenesis } from "../../geth/folder";
import { LAB_SEALERS } from "../../geth/lab";
import { needGeth, TestNetwork, Transfers } from "../support/geth";
import { until } from "../support/until";

const sealersOf = (net: TestNetwork, node: number): Promise<string[]> => net.ask(node, "clique_getSigners");

describe("two sealers", function () {
  this.timeout(240_000);
  let net: TestNetwork;

  before(async function () {
    await needGeth(this);
    net = await TestNetwork.start({ profile: "two-sealers" });
  });
  after(() => net?.stop());

  it("take turns, and no RPC port opens on either", async () => {
    await net.untilBlock(2, 6);
    const { sealerActivity } = await net.ask<{ sealerActivity: Record<string, number> }>(2, "clique_status");
    assert.equal(Object.keys(sealerActivity).length, 2);
    for (const [sealer, blocks] of Object.entries(sealerActivity))
      assert(blocks >= 2, `${sealer} sealed ${blocks}`);
    assert.deepEqual(
      net.network.plan.nodes.map((node) => node.rpcPort !== null),
      [false, true, false],
    );
  });

  it("halt when one stops, and go on when it is back: nothing that waited is lost", async () => {
    const transfers = new Transfers(net, 2, LAB_ACCOUNTS.consumer.privateKey);
    await transfers.send(10);
    await net.kill(3);
    // The other may seal one block more, its own turn; then the network stands: with each transaction that comes it
    // begins a block, and says that it may not seal it.
    const refusals = () => net.log(1, 2000).split("signed recently, must wait for others").length - 1;
    const refusedOver = async () => {
      const [head, before] = [await net.head(1), refusals()];
      await transfers.send(1);
      await until("a try in vain, or a block", async () => {
        return refusals() > before || (await net.head(1)).block > head.block;
      });
      const after = await net.head(1);
      return after.block === head.block && after;
    };
    const halted = await until("the network stands", refusedOver);
    await net.untilSameHead([1, 2], halted.block);
    for (let i = 0; i < 9; i++) assert.deepEqual(await refusedOver(), halted);
    await net.up();
    await net.untilBlock(2, halted.block + 2);
    await transfers.assertAllSealedOnce([2]);
    await net.untilSameHead([1, 2, 3]);
    await transfers.assertAllSealedOnce([1, 2, 3]);
    assert.equal((await net.hashes(2, halted.block)).at(-1), halted.hash);
  });
});

describe("three sealers", function () {
  this.timeout(240_000);
  let net: TestNetwork;
  let transfers: Transfers;

  before(async function () {
    await needGeth(this);
    net = await TestNetwork.start({ profile: "three-sealers" });
    transfers = new Transfers(net, 2, LAB_ACCOUNTS.consumer.privateKey);
  });
  after(() => net?.stop());

  it("survive the loss of any one: the others go on sealing what comes", async () => {
    await transfers.send(10);
    await net.kill(4);
    await transfers.send(10);
    await net.untilSealed(2, transfers.txHashes);
    const { block } = await net.head(2);
    await net.untilBlock(2, block + 4);
    await net.up();
    await net.untilSameHead([1, 2, 3, 4], block + 4);
    await transfers.assertAllSealedOnce([1, 2, 3, 4]);
  });

  it("vote one of them out and in again by majority, and a lone vote changes nothing", async () => {
    const third = LAB_SEALERS[2].address.toLowerCase();
    assert((await sealersOf(net, 2)).includes(third));
    await net.ask(1, "clique_propose", third, false);
    const { block } = await net.head(2);
    await net.untilBlock(2, block + 4);
    assert((await sealersOf(net, 2)).includes(third), "one vote of three is no majority");
    await net.ask(3, "clique_propose", third, false);
    await untilSealers(net, (sealers) => !sealers.includes(third));
    for (const voter of [1, 3]) await net.ask(voter, "clique_propose", third, true);
    await untilSealers(net, (sealers) => sealers.includes(third));
    await net.untilSameHead([1, 2, 3, 4]);
  });
});

describe("a vote that adds a sealer", function () {
  this.timeout(240_000);
  let net: TestNetwork;
  const newcomer = LAB_SEALERS[1].address.toLowerCase();

  before(async function () {
    await needGeth(this);
    // Node 3 is there and willing to seal, but the genesis names node 1 alone.
    net = await TestNetwork.start({ profile: "two-sealers" }, (dir) => {
      const file = join(dir, "genesis.json");
      writeFileSync(file, JSON.stringify(genesisFor(readGenesis(file), 1, [LAB_SEALERS[0].address])));
    });
  });
  after(() => net?.stop());

  it("is needed: until then the newcomer's blocks are nobody's, and it seals none", async () => {
    await net.untilBlock(2, 4);
    assert.equal((await sealersOf(net, 2)).includes(newcomer), false);
    assert.match(net.log(3), /unauthorized signer/);
  });

  it("lets it seal from then on, with transactions in flight, and makes the network need both", async () => {
    const transfers = new Transfers(net, 2, LAB_ACCOUNTS.consumer.privateKey);
    await transfers.send(10);
    await net.ask(1, "clique_propose", newcomer, true);
    await untilSealers(net, (sealers) => sealers.length === 2 && sealers.includes(newcomer));
    const { block } = await net.head(2);
    await transfers.send(10);
    await net.untilBlock(2, block + 6);
    const { sealerActivity } = await net.ask<{ sealerActivity: Record<string, number> }>(2, "clique_status");
    assert(sealerActivity[newcomer]! >= 2, JSON.stringify(sealerActivity));
    await net.untilSameHead([1, 2, 3]);
    await transfers.assertAllSealedOnce([1, 2, 3]);
  });
});

function untilSealers(net: TestNetwork, isGood: (sealers: string[]) => boolean): Promise<string[]> {
  return askUntil("the vote has no effect", () => sealersOf(net, 2), isGood, 60_000);
}
