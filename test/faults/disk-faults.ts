/** The data folder's disk is full, refuses to be written, or its database is held by another program. */
import { execFileSync } from "node:child_process";
import { closeSync, cpSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lockDatabase } from "../support/lock-database";
import { findProgram } from "../support/need";
import { JOURNAL_INTERVAL_S, LOSS_OF_A_KILL_MILLI_WH, OPENS_WITHIN_S } from "./bounds";
import type { Fault, Scene } from "./scene";

/** A fault of the journal shows when it is written next. */
const OPENS_AFTER_JOURNAL_S = OPENS_WITHIN_S + JOURNAL_INTERVAL_S;
/** A whole write-ahead log does not fit, so that it must grow at each commit. */
const SMALL_DISK = "2m";
const FILES_OF_A_SERVER = /^(neighborwatt|lock|meter-key)/;

let canMount: boolean | undefined;
function missingMounts(): string | null {
  if (canMount === undefined) {
    const folder = mkdtempSync(join(tmpdir(), "neighborwatt-mount-"));
    try {
      execFileSync("mount", ["-t", "tmpfs", "none", folder], { stdio: "ignore" });
      execFileSync("umount", [folder]);
      canMount = true;
    } catch (error) {
      // Not root, not Linux, or not allowed: whichever it is, there is no mount.
      void error;
      canMount = false;
    }
    rmSync(folder, { recursive: true, force: true });
  }
  return canMount ? null : "mounts";
}

/** The server moves to a data folder on a small disk of its own, and back. */
async function onSmallDisk({ bench }: Scene, work: (folder: string) => Promise<void>): Promise<void> {
  const { house } = bench;
  const folder = mkdtempSync(join(tmpdir(), "neighborwatt-small-"));
  const move = (from: string, to: string) => {
    for (const name of readdirSync(from))
      if (FILES_OF_A_SERVER.test(name)) cpSync(join(from, name), join(to, name));
  };
  await house.stopServer();
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${SMALL_DISK}`, "none", folder]);
  try {
    move(house.dataDir, folder);
    await house.startServer({ DATA_DIR: folder });
    await work(folder);
    await house.stopServer();
    for (const name of readdirSync(house.dataDir))
      if (name.startsWith("neighborwatt.sqlite")) rmSync(join(house.dataDir, name));
    move(folder, house.dataDir);
  } finally {
    await house.stopServer("SIGKILL");
    execFileSync("umount", [folder]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns the file that leaves no room for anything else */
function fill(folder: string): string {
  const file = join(folder, "ballast");
  const handle = openSync(file, "w");
  try {
    for (let size = 65_536; size >= 1; size = Math.floor(size / 2)) {
      try {
        for (;;) writeSync(handle, Buffer.alloc(size));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      }
    }
  } finally {
    closeSync(handle);
  }
  return file;
}

export const DISK_FAULTS: Fault[] = [
  {
    name: "the disk is full",
    missingPart: missingMounts,
    orderMilliWh: 8n,
    strike: (scene) =>
      onSmallDisk(scene, async (folder) => {
        const { house } = scene.bench;
        if (!(await scene.bench.untilFlows(scene.trade))) throw new Error("the trade ended too early");
        await scene.mark();
        const ballast = fill(folder);
        await scene.mustOpen(OPENS_AFTER_JOURNAL_S, LOSS_OF_A_KILL_MILLI_WH);
        await scene.mustEnd();
        await scene.mustLog(/The disk is full: .* Make room there, then start again\./);
        const said = await house.refusedServer({ DATA_DIR: folder });
        await scene.mustSay("a start on the full disk is refused", /The disk is full: .*/, () => said);
        rmSync(ballast);
        await house.startServer({ DATA_DIR: folder });
        await house.untilSettled(scene.trade.tradeId);
      }),
  },
  {
    name: "the disk refuses to be written",
    missingPart: () => (findProgram("prlimit") ? null : "prlimit"),
    async strike(scene) {
      const { house } = scene.bench;
      const { size } = statSync(join(house.dataDir, "neighborwatt.sqlite-wal"));
      // A file that may not grow is how a disk behaves that fails; the kernel's limit does that to one process.
      execFileSync("prlimit", [`--fsize=${Math.min(size, 4096)}`, "--pid", String(house.serverPid)]);
      await scene.mustOpen(OPENS_AFTER_JOURNAL_S, LOSS_OF_A_KILL_MILLI_WH);
      await scene.mustEnd();
      await scene.mustLog(/cannot be read or written .*/);
    },
  },
  {
    name: "the database is read-only",
    missingPart: missingMounts,
    async strike(scene) {
      const { house } = scene.bench;
      scene.atS = (await scene.bench.killServer()).atS;
      await scene.mustOpen(OPENS_WITHIN_S, LOSS_OF_A_KILL_MILLI_WH);
      const { dataDir } = house;
      execFileSync("mount", ["--bind", dataDir, dataDir]);
      try {
        execFileSync("mount", ["-o", "remount,ro,bind", dataDir]);
        const said = await house.refusedServer();
        await scene.mustSay(
          "a start on a read-only folder is refused",
          /.* cannot be written .*/,
          () => said,
        );
      } finally {
        execFileSync("umount", [dataDir]);
      }
    },
  },
  {
    name: "the database is locked for 100 ms by another program",
    async strike(scene) {
      const lock = await lockDatabase(join(scene.bench.house.dataDir, "neighborwatt.sqlite"), 100);
      // The journal is written twice in that time.
      await sleep(1500);
      await lock.release();
      await scene.mustNotHaveOpened();
    },
  },
  {
    name: "the database stays locked by another program",
    async strike(scene) {
      const lock = await lockDatabase(join(scene.bench.house.dataDir, "neighborwatt.sqlite"));
      // The other program has taken its time to start.
      await scene.mark();
      try {
        await scene.mustOpen(OPENS_AFTER_JOURNAL_S, LOSS_OF_A_KILL_MILLI_WH);
        await scene.mustEnd();
        await scene.mustLog(/.* is locked by another program.*/);
      } finally {
        await lock.release();
      }
    },
  },
];
