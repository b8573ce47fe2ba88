/**
 * `npm run mutants`: makes one fault after the other in the contracts and sees that fuzzing or the contract tests notice
 * it; prints a table at the end. `-- --only NAME` runs one, `-- --from N` goes on at the Nth.
 *
 * Fuzzing comes first: a faulty contract is compiled in this process, and forge runs it beside its sound sources. What
 * it does not notice goes to Truffle, which needs minutes for each. Everything is written below build/.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fuzz } from "./fuzz";
import { compileFaulty, DoesNotCompile, pathOf } from "./mutant-compiler";
import { MUTANTS, type Mutant } from "./mutant-list";

const ROOT = join(__dirname, "..");
const COPY = join(ROOT, "build", "mutants");
/** Of the contracts with a fault, as forge reads them. */
const CODE = join(ROOT, "build", "forge", "mutants");
const STEPS = 8000;
const SEED = 1;
const TRUFFLE_TESTS = ["offers", "known-failures", "meters", "energy-token", "refund", "settle", "money"];
const ENV_OF = { EnergyTrade: "FUZZ_TRADE", MeterRegistry: "FUZZ_TRADE", EnergyToken: "FUZZ_TOKEN" };

type Killer = "fuzz" | "truffle" | "SURVIVED" | "INVALID";
interface Row {
  number: number;
  name: string;
  killer: Killer;
  seconds: number;
}

/**
 * @returns whether the contract tests pass
 * @throws Error with Truffle's words when they did not run to their end: a crash notices no fault
 */
function truffle(): boolean {
  const program = join(ROOT, "node_modules", ".bin", "truffle");
  const args = ["test", "--bail", ...TRUFFLE_TESTS.map((file) => `test/contracts/${file}.test.ts`)];
  const { status, error, stdout } = spawnSync(program, args, { cwd: COPY, encoding: "utf8" });
  if (error) throw error;
  if (!/\d+ (passing|failing)/.test(stdout)) throw new Error(`truffle test did not run:\n${stdout}`);
  return status === 0;
}

/** @throws DoesNotCompile where the fault is none */
async function killerOf(mutant: Mutant, source: string): Promise<Killer> {
  const artifact = join(CODE, `${mutant.contract}.json`);
  writeFileSync(artifact, JSON.stringify({ abi: [], bytecode: { object: compileFaulty(mutant, source) } }));
  const env = { [ENV_OF[mutant.contract]]: artifact };
  if (!(await fuzz({ steps: STEPS, seed: SEED, env })).passed) return "fuzz";
  const file = join(COPY, pathOf(mutant.contract));
  writeFileSync(file, source);
  try {
    return truffle() ? "SURVIVED" : "truffle";
  } finally {
    cpSync(join(ROOT, pathOf(mutant.contract)), file);
  }
}

/** @returns the faulty source. @throws when the original text does not stand in the contract exactly once */
export function mutate(mutant: Mutant): string {
  const parts = readFileSync(join(ROOT, pathOf(mutant.contract)), "utf8").split(mutant.original);
  if (parts.length !== 2)
    throw new Error(
      `"${mutant.name}" no longer applies: its text stands ${parts.length - 1} times in ${pathOf(mutant.contract)}`,
    );
  return parts.join(mutant.replacement);
}

function copyProject(): void {
  for (const folder of [COPY, CODE]) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }
  for (const name of readdirSync(ROOT)) {
    if ([".git", "build", "data", "node_modules"].includes(name)) continue;
    cpSync(join(ROOT, name), join(COPY, name), { recursive: true });
  }
  // What the tests import of the contracts: no fault changes their interfaces.
  for (const name of ["abi", "types"])
    cpSync(join(ROOT, "build", name), join(COPY, "build", name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(COPY, "node_modules"), "junction");
}

/** Otherwise every fault would seem to be noticed. */
async function checkSound(): Promise<void> {
  const sound = await fuzz({ steps: STEPS, seed: SEED });
  if (!sound.passed) throw new Error(`fuzzing fails without a fault:\n${sound.output}`);
  if (!truffle()) throw new Error("the contract tests fail without a fault: npx truffle test says why");
}

function printTable(rows: Row[], totalSeconds: number): void {
  const line = ({ number, name, killer, seconds }: Row) =>
    `${String(number).padStart(4)}  ${killer.padEnd(8)} ${seconds.toFixed(1).padStart(6)} s  ${name}`;
  console.log(`\n${rows.map(line).join("\n")}\n`);
  const count = (killer: Killer) => rows.filter((row) => row.killer === killer).length;
  console.log(
    `${rows.length} faults: ${count("fuzz")} noticed by fuzzing, ${count("truffle")} by the contract tests, ` +
      `${count("SURVIVED")} survived, ${count("INVALID")} did not compile; ${(totalSeconds / 60).toFixed(1)} min`,
  );
  if (count("SURVIVED") + count("INVALID") > 0) process.exitCode = 1;
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
  const sources = chosen.map(({ mutant }) => mutate(mutant));
  // The time of shrinking a failure to few steps: here only that there is one matters.
  process.env.FOUNDRY_INVARIANT_SHRINK_RUN_LIMIT = "0";
  const beganAtMs = performance.now();
  copyProject();
  await checkSound();
  const rows: Row[] = [];
  for (const [i, { mutant, number }] of chosen.entries()) {
    const startedAtMs = performance.now();
    let killer: Killer;
    try {
      killer = await killerOf(mutant, sources[i]!);
    } catch (error) {
      if (!(error instanceof DoesNotCompile)) throw error;
      console.log(error.message);
      killer = "INVALID";
    }
    const seconds = (performance.now() - startedAtMs) / 1000;
    rows.push({ number, name: mutant.name, killer, seconds });
    console.log(`${number} of ${MUTANTS.length}: ${killer} in ${seconds.toFixed(1)} s: ${mutant.name}`);
  }
  printTable(rows, (performance.now() - beganAtMs) / 1000);
}

if (require.main === module)
  main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
