/**
 * Contract tests on real blocks: `npx truffle test --network geth`. A transaction takes two seconds there, which one
 * waits for. One file is enough to see that the network runs what ganache runs; `npm test -- --all geth` takes all
 * of them, and then four networks take one file after the other.
 */
import assert from "node:assert/strict";
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { compile } from "../../scripts/compile";
import { needGeth, TestNetwork } from "../support/geth";
import { copyArtifacts, truffle } from "../support/truffle";

const FOLDER = "test/contracts";
const FOLDER_PATH = join(__dirname, "..", "..", FOLDER);
const lengthOf = (file: string): number => statSync(join(FOLDER_PATH, file)).size;
const TAKES_ALL = process.env.ALL_CONTRACT_TESTS === "true";
/** Purchases, settlements, refunds and what cannot run there: the clock's tests. */
const SMOKE_FILE = "refund.test.ts";
const NETWORKS = TAKES_ALL ? 4 : 1;
/** They move the chain's clock, which nobody can do on a real network. */
const SKIPPED = [
  "a late reading still pays, until the grace is over",
  "a reading counts in the last second of the grace, and after it while nobody has refunded",
  "a retired meter's trades wait for the grace as all do",
  "anyone may refund from the second that the error named",
];

describe("the contract tests on the two-node network", function () {
  this.timeout(900_000);
  const files = readdirSync(FOLDER_PATH)
    .filter((file) => file.endsWith(".test.ts") && (TAKES_ALL || file === SMOKE_FILE))
    // The longest first, by how much there is to read.
    .sort((a, b) => lengthOf(b) - lengthOf(a));
  const outputs = new Map<string, string>();
  const codes = new Map<string, number | null>();

  before(async function () {
    await needGeth(this);
    await compile();
    const waiting = [...files];
    await Promise.all(Array.from({ length: NETWORKS }, () => work(waiting)));
  });

  async function work(waiting: string[]): Promise<void> {
    const artifacts = copyArtifacts();
    const net = await TestNetwork.start();
    try {
      for (let file = waiting.shift(); file; file = waiting.shift()) {
        const { code, output } = await truffle(
          ["test", `${FOLDER}/${file}`, "--network", "geth", "--reporter", "spec"],
          { ...process.env, RPC_URL: net.rpcUrl, ARTIFACTS_DIR: artifacts },
        );
        codes.set(file, code);
        outputs.set(file, stripVTControlCharacters(output));
      }
    } finally {
      await net.stop();
      rmSync(artifacts, { recursive: true });
    }
  }

  for (const file of files)
    it(`pass: ${file}`, () => {
      const output = outputs.get(file) ?? "";
      assert.equal(codes.get(file), 0, output);
      assert.match(output, /[1-9]\d* passing/);
    });

  it("are left out by name only where they move the chain's clock", () => {
    const said = [...outputs.values()].join("\n");
    const skipped = [...said.matchAll(/^ +- (.+)$/gm)].map(([, title]) => title);
    assert.deepEqual(skipped, SKIPPED);
  });
});
