/**
 * The file that HOMES names: a list of homes, each field checked before anything is started. Whatever is wrong becomes
 * one line that names the home and the field, and says what is allowed.
 */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { HomeSettings } from "../common/home";
import { type Complain, homeOf, shown } from "./homes-fields";

export const MOST_HOMES = 500;
const LARGEST_FILE = 1024 * 1024;

/** A port may have several names (/dev/serial/by-id/…); one that is not plugged in has the name it was given. */
function portOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return resolve(path);
  }
}

/** What no two homes may share, and wires that lead nowhere. */
function problemsBetween(homes: { home: HomeSettings; complain: Complain }[]): void {
  const seen = new Map<string, string>();
  const once = (
    kind: string,
    key: string,
    home: HomeSettings,
    complain: Complain,
    field: string,
    what: string,
  ) => {
    const first = seen.get(`${kind} ${key}`);
    if (first === undefined) seen.set(`${kind} ${key}`, home.name);
    else complain(field, `${what} ${shown(first)} has it already; allowed is one of its own`);
  };
  const byName = new Map(homes.map(({ home }) => [home.name, home]));
  for (const { home, complain } of homes) {
    const { name, meter, receivingMeter } = home;
    once("name", name.toLowerCase(), home, complain, "name", "is not unique:");
    once("key", meter.keyFile.toLowerCase(), home, complain, "keyFile", `is ${shown(meter.keyFile)}:`);
    for (const port of [meter.port, receivingMeter?.port ?? null])
      if (port !== null) once("port", portOf(port), home, complain, "port", `is ${shown(port)}:`);
    if (receivingMeter === null || receivingMeter.wireFrom === null) continue;
    const { wireFrom, kind } = receivingMeter;
    const from = byName.get(wireFrom);
    if (from === undefined || from === home)
      complain("wireFrom", `is ${shown(wireFrom)}; allowed is the name of another home of this list`);
    else if (kind !== from.meter.kind)
      complain(
        "wireFrom",
        `is ${shown(wireFrom)}, whose meter is ${from.meter.kind}; allowed is a ${kind} one's`,
      );
    once("wire", wireFrom, home, complain, "wireFrom", `is ${shown(wireFrom)}:`);
  }
}

/** @param text of the file. @returns the homes, and every problem as a line of its own */
export function parseHomes(text: string): { homes: HomeSettings[]; problems: string[] } {
  const refused = (problem: string) => ({ homes: [], problems: [problem] });
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return refused(`is no JSON: ${shown(error.message.slice(0, 200)).slice(1, -1)}`);
  }
  if (!Array.isArray(list)) return refused("holds no list; allowed is [ { … }, … ], one entry for each home");
  if (list.length === 0 || list.length > MOST_HOMES)
    return refused(`lists ${list.length} homes; allowed are 1 to ${MOST_HOMES}`);
  const problems: string[] = [];
  const homes = list.flatMap((value: unknown, i) => {
    const name: unknown =
      typeof value === "object" && value !== null ? (value as { name?: unknown }).name : undefined;
    const called = typeof name === "string" ? ` ${shown(name)}` : "";
    const complain: Complain = (field, what) =>
      problems.push(`home ${i + 1}${called}: ${field === "" ? "it" : field} ${what}`);
    const home = homeOf(value, complain);
    return home ? [{ home, complain }] : [];
  });
  problemsBetween(homes);
  return { homes: homes.map(({ home }) => home), problems };
}

/** @returns the homes of a file, and every problem as a line of its own that begins with the setting */
export function readHomes(file: string): { homes: HomeSettings[]; problems: string[] } {
  const named = `HOMES=${shown(file).slice(1, -1)}`;
  const text = textOf(file);
  if (typeof text !== "string")
    return {
      homes: [],
      problems: [`${named}: ${text.problem}; allowed is a JSON file with a list of homes`],
    };
  const { homes, problems } = parseHomes(text);
  return { homes, problems: problems.map((problem) => `${named}: ${problem}`) };
}

function textOf(file: string): string | { problem: string } {
  try {
    const stat = statSync(file);
    if (!stat.isFile()) return { problem: "it is no file" };
    if (stat.size > LARGEST_FILE)
      return { problem: `it has ${stat.size} bytes, and ${LARGEST_FILE} are the most` };
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    if (code === "ENOENT" || code === "ENOTDIR") return { problem: "there is no such file" };
    return {
      problem:
        code === "ERR_ENCODING_INVALID_ENCODED_DATA" ? "it is not UTF-8" : `it cannot be read (${code})`,
    };
  }
}
