/** What the system says of a process. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** The process that started this one. */
export function parentOf(pid: number): number {
  if (!existsSync("/proc/self/stat"))
    return Number(execFileSync("ps", ["-o", "ppid=", "-p", String(pid)], { encoding: "utf8" }));
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}
