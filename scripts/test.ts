/**
 * `npm test`: everything, one suite after the other, each in a process of its own; `npm test -- meter server` runs
 * some. Ends with `N passed, N failed, N skipped`. What a machine lacks is skipped by name (test/support/need.ts).
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Counts } from "../test/support/counting-reporter";

const ROOT = join(__dirname, "..");
const REPORTER = join(ROOT, "test", "support", "counting-reporter.ts");
/** A suite that hangs ends here, and counts as failed. */
const SUITE_TIMEOUT_MS = 15 * 60_000;
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

async function run(suite: Suite, countsFile: string): Promise<Counts> {
  rmSync(countsFile, { force: true });
  const [program, ...args] = suite.command;
  const child = spawn(program!, args, {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, TEST_COUNTS: countsFile },
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), SUITE_TIMEOUT_MS);
  const status = await new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? String(code)));
  });
  clearTimeout(timer);
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
  const wanted = process.argv.slice(2);
  const suites = allSuites();
  const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    throw new Error(`no suite ${unknown.join(", ")}: there are ${suites.map(({ name }) => name).join(", ")}`);
  }
  const directory = mkdtempSync(join(tmpdir(), "neighborwatt-test-"));
  const total: Counts = { passed: 0, failed: [], skipped: [] };
  const rows: string[] = [];
  for (const suite of suites.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    console.log(`\n=== ${suite.name} ===`);
    const startedAtMs = Date.now();
    const counts = await run(suite, join(directory, `${suite.name}.json`));
    total.passed += counts.passed;
    total.failed.push(...counts.failed);
    total.skipped.push(...counts.skipped);
    const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(0);
    rows.push(
      `${suite.name.padEnd(18)} ${counts.passed} passed, ${counts.failed.length} failed, ${counts.skipped.length} skipped (${seconds} s)`,
    );
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
