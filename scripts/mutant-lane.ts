/** One of the processes among which `npm run mutants` shares the faults out: takes one at a time, and says who noticed it. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fuzz } from "./fuzz";
import { compileFaulty, DoesNotCompile, faultySource, pathOf } from "./mutant-compiler";
import { MUTANTS, type Mutant } from "./mutant-list";

export type Witness = "fuzz" | "truffle";
/** No fault, the sound contracts, when `number` is 0. */
export interface Question {
  number: number;
  witness: Witness;
}
export interface Answer {
  outcome: "noticed" | "passed" | "does not compile";
  seconds: number;
  /** The compiler's words. */
  reason?: string;
}

export const FUZZ_STEPS = 8000;
const SEED = 1;
const ROOT = join(__dirname, "..");
const NAME = `lane-${process.argv[2]}`;
/**
 * This process's own: what forge compiles and the contracts with a fault, and a project for Truffle. Two forges that
 * share a folder take each other's files for changed, and compile everything anew.
 */
const CODE = join(ROOT, "build", "forge", NAME);
const COPY = join(ROOT, "build", "mutants", NAME);
/** Those most likely to notice come first: Truffle ends at the first failure. */
const SHOP_TESTS = ["offers", "known-failures", "meters", "refund", "settle", "money"];
const TRUFFLE_TESTS = { EnergyTrade: SHOP_TESTS, MeterRegistry: SHOP_TESTS, EnergyToken: ["energy-token"] };
const ENV_OF = { EnergyTrade: "FUZZ_TRADE", MeterRegistry: "FUZZ_TRADE", EnergyToken: "FUZZ_TOKEN" };

let isBuilt = false;

async function passesFuzzing(mutant: Mutant): Promise<boolean> {
  mkdirSync(CODE, { recursive: true });
  const artifact = join(CODE, `${mutant.contract}.json`);
  writeFileSync(artifact, JSON.stringify({ abi: [], bytecode: { object: compileFaulty(mutant) } }));
  const env = { [ENV_OF[mutant.contract]]: artifact };
  const { passed } = await fuzz({ steps: FUZZ_STEPS, seed: SEED, env, workers: 1, isBuilt });
  isBuilt = true;
  return passed;
}

function copyProject(): void {
  mkdirSync(COPY, { recursive: true });
  for (const name of readdirSync(ROOT)) {
    if ([".git", "build", "data", "node_modules"].includes(name)) continue;
    cpSync(join(ROOT, name), join(COPY, name), { recursive: true });
  }
  // What the tests import of the contracts: no fault changes their interfaces.
  for (const name of ["abi", "types"])
    cpSync(join(ROOT, "build", name), join(COPY, "build", name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(COPY, "node_modules"), "junction");
}

/** @throws Error with Truffle's words when the tests did not run to their end: a crash notices no fault */
function passesTruffle(mutant: Mutant | undefined): boolean {
  rmSync(COPY, { recursive: true, force: true });
  copyProject();
  if (mutant) writeFileSync(join(COPY, pathOf(mutant.contract)), faultySource(mutant));
  const tests = mutant ? TRUFFLE_TESTS[mutant.contract] : [...SHOP_TESTS, ...TRUFFLE_TESTS.EnergyToken];
  const program = join(ROOT, "node_modules", ".bin", "truffle");
  const args = ["test", "--bail", ...tests.map((file) => `test/contracts/${file}.test.ts`)];
  const { status, error, stdout } = spawnSync(program, args, { cwd: COPY, encoding: "utf8" });
  if (error) throw error;
  if (!/\d+ (passing|failing)/.test(stdout)) throw new Error(`truffle test did not run:\n${stdout}`);
  return status === 0;
}

async function answer({ number, witness }: Question): Promise<Answer> {
  const startedAtMs = performance.now();
  const mutant = MUTANTS[number - 1];
  const seconds = () => (performance.now() - startedAtMs) / 1000;
  try {
    const passed = witness === "truffle" ? passesTruffle(mutant) : await passesFuzzing(mutant!);
    return { outcome: passed ? "passed" : "noticed", seconds: seconds() };
  } catch (error) {
    if (!(error instanceof DoesNotCompile)) throw error;
    return { outcome: "does not compile", seconds: seconds(), reason: error.message };
  }
}

if (require.main === module) {
  process.env.FOUNDRY_OUT = join(CODE, "out");
  process.env.FOUNDRY_CACHE_PATH = join(CODE, "cache");
  process.on("message", (question: Question) => {
    answer(question).then(
      (found) => process.send!(found),
      (error: Error) => {
        console.error(error.message);
        process.exit(1);
      },
    );
  });
  process.once("disconnect", () => rmSync(COPY, { recursive: true, force: true }));
}
