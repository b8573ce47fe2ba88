import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { type IPty, spawn } from "@lydell/node-pty";
import { EMBEDDED_CHAIN_ID } from "../../common/lab";
import { compile } from "../../scripts/compile";
import { migrate } from "../../scripts/deploy";
import { type EmbeddedChain, startEmbeddedChain } from "../../scripts/embedded-chain";
import { commissionMeter, labChain, listFirstOffers, readDeployment } from "../../scripts/lab-chain";
import { buyTokens, purchase } from "../../scripts/trading";
import { meterKeyOf } from "../../server/chain/meter-key";

const ROOT = join(__dirname, "..", "..");
const LESSON = join(ROOT, "docs", "truffle-console.md");
const PROMPT = "truffle(embedded)> ";
/** Nothing is delivered here: any key serves. */
const STARTED_METER = meterKeyOf(`0x${"0d".repeat(32)}`);
/** For one answer, on a slow machine. */
const ANSWER_TIMEOUT_MS = 60_000;

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

/** Someone at a terminal: types a line, waits for the next prompt, reads what came before it. */
class Console {
  private output = "";
  private changed: () => void = () => undefined;
  private readonly exited: Promise<void>;

  constructor(private readonly terminal: IPty) {
    terminal.onData((data) => {
      this.output += data;
      this.changed();
    });
    this.exited = new Promise((resolve) => terminal.onExit(() => resolve()));
  }

  async untilPrompt(): Promise<string> {
    const deadline = Date.now() + ANSWER_TIMEOUT_MS;
    for (;;) {
      const text = stripVTControlCharacters(this.output).replaceAll("\r", "");
      if (text.endsWith(PROMPT)) {
        this.output = "";
        return text.slice(0, -PROMPT.length).trimEnd();
      }
      if (Date.now() > deadline)
        throw new Error(`no prompt within ${ANSWER_TIMEOUT_MS / 1000} s after:\n${text}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1_000);
        this.changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async type(command: string): Promise<string> {
    this.terminal.write(`${command}\r`);
    const text = await this.untilPrompt();
    assert(text.startsWith(command), `the terminal echoes "${command}", not:\n${text}`);
    return text.slice(command.length).trim();
  }

  async exit(): Promise<void> {
    this.terminal.write(".exit\r");
    const timer = setTimeout(() => this.terminal.kill("SIGKILL"), 20_000);
    await this.exited;
    clearTimeout(timer);
  }
}

describe("the lesson in truffle console", function () {
  this.timeout(300_000);
  let chain: EmbeddedChain;
  let artifacts: string;
  let truffle: Console;

  before(async () => {
    await compile();
    artifacts = mkdtempSync(join(tmpdir(), "neighborwatt-console-"));
    cpSync(join(ROOT, "build", "contracts"), artifacts, { recursive: true });
    chain = await startEmbeddedChain({ sealing: "instant" });
    const env = { ARTIFACTS_DIR: artifacts, EMBEDDED_PORT: String(chain.port) };
    await migrate("embedded", env);
    // As `npm start` leaves the chain: one meter, a few offers.
    const lab = await labChain(chain.rpcUrl, readDeployment(artifacts, EMBEDDED_CHAIN_ID)!);
    await commissionMeter(lab, STARTED_METER);
    await listFirstOffers(lab, STARTED_METER.meter);
    // And as a newcomer does in the first minute on the page.
    await buyTokens(lab, "consumer", "0.01");
    await purchase(lab, "consumer", 3n, 20n);
    truffle = new Console(
      spawn(join(ROOT, "node_modules", ".bin", "truffle"), ["console", "--network", "embedded"], {
        name: "dumb",
        cols: 400,
        rows: 50,
        cwd: ROOT,
        env: { ...process.env, ...env, TERM: "dumb", NO_COLOR: "1" } as Record<string, string>,
      }),
    );
    await truffle.untilPrompt();
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
