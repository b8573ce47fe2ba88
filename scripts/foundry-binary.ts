/** Programs of the Foundry project as npm brings them: one package for each platform, with the binary inside. */

export type FoundryProgram = "anvil" | "forge";

/**
 * Absolute path of the binary: started through npx, stopping it would leave a child.
 * @throws where there is none for this platform, naming the package
 */
export function foundryBinary(program: FoundryProgram): string {
  const platform = { linux: "linux", darwin: "darwin", win32: "win32" }[process.platform as string];
  const arch = { x64: "amd64", arm64: "arm64" }[process.arch as string];
  const name = `@foundry-rs/${program}-${platform}-${arch}`;
  try {
    return require.resolve(`${name}/bin/${program}${process.platform === "win32" ? ".exe" : ""}`);
  } catch (cause) {
    throw new Error(`no ${program} for ${process.platform} ${process.arch} (npm package ${name})`, { cause });
  }
}
