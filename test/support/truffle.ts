/** Truffle in a process of its own, with artifacts of its own. */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(__dirname, "..", "..");
export const TRUFFLE = join(ROOT, "node_modules", ".bin", "truffle");

/** The compiled contracts in a new folder, for ARTIFACTS_DIR; whoever asked removes it. */
export function copyArtifacts(): string {
  const folder = mkdtempSync(join(tmpdir(), "nw-artifacts-"));
  cpSync(join(ROOT, "build", "contracts"), folder, { recursive: true });
  return folder;
}

/** `truffle …args`, to its end. */
export function truffle(
  args: string[],
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(TRUFFLE, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}
