/** Lays a machine's files out under a folder, exactly those that cloud-init would write, for its scripts to run there. */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { machineFiles } from "../../geth/ec2/cloud-init";
import type { Machine } from "../../geth/ec2/network";
import { findProgram } from "../support/need";

export const EC2 = path.join(__dirname, "../../geth/ec2");
export const cdkIsInstalled = fs.existsSync(path.join(EC2, "node_modules/aws-cdk-lib"));

/** A folder that is removed by `after`. */
export function temporaryFolder(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), "neighborwatt-ec2-"));
}

export function layOut(machine: Machine, root: string): void {
  for (const { path: where, mode, content } of machineFiles(machine)) {
    const file = path.join(root, where);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
    fs.chmodSync(file, Number.parseInt(mode, 8));
  }
}

/** Runs one of the machine's scripts as the machine would, but under `root`. */
export function run(root: string, script: string, args: string[], input = ""): SpawnSyncReturns<string> {
  return spawnSync(path.join(root, "opt/neighborwatt/bin", script), args, {
    encoding: "utf8",
    input,
    env: { ...process.env, NEIGHBORWATT_ROOT: root },
  });
}

/** sshd is in a folder that only root has on PATH. */
export const findSshd = (): string | null =>
  findProgram("sshd") ?? (fs.existsSync("/usr/sbin/sshd") ? "/usr/sbin/sshd" : null);
