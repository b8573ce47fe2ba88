/**
 * A temporary network ends with the program that made it, `kill -9` included: a node is a process of its own, and
 * would go on sealing for ever. Run as a program, this waits until its standard input is closed, which the system does
 * however the program at the other end has ended; then it ends the nodes that are left, and removes their folder.
 */
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import type { Socket } from "node:net";
import { readPlan } from "./folder";
import { killNode } from "./node";

/** @param dir the network's folder. @returns what ends the guard, for whoever has stopped the network */
export function guardNetwork(dir: string): () => void {
  const guard = spawn(process.execPath, ["--require", "tsx/cjs", __filename, dir], {
    // Ctrl-C in a terminal reaches its whole group.
    detached: true,
    stdio: ["pipe", "ignore", "inherit"],
  });
  const { stdin } = guard;
  // Nobody waits for the guard: it waits for this program.
  guard.unref();
  (stdin as Socket).unref();
  stdin.on("error", () => {});
  return () => void stdin.end();
}

async function endNetwork(dir: string): Promise<void> {
  for (const node of readPlan(dir)?.nodes ?? []) await killNode(dir, node);
  rmSync(dir, { recursive: true, force: true });
}

if (require.main === module) {
  process.stdin.resume();
  process.stdin.once("close", () => void endNetwork(process.argv[2]!));
}
