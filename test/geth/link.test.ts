import assert from "node:assert/strict";
import { LAB_ACCOUNTS } from "../../common/lab";
import { askUntil } from "../../geth/ask-until";
import { freePorts, needGeth, TestNetwork, Transfers } from "../support/geth";
import { assertAllSettled, buy, houseOn, sellersTokens, untilDelivering } from "../support/geth-trade";
import { canCutLinks, Link } from "../support/link";
import { need } from "../support/need";

describe("the link between the two nodes, cut with transactions in flight", function () {
  this.timeout(400_000);
  const link = new Link();
  let isLaid = false;
  let net: TestNetwork;
  let transfers: Transfers;

  before(async function () {
    await needGeth(this);
    need(this, "network namespaces", canCutLinks());
    link.lay();
    isLaid = true;
    const [peerPort1, authPort1, peerPort2, authPort2, rpcPort] = (await freePorts(5)) as [
      number,
      number,
      number,
      number,
      number,
    ];
    // The sealer is on the far end, as node 1 is in another house; the validator's RPC is on this machine.
    net = await TestNetwork.start({
      netRestrict: link.cidr,
      places: [
        { host: link.farAddress, peerPort: peerPort1, authPort: authPort1, rpcPort, launcher: link.launcher },
        { host: link.nearAddress, peerPort: peerPort2, authPort: authPort2, rpcPort },
      ],
    });
    transfers = new Transfers(net, 2, LAB_ACCOUNTS.consumer.privateKey);
  });
  after(async () => {
    await net?.stop();
    if (isLaid) link.remove();
  });

  const peersOf = (node: number) => net.ask<string>(node, "net_peerCount");

  it("for a moment: the validator stands still, then has every block and every transaction", async () => {
    await transfers.send(10);
    link.cut();
    const { block } = await net.head(1);
    await transfers.send(10);
    await net.untilBlock(1, block + 5);
    assert((await net.head(2)).block <= block + 1, "it cannot know what it was not told");
    link.restore();
    await net.untilSameHead([1, 2], block + 5);
    await transfers.assertAllSealedOnce([1, 2]);
  });

  it("until each has given the other up: they find each other again, and nothing is missing", async () => {
    await transfers.send(10);
    link.cut();
    await transfers.send(10);
    for (const node of [1, 2]) {
      const what = `node ${node} still believes in its peer`;
      await askUntil(
        what,
        () => peersOf(node),
        (peers) => peers === "0x0",
        90_000,
      );
    }
    const { block } = await net.head(1);
    await transfers.send(10);
    link.restore();
    for (const node of [1, 2]) {
      const what = `node ${node} has not found its peer again`;
      await askUntil(
        what,
        () => peersOf(node),
        (peers) => peers === "0x1",
        90_000,
      );
    }
    const common = await net.untilSameHead([1, 2], block);
    await transfers.assertAllSealedOnce([1, 2]);
    assert.deepEqual(await net.hashes(2, common), await net.hashes(1, common));
  });

  it("a purchase, its delivery and its settlement survive the cut", async () => {
    const house = await houseOn(net);
    try {
      const before = await sellersTokens(house);
      const first = await buy(house, "consumer");
      await untilDelivering(house, first);
      link.cut();
      const waiting = buy(house, "consumer2");
      const { block } = await net.head(1);
      await net.untilBlock(1, block + 5);
      link.restore();
      await assertAllSettled(house, [first, await waiting], before);
    } finally {
      await house.stop();
    }
  });
});
