import assert from "node:assert/strict";
import fc from "fast-check";
import type { Follower } from "../../chain/follower";
import { TestChain } from "../support/chain";
import { FaultyLine } from "./faulty-line";
import { RecordingSink } from "./recording-sink";
import { followerOf, untilCaughtUp } from "./support";

type Action =
  | { do: "list" | "restart" | "cut" | "mend" | "failStore" | "purchase" }
  | { do: "mine" | "reorg" | "lose"; blocks: number }
  | { do: "pause"; ms: number };

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("list" as const, "purchase" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("restart", "cut", "mend", "failStore") }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("mine", "reorg", "lose"),
      blocks: fc.integer({ min: 1, max: 5 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("pause"), ms: fc.integer({ min: 0, max: 60 }) }) },
) as fc.Arbitrary<Action>;

describe("the follower, whatever happens", function () {
  this.timeout(300_000);

  it("ends with the canonical chain's confirmed events, each once, in order", async () => {
    const scenario = fc.record({
      confirmations: fc.integer({ min: 1, max: 4 }),
      pageBlocks: fc.constantFrom(1, 3, 2000),
      actions: fc.array(action, { minLength: 8, maxLength: 30 }),
    });
    await fc.assert(fc.asyncProperty(scenario, play), { numRuns: 25, endOnFailure: true });
  });
});

async function play(scenario: {
  confirmations: number;
  pageBlocks: number;
  actions: Action[];
}): Promise<void> {
  const { confirmations, pageBlocks, actions } = scenario;
  const chain = await TestChain.start();
  const base = await chain.head();
  const line = await new FaultyLine(chain.rpcUrl).start();
  const sink = new RecordingSink();
  let follower: Follower;
  const follow = async () => {
    follower = followerOf(chain, sink, { url: line.url, confirmations, pageBlocks, behindGraceMs: 50 });
    await follower.start();
  };
  /** Never as deep as the contracts lie: that is another test. */
  const goBack = async (method: string, blocks: number, ...more: unknown[]) => {
    const depth = Math.min(blocks, (await chain.head()) - base);
    if (depth > 0) await chain.rpc(method, depth, ...more);
  };
  const acts: { [A in Action as A["do"]]: (action: A) => unknown } = {
    list: () => chain.listOffer(),
    // Of an offer that a reorganisation may have taken: then it reverts, and is in the block all the same.
    purchase: async () => {
      await chain.submit("consumer", chain.token, chain.purchaseData(1n, 10n));
      await chain.mine();
    },
    mine: ({ blocks }) => chain.mine(blocks),
    reorg: ({ blocks }) => goBack("anvil_reorg", blocks, []),
    lose: ({ blocks }) => goBack("anvil_rollback", blocks),
    restart: async () => {
      await follower.stop();
      await follow();
    },
    cut: () => {
      line.fault = "cut";
    },
    mend: () => {
      line.fault = null;
    },
    failStore: () => {
      sink.whileApplying = () => {
        sink.whileApplying = () => {};
        throw new Error("disk full");
      };
    },
    pause: ({ ms }) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
  await follow();
  try {
    let highest = 0;
    for (const one of actions) {
      await (acts[one.do] as (action: Action) => unknown)(one);
      highest = Math.max(highest, await chain.head());
    }
    line.fault = null;
    // What was confirmed stays so while its block is there, even when the chain above it got shorter: outgrow that.
    await chain.mine(highest - (await chain.head()) + 1);
    await untilCaughtUp(chain, sink, confirmations);
    assert.equal(sink.resets, 1, "the chain was never another one");
  } finally {
    await follower!.stop();
    await line.stop();
    await chain.stop();
  }
}
