/**
 * Contracts refuse with custom errors, and Truffle knows only Solidity's own: it prints "Custom error (could not
 * decode)", below it twenty lines of its own stack. Here such an error gets its name and values, as
 * `OfferNotOpen(offerId: 99)`: for Truffle's networks by `namingRefusals`, for its console by `printErrorsInOneLine`.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import repl from "node:repl";
import { type InspectOptions, types } from "node:util";
import { decodeParameters, encodeFunctionSignature, encodeParameter } from "web3-eth-abi";
import { revertData } from "../common/revert-data";

interface ErrorEntry {
  type: string;
  name: string;
  inputs: { name: string; type: string }[];
}

/** Selector of `Error(string)`, the one form of a refusal that Truffle can read. */
const ERROR_STRING = "0x08c379a0";
const COULD_NOT_DECODE = "Custom error (could not decode)";

/** Names the custom errors of the contracts that are compiled in `artifactsDir`: ours, and any that are added. */
export class Refusals {
  private known: Map<string, ErrorEntry> | undefined;
  constructor(private readonly artifactsDir: string) {}

  /** The refusal by name and values, or as the contract said it; null when no contract refused, or one unknown here. */
  nameOf(failure: unknown): string | null {
    const data = revertData(failure);
    if (data === null) return null;
    try {
      if (data.startsWith(ERROR_STRING))
        return String(decodeParameters(["string"], `0x${data.slice(10)}`)[0]);
      const entry = this.entries().get(data.slice(0, 10));
      if (!entry) return null;
      const values: Record<number, unknown> =
        entry.inputs.length > 0 ? decodeParameters(entry.inputs, `0x${data.slice(10)}`) : {};
      const named = entry.inputs.map(({ name }, i) => `${name || i}: ${String(values[i])}`);
      return `${entry.name}(${named.join(", ")})`;
    } catch (error) {
      // Another contract's error can have the same selector, and other values behind it.
      if (error instanceof Error) return null;
      throw error;
    }
  }

  /** Read when the first call is refused: Truffle may have compiled since it was started. */
  private entries(): Map<string, ErrorEntry> {
    this.known ??= new Map(
      artifactsIn(this.artifactsDir)
        .flatMap(({ abi }) => abi)
        .filter(({ type }) => type === "error")
        .map((entry) => [
          encodeFunctionSignature(`${entry.name}(${entry.inputs.map(({ type }) => type)})`),
          entry,
        ]),
    );
    return this.known;
  }
}

function artifactsIn(folder: string): { abi: ErrorEntry[] }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")));
}

type Answer = { error?: { message?: string; data?: unknown } } | null | undefined;
type Callback = (error: unknown, answer?: Answer) => void;
interface CallbackProvider {
  send(payload: object, callback: Callback): void;
  sendAsync(payload: object, callback: Callback): void;
}

/**
 * The same provider, whose failures name the error that a contract refused with: in their message, and in their data
 * as an `Error(string)`. Everything else passes as it is.
 */
export function namingRefusals<Provider extends object>(provider: Provider, refusals: Refusals): Provider {
  const target = provider as unknown as CallbackProvider;
  for (const method of ["send", "sendAsync"] as const) {
    const original = target[method].bind(target);
    target[method] = (payload, callback) =>
      original(payload, (failure, answer) => {
        const name = refusals.nameOf(failure ?? answer?.error);
        if (name === null) return callback(failure, answer);
        const told = {
          message: `refused: ${name}`,
          data: ERROR_STRING + encodeParameter("string", name).slice(2),
        };
        // A transaction that was sealed and failed is called again by Truffle, which then looks at the answer only.
        const named = { ...answer, error: { code: 3, ...answer?.error, ...told } };
        callback(failure && Object.assign(failure, told), named);
      });
  }
  return provider;
}

/** What the console shows of an error: one line. Its stack is Truffle's own, and tells a reader nothing. */
export function describeError(error: Error, refusals: Refusals): string {
  const { reason, tx } = error as Error & { reason?: unknown; tx?: unknown };
  const name = refusals.nameOf(error);
  if (typeof tx === "string") {
    // Truffle has called it again to learn the reason.
    const why = typeof reason === "string" && reason !== COULD_NOT_DECODE ? ` with ${reason}` : "";
    return `Refused${why}: transaction ${tx} is sealed, and has failed`;
  }
  return name === null ? `${error.name}: ${error.message}` : `Refused: ${name}`;
}

/** For `truffle console` and `truffle develop`, before they begin. `_error.stack` has the stack, as in any REPL of Node. */
export function printErrorsInOneLine(refusals: Refusals): void {
  const writer = repl.writer as unknown as ((value: unknown) => string) & { options: InspectOptions };
  const oneLine = (value: unknown): string =>
    // The console's own errors are of another realm, and no `instanceof Error` here.
    types.isNativeError(value) ? describeError(value, refusals) : writer(value);
  // A REPL begins with this one unless it is told otherwise, and Truffle tells nothing.
  Object.assign(repl, { writer: Object.assign(oneLine, { options: writer.options }) });
}
