import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readContracts } from "../../chain/artifacts";
import { meterKeyOf } from "../../chain/meter-key";
import { EMBEDDED_CHAIN_ID } from "../../common/lab";
import { compile } from "../../scripts/compile";
import { migrate } from "../../scripts/deploy";
import { type EmbeddedChain, startEmbeddedChain } from "../../scripts/embedded-chain";
import { commissionMeter, labChain, listFirstOffers } from "../../scripts/lab-chain";
import { buyTokens, purchase } from "../../scripts/trading";
import { TruffleConsole } from "../support/truffle-console";

const ROOT = join(__dirname, "..", "..");
const LESSON = join(ROOT, "docs", "truffle-console.md");
const PROMPT = "truffle(embedded)> ";
/** Nothing is delivered here: any key serves. */
const STARTED_METER = meterKeyOf(`0x${"0d".repeat(32)}`);

interface Step {
  command: string;
  answer: string;
}

/** What the lesson says to type, and what it says will come back. */
function readLesson(): Step[] {
  const blocks = [...readFileSync(LESSON, "utf8").matchAll(/^```\n([\s\S]*?)^```$/gm)].map(
    (match) => match[1]!,
  );
  return blocks.flatMap((block) =>
    block
      .split(PROMPT)
      .slice(1)
      .map((part) => {
        const [command, ...answer] = part.trimEnd().split("\n");
        return { command: command!, answer: answer.join("\n") };
      }),
  );
}

describe("the lesson in truffle console", function () {
  this.timeout(300_000);
  let chain: EmbeddedChain;
  let artifacts: string;
  let truffle: TruffleConsole;

  before(async () => {
    await compile();
    artifacts = mkdtempSync(join(tmpdir(), "neighborwatt-console-"));
    cpSync(join(ROOT, "build", "contracts"), artifacts, { recursive: true });
    chain = await startEmbeddedChain({ sealing: "instant" });
    const env = { ARTIFACTS_DIR: artifacts, EMBEDDED_PORT: String(chain.port) };
    await migrate("embedded", env);
    // As `npm start` leaves the chain: one meter, a few offers.
    const lab = await labChain(chain.rpcUrl, readContracts(artifacts, EMBEDDED_CHAIN_ID)!);
    await commissionMeter(lab, STARTED_METER);
    await listFirstOffers(lab, STARTED_METER.meter);
    // And as a newcomer does in the first minute on the page.
    await buyTokens(lab, "consumer", "0.01");
    await purchase(lab, "consumer", 3n, 20n);
    truffle = await TruffleConsole.start(["console", "--network", "embedded"], env);
  });

  after(async () => {
    await truffle?.exit();
    await chain?.stop();
    if (artifacts) rmSync(artifacts, { recursive: true, force: true });
  });

  it("has commands to type", () => {
    const commands = readLesson().map(({ command }) => command);
    for (const name of ["listOffer", "approve", "purchase", "tradeOf"]) {
      assert(
        commands.some((command) => command.includes(`.${name}(`)),
        `nothing in the lesson calls ${name}`,
      );
    }
  });

  for (const { command, answer } of readLesson()) {
    it(`answers ${command}`, async () => {
      // Two answers name what differs from chain to chain.
      const said = (await truffle.type(command))
        .replace(/(?<=meter: )0x[0-9a-fA-F]{40}/, "METER")
        .replace(/(?<=offerId: )\d+/, "OFFER");
      assert.equal(said, answer);
    });
  }
});
