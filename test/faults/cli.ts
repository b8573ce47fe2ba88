/**
 * `npm run faults -- --kills 200 --chain embedded`: a table of kills; exit 1 when one broke a promise.
 * `SEED=7 npm run faults` repeats a run. Needs socat; `--chain geth` needs geth (`npm run geth:install`).
 */
import { parseArgs } from "node:util";
import { endsWithUs, runProgram } from "../../scripts/ending";
import { TestNetwork } from "../support/geth";
import { findProgram } from "../support/need";
import { FaultBench } from "./bench";
import { type Kill, killAtRandom } from "./kills";

const MOST_KILLS = 10_000;

function options() {
  const { values } = parseArgs({
    options: { kills: { type: "string", default: "200" }, chain: { type: "string", default: "embedded" } },
  });
  const kills = Number(values.kills);
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  if (!Number.isInteger(kills) || kills < 1 || kills > MOST_KILLS)
    throw new Error(`--kills ${values.kills}: a whole number from 1 to ${MOST_KILLS} is allowed`);
  if (values.chain !== "embedded" && values.chain !== "geth")
    throw new Error(`--chain ${values.chain}: embedded or geth is allowed`);
  if (!Number.isInteger(seed)) throw new Error(`SEED=${process.env.SEED}: a whole number is allowed`);
  if (!findProgram("socat")) throw new Error("socat is missing: install the package socat");
  return { kills, seed, chain: values.chain };
}

const inSeconds = (s: number | null) => (s === null ? "never" : s.toFixed(3));

function printKill(kill: Kill, number: number): void {
  const { momentMs, relay, opensAfterS, flowedMilliWh, lostMilliWh, violations } = kill;
  const energy = `${flowedMilliWh.toFixed(3)} | ${lostMilliWh.toFixed(3)}`;
  console.log(
    `| ${number} | ${momentMs} | ${relay} | ${inSeconds(opensAfterS)} | ${energy} | ${violations.join("; ") || "ok"} |`,
  );
}

/** The value that `part` of them do not exceed. */
function quantile(values: readonly number[], part: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? null;
}

function printSums(kills: Kill[], rows: [string, string][]): void {
  const closed = kills.filter(({ relay }) => relay === "closed");
  const opens = closed.map(({ opensAfterS }) => opensAfterS ?? Number.POSITIVE_INFINITY);
  const lost = kills.map(({ lostMilliWh }) => lostMilliWh);
  const quantiles = (values: number[]) => [0.5, 0.95, 1].map((part) => inSeconds(quantile(values, part)));
  const all: [string, string][] = [
    ["kills, of these with the relay closed", `${kills.length}, ${closed.length}`],
    ["relay open after, s: p50, p95, max (1.2 allowed)", quantiles(opens).join(", ")],
    ["lost by a kill, mWh: p50, p95, max", quantiles(lost).join(", ")],
    ...rows,
    ["violations", String(kills.filter(({ violations }) => violations.length > 0).length)],
  ];
  console.log(`\n| | |\n| --- | --- |\n${all.map(([what, figure]) => `| ${what} | ${figure} |`).join("\n")}`);
}

async function main(): Promise<void> {
  const { kills: count, seed, chain } = options();
  console.log(`SEED=${seed}, ${chain} chain, ${count} kills\n`);
  const net = chain === "geth" ? await TestNetwork.start() : null;
  let bench: FaultBench | null = null;
  endsWithUs("the house", () => bench?.stop());
  bench = await FaultBench.start({ gethRpcUrl: net?.rpcUrl });
  console.log("| kill | ms after the relay closed | relay | open after, s | flowed, mWh | lost, mWh | |");
  console.log("| --- | --- | --- | --- | --- | --- | --- |");
  const kills = await killAtRandom(bench, count, seed, printKill);
  const { flowed, paidFor, allowed } = await bench.check(kills.length);
  printSums(kills, [
    ["trades, all ended and paid in full", String(bench.trades.length)],
    ["flowed, paid for, mWh", `${flowed.toFixed(3)}, ${paidFor}`],
    ["unpaid, allowed, mWh", `${(flowed - paidFor).toFixed(3)}, ${allowed.toFixed(3)}`],
    ["seed, chain", `${seed}, ${chain}`],
  ]);
  if (kills.some(({ violations }) => violations.length > 0))
    throw new Error(`a promise was broken (SEED=${seed})`);
}

runProgram(main);
