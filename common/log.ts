/** Short lines for people: `12:03:04.120 info  delivery: relay closed for trade 1000001`. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/**
 * @param write takes whole lines without their newline; lines below `level` never reach it.
 * A line break inside a message is escaped, so that nothing from outside can forge a line.
 */
export function createLog(level: LogLevel, write: (line: string) => void, nowMs: () => number): Log {
  const least = LOG_LEVELS.indexOf(level);
  const at = (name: LogLevel) => (message: string) => {
    if (LOG_LEVELS.indexOf(name) < least) return;
    const time = new Date(nowMs()).toISOString().slice(11, 23);
    write(`${time} ${name.padEnd(5)} ${message.replace(/\r?\n/g, "\\n")}`);
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** The same log with a part's name before each message. */
export function namedLog(log: Log, part: string): Log {
  return {
    debug: (message) => log.debug(`${part}: ${message}`),
    info: (message) => log.info(`${part}: ${message}`),
    warn: (message) => log.warn(`${part}: ${message}`),
    error: (message) => log.error(`${part}: ${message}`),
  };
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
