/** Compiles contracts with a fault in this process: started anew for each, the compiler would need twice as long. */
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import type { Mutant } from "./mutant-list";

const ROOT = join(__dirname, "..");

/** A fault that the compiler refuses is none. */
export class DoesNotCompile extends Error {}

export const pathOf = (contract: Mutant["contract"]): string => posix.join("contracts", `${contract}.sol`);

/** What is deployed for a fault in each. */
const DEPLOYED = {
  EnergyTrade: "EnergyTrade",
  MeterRegistry: "EnergyTrade",
  EnergyToken: "EnergyToken",
} as const;

type Compile = (input: string, readCallback: number, context: number) => string;
interface Output {
  errors?: { severity: string; formattedMessage: string }[];
  contracts?: Record<string, Record<string, { evm: { bytecode: { object: string } } }>>;
}

let compileJson: Compile | undefined;

function compiler(): Compile {
  if (compileJson) return compileJson;
  // The library listens for exceptions that nobody catches, and would end this process without a word.
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const before = events.map((event) => process.listeners(event as "uncaughtException"));
  const library = require("solc/soljson.js");
  for (const [i, event] of events.entries())
    for (const listener of process.listeners(event as "uncaughtException"))
      if (!before[i]!.includes(listener)) process.removeListener(event, listener);
  compileJson = library.cwrap("solidity_compile", "string", ["string", "number", "number"]) as Compile;
  return compileJson;
}

/** A file of ours or of OpenZeppelin's, and everything that it imports, by the names that the compiler knows. */
function addSource(name: string, sources: Record<string, { content: string }>, changed: Map<string, string>) {
  if (sources[name]) return;
  const file = name.startsWith("@") ? join(ROOT, "node_modules", name) : join(ROOT, name);
  const content = changed.get(name) ?? readFileSync(file, "utf8");
  sources[name] = { content };
  for (const [, imported] of content.matchAll(/^import [^;]*?"([^"]+)";/gm))
    addSource(
      imported!.startsWith(".") ? posix.join(posix.dirname(name), imported!) : imported!,
      sources,
      changed,
    );
}

/** @returns its contract with its fault. @throws when the original text does not stand there exactly once */
export function faultySource(mutant: Mutant): string {
  const parts = readFileSync(join(ROOT, pathOf(mutant.contract)), "utf8").split(mutant.original);
  if (parts.length !== 2)
    throw new Error(
      `"${mutant.name}" no longer applies: its text stands ${parts.length - 1} times in ${pathOf(mutant.contract)}`,
    );
  return parts.join(mutant.replacement);
}

/**
 * @returns the code that creates the contract, 0x-hex. Not optimized: that halves the time and changes no answer.
 * @throws DoesNotCompile with the compiler's words
 */
export function compileFaulty(mutant: Mutant): string {
  const { contract } = mutant;
  const deployed = DEPLOYED[contract];
  const sources: Record<string, { content: string }> = {};
  addSource(pathOf(deployed), sources, new Map([[pathOf(contract), faultySource(mutant)]]));
  const input = {
    language: "Solidity",
    sources,
    settings: {
      evmVersion: "london",
      viaIR: true,
      optimizer: { enabled: false },
      debug: { debugInfo: [] },
      outputSelection: { [pathOf(deployed)]: { [deployed]: ["evm.bytecode.object"] } },
    },
  };
  const { errors = [], contracts } = JSON.parse(compiler()(JSON.stringify(input), 0, 0)) as Output;
  const refused = errors.filter(({ severity }) => severity === "error");
  if (refused.length > 0)
    throw new DoesNotCompile(refused.map(({ formattedMessage }) => formattedMessage).join("\n"));
  return `0x${contracts![pathOf(deployed)]![deployed]!.evm.bytecode.object}`;
}
