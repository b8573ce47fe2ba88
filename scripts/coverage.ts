/**
 * `npm run coverage`: the contract tests on instrumented contracts. Fails below 100 % of branches and of statements,
 * and when solidity-coverage broke without saying so: it ends with 0 either way, so a fresh report is asked for.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";

const ROOT = join(__dirname, "..");
const REPORT = join(ROOT, "coverage.json");

/** Istanbul's report: hits by id; a branch has one counter for each way. */
type Report = Record<string, { s: Record<string, number>; b: Record<string, number[]> }>;

const share = (hits: number[]) => ({ hit: hits.filter((count) => count > 0).length, of: hits.length });

function main(): void {
  rmSync(REPORT, { force: true });
  const truffle = join(ROOT, "node_modules", "truffle", "build", "cli.bundled.js");
  const settings = join("scripts", "solidity-coverage", "solcover.js");
  const { status } = spawnSync(process.execPath, [truffle, "run", "coverage", "--solcoverjs", settings], {
    cwd: ROOT,
    stdio: "inherit",
  });
  if (status !== 0) throw new Error(`solidity-coverage ended with ${status}`);
  let report: Report;
  try {
    report = JSON.parse(readFileSync(REPORT, "utf8")) as Report;
  } catch (cause) {
    throw new Error("solidity-coverage wrote no coverage.json: it broke, see above", { cause });
  }
  const files = Object.entries(report);
  if (files.length === 0) throw new Error("coverage.json names no contract");
  for (const [file, { s, b }] of files) {
    const branches = share(Object.values(b).flat());
    const statements = share(Object.values(s));
    console.log(
      `${basename(file)}: ${branches.hit} of ${branches.of} branches, ${statements.hit} of ${statements.of} statements`,
    );
    if (branches.hit < branches.of || statements.hit < statements.of) process.exitCode = 1;
  }
  if (process.exitCode) throw new Error("coverage is below 100 %");
  console.log("100 % of branches and statements are covered.");
}

try {
  main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
