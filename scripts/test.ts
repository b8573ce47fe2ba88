/**
 * `npm test`: everything, one suite after the other, each in a process of its own; `npm test -- meter server` runs
 * some; `npm test -- --all` runs on geth what is run on ganache alone otherwise. One that mostly waits goes on beside the others, and is shown when it has ended. Ends with `N passed, N failed, N skipped`. What a machine lacks is skipped by name (test/support/need.ts).
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Counts } from "../test/support/counting-reporter";
import { endsWithUs } from "./ending";

const ROOT = join(__dirname, "..");
const REPORTER = join(ROOT, "test", "support", "counting-reporter.ts");
/** A suite that hangs ends here, and counts as failed. */
const SUITE_TIMEOUT_MS = 15 * 60_000;
const LAST_WORDS_MS = 5000;
/** It waits for blocks, a second each, for some ten minutes. */
const BESIDE_THE_OTHERS = "geth";
/** Rooms of test/ that are no mocha suite: `contracts` is Truffle's, `support` is what the others share. */
const NOT_MOCHA = new Set(["contracts", "support"]);

interface Suite {
  name: string;
  command: string[];
  /** A program without a count of its own is one test: it passes when it exits with 0. */
  countsItself: boolean;
}

function allSuites(): Suite[] {
  const bin = (name: string) => join(ROOT, "node_modules", ".bin", name);
  const rooms = readdirSync(join(ROOT, "test"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !NOT_MOCHA.has(entry.name))
    .filter((entry) => readdirSync(join(ROOT, "test", entry.name)).some((file) => file.endsWith(".test.ts")))
    .map((entry) => entry.name);
  return [
    { name: "check", command: ["npm", "run", "--silent", "check"], countsItself: false },
    {
      name: "contracts",
      command: [bin("truffle"), "test", "--reporter", REPORTER],
      countsItself: true,
    },
    { name: "coverage", command: ["npm", "run", "--silent", "coverage"], countsItself: false },
    ...rooms.map((room) => ({
      name: room,
      command: [
        process.execPath,
        join(ROOT, "node_modules", "mocha", "bin", "mocha.js"),
        "--reporter",
        REPORTER,
        `test/${room}/**/*.test.ts`,
      ],
      countsItself: true,
    })),
  ];
}

interface Outcome {
  counts: Counts;
  seconds: number;
  /** What it printed, where that was not shown as it came. */
  output: string;
}

async function run(suite: Suite, countsFile: string, isShown: boolean): Promise<Outcome> {
  const startedAtMs = performance.now();
  const [program, ...args] = suite.command;
  const child = spawn(program!, args, {
    cwd: ROOT,
    stdio: isShown ? ["ignore", "inherit", "inherit"] : ["ignore", "pipe", "pipe"],
    env: { ...process.env, TEST_COUNTS: countsFile },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  const closed = new Promise((resolve) => child.once("close", resolve));
  const forget = endsWithUs(suite.name, () => {
    child.kill("SIGTERM");
    return closed;
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), SUITE_TIMEOUT_MS);
  const status = await new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? String(code)));
  });
  clearTimeout(timer);
  forget();
  // Something that a killed suite has left behind may hold the pipe open.
  await Promise.race([closed, pause(LAST_WORDS_MS, undefined, { ref: false })]);
  const seconds = Math.round((performance.now() - startedAtMs) / 1000);
  return { counts: countsOf(suite, status, countsFile), seconds, output };
}

function countsOf(suite: Suite, status: string, countsFile: string): Counts {
  if (!suite.countsItself) {
    return status === "0"
      ? { passed: 1, failed: [], skipped: [] }
      : { passed: 0, failed: [`${suite.name}: ended with ${status}`], skipped: [] };
  }
  let counts: Counts;
  try {
    counts = JSON.parse(readFileSync(countsFile, "utf8")) as Counts;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return { passed: 0, failed: [`${suite.name}: ended with ${status} before any test`], skipped: [] };
  }
  const ranNothing = counts.passed + counts.failed.length + counts.skipped.length === 0;
  if (ranNothing || (status !== "0" && counts.failed.length === 0)) {
    counts.failed.push(`${suite.name}: ${ranNothing ? "ran no test" : `ended with ${status}`}`);
  }
  return counts;
}

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  const wanted = words.filter((word) => word !== "--all");
  // Read by test/geth/contracts.test.ts, in a process of its own.
  if (words.includes("--all")) process.env.ALL_CONTRACT_TESTS = "true";
  const suites = allSuites();
  const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    throw new Error(`no suite ${unknown.join(", ")}: there are ${suites.map(({ name }) => name).join(", ")}`);
  }
  const directory = mkdtempSync(join(tmpdir(), "neighborwatt-test-"));
  const chosen = suites.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  const total: Counts = { passed: 0, failed: [], skipped: [] };
  const rows: string[] = [];
  const start = (suite: Suite, isShown: boolean) =>
    run(suite, join(directory, `${suite.name}.json`), isShown);
  const end = (suite: Suite, { counts, seconds }: Outcome) => {
    total.passed += counts.passed;
    total.failed.push(...counts.failed);
    total.skipped.push(...counts.skipped);
    rows.push(
      `${suite.name.padEnd(18)} ${counts.passed} passed, ${counts.failed.length} failed, ${counts.skipped.length} skipped (${seconds} s)`,
    );
  };
  const beside = chosen.length > 1 ? chosen.find(({ name }) => name === BESIDE_THE_OTHERS) : undefined;
  const besideOutcome = beside && start(beside, false);
  if (beside) console.log(`${beside.name} runs beside the others, and is shown when it has ended`);
  for (const suite of chosen) {
    if (suite === beside) continue;
    console.log(`\n=== ${suite.name} ===`);
    end(suite, await start(suite, true));
  }
  if (beside && besideOutcome) {
    console.log(`\n=== ${beside.name} ===`);
    const outcome = await besideOutcome;
    process.stdout.write(outcome.output);
    end(beside, outcome);
  }
  rmSync(directory, { recursive: true });
  console.log(`\n${rows.join("\n")}`);
  for (const title of total.skipped) console.log(`SKIPPED ${title}`);
  for (const title of total.failed) console.log(`FAILED  ${title}`);
  console.log(`\n${total.passed} passed, ${total.failed.length} failed, ${total.skipped.length} skipped`);
  process.exitCode = total.failed.length > 0 || total.passed === 0 ? 1 : 0;
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
