/** `npm run check`: types, lint, format and import rules, one after the other; all are run even when one fails. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { compile } from "./compile";

const ROOT = join(__dirname, "..");
const BIN = join(ROOT, "node_modules", ".bin");
const CHECKS: [name: string, program: string, ...args: string[]][] = [
  ["types", "tsc", "--project", "."],
  ["lint and format", "biome", "check", "--error-on-warnings", "."],
  ["Solidity format", "prettier", "--check", "contracts/**/*.sol", "test/fuzz/*.sol"],
  ["Solidity lint", "solhint", "--max-warnings", "0", "contracts/**/*.sol"],
  [
    "import rules",
    "depcruise",
    "--config",
    ".dependency-cruiser.cjs",
    ..."chain common bus market meter home server public geth scripts test migrations truffle-config.ts vite.config.mts".split(
      " ",
    ),
  ],
];

/** The EC2 recipe is a package of its own that few install: its types are checked where it is. */
function checksHere(): typeof CHECKS {
  if (existsSync(join(ROOT, "geth", "ec2", "node_modules"))) {
    return [...CHECKS, ["types of geth/ec2", "tsc", "--project", "geth/ec2", "--noEmit"]];
  }
  if (process.env.CI === "true") throw new Error("geth/ec2 is not installed: npm ci --prefix geth/ec2");
  console.log("- types of geth/ec2: SKIPPED, not installed (npm ci --prefix geth/ec2)");
  return CHECKS;
}

async function main(): Promise<void> {
  await compile();
  const failed: string[] = [];
  for (const [name, program, ...args] of checksHere()) {
    const { status, stdout, stderr } = spawnSync(join(BIN, program), args, { encoding: "utf8" });
    console.log(`${status === 0 ? "✓" : "✗"} ${name}`);
    if (status === 0) continue;
    failed.push(name);
    console.log(`${stdout}\n${stderr}`);
  }
  if (failed.length > 0) process.exitCode = 1;
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
