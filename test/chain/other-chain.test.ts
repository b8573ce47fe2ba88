import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Follower } from "../../chain/follower";
import { CHAIN_FILES, freePort, startEmbeddedChain } from "../../scripts/embedded-chain";
import { lockFolder } from "../../scripts/folder-lock";
import { TestChain } from "../support/chain";
import { until } from "../support/until";
import { RecordingSink } from "./recording-sink";
import { followerOf, untilCaughtUp } from "./support";

describe("a chain that is not the one it was", function () {
  this.timeout(60_000);
  let chain: TestChain;
  let sink: RecordingSink;
  let follower: Follower;

  const follow = async (more: Parameters<typeof followerOf>[2] = {}) => {
    follower = followerOf(chain, sink, more);
    await follower.start();
  };

  beforeEach(() => {
    sink = new RecordingSink();
  });
  afterEach(async () => {
    await follower.stop();
    await chain.stop();
  });

  it("is refused at start when its id is another, with the mend", async () => {
    chain = await TestChain.start({ deploy: false });
    await assert.rejects(follow({ chainId: 13371 }), /chain id is 13370, not 13371: set NETWORK and RPC_URL/);
    assert.deepEqual(sink.states, []);
  });

  it("is waited for while it has no contracts, and followed once they are there", async () => {
    chain = await TestChain.start({ deploy: false });
    await follow();
    await until("noContracts", () => sink.state === "noContracts");
    assert.match(sink.detail, /not deployed on chain 13370: run `npm start`, or `npx truffle migrate/);
    assert.equal(follower.contracts(), null);
    await chain.deploy();
    await untilCaughtUp(chain, sink);
    assert.equal(follower.contracts()?.trade.toLowerCase(), chain.trade);
    assert.equal(sink.events[0]?.name, "MeterCommissioned");
  });

  it("has its new contracts followed when a migration replaced them while the server runs", async () => {
    chain = await TestChain.start();
    await chain.listOffer();
    await follow();
    await untilCaughtUp(chain, sink);
    const [before, resets] = [chain.trade, sink.resets];
    await chain.deploy();
    assert.notEqual(chain.trade, before);
    await untilCaughtUp(chain, sink);
    assert.equal(sink.resets, resets + 1);
    assert.deepEqual(
      sink.events.map(({ name }) => name),
      ["MeterCommissioned"],
    );
  });

  it("says so while an artifact is broken, and goes on when it is whole again", async () => {
    chain = await TestChain.start();
    await follow();
    await untilCaughtUp(chain, sink);
    writeFileSync(join(chain.artifactsDir, "EnergyTrade.json"), '{"networks": {');
    await until("noContracts", () => sink.state === "noContracts");
    assert.match(sink.detail, /EnergyTrade.json is not a Truffle artifact/);
    const resets = sink.resets;
    chain.writeArtifacts();
    await untilCaughtUp(chain, sink);
    assert.equal(sink.resets, resets);
  });

  it("is rebuilt from its beginning after a reset, at the same address and with the same contract address", async () => {
    const port = await freePort();
    chain = await TestChain.start({ port });
    await chain.listOffer();
    await chain.listOffer();
    await follow();
    await untilCaughtUp(chain, sink);
    await chain.anvil.kill();
    await until("nodeLost", () => sink.state === "nodeLost");
    chain.anvil = await startEmbeddedChain({ sealing: "manual", port });
    await until("noContracts", () => sink.state === "noContracts");
    assert.match(sink.detail, /no contract at 0x.*as after a reset: run `npm start`/);
    const [resets, address] = [sink.resets, chain.trade];
    // Or, begun within the same second, it would be the old chain over again, hash for hash.
    await chain.mine();
    await chain.deploy();
    await untilCaughtUp(chain, sink);
    assert.equal(chain.trade, address);
    assert.equal(sink.resets, resets + 1, "the old chain's trades are not mixed with the new one's");
    assert.deepEqual(sink.rollbacks, []);
    assert.equal(sink.events.length, 1);
  });

  it("is some blocks behind, as a node that lost its last ones: they are taken back, what came instead is followed", async () => {
    const lock = lockFolder(mkdtempSync(join(tmpdir(), "neighborwatt-chain-")), { program: "test" });
    const log = join(lock.folder, CHAIN_FILES.log);
    const port = await freePort();
    chain = await TestChain.start({ port, keptIn: lock });
    await chain.listOffer();
    const saved = await chain.head();
    const copy = readFileSync(log);
    await chain.listOffer();
    await chain.listOffer();
    await follow();
    await untilCaughtUp(chain, sink);
    const resets = sink.resets;
    await chain.anvil.kill();
    await until("nodeLost", () => sink.state === "nodeLost");

    writeFileSync(log, copy);
    chain.anvil = await startEmbeddedChain({ sealing: "manual", port, keptIn: lock });
    await untilCaughtUp(chain, sink);
    assert.equal(sink.cursor()?.block, saved);
    assert.equal(sink.resets, resets, "it is the same chain");
    assert.equal(sink.rollbacks.length, 1);
    await chain.purchase("consumer", 1n, 100n);
    await untilCaughtUp(chain, sink);
    assert.deepEqual(
      sink.events.map(({ name }) => name),
      ["MeterCommissioned", "OfferListed", "TradeOpened"],
    );
    lock.release();
    rmSync(lock.folder, { recursive: true });
  });
});
