/** `npm run check`: types, lint, format and import rules, one after the other; all are run even when one fails. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { compile } from "./compile";

const BIN = join(__dirname, "..", "node_modules", ".bin");
const CHECKS: [name: string, program: string, ...args: string[]][] = [
  ["types", "tsc", "--project", "."],
  ["types of geth/ec2", "tsc", "--project", "geth/ec2", "--noEmit"],
  ["lint and format", "biome", "check", "--error-on-warnings", "."],
  ["Solidity format", "prettier", "--check", "contracts/**/*.sol"],
  ["Solidity lint", "solhint", "--max-warnings", "0", "contracts/**/*.sol"],
  [
    "import rules",
    "depcruise",
    "--config",
    ".dependency-cruiser.cjs",
    ..."common meter server public geth scripts test migrations truffle-config.ts vite.config.mts".split(" "),
  ],
];

async function main(): Promise<void> {
  await compile();
  const failed: string[] = [];
  for (const [name, program, ...args] of CHECKS) {
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
