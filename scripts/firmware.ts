/**
 * `npm run firmware`: builds the meter's firmware with avr-gcc into build/firmware and says whether it equals the hex
 * in the repository; with `-- --update` it becomes that hex, with its hash and its compiler beside it.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(__dirname, "..");
const SOURCES = join(ROOT, "meter", "firmware");
export const COMMITTED_HEX = join(SOURCES, "neighborwatt.hex");
const HASH_FILE = `${COMMITTED_HEX}.sha256`;

const FLAGS = [
  ["-mmcu=atmega328p", "-DF_CPU=16000000UL", "-Os", "-std=gnu++11", "-Wall", "-Wextra", "-Werror"],
  ["-ffunction-sections", "-Wl,--gc-sections"],
].flat();

/** "avr-gcc (GCC) 5.4.0, avr-libc 2.0.0"; null where they are not installed. */
export function avrCompiler(): string | null {
  try {
    const gcc = execFileSync("avr-g++", ["--version"], { encoding: "utf8" }).split("\n")[0]!;
    const libc = preprocess("#include <avr/version.h>\n__AVR_LIBC_VERSION_STRING__\n")
      .trim()
      .split("\n")
      .at(-1)!;
    return `${gcc.replace("avr-g++", "avr-gcc")}, avr-libc ${libc.replaceAll('"', "")}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

const preprocess = (source: string): string =>
  execFileSync("avr-g++", ["-mmcu=atmega328p", "-E", "-P", "-x", "c++", "-"], {
    input: source,
    encoding: "utf8",
  });

/** What the committed hex was built with, as `avrCompiler` says it. */
export const committedCompiler = (): string =>
  readFileSync(HASH_FILE, "utf8").split("\n")[1]!.replace(/^# /, "");

/**
 * Builds into `folder`. @returns the hex
 * @throws Error with the compiler's words
 */
export function buildFirmware(folder: string): Buffer {
  mkdirSync(folder, { recursive: true });
  const [elf, hex] = [join(folder, "neighborwatt.elf"), join(folder, "neighborwatt.hex")];
  // Relative to the sources, so that no path of this machine can get into the output.
  const sources = ["main.cpp", "-x", "c++", join("neighborwatt", "neighborwatt.ino")];
  execFileSync("avr-g++", [...FLAGS, "-o", elf, ...sources], { cwd: SOURCES });
  execFileSync("avr-objcopy", ["-O", "ihex", "-R", ".eeprom", elf, hex]);
  return readFileSync(hex);
}

function main(): void {
  const compiler = avrCompiler();
  if (compiler === null)
    throw new Error("avr-gcc is missing: install gcc-avr and avr-libc (`apt-get install gcc-avr avr-libc`)");
  const hex = buildFirmware(join(ROOT, "build", "firmware"));
  console.log(`build/firmware/neighborwatt.hex, built with ${compiler}`);
  if (process.argv.includes("--update")) {
    writeFileSync(COMMITTED_HEX, hex);
    const sha256 = createHash("sha256").update(hex).digest("hex");
    writeFileSync(HASH_FILE, `${sha256}  neighborwatt.hex\n# ${compiler}\n`);
    console.log(`meter/firmware/neighborwatt.hex is this one now, sha256 ${sha256}`);
  } else if (hex.equals(readFileSync(COMMITTED_HEX))) console.log("equal to meter/firmware/neighborwatt.hex");
  else {
    console.log(
      `not equal to meter/firmware/neighborwatt.hex, which was built with ${committedCompiler()}: \`npm run firmware -- --update\` takes this one`,
    );
    process.exitCode = 1;
  }
}

if (require.main === module)
  try {
    main();
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
