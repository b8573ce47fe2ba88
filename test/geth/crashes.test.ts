import assert from "node:assert/strict";
import { LAB_ACCOUNTS } from "../../common/lab";
import { needGeth, TestNetwork, Transfers } from "../support/geth";

describe("a crash with transactions in flight", function () {
  this.timeout(240_000);
  let net: TestNetwork;
  let transfers: Transfers;

  before(async function () {
    await needGeth(this);
    net = await TestNetwork.start();
    transfers = new Transfers(net, 2, LAB_ACCOUNTS.consumer.privateKey);
  });
  after(() => net?.stop());

  it("kill -9 of the sealer loses nothing confirmed, and what was pending is sealed after its restart", async () => {
    await transfers.send(20);
    await net.untilSealed(2, transfers.txHashes);
    await transfers.send(20);
    await net.kill(1);
    const { block } = await net.confirmed(2);
    const before = await net.hashes(2, block);
    await transfers.send(20);
    const { pending } = await net.ask<{ pending: string }>(2, "txpool_status");
    assert(Number(pending) >= 20, `only ${Number(pending)} wait`);
    await net.up();
    await transfers.assertAllSealedOnce([1, 2]);
    assert.deepEqual(await net.hashes(1, block), before);
    assert.deepEqual(await net.hashes(2, block), before);
  });

  it("and again, many times over, the chain only ever grows", async () => {
    for (let round = 0; round < 3; round++) {
      await transfers.send(10);
      const known = await net.confirmed(2);
      await net.kill(1);
      await net.up();
      assert.equal((await net.hashes(1, known.block)).at(-1), known.hash);
    }
    await transfers.assertAllSealedOnce([1, 2]);
  });

  it("kill -9 of the validator misses nothing: it catches up with all that was sealed meanwhile", async () => {
    await transfers.send(20);
    const sealedByOne = new Transfers(net, 1, LAB_ACCOUNTS.consumer2.privateKey);
    await net.kill(2);
    const { block } = await net.head(1);
    await sealedByOne.send(20);
    await net.untilSealed(1, sealedByOne.txHashes);
    await net.untilBlock(1, block + 5);
    await net.up();
    const common = await net.untilSameHead([1, 2], block + 5);
    assert.deepEqual(await net.hashes(2, common), await net.hashes(1, common));
    await sealedByOne.assertAllSealedOnce([1, 2]);
    await transfers.assertAllSealedOnce([1, 2]);
  });

  it("kill -9 of both at once loses nothing confirmed either", async () => {
    await transfers.send(10);
    await net.untilSealed(2, transfers.txHashes);
    await transfers.send(10);
    const known = await net.confirmed(2);
    await Promise.all([net.kill(1), net.kill(2)]);
    await net.up();
    assert.equal((await net.hashes(1, known.block)).at(-1), known.hash);
    await transfers.assertAllSealedOnce([1, 2]);
  });
});
