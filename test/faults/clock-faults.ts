/** The host's clock is wrong for a moment: faketime gives the server one of its own. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Fault } from "./scene";

/** Debian keeps it below the machine's own triplet. */
function findFaketime(): string | null {
  const roots = ["/usr/lib", "/usr/local/lib"].filter((root) => existsSync(root));
  const folders = roots.flatMap((root) => [root, ...readdirSync(root).map((name) => join(root, name))]);
  const files = folders.map((folder) => join(folder, "faketime", "libfaketimeMT.so.1"));
  return files.find((file) => existsSync(file)) ?? null;
}

export const CLOCK_FAULTS: Fault[] = [
  {
    name: "the clock is an hour ahead, then a minute behind, then right",
    missingPart: () => (findFaketime() === null ? "faketime" : null),
    orderMilliWh: 9n,
    async strike(scene) {
      const { bench } = scene;
      const folder = mkdtempSync(join(tmpdir(), "neighborwatt-clock-"));
      const clock = join(folder, "faketime");
      const set = (offsetS: string) => writeFileSync(clock, `${offsetS}\n`);
      try {
        set("+0");
        await bench.house.stopServer();
        await bench.house.startServer({
          LD_PRELOAD: findFaketime()!,
          FAKETIME_TIMESTAMP_FILE: clock,
          FAKETIME_NO_CACHE: "1",
          FAKETIME_DONT_FAKE_MONOTONIC: "1",
        });
        if (!(await bench.untilFlows(scene.trade))) throw new Error("the trade ended too early");
        await scene.mark();
        for (const offsetS of ["+3600", "-60", "+0"]) {
          set(offsetS);
          await sleep(scene.between(1000, 2000));
          await scene.mustNotHaveOpened();
        }
        await bench.house.untilSettled(scene.trade.tradeId);
      } finally {
        await bench.house.stopServer();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  },
];
