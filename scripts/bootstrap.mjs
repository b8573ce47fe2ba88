// Every npm script (but `format` and `help`) begins here, on a fresh machine too, so this is plain JavaScript without
// packages: it checks Node, installs what is missing, then hands over to a TypeScript program, `node
// scripts/bootstrap.mjs geth/cli.ts up`. With `--compiled` before the program the contracts are compiled first: server
// and page import what is generated of them. With `--settings` the program gets all settings of the file `.env`. Without
// it the program gets only those that name a program (GETH_BIN): a setting of one's own house must not change a test.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19) || (major === 22 && minor < 12) || major === 21) {
  console.error(
    `neighborwatt needs Node 20.19 or later, 22.12 or later, or 24; this is ${process.versions.node}.`,
  );
  process.exit(1);
}

/** npm writes what it installed into node_modules/.package-lock.json: every package of our lock file must be there. */
function installIsComplete() {
  const installedFile = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installedFile)) return false;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const installed = JSON.parse(readFileSync(installedFile, "utf8")).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === "" || optional || installed[path]?.version === version,
  );
}

if (!installIsComplete()) {
  console.log("Installing packages (about two minutes, once) …");
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (npm.status !== 0) {
    console.error(
      "npm ci failed, see above. Check the connection to the npm registry and start again: nothing is lost.",
    );
    process.exit(1);
  }
}

process.chdir(root);
const args = process.argv.slice(2);
const isGiven = (option) => args[0] === option && args.shift() === option;
const wantsSettings = isGiven("--settings");
const wantsContracts = isGiven("--compiled");
const require = createRequire(import.meta.url);
require("./env-file.cjs").addEnvFile(root, (name) => wantsSettings || name.endsWith("_BIN"));
require("tsx/cjs");
if (wantsContracts) await compileContracts();

async function compileContracts() {
  const { compile } = require("./compile.ts");
  const startedAtMs = performance.now();
  try {
    if (await compile()) {
      console.error(`Compiled the contracts (${((performance.now() - startedAtMs) / 1000).toFixed(1)} s).`);
    }
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}

// As if node had been called with the program itself: it is the main module, with arguments of its own.
const [program, ...rest] = args;
process.argv = [process.argv[0], join(root, program), ...rest];
Module.runMain();
