/** Whether the code on a chain is what the compiler made. */

/** As far as Truffle's artifacts and the compiler's output agree on it. */
export interface CompiledCode {
  /** Runtime code, with zeros where the constructor writes immutable values. */
  deployedBytecode: string;
  immutableReferences?: Record<string, { start: number; length: number }[]> | undefined;
}

/** @param code runtime code on the chain, 0x-hex: compared without the immutable values */
export function isSameCode(code: string, { deployedBytecode, immutableReferences }: CompiledCode): boolean {
  const blank = (text: string) => {
    let rest = text.toLowerCase();
    for (const { start, length } of Object.values(immutableReferences ?? {}).flat()) {
      const from = 2 + 2 * start;
      rest = rest.slice(0, from) + "0".repeat(2 * length) + rest.slice(from + 2 * length);
    }
    return rest;
  };
  return blank(code) === blank(deployedBytecode);
}
