import assert from "node:assert/strict";
import { createChain } from "../../chain";
import { GETH_CHAIN_ID, LAB_ACCOUNTS, LAB_MNEMONIC } from "../../common/lab";
import { paymentFor } from "../../common/units";
import { LAB_SEALERS } from "../../geth/lab";
import { PRICE, TestChain } from "../support/chain";
import { needGeth, TestNetwork } from "../support/geth";
import { until } from "../support/until";
import { ReadingSource } from "./reading-source";
import { RecordingSink } from "./recording-sink";
import { clock, log, untilCaughtUp } from "./support";

/** geth seals by its own clock. */
class GethChain extends TestChain {
  override async mine(blocks = 1): Promise<void> {
    const wanted = (await this.head()) + blocks;
    await until(`block ${wanted}`, async () => (await this.head()) >= wanted);
  }
}

describe("on geth's clique network", function () {
  this.timeout(240_000);
  let net: TestNetwork;
  let chain: GethChain;
  let server: ReturnType<typeof createChain>;
  let sink: RecordingSink;
  let source: ReadingSource;

  before(async function () {
    await needGeth(this);
    net = await TestNetwork.start();
    chain = new GethChain({ rpcUrl: net.network.rpcUrl, kill: () => net.stop() }, GETH_CHAIN_ID);
    await chain.deploy();
    sink = new RecordingSink();
    source = new ReadingSource(chain, sink);
    const { rpcUrl, chainId, artifactsDir } = chain;
    server = createChain({
      ...{ rpcUrl, chainId, artifactsDir, sink, source, clock, log },
      confirmations: 2,
      mnemonic: LAB_MNEMONIC,
    });
    await server.follower.start();
    await server.settlement.start();
  });
  after(async () => {
    await server?.stop();
    await chain?.stop();
  });

  it("the sealer of every block is told", async () => {
    await until("following", () => sink.state === "following");
    const headers = sink.batches.flatMap((batch) => batch.headers);
    assert.ok(headers.length > 0);
    for (const { block, sealer } of headers)
      assert.equal(sealer, block === 0 ? null : LAB_SEALERS[0].address);
    assert.equal(sink.head?.sealer, LAB_SEALERS[0].address);
  });

  it("a trade is followed, a reading settled and a second one refused by its name", async () => {
    const offerId = await chain.listOffer();
    const first = await chain.purchase("consumer", offerId, 1000n);
    const second = await chain.purchase("consumer2", offerId, 1000n);
    await until("both trades", () => sink.events.filter(({ name }) => name === "TradeOpened").length === 2);
    source.sign(first, 400n, true);
    source.sign(second, 5000n);
    server.settlement.wake();
    await until("the refusal", () => source.refused.length === 1);
    assert.match(source.refused[0]!.reason, /^ReadingExceedsOrder\(tradeId 1000002, deliveredMilliWh 5000, /);
    await until("the settlement", () => sink.events.some(({ name }) => name === "TradeSettled"));
    const event = sink.events.find((one) => one.name === "TradeSettled");
    assert.ok(event?.name === "TradeSettled" && event.paid === paymentFor(400n, PRICE));
    assert.equal(server.settler, LAB_ACCOUNTS.settler.address);
  });

  it("a killed validator is waited for, and nothing is missed", async () => {
    await net.kill(2);
    await until("nodeLost", () => sink.state === "nodeLost");
    await net.up();
    await chain.listOffer();
    // The chain goes on by itself: compare while it stands between two blocks.
    await until("its event", () => sink.events.filter(({ name }) => name === "OfferListed").length === 2);
    assert.deepEqual(sink.rollbacks, []);
    await untilCaughtUp(chain, sink, 2);
  });
});
