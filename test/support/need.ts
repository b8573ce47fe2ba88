/**
 * Parts a test needs that no npm package brings. On a user's machine a missing part skips the test loudly and by name,
 * and the skip is counted; with CI=true it is a failure.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

/** How to get each part, for the person who reads the skip. */
const remedies: Record<string, string> = {
  chromium: "install the package chromium, or set CHROMIUM_BIN",
  socat: "install the package socat",
  geth: "install Go and a C compiler, then `npm run geth:install`, or set GETH_BIN and PUPPETH_BIN",
  "avr-gcc": "install the packages gcc-avr and avr-libc",
  "the firmware's compiler": "meter/firmware/neighborwatt.hex.sha256 names it; Debian 12 has it",
  "network namespaces": "run as root on Linux with iproute2 installed",
  "aws-cdk-lib": "npm ci --prefix geth/ec2",
  "cloud-init": "install the package cloud-init",
  "systemd-analyze": "install the package systemd",
  sshd: "install the package openssh-server",
  "ssh-keygen": "install the package openssh-client",
  forge: "npm has it for Linux and macOS (@foundry-rs/forge-*); run `npm ci` again",
  jq: "install the package jq",
  mosquitto: "install the package mosquitto, or set MOSQUITTO_BIN",
  mosquitto_passwd: "install the package mosquitto",
  shellcheck: "install the package shellcheck",
  go: "install Go 1.19 or later",
  faketime: "install the package faketime",
  prlimit: "install the package util-linux",
  mounts: "run as root on Linux, where mount is allowed",
};

/** Absolute path of a program: from the environment variable, else on PATH; null where there is none. */
export function findProgram(name: string, variable?: string): string | null {
  const named = variable === undefined ? undefined : process.env[variable];
  if (named) return existsSync(named) ? named : null;
  try {
    return execFileSync("sh", ["-c", 'command -v "$1"', "sh", name], { encoding: "utf8" }).trim();
  } catch (error) {
    if ((error as { status?: number }).status === undefined) throw error;
    return null;
  }
}

export const findChromium = (): string | null =>
  findProgram("chromium", "CHROMIUM_BIN") ?? findProgram("chromium-browser") ?? findProgram("google-chrome");

/** That a part is missing, and how to get it. */
export const missing = (part: string): string => `${part} is missing: ${remedies[part] ?? "see README.md"}`;

/**
 * Skips the calling test (or, called in `before`, its whole suite) when `part` is missing.
 * @param isThere whether the part was found; by default a program of that name on PATH
 */
export function need(context: Mocha.Context, part: string, isThere?: boolean): void {
  const found = isThere ?? (part === "chromium" ? findChromium() !== null : findProgram(part) !== null);
  if (found) return;
  const message = missing(part);
  if (process.env.CI === "true") throw new Error(`${message} (CI=true, so this is a failure)`);
  console.warn(`\n  SKIPPED, ${message}\n`);
  context.skip();
}
