/**
 * `npm run mutants`: makes one fault after the other in a copy of the contracts and sees that fuzzing or the contract
 * tests notice it. `-- --only NAME` runs one, `-- --from N` goes on at the Nth.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fuzz } from "./fuzz";
import { MUTANTS, type Mutant } from "./mutant-list";

const ROOT = join(__dirname, "..");
const COPY = join(ROOT, "build", "mutants");
const STEPS = 4000;
const SEED = 1;
const TRUFFLE_TESTS = {
  EnergyTrade: ["settle", "refund", "offers", "money", "meters"],
  MeterRegistry: ["meters", "settle"],
  EnergyToken: ["energy-token"],
};

const pathOf = ({ contract }: Mutant) => join("contracts", `${contract}.sol`);

/** @returns the faulty source. @throws when the original text does not stand in the contract exactly once */
export function mutate(mutant: Mutant): string {
  const parts = readFileSync(join(ROOT, pathOf(mutant)), "utf8").split(mutant.original);
  if (parts.length !== 2)
    throw new Error(
      `"${mutant.name}" no longer applies: its text stands ${parts.length - 1} times in ${pathOf(mutant)}`,
    );
  return parts.join(mutant.replacement);
}

/**
 * @returns whether the files' tests pass
 * @throws Error with Truffle's words when they did not run to their end: a crash notices no fault
 */
function truffle(files: string[]): boolean {
  const program = join(ROOT, "node_modules", ".bin", "truffle");
  const args = ["test", ...files.map((file) => `test/contracts/${file}.test.ts`)];
  const { status, error, stdout } = spawnSync(program, args, { cwd: COPY, encoding: "utf8" });
  if (error) throw error;
  if (!/\d+ passing/.test(stdout)) throw new Error(`truffle test did not run:\n${stdout}`);
  return status === 0;
}

/** @returns what noticed the fault, null when nothing did. @throws when it does not compile: then it is no fault */
async function killerOf(mutant: Mutant): Promise<string | null> {
  const file = join(COPY, pathOf(mutant));
  writeFileSync(file, mutate(mutant));
  try {
    if (!(await fuzz({ root: COPY, steps: STEPS, seed: SEED })).passed) return "fuzz";
    return truffle(TRUFFLE_TESTS[mutant.contract]) ? null : "truffle";
  } finally {
    cpSync(join(ROOT, pathOf(mutant)), file);
  }
}

function copyProject(): void {
  rmSync(COPY, { recursive: true, force: true });
  mkdirSync(COPY, { recursive: true });
  for (const name of readdirSync(ROOT)) {
    if ([".git", "build", "node_modules"].includes(name)) continue;
    cpSync(join(ROOT, name), join(COPY, name), { recursive: true });
  }
  // What the tests import of the contracts: no fault changes their interfaces.
  for (const name of ["abi", "types"])
    cpSync(join(ROOT, "build", name), join(COPY, "build", name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(COPY, "node_modules"), "junction");
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: "string" }, from: { type: "string", default: "1" } },
  });
  if (!/^[1-9]\d{0,3}$/.test(values.from))
    throw new Error(`--from takes a number from 1, not ${values.from}`);
  const chosen = MUTANTS.map((mutant, i) => ({ mutant, number: i + 1 })).filter(({ mutant, number }) =>
    values.only === undefined ? number >= Number(values.from) : mutant.name === values.only,
  );
  if (chosen.length === 0) throw new Error("no such mutant: scripts/mutant-list.ts has their names");
  for (const { mutant } of chosen) mutate(mutant);
  // The time of shrinking a failure to few steps: here only that there is one matters.
  process.env.FOUNDRY_INVARIANT_SHRINK_RUN_LIMIT = "0";
  copyProject();
  // Otherwise every fault would seem to be noticed.
  const sound = await fuzz({ root: COPY, steps: STEPS, seed: SEED });
  if (!sound.passed) throw new Error(`fuzzing fails without a fault:\n${sound.output}`);
  if (!truffle([...new Set(Object.values(TRUFFLE_TESTS).flat())]))
    throw new Error("the contract tests fail without a fault: npx truffle test says why");
  let survivors = 0;
  let invalid = 0;
  for (const { mutant, number } of chosen) {
    const startedAtMs = performance.now();
    let killer: string | null;
    try {
      killer = await killerOf(mutant);
    } catch (error) {
      if (!(error as Error).message.startsWith("forge build failed")) throw error;
      killer = "INVALID";
      invalid++;
    }
    if (killer === null) survivors++;
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(0);
    console.log(
      `${String(number).padStart(4)}  ${(killer ?? "SURVIVED").padEnd(8)} ${seconds.padStart(4)} s  ${mutant.name}`,
    );
  }
  console.log(
    `${chosen.length - survivors - invalid} killed, ${survivors} survived, ${invalid} did not compile`,
  );
  if (survivors + invalid > 0) process.exitCode = 1;
}

if (require.main === module)
  main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
