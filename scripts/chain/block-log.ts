/**
 * What is kept of the embedded chain: one line for each sealed block, with all that is needed to seal it again. anvil
 * is deterministic: from one genesis, the same transactions in the same order at the same times give the same blocks,
 * hash for hash. A line is on the disk before anybody hears of its block, so that no end, the machine's power included,
 * takes back what somebody has seen.
 *
 * A line is JSON and, behind a space, the CRC-32 of that JSON in hex. The first one is a header.
 */
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";

const FORMAT = 1;
const MEND =
  "Nothing was changed. Put back a copy of the file if you have one, or forget this chain and begin anew: npm run reset";

export interface LogHeader {
  /** Hash of block 0. */
  genesis: string;
  /** The version that sealed the blocks. */
  anvil: string;
}

export interface LoggedBlock {
  number: number;
  /** Unix seconds. */
  timestampS: number;
  hash: string;
  /** Signed, as they were sent, in the block's order. */
  transactions: string[];
}

/** The file cannot be used; the message names the line and the mend. */
export class BlockLogError extends Error {
  override name = "BlockLogError";
  constructor(file: string, line: number | null, what: string, cause?: unknown) {
    super(`${file}${line === null ? "" : ` line ${line}`}: ${what}. ${MEND}`, { cause });
  }
}

/** A block could not be written; what was written before it is kept. */
export class NotLoggedError extends Error {
  override name = "NotLoggedError";
}

export interface OpenedLog {
  log: BlockLog;
  header: LogHeader;
  blocks: LoggedBlock[];
  /** Bytes of a last line that was being written when the power went, cut off: nobody had seen its block. */
  cutBytes: number;
}

export class BlockLog {
  private constructor(
    readonly file: string,
    private readonly handle: FileHandle,
    private bytes: number,
  ) {}

  /**
   * Opens the log, or begins one.
   * @throws BlockLogError when a line other than an unfinished last one is damaged, or another genesis is in it
   */
  static async open(file: string, ours: LogHeader): Promise<OpenedLog> {
    let content = readIfThere(file);
    if (content === null) {
      content = Buffer.from(lineOf({ format: FORMAT, ...ours }));
      writeWhole(file, content);
    }
    const { header, blocks, wholeBytes } = parse(file, content);
    if (header.genesis !== ours.genesis) {
      const what = `it was begun from another genesis (${header.genesis}) than geth/genesis.json (${ours.genesis})`;
      throw new BlockLogError(file, 1, what);
    }
    const cutBytes = content.length - wholeBytes;
    if (cutBytes > 0) truncateSync(file, wholeBytes);
    const handle = await open(file, "a");
    return { log: new BlockLog(file, handle, wholeBytes), header, blocks, cutBytes };
  }

  /**
   * Resolves when the block is on the disk.
   * @throws NotLoggedError, with the file as it was before
   */
  async append(block: LoggedBlock): Promise<void> {
    const { number, timestampS, hash, transactions } = block;
    const line = Buffer.from(lineOf({ number, timestampS, hash, transactions }));
    try {
      await this.handle.appendFile(line);
      await this.handle.datasync();
      this.bytes += line.length;
    } catch (cause) {
      // So that nobody has to wonder about half a line. A disk that refuses this too leaves it there, and that is no
      // harm: the next start cuts half a line off, and a whole one is a block that nobody has seen yet.
      await this.handle.truncate(this.bytes).catch(() => {});
      throw new NotLoggedError(
        `${describeWriteError(cause)}: block ${number} could not be written into ${this.file}, and is taken back. ` +
          `All ${number - 1} blocks before it are kept`,
        { cause },
      );
    }
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

function describeWriteError(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") return "The disk is full";
  return code === "EFBIG" ? "The file may not grow any further" : message;
}

const lineOf = (value: object): string => {
  const text = JSON.stringify(value);
  return `${text} ${checksum(text)}\n`;
};
const checksum = (text: string): string => crc32(text).toString(16).padStart(8, "0");

function readIfThere(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return null;
    const what = `${file} cannot be read (${message}): it must be a file, and this user must be allowed to read it`;
    throw new Error(`${what}. Nothing was changed.`, { cause: error });
  }
}

/** Under another name, then renamed, and both on the disk: the file is whole or not there. */
function writeWhole(file: string, content: Buffer): void {
  const temporary = `${file}.new`;
  writeFileSync(temporary, content, { flush: true });
  renameSync(temporary, file);
  // Windows opens no folder.
  if (process.platform === "win32") return;
  const folder = openSync(dirname(file), "r");
  fsyncSync(folder);
  closeSync(folder);
}

function parse(
  file: string,
  content: Buffer,
): { header: LogHeader; blocks: LoggedBlock[]; wholeBytes: number } {
  const wholeBytes = content.length - unfinishedBytes(content);
  const lines = content.subarray(0, wholeBytes).toString("utf8").split("\n").slice(0, -1);
  if (lines.length === 0)
    throw new BlockLogError(file, null, "the file is there, but without a single whole line");
  const [first, ...rest] = lines as [string, ...string[]];
  const header = readLine(file, 1, first) as LogHeader & { format?: unknown };
  if (header.format !== FORMAT)
    throw new BlockLogError(file, 1, `format ${header.format} is not known here (${FORMAT} is)`);
  const blocks = rest.map((line, i) => readLine(file, i + 2, line) as LoggedBlock);
  for (const [i, block] of blocks.entries()) {
    if (block.number !== i + 1)
      throw new BlockLogError(file, i + 2, `block ${block.number} stands where block ${i + 1} should`);
  }
  return { header, blocks, wholeBytes };
}

/** A write that the power interrupted leaves a beginning of its line, or zeros where the disk was not reached. */
function unfinishedBytes(content: Buffer): number {
  const lastLineFrom = content.lastIndexOf("\n", Math.max(0, content.length - 2)) + 1;
  const last = content.subarray(lastLineFrom);
  const isWhole = last.length === 0 || (last.at(-1) === 0x0a && !last.includes(0));
  return isWhole ? 0 : last.length;
}

function readLine(file: string, line: number, text: string): unknown {
  const [, json, sum] = /^(.*) ([0-9a-f]{8})$/.exec(text) ?? [];
  if (json === undefined || checksum(json) !== sum)
    throw new BlockLogError(file, line, "the line is damaged (its checksum does not fit)");
  return JSON.parse(json);
}
