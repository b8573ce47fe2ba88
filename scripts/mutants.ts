/**
 * `npm run mutants`: makes one fault after the other in the contracts and sees that fuzzing or the contract tests notice
 * it; prints a table at the end. `-- --only NAME` runs one, `-- --from N` begins at the Nth, `-- --jobs N` takes N at a
 * time (as many as there are cores).
 *
 * Fuzzing comes first and needs seconds for a fault; what it does not notice goes to Truffle, which needs minutes.
 * Everything is written below build/.
 */
import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { endsWithUs, runProgram } from "./ending";
import { fuzz } from "./fuzz";
import { faultySource } from "./mutant-compiler";
import { type Answer, FUZZ_STEPS, type Question } from "./mutant-lane";
import { MUTANTS } from "./mutant-list";

type Killer = "fuzz" | "truffle" | "SURVIVED" | "INVALID";
interface Row {
  number: number;
  killer: Killer;
  seconds: number;
}

function startLane(_: unknown, i: number): ChildProcess {
  const lane = fork(join(__dirname, "mutant-lane.ts"), [String(i + 1)], {
    execArgv: ["--require", "tsx/cjs"],
  });
  endsWithUs("a lane of mutants", () => lane.kill());
  return lane;
}

/** @throws when the lane ends instead of answering: it has said why */
function ask(lane: ChildProcess, question: Question): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error(`mutant ${question.number} could not be tried, see above`));
    lane.once("exit", ended);
    lane.once("message", (answer) => {
      lane.off("exit", ended);
      resolve(answer as Answer);
    });
    lane.send(question);
  });
}

/** Shares the numbers out among the lanes, each taking the next when it is free. */
async function share(
  lanes: ChildProcess[],
  numbers: number[],
  one: (lane: ChildProcess, n: number) => Promise<void>,
) {
  const waiting = [...numbers];
  await Promise.all(
    lanes.map(async (lane) => {
      for (let n = waiting.shift(); n !== undefined; n = waiting.shift()) await one(lane, n);
    }),
  );
}

async function judge(lanes: ChildProcess[], numbers: number[]): Promise<Row[]> {
  const rows = new Map<number, Row>();
  const note = (number: number, killer: Killer, seconds: number) => {
    const row = { number, killer, seconds: seconds + (rows.get(number)?.seconds ?? 0) };
    rows.set(number, row);
    console.log(line(row));
  };
  await share(lanes, numbers, async (lane, number) => {
    const { outcome, seconds, reason } = await ask(lane, { number, witness: "fuzz" });
    if (reason) console.log(reason);
    if (outcome === "passed") rows.set(number, { number, killer: "SURVIVED", seconds });
    else note(number, outcome === "noticed" ? "fuzz" : "INVALID", seconds);
  });
  const survivors = numbers.filter((number) => rows.get(number)!.killer === "SURVIVED");
  if (survivors.length > 0) {
    console.log(`\n${survivors.length} go to the contract tests …`);
    if ((await ask(lanes[0]!, { number: 0, witness: "truffle" })).outcome !== "passed")
      throw new Error("the contract tests fail without a fault: npx truffle test says why");
  }
  await share(lanes, survivors, async (lane, number) => {
    const { outcome, seconds } = await ask(lane, { number, witness: "truffle" });
    note(number, outcome === "noticed" ? "truffle" : "SURVIVED", seconds);
  });
  return numbers.map((number) => rows.get(number)!);
}

const line = ({ number, killer, seconds }: Row) =>
  `${String(number).padStart(4)}  ${killer.padEnd(8)} ${seconds.toFixed(1).padStart(6)} s  ${MUTANTS[number - 1]!.name}`;

function printTable(rows: Row[], minutes: number): void {
  console.log(`\n${rows.map(line).join("\n")}\n`);
  const count = (killer: Killer) => rows.filter((row) => row.killer === killer).length;
  console.log(
    `${rows.length} faults: ${count("fuzz")} noticed by fuzzing, ${count("truffle")} by the contract tests, ` +
      `${count("SURVIVED")} survived, ${count("INVALID")} did not compile; ${minutes.toFixed(1)} min`,
  );
  if (count("SURVIVED") + count("INVALID") > 0) process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      from: { type: "string", default: "1" },
      jobs: { type: "string", default: String(availableParallelism()) },
    },
  });
  for (const name of ["from", "jobs"] as const)
    if (!/^[1-9]\d{0,3}$/.test(values[name]))
      throw new Error(`--${name} takes a number from 1, not ${values[name]}`);
  const numbers = MUTANTS.map((_, i) => i + 1).filter((number) =>
    values.only === undefined ? number >= Number(values.from) : MUTANTS[number - 1]!.name === values.only,
  );
  if (numbers.length === 0) throw new Error("no such mutant: scripts/mutant-list.ts has their names");
  for (const number of numbers) faultySource(MUTANTS[number - 1]!);
  const startedAtMs = performance.now();
  // Otherwise every fault would seem to be noticed.
  const sound = await fuzz({ steps: FUZZ_STEPS });
  if (!sound.passed) throw new Error(`fuzzing fails without a fault:\n${sound.output}`);
  // The time of shrinking a failure to few steps: here only that there is one matters.
  process.env.FOUNDRY_INVARIANT_SHRINK_RUN_LIMIT = "0";
  const lanes = Array.from({ length: Math.min(Number(values.jobs), numbers.length) }, startLane);
  const rows = await judge(lanes, numbers);
  for (const lane of lanes) lane.disconnect();
  printTable(rows, (performance.now() - startedAtMs) / 60_000);
}

runProgram(main);
