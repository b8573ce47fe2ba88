/**
 * `npm run compile`: the contracts to Truffle artifacts, TypeChain types for migrations and contract tests, and the
 * ABIs as TypeScript constants for server and page. Does nothing when nothing it reads has changed.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

const ROOT = join(__dirname, "..");
const BUILD = join(ROOT, "build");
const STAMP = join(BUILD, "compiled.sha256");
/** The contracts that server and page speak to. */
const PUBLIC_CONTRACTS = ["EnergyToken", "EnergyTrade"] as const;
const TOOLS = ["solc", "@openzeppelin/contracts", "truffle", "typechain", "@typechain/truffle-v5"];

const artifactFile = (contract: string) => join(BUILD, "contracts", `${contract}.json`);
const abiFile = (contract: string) => join(BUILD, "abi", `${contract}.ts`);

/** Paths of our own Solidity files, sorted. */
function soliditySources(): string[] {
  return (readdirSync(join(ROOT, "contracts"), { recursive: true }) as string[])
    .filter((file) => file.endsWith(".sol"))
    .sort();
}

/** A hash of everything the outputs are made from. */
function hashInputs(): string {
  const hash = createHash("sha256");
  const files = [
    ...soliditySources().map((file) => join("contracts", file)),
    "truffle-config.ts",
    join("scripts", "compile.ts"),
  ];
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(join(ROOT, file)));
  for (const tool of TOOLS) {
    const { version } = JSON.parse(readFileSync(join(ROOT, "node_modules", tool, "package.json"), "utf8"));
    hash.update(`${tool}@${version}\0`);
  }
  return hash.digest("hex");
}

function isCompiled(inputs: string): boolean {
  if (!existsSync(STAMP) || readFileSync(STAMP, "utf8") !== inputs) return false;
  const outputs = PUBLIC_CONTRACTS.flatMap((contract) => [artifactFile(contract), abiFile(contract)]);
  return [...outputs, join(BUILD, "types", "index.d.ts")].every(existsSync);
}

/** Writes beside the file and renames: a reader in another process never sees half of it. */
function writeWhole(file: string, text: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, file);
}

/** Compiles everything again; addresses that migrations wrote into existing artifacts are kept by Truffle. */
async function runTruffle(): Promise<void> {
  const program = join(ROOT, "node_modules", "truffle", "build", "cli.bundled.js");
  const child = spawn(process.execPath, [program, "compile", "--all"], {
    cwd: ROOT,
    // What is made of them is read from there, wherever a deployment keeps its own.
    env: { ...process.env, ARTIFACTS_DIR: join(BUILD, "contracts") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk) => output.push(chunk));
  child.stderr.on("data", (chunk) => output.push(chunk));
  const code = await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  const text = Buffer.concat(output).toString();
  if (code !== 0) throw new Error(`truffle compile failed:\n${text}`);
  const warning = /^.*Warning:[\s\S]*?(?=^>|\n\n\n|$(?![\s\S]))/m.exec(text);
  if (warning) console.warn(warning[0]);
}

async function writeTypes(): Promise<void> {
  const { runTypeChain } = await import("typechain");
  const outDir = join(BUILD, "types");
  rmSync(outDir, { recursive: true, force: true });
  const files = soliditySources()
    .map((file) => artifactFile(basename(file, ".sol")))
    .filter(existsSync);
  await runTypeChain({ cwd: ROOT, filesToProcess: files, allFiles: files, outDir, target: "truffle-v5" });
}

function writeAbi(contract: (typeof PUBLIC_CONTRACTS)[number]): void {
  const { abi } = JSON.parse(readFileSync(artifactFile(contract), "utf8"));
  const name = `${contract[0]!.toLowerCase()}${contract.slice(1)}Abi`;
  mkdirSync(join(BUILD, "abi"), { recursive: true });
  // Solidity's own names of types: nobody reads them, and the page would carry them to every browser.
  const text = JSON.stringify(abi, (key, value) => (key === "internalType" ? undefined : value), 2);
  writeWhole(abiFile(contract), `export const ${name} = ${text} as const;\n`);
}

/**
 * Brings `build/` up to date.
 * @returns false when it was already
 * @throws with the compiler's own words when a contract does not compile
 */
export async function compile(): Promise<boolean> {
  const inputs = hashInputs();
  if (isCompiled(inputs)) return false;
  rmSync(STAMP, { force: true });
  await runTruffle();
  await writeTypes();
  PUBLIC_CONTRACTS.forEach(writeAbi);
  writeWhole(STAMP, inputs);
  return true;
}

if (require.main === module) {
  const startedAtMs = Date.now();
  compile()
    .then((isNew) =>
      console.log(
        isNew ? `Compiled in ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s.` : "Nothing to compile.",
      ),
    )
    .catch((error: Error) => {
      console.error(error.message);
      process.exitCode = 1;
    });
}
