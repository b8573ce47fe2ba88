/**
 * `npm run geth:install`: builds geth and puppeth 1.10.26 from pinned Go modules into `build/geth/`. No distribution
 * has a package of either. Repeating it costs a second: what is there already is left alone.
 */
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { BUILT, gethVersion, lookForGeth, lookForPuppeth, onPath, PINNED_VERSION } from "./programs";

const TOOLS = path.join(__dirname, "tools");

/** Beside PATH: where Go's own installer puts it, which is on few people's PATH. */
const GO_PLACES = ["/usr/local/go/bin", "/usr/lib/go/bin", "/opt/homebrew/bin"];

const HOW_TO_GET_GO =
  "Go is missing (1.19 or later). Debian, Ubuntu: sudo apt install golang-go. macOS: brew install go. " +
  "Others: https://go.dev/doc/install";
const HOW_TO_GET_C =
  "a C compiler is missing (geth's signatures are in C). Debian, Ubuntu: sudo apt install build-essential. " +
  "macOS: xcode-select --install";

/** Go and a C compiler, or one sentence for each that is not there. */
export function lookForTools(
  env: NodeJS.ProcessEnv = process.env,
  goPlaces: readonly string[] = GO_PLACES,
): { go: string } | { missing: string[] } {
  const searchPath = [env.PATH ?? "", ...goPlaces].join(path.delimiter);
  const go = onPath("go", searchPath);
  const compiler = [env.CC, "cc", "gcc", "clang"].find((name) => name && onPath(name, env.PATH));
  const missing = [...(go ? [] : [HOW_TO_GET_GO]), ...(compiler ? [] : [HOW_TO_GET_C])];
  return go && missing.length === 0 ? { go } : { missing };
}

/**
 * From Go 1.23 on the linker refuses a reach into the runtime that geth 1.10's memory statistics make; older Go does
 * not know the flag that allows it.
 */
export function linkerFlags(goVersion: string): string[] {
  const match = /go(\d+)\.(\d+)/.exec(goVersion);
  const isRecent = match !== null && (Number(match[1]) > 1 || Number(match[2]) >= 23);
  return isRecent ? ["-ldflags=-checklinkname=0"] : [];
}

/** Runs `go build` for one of the two programs, saying how far it is. */
async function build(go: string, name: "geth" | "puppeth"): Promise<void> {
  const version = execFileSync(go, ["env", "GOVERSION"], { encoding: "utf8", cwd: TOOLS }).trim();
  const flags = name === "geth" ? linkerFlags(version) : [];
  const target = path.join(BUILT, name);
  const started = Date.now();
  const child = spawn(
    go,
    ["build", "-v", "-trimpath", "-buildvcs=false", ...flags, "-o", `${target}.new`].concat(
      `github.com/ethereum/go-ethereum/cmd/${name}`,
    ),
    { cwd: TOOLS, stdio: ["ignore", "inherit", "pipe"] },
  );
  let lines = 0;
  let tail = "";
  const say = (end: string) => {
    const seconds = Math.round((Date.now() - started) / 1000);
    if (process.stdout.isTTY) process.stdout.write(`\r${name}: ${lines} packages, ${seconds} s${end}`);
    else if (end !== "" || lines % 100 === 1) console.log(`${name}: ${lines} packages, ${seconds} s`);
  };
  child.stderr.on("data", (chunk: Buffer) => {
    tail = (tail + chunk.toString()).slice(-4000);
    for (const _ of chunk.toString().matchAll(/\n/g)) {
      lines += 1;
      say("");
    }
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  say("\n");
  if (code !== 0) throw new Error(`go build of ${name} failed (${code}):\n${tail}`);
  // Under its own name only when whole: an interrupted build leaves nothing that looks installed.
  fs.renameSync(`${target}.new`, target);
}

/** What is to be built: nothing that is there already. Says what it found. */
export function whatIsMissing(
  env: NodeJS.ProcessEnv = process.env,
  built = BUILT,
  say: (line: string) => void = console.log,
): ("geth" | "puppeth")[] {
  const geth = lookForGeth(env, built);
  const puppeth = lookForPuppeth(env, built);
  if (env.GETH_BIN && "missing" in geth) throw new Error(geth.missing);
  if (env.PUPPETH_BIN && "missing" in puppeth) throw new Error(puppeth.missing);
  for (const [name, finding] of Object.entries({ geth, puppeth })) {
    if ("program" in finding) say(`${name} ${finding.version}: ${finding.program}`);
    // Its own words would say to run the very command that is running.
    else say(`${name}: not installed yet`);
  }
  return [
    ...("missing" in geth ? ["geth" as const] : []),
    ...("missing" in puppeth ? ["puppeth" as const] : []),
  ];
}

export async function install(): Promise<void> {
  const wanted = whatIsMissing();
  if (wanted.length === 0) return;
  const tools = lookForTools();
  if ("missing" in tools) throw new Error(tools.missing.join("\n"));
  console.log(
    `Building ${wanted.join(" and ")} ${PINNED_VERSION} (about a minute on two cores, and a download) …`,
  );
  fs.mkdirSync(BUILT, { recursive: true });
  for (const name of wanted) await build(tools.go, name);
  if (wanted.includes("geth")) console.log(`geth ${gethVersion(path.join(BUILT, "geth"))} is in ${BUILT}`);
}

if (require.main === module) {
  install().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
