import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const ROOT = join(__dirname, "..", "..");

/** What the npm script prints with `-- --json`. */
async function figures<T>(script: string, ...more: string[]): Promise<T> {
  const { stdout } = await promisify(execFile)("npm", ["run", "--silent", script, "--", "--json", ...more], {
    cwd: ROOT,
  });
  return JSON.parse(stdout) as T;
}

describe("the benchmarks", function () {
  this.timeout(240_000);

  it("of gas print one JSON object, within the aims: gas does not depend on the machine", async () => {
    const { trade, batch, twoTransfers } = await figures<{
      trade: { purchase: number; settlement: number; whole: number };
      batch: { wholeEach: number };
      twoTransfers: number;
    }>("bench:gas");
    assert.equal(trade.whole, trade.purchase + trade.settlement);
    assert.ok(trade.whole <= 129_762, `${trade.whole} a trade`);
    assert.ok(batch.wholeEach <= 88_998, `${batch.wholeEach} a trade of a batch`);
    assert.ok(trade.whole > twoTransfers, "a trade moves money twice, and more");
  });

  it("of the page print one JSON object, its first load within the aim of 130 kB", async () => {
    const weight = await figures<{ allBytes: number; firstLoadBytes: number }>("bench:page");
    assert.ok(weight.firstLoadBytes > 0 && weight.firstLoadBytes < weight.allBytes, "the codec comes later");
    assert.ok(weight.firstLoadBytes <= 130_000, `${weight.firstLoadBytes} bytes`);
  });

  it("of watchers print one JSON object, and nobody misses what is not a sample", async () => {
    const { samples, readersBehind, disconnected, offersChanged } = await figures<Record<string, number>>(
      "bench:watchers",
      ...["--readers", "20", "--seconds", "5"],
    );
    assert.ok(samples! > 0 && offersChanged! > 0);
    assert.deepEqual({ readersBehind, disconnected }, { readersBehind: 0, disconnected: 0 });
  });

  it("of homes print one JSON object: every home delivers, and no turn takes two transactions", async () => {
    const { meters, server } = await figures<Record<"meters" | "server", Record<string, number>>>(
      "bench:homes",
      ...["--homes", "6", "--seconds", "5"],
    );
    assert.ok(meters.cores! > 0 && meters.samplesPerSecond! > 4);
    assert.ok(server.cores! > 0 && server.turnsPerSecond! > 0);
    assert.ok(server.transactionsPerTurn! <= 1, `${server.transactionsPerTurn} a turn`);
    assert.ok(server.deliveredW! > 6, `${server.deliveredW} W`);
  });

  it("of a restart print one JSON object: every event is read, and closed trades take no memory", async function () {
    // It reads /proc.
    if (process.platform !== "linux") this.skip();
    const { events, start, startWithFew, aim } = await figures<{
      events: number;
      start: { residentMB: number };
      startWithFew: { residentMB: number };
      aim: { moreMB: number };
    }>("bench:restart", "--trades", "3000");
    assert.equal(events, 6 + 30 + 2 * 3000);
    assert.ok(start.residentMB < startWithFew.residentMB + aim.moreMB, `${start.residentMB} MB`);
  });
});
