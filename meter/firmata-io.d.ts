/** The part of firmata-io 2.3.0 that board.ts uses; the package has no types of its own. */
declare module "firmata-io" {
  import type { EventEmitter } from "node:events";

  export interface FirmataOptions {
    /** ms to wait for the banner before asking for it. */
    reportVersionTimeout?: number;
    /** ms between two samples of the analog pins, ≥ 10. */
    samplingInterval?: number;
  }

  /** What Firmata needs of a serial port: `write`, and the events `open`, `data`, `close`, `error`. */
  export interface FirmataTransport extends EventEmitter {
    write(bytes: Buffer, written: () => void): void;
  }

  export class Firmata extends EventEmitter {
    constructor(transport: FirmataTransport, options: FirmataOptions);
    readonly isReady: boolean;
    readonly firmware: { name?: string; version?: { major: number; minor: number } };
    readonly pins: { mode?: number; state?: number; value: number }[];
    /** Bytes of a message not complete yet. */
    readonly buffer: number[];
    readonly reportVersionTimeoutId: NodeJS.Timeout;
    analogRead(channel: number, listener: (counts: number) => void): void;
    reportVersion(answered: () => void): void;
    /** Sends `message` between the marks of a sysex. */
    sysexCommand(message: number[]): void;
  }
}
