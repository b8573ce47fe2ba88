/**
 * `npm run faults -- --kills 200 --chain embedded`: a table of kills; exit 1 when one broke a promise.
 * `SEED=7 npm run faults` repeats a run. Needs socat; `--chain geth` needs geth (`npm run geth:install`).
 */
import { parseArgs } from "node:util";
import { runProgram } from "../../scripts/ending";
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
  const { tradeId, momentMs, relay, opensAfterS, lostMilliWh, violations } = kill;
  console.log(
    `| ${number} | ${tradeId} | ${momentMs} | ${relay} | ${inSeconds(opensAfterS)} | ${lostMilliWh.toFixed(3)} | ${violations.join("; ") || "ok"} |`,
  );
}

async function main(): Promise<void> {
  const { kills: count, seed, chain } = options();
  console.log(`SEED=${seed}, ${chain} chain, ${count} kills`);
  const net = chain === "geth" ? await startGeth() : null;
  let bench: FaultBench | null = null;
  try {
    bench = await FaultBench.start(net?.rpcUrl);
    console.log("| kill | trade | ms after the relay closed | relay | open after, s | lost, mWh | |");
    console.log("| --- | --- | --- | --- | --- | --- | --- |");
    const kills = await killAtRandom(bench, count, seed, printKill);
    const { flowed, paidFor, allowed } = await bench.check(kills.length);
    const closed = kills.filter(({ relay }) => relay === "closed");
    const slowest = Math.max(0, ...closed.map(({ opensAfterS }) => opensAfterS ?? Number.POSITIVE_INFINITY));
    console.log(
      [
        `${kills.length} kills, ${closed.length} of them with the relay closed; ${bench.trades.length} trades, all ended and paid in full`,
        `slowest relay: ${slowest.toFixed(3)} s; greatest loss of a kill: ${Math.max(...kills.map((kill) => kill.lostMilliWh)).toFixed(3)} mWh`,
        `flowed ${flowed.toFixed(3)} mWh, paid for ${paidFor} mWh, unpaid ${(flowed - paidFor).toFixed(3)} mWh (allowed ${allowed.toFixed(3)})`,
      ].join("\n"),
    );
    const broken = kills.filter(({ violations }) => violations.length > 0);
    if (broken.length > 0) throw new Error(`${broken.length} kills broke a promise (SEED=${seed})`);
  } finally {
    await bench?.stop();
    await net?.stop();
  }
}

/** Loaded only when it is wanted: it looks for geth. */
async function startGeth() {
  const { TestNetwork } = await import("../support/geth");
  return TestNetwork.start();
}

runProgram(main);
