/** A benchmark on geth that is ended in the middle leaves no nodes and no folder, whatever ends it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identityOf } from "../../scripts/chain/process-identity";
import { needGeth } from "../support/geth";
import { until } from "../support/until";

const ROOT = join(__dirname, "..", "..");

describe("a benchmark on geth", function () {
  this.timeout(120_000);
  before(async function () {
    await needGeth(this);
  });

  for (const [signal, nodes] of [
    ["SIGTERM", 1],
    ["SIGTERM", 2],
    ["SIGHUP", 2],
    ["SIGINT", 2],
    ["SIGKILL", 2],
  ] as const)
    it(`ended by ${signal} when ${nodes} of its nodes run leaves nothing`, async () => {
      const folder = mkdtempSync(join(tmpdir(), "nw-bench-ends-"));
      const child = spawn(process.execPath, ["--require", "tsx/cjs", "scripts/bench/throughput.ts"], {
        cwd: ROOT,
        stdio: "ignore",
        env: { ...process.env, TMPDIR: folder },
      });
      const ended = once(child, "exit");
      try {
        const pids = await until(
          "its nodes",
          () => {
            const found = pidFiles(folder);
            return found.length >= nodes && found.map((file) => Number(readFileSync(file, "utf8")));
          },
          60_000,
        );
        assert.ok(pids.every((pid) => identityOf(pid) !== null));
        child.kill(signal);
        await ended;
        // A program that is killed can do nothing more: its network's guard does it, a moment later.
        if (signal === "SIGKILL") await until("the end of its network", () => networks(folder).length === 0);
        assert.deepEqual(
          pids.filter((pid) => identityOf(pid) !== null),
          [],
        );
        if (signal === "SIGKILL") return;
        assert.deepEqual(
          readdirSync(folder).filter((name) => /^(nw-|neighborwatt-)/.test(name)),
          [],
        );
      } finally {
        child.kill("SIGKILL");
        rmSync(folder, { recursive: true, force: true });
      }
    });
});

const networks = (folder: string): string[] =>
  readdirSync(folder).filter((name) => name.startsWith("nw-geth-bench-"));

function pidFiles(folder: string): string[] {
  return networks(folder)
    .flatMap((name) => readdirSync(join(folder, name)).map((node) => join(folder, name, node, "geth.pid")))
    .filter((file) => existsSync(file) && readFileSync(file, "utf8") !== "");
}
