/**
 * Answers puppeth's wizard through a pipe, as a person would at its prompt. `puppeth-notes.md` explains each answer.
 */
import { spawn } from "node:child_process";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";

/** What we ask the wizard for. */
export interface GenesisRequest {
  chainId: number;
  /** Seconds between blocks. */
  period: number;
  /** Who may seal from the first block on, 0x-addresses. */
  sealers: readonly string[];
  /** Who gets 2^249 wei at the beginning, 0x-addresses. */
  funded: readonly string[];
}

/** The parts of a genesis file that this project reads. */
export interface Genesis {
  config: { chainId: number; clique: { period: number; epoch: number } } & Record<string, unknown>;
  /** 0x-hex, Unix seconds. */
  timestamp: string;
  /** 32 bytes of vanity, the sealers' addresses in ascending order, 65 bytes for a seal. */
  extraData: string;
  gasLimit: string;
  alloc: Record<string, { balance: string }>;
}

/**
 * 30 M, mainnet's for years. puppeth writes 4.7 M, which is below the gas Truffle gives a transaction (6,721,975): every
 * deployment would be refused with "exceeds block gas limit".
 */
export const GAS_LIMIT = "0x1c9c380";

const NETWORK = "neighborwatt";
const KEEP = "";

/** puppeth takes 40 hex digits without 0x, and crashes on 40 characters that are not hex. */
function bareAddress(address: string): string {
  if (!/^0x[0-9a-fA-F]{40}$/.test(address)) {
    throw new RangeError(`"${address}" is not an address: it takes 0x and 40 hexadecimal digits`);
  }
  return address.slice(2);
}

/** Every line typed into the wizard, in order. */
export function wizardAnswers(request: GenesisRequest): string[] {
  const { chainId, period, sealers, funded } = request;
  if (sealers.length === 0) throw new RangeError("a clique network needs at least one sealer");
  if (!Number.isSafeInteger(period) || period < 1) {
    throw new RangeError(`period ${period} is not a whole number of seconds from 1 up`);
  }
  if (!Number.isSafeInteger(chainId) || chainId < 1)
    throw new RangeError(`chain id ${chainId} is not a positive whole number`);
  const configureNew = ["2", "1", "2", String(period)];
  const whoSeals = [...sealers.map(bareAddress), ""];
  const whoIsRich = [...funded.map(bareAddress), ""];
  const noPrecompiles = ["no", String(chainId)];
  const homesteadToIstanbul = new Array<string>(8).fill(KEEP);
  const berlinAndLondonAtZero = ["2", "1", ...homesteadToIstanbul, "0", "0"];
  const exportHere = ["2", "2", "."];
  return [
    ...configureNew,
    ...whoSeals,
    ...whoIsRich,
    ...noPrecompiles,
    ...berlinAndLondonAtZero,
    ...exportHere,
  ];
}

/**
 * Runs puppeth and returns the genesis it exported, exactly as it wrote it.
 * @throws Error with the wizard's last words when no genesis came out
 */
export async function runPuppeth(puppeth: string, request: GenesisRequest): Promise<Genesis> {
  const lines = wizardAnswers(request);
  // puppeth keeps its answers in $HOME/.puppeth and would go on from those of last time.
  const home = await fs.mkdtemp(path.join(os.tmpdir(), "puppeth-"));
  try {
    const said = await typeInto(puppeth, ["--network", NETWORK], home, lines);
    // It always exits 1, for the end of its input: what counts is the file.
    const written = await fs.readFile(path.join(home, `${NETWORK}.json`), "utf8").catch((cause: unknown) => {
      throw new Error(`puppeth exported no genesis. Its last words:\n${said.slice(-2000)}`, { cause });
    });
    return JSON.parse(written) as Genesis;
  } finally {
    await fs.rm(home, { recursive: true, force: true });
  }
}

/** puppeth's genesis with the one change we make to it in the file. */
export async function makeGenesis(puppeth: string, request: GenesisRequest): Promise<Genesis> {
  return { ...(await runPuppeth(puppeth, request)), gasLimit: GAS_LIMIT };
}

/** Runs a program in `home`, types the lines, and resolves with all that it said once it has ended. */
function typeInto(program: string, args: string[], home: string, lines: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: home,
      env: { ...process.env, HOME: home },
      stdio: ["pipe", "pipe", "pipe"],
    });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.on("error", reject);
    child.on("close", () => resolve(said));
    // A puppeth that ends early closes its input; what it said tells more than EPIPE does.
    child.stdin.on("error", (error) => {
      said += `\n(its input closed: ${error.message})`;
    });
    child.stdin.end(`${lines.join("\n")}\n`);
  });
}
