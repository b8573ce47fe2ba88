/**
 * A process known by more than its number: the system gives a number to somebody else as soon as it is free, so a
 * number that stands in a file proves nothing about what runs under it now.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

export interface ProcessIdentity {
  pid: number;
  /** When it was started, in the system's own words, the machine's own start included: only compared, never read. */
  startedAt: string;
  command: string;
}

/** Who runs under this number; null when nobody does, or when this system does not tell. */
export function identityOf(pid: number): ProcessIdentity | null {
  if (!Number.isSafeInteger(pid) || pid <= 0) return null;
  // Containers often have no ps; every Linux has /proc.
  return existsSync("/proc/self/stat") ? fromProc(pid) : fromPs(pid);
}

/** Whether this very process still runs; one that has ended and waits to be buried does not. */
export function isRunning(identity: ProcessIdentity): boolean {
  const now = identityOf(identity.pid);
  return now !== null && now.startedAt === identity.startedAt && now.command === identity.command;
}

/** The process that started this one; 0 when this system does not tell. */
export function parentOf(pid: number): number {
  if (!existsSync("/proc/self/stat"))
    return Number(spawnSync("ps", ["-o", "ppid=", "-p", String(pid)], { encoding: "utf8" }).stdout) || 0;
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

function fromProc(pid: number): ProcessIdentity | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // "1234 (anvil) S 1 …": the name may hold spaces and brackets. Field 3 is the state, field 22 the start in ticks
    // since the machine's own start.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return null;
    const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return { pid, startedAt: `${bootId} ${fields[19]}`, command };
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
}

function fromPs(pid: number): ProcessIdentity | null {
  const column = (name: string): string =>
    spawnSync("ps", ["-ww", "-o", `${name}=`, "-p", String(pid)], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C" },
    }).stdout?.trim() ?? "";
  const [startedAt, state, command] = [column("lstart"), column("stat"), column("args")];
  if (!startedAt || !command || state.startsWith("Z")) return null;
  return { pid, startedAt, command };
}
