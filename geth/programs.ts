/** Which geth and which puppeth to run: the environment's, the ones built into `build/geth/`, or PATH's. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

export const ROOT = path.join(__dirname, "..");
/** Where `npm run geth:install` puts them. */
export const BUILT = path.join(ROOT, "build", "geth");

/** The last version with puppeth; `geth/tools/go.mod` pins it. */
export const PINNED_VERSION = "1.10.26";
/** From 1.14 on geth only follows a beacon chain: it cannot seal clique blocks any more. */
const LAST_THAT_SEALS = "1.13.15";

/** "1.10.26-stable-e5eb32ac" → [1, 10, 26]. */
function versionNumbers(version: string): [number, number, number] {
  const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version);
  if (!match) throw new RangeError(`"${version}" is not a version such as ${PINNED_VERSION}`);
  return [Number(match[1]), Number(match[2]), Number(match[3])];
}

/** Whether version a is older than b, by their three numbers. */
export const isOlder = (a: string, b: string): boolean => {
  const [left, right] = [versionNumbers(a), versionNumbers(b)];
  const differs = left.findIndex((part, i) => part !== right[i]);
  return differs >= 0 && left[differs]! < right[differs]!;
};

/** Why a geth of this version cannot run the network; null when it can. */
export function whyUnsuitable(version: string): string | null {
  if (isOlder(LAST_THAT_SEALS, version)) {
    return (
      `geth ${version} cannot seal: from 1.14 on geth has no clique sealing (proof of authority), only a beacon ` +
      `chain's proof of stake. It takes ${PINNED_VERSION} to ${LAST_THAT_SEALS}`
    );
  }
  if (isOlder(version, PINNED_VERSION)) {
    return `geth ${version} is older than ${PINNED_VERSION}, the version all of this was tested with`;
  }
  return null;
}

/** What `geth version` says; throws when the program does not run or is no geth. */
export function gethVersion(geth: string): string {
  const said = execFileSync(geth, ["version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const match = /^Version: (\S+)$/m.exec(said);
  if (!match)
    throw new Error(`${geth} is no geth: "${geth} version" says ${JSON.stringify(said.slice(0, 200))}`);
  return match[1]!;
}

/** First program of this name on PATH. */
export function onPath(name: string, searchPath = process.env.PATH ?? ""): string | null {
  for (const folder of searchPath.split(path.delimiter)) {
    if (folder === "") continue;
    const candidate = path.join(folder, name);
    if (isProgram(candidate)) return candidate;
  }
  return null;
}

function isProgram(file: string): boolean {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  return stat?.isFile() === true && (stat.mode & 0o111) !== 0;
}

/** One way to find a program, or the reason why it is not there. */
export type Finding = { program: string; version: string } | { missing: string };

/**
 * GETH_BIN, else `build/geth/geth`, else a suitable geth on PATH. An unsuitable GETH_BIN is an answer too: whoever
 * names one wants that one, and no other.
 */
export function lookForGeth(env: NodeJS.ProcessEnv = process.env, built = BUILT): Finding {
  const named = env.GETH_BIN;
  if (named) {
    if (!isProgram(named)) return { missing: `GETH_BIN=${named} is not a program` };
    const version = gethVersion(named);
    const reason = whyUnsuitable(version);
    return reason ? { missing: `GETH_BIN=${named}: ${reason}` } : { program: named, version };
  }
  const own = path.join(built, "geth");
  if (isProgram(own)) return { program: own, version: gethVersion(own) };
  const found = onPath("geth", env.PATH);
  if (!found) return { missing: "no geth here: run `npm run geth:install`, or set GETH_BIN" };
  const version = gethVersion(found);
  const reason = whyUnsuitable(version);
  if (reason) return { missing: `${found}: ${reason}. Run \`npm run geth:install\` for a ${PINNED_VERSION}` };
  return { program: found, version };
}

/** PUPPETH_BIN, else `build/geth/puppeth`, else PATH's. It has no version to check: 1.10.26 is the last there is. */
export function lookForPuppeth(env: NodeJS.ProcessEnv = process.env, built = BUILT): Finding {
  const named = env.PUPPETH_BIN;
  if (named && !isProgram(named)) return { missing: `PUPPETH_BIN=${named} is not a program` };
  const own = path.join(built, "puppeth");
  const program = named ?? (isProgram(own) ? own : onPath("puppeth", env.PATH));
  if (!program) return { missing: "no puppeth here: run `npm run geth:install`, or set PUPPETH_BIN" };
  return { program, version: PINNED_VERSION };
}

/** @throws Error that names what is missing and how to get it */
export function requireProgram(finding: Finding): string {
  if ("missing" in finding) throw new Error(finding.missing);
  return finding.program;
}
