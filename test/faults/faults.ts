/** Every fault of the table, and the table. */
import { missing } from "../support/need";
import type { FaultBench } from "./bench";
import { CLOCK_FAULTS } from "./clock-faults";
import { DISK_FAULTS } from "./disk-faults";
import { LINE_FAULTS } from "./line-faults";
import { NODE_FAULTS } from "./node-faults";
import { type Fault, type Outcome, play } from "./scene";
import { SERVER_FAULTS } from "./server-faults";

export const FAULTS: readonly Fault[] = [
  ...SERVER_FAULTS,
  ...NODE_FAULTS,
  ...DISK_FAULTS,
  ...CLOCK_FAULTS,
  ...LINE_FAULTS,
];

const TABLE_HEAD = [
  "| fault | seed | open after, s | flowed, mWh | paid for | unpaid | allowed | trades ended | money conserved | what the user reads | |",
  "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
].join("\n");

const yesNo = (is: boolean) => (is ? "yes" : "NO");
const inCell = (text: string) => text.replaceAll("|", "/").replaceAll("\n", " ");

function tableRow(outcome: Outcome): string {
  const { fault, seed, opensAfterS, flowedMilliWh, paidForMilliWh, allowedMilliWh } = outcome;
  const cells = [
    fault,
    seed,
    opensAfterS === null ? "–" : opensAfterS.toFixed(3),
    flowedMilliWh.toFixed(3),
    paidForMilliWh,
    (flowedMilliWh - paidForMilliWh).toFixed(3),
    allowedMilliWh.toFixed(3),
    yesNo(outcome.tradesEnded),
    yesNo(outcome.moneyConserved),
    inCell(outcome.words.join(" / ")),
    inCell(outcome.violations.join("; ") || "ok"),
  ];
  return `| ${cells.join(" | ")} |`;
}

/** Prints the outcome of each. @throws Error when one broke a promise; in CI when one was skipped */
export async function playAll(bench: FaultBench, faults: readonly Fault[], seed: number): Promise<void> {
  console.log(TABLE_HEAD);
  const broken: string[] = [];
  const skipped: string[] = [];
  for (const fault of faults) {
    const part = fault.missingPart?.() ?? null;
    if (part !== null) {
      skipped.push(fault.name);
      console.log(`| ${fault.name} | SKIPPED: ${missing(part)} |`);
      continue;
    }
    const outcome = await play(bench, fault, seed);
    console.log(tableRow(outcome));
    if (outcome.violations.length > 0) broken.push(fault.name);
  }
  console.log(
    `\n${faults.length} faults, ${broken.length} broke a promise, ${skipped.length} skipped (SEED=${seed})`,
  );
  if (broken.length > 0) throw new Error(`a promise was broken: ${broken.join("; ")}`);
  if (skipped.length > 0 && process.env.CI === "true")
    throw new Error(`skipped, which CI=true does not allow: ${skipped.join("; ")}`);
}
