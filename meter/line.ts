/** The seam below the board: a line of bytes to an Arduino, whatever is at its other end. */

/** What a line tells whoever opened it. */
export interface LineEvents {
  data(bytes: Uint8Array): void;
  /** The line is gone; nothing more will come. `reason` is plain English. Not called after `close()`. */
  closed(reason: string): void;
}

/** An open byte line to an Arduino. */
export interface Line {
  write(bytes: Uint8Array): void;
  /** Ends the line; safe to call twice. */
  close(): Promise<void>;
}

/** The way to an Arduino: opened once a connection, ended once for all. */
export interface Transport {
  /** As given: `serial:/dev/ttyACM0`. */
  readonly name: string;
  /** @throws Error in plain English that names the mend. */
  open(events: LineEvents): Promise<Line>;
  /** Lets go of everything that keeps the process alive. A later `open` starts anew. */
  end(): Promise<void>;
}
