/** The host's clock is wrong for a moment: faketime gives the server one of its own. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Fault, Scene } from "./scene";

/** Debian keeps it below the machine's own triplet. */
function findFaketime(): string | null {
  const roots = ["/usr/lib", "/usr/local/lib"].filter((root) => existsSync(root));
  const folders = roots.flatMap((root) => [root, ...readdirSync(root).map((name) => join(root, name))]);
  const files = folders.map((folder) => join(folder, "faketime", "libfaketimeMT.so.1"));
  return files.find((file) => existsSync(file)) ?? null;
}

/** The server is started anew with a clock that says `offsetS` of the host's, and that `set` can change. */
async function withClock(
  { bench, trade }: Scene,
  offsetS: string,
  work: (set: (offsetS: string) => void) => Promise<void>,
): Promise<void> {
  const { house } = bench;
  const folder = mkdtempSync(join(tmpdir(), "neighborwatt-clock-"));
  const file = join(folder, "faketime");
  const set = (offset: string) => writeFileSync(file, `${offset}\n`);
  try {
    set(offsetS);
    await house.stopServer();
    await house.startServer({
      LD_PRELOAD: findFaketime()!,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    });
    if (!(await bench.untilFlows(trade))) throw new Error("the trade ended too early");
    await work(set);
    await house.untilSettled(trade.tradeId);
  } finally {
    await house.stopServer();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Each offset for a second or two. */
async function say(scene: Scene, offsets: readonly string[], set: (offsetS: string) => void): Promise<void> {
  await scene.mark();
  for (const offsetS of offsets) {
    set(offsetS);
    await sleep(scene.between(800, 1600));
    await scene.mustNotHaveOpened();
  }
}

const missingPart = () => (findFaketime() === null ? "faketime" : null);

export const CLOCK_FAULTS: Fault[] = [
  {
    name: "the clock is an hour ahead, then a minute behind, then right",
    isShort: true,
    missingPart,
    orderMilliWh: 5n,
    strike: (scene) => withClock(scene, "+0", (set) => say(scene, ["+3600", "-60", "+0"], set)),
  },
  {
    name: "the server starts with a clock an hour ahead, which is then set right",
    missingPart,
    orderMilliWh: 5n,
    strike: (scene) => withClock(scene, "+3600", (set) => say(scene, ["+0"], set)),
  },
  {
    name: "the server starts with a clock of 1970, which is then set right",
    missingPart,
    orderMilliWh: 5n,
    strike: (scene) => withClock(scene, "@1970-01-01 00:10:00", (set) => say(scene, ["+0"], set)),
  },
];
