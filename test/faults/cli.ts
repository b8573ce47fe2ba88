/**
 * `npm run faults`: a table of faults, each in a delivery of its own; `-- --only NAME` plays those with NAME in their
 * name. `npm run faults -- --kills 200`: a table of kills of the server. Exit 1 when one broke a promise.
 * `--chain geth` plays on a geth network, `SEED=7 npm run faults` repeats a run. Needs socat, and geth for that
 * (`npm run geth:install`); a fault that needs something else is skipped by name where that is missing.
 */
import { parseArgs } from "node:util";
import { endsWithUs, runProgram } from "../../scripts/ending";
import { TestNetwork } from "../support/geth";
import { findProgram, missing } from "../support/need";
import { FaultBench, type GethUnderTest } from "./bench";
import { FAULTS, playAll } from "./faults";
import { type Kill, killAtRandom } from "./kills";
import type { Fault } from "./scene";

const MOST_KILLS = 10_000;

function options() {
  const { values } = parseArgs({
    options: {
      faults: { type: "boolean" },
      only: { type: "string" },
      kills: { type: "string" },
      chain: { type: "string", default: "embedded" },
    },
  });
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  if (values.kills !== undefined && (values.faults || values.only !== undefined))
    throw new Error("--kills has a table of its own: leave --faults and --only out, or --kills");
  const kills = values.kills === undefined ? null : Number(values.kills);
  if (kills !== null && (!Number.isInteger(kills) || kills < 1 || kills > MOST_KILLS))
    throw new Error(`--kills ${values.kills}: a whole number from 1 to ${MOST_KILLS} is allowed`);
  const faults = FAULTS.filter(({ name }) => name.includes(values.only ?? ""));
  if (faults.length === 0)
    throw new Error(`--only ${values.only}: no fault is called so; there are\n${names(FAULTS)}`);
  if (values.chain !== "embedded" && values.chain !== "geth")
    throw new Error(`--chain ${values.chain}: embedded or geth is allowed`);
  if (!Number.isInteger(seed)) throw new Error(`SEED=${process.env.SEED}: a whole number is allowed`);
  if (!findProgram("socat")) throw new Error(missing("socat"));
  return { kills, faults, seed, chain: values.chain };
}

const names = (faults: readonly Fault[]) => faults.map(({ name }) => `  ${name}`).join("\n");
const inSeconds = (s: number | null) => (s === null ? "never" : s.toFixed(3));

function printKill(kill: Kill, number: number): void {
  const { during, momentMs, relay, opensAfterS, flowedMilliWh, lostMilliWh, violations } = kill;
  const energy = `${flowedMilliWh.toFixed(3)} | ${lostMilliWh.toFixed(3)}`;
  console.log(
    `| ${number} | ${during} | ${momentMs} | ${relay} | ${inSeconds(opensAfterS)} | ${energy} | ${violations.join("; ") || "ok"} |`,
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
  const { kills, faults, seed, chain } = options();
  console.log(`SEED=${seed}, ${chain} chain${kills === null ? "" : `, ${kills} kills`}\n`);
  const geth = chain === "geth" ? underTest(await TestNetwork.start()) : undefined;
  let bench: FaultBench | null = null;
  endsWithUs("the house", () => bench?.stop());
  bench = await FaultBench.start({ geth });
  if (kills === null) await playAll(bench, faults, seed);
  else await killAll(bench, kills, seed, chain);
}

/** The server asks node 2, which only validates. */
const underTest = (net: TestNetwork): GethUnderTest => ({
  rpcUrl: net.rpcUrl,
  node: {
    kill: () => net.kill(2),
    start: () => net.up(),
    freeze: () => net.freeze(2),
    thaw: () => net.thaw(2),
  },
});

async function killAll(bench: FaultBench, count: number, seed: number, chain: string): Promise<void> {
  console.log("| kill | during | ms after its begin | relay | open after, s | flowed, mWh | lost, mWh | |");
  console.log("| --- | --- | --- | --- | --- | --- | --- | --- |");
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
