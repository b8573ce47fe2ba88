#!/usr/bin/env node
// The compiler as forge calls it, a program named solc: npm has it as WebAssembly only. Answers `--version` and
// `--standard-json` (from its input); everything else that a native solc knows is refused.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// The library listens for exceptions that nobody catches, and would end forge's call without a word.
const listeners = process.listeners("uncaughtException");
const compiler = createRequire(import.meta.url)("solc/soljson.js");
for (const event of ["uncaughtException", "unhandledRejection"])
  for (const listener of process.listeners(event))
    if (!listeners.includes(listener)) process.removeListener(event, listener);

const flags = process.argv.slice(2);
if (flags.includes("--version")) {
  const version = compiler.cwrap("solidity_version", "string", [])();
  console.log(
    `solc, the solidity compiler commandline interface\nVersion: ${version.replace("Emscripten.clang", "Linux.g++")}`,
  );
} else if (flags.includes("--standard-json")) {
  // The other flags (--base-path, --allow-paths) are about files to import: forge brings every text itself.
  const input = readFileSync(0, "utf8");
  const compileJson = compiler.cwrap("solidity_compile", "string", ["string", "number", "number"]);
  process.stdout.write(compileJson(input, 0, 0));
} else {
  console.error(`solc.mjs knows --version and --standard-json, not ${flags.join(" ")}`);
  process.exitCode = 1;
}
