/**
 * `npm run fuzz`: lives of one market, each a string of random steps, every answer and record compared with a model
 * (test/fuzz). `-- --seed 7` repeats a run, `-- --steps 2000` makes it shorter.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { foundryBinary } from "./foundry-binary";

const ROOT = join(__dirname, "..");
const STEPS = 100_000;
/** In one life: enough for trades to meet their deadlines, and for meters to come and go. */
const STEPS_OF_A_LIFE = 500;

export interface FuzzOptions {
  steps?: number;
  /** Repeats a run on as many cores. */
  seed?: number;
  /** Contracts to use instead of those in contracts/, as FUZZ_TRADE and FUZZ_TOKEN of test/fuzz/Comparison.sol. */
  env?: NodeJS.ProcessEnv;
  /** Forges at a time; as many as there are cores when left out. */
  workers?: number;
  /** What it needs was compiled before. */
  isBuilt?: boolean;
}

export interface FuzzResult {
  passed: boolean;
  seed: number;
  steps: number;
  /** Compiling apart. */
  seconds: number;
  /** Forge's own words. */
  output: string;
  /** How often each step ended how: `buy 0x00000000` when it was done, else its error's selector. */
  outcomes: Map<string, number>;
}

interface Ended {
  code: number | null;
  output: string;
}

/** @returns its end, and the moment from which it only runs: what it compiles, and keeps of that, is ready */
function forge(args: string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(foundryBinary("forge"), args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
  const compiled = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
        if (/compilation skipped|Compiler run/.test(output)) resolve();
      });
  });
  return { ended, compiled: Promise.race([compiled, ended.then(() => undefined)]) };
}

/**
 * Runs as many forges as there are cores, each with a seed of its own.
 * @throws when the contracts or the model do not compile, and where forge has no binary
 */
export async function fuzz(options: FuzzOptions = {}): Promise<FuzzResult> {
  const { steps = STEPS, seed, env, isBuilt = false } = options;
  const first = seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!;
  const folder = join(ROOT, "build", "forge", `run-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  try {
    if (!isBuilt) {
      const build = await forge(["build"]).ended;
      if (build.code !== 0) throw new Error(`forge build failed:\n${build.output}`);
    }
    const startedAtMs = performance.now();
    const workers = Math.min(options.workers ?? availableParallelism(), Math.ceil(steps / STEPS_OF_A_LIFE));
    const lives = Math.ceil(steps / STEPS_OF_A_LIFE / workers);
    const running: Promise<Ended>[] = [];
    for (let i = 0; i < workers; i++) {
      const worker = forge(["test", "--fuzz-seed", String(first + i)], {
        ...env,
        FOUNDRY_INVARIANT_RUNS: String(lives),
        FOUNDRY_INVARIANT_DEPTH: String(STEPS_OF_A_LIFE),
        FOUNDRY_INVARIANT_FAILURE_PERSIST_DIR: join(folder, `failures-${i}`),
        FUZZ_OUTCOMES: join(folder, `outcomes-${i}`),
      });
      running.push(worker.ended);
      // Two at a time write and read one list of what is compiled, and one of them compiles everything anew.
      await worker.compiled;
    }
    const results = await Promise.all(running);
    return {
      passed: results.every(({ code }) => code === 0),
      seed: first,
      steps: workers * lives * STEPS_OF_A_LIFE,
      seconds: (performance.now() - startedAtMs) / 1000,
      output: results.map(({ output }) => output).join("\n"),
      outcomes: readOutcomes(results.map((_, i) => join(folder, `outcomes-${i}`))),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A worker whose first life failed has written none. */
function readOutcomes(files: string[]): Map<string, number> {
  const outcomes = new Map<string, number>();
  for (const file of files) {
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      continue;
    }
    for (const [, name, count] of text.matchAll(/([^;\n]+) (\d+);/g))
      outcomes.set(name!, (outcomes.get(name!) ?? 0) + Number(count));
  }
  return outcomes;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { steps: { type: "string" }, seed: { type: "string" } } });
  const number = (name: "steps" | "seed"): number | undefined => {
    const text = values[name];
    if (text === undefined) return undefined;
    if (!/^\d{1,10}$/.test(text)) throw new Error(`--${name} takes a whole number, not ${text}`);
    return Number(text);
  };
  console.log("Compiling, then fuzzing …");
  const result = await fuzz({ steps: number("steps"), seed: number("seed") });
  if (!result.passed) console.log(result.output);
  for (const [name, count] of [...result.outcomes].sort())
    console.log(`${String(count).padStart(8)} ${name}`);
  console.log(
    `${result.steps.toLocaleString("en")} steps in ${result.seconds.toFixed(0)} s, seed ${result.seed}: ` +
      (result.passed ? "token and shop did what the model says" : "FAILED, see above"),
  );
  if (!result.passed) process.exitCode = 1;
}

if (require.main === module)
  main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
