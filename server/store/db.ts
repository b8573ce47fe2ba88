/** The database as the store uses it: each statement, each read included, explains what goes wrong. */
import type Database from "libsql";
import { ZodError, z } from "zod";
import { damaged, explain, StoreError } from "./failures";

export type RawDatabase = Database.Database;
type Values = (string | number | null)[];

export interface Statement {
  run(...values: Values): { changes: number };
  get(...values: Values): unknown;
  all(...values: Values): unknown[];
}

export class Db {
  constructor(
    private readonly raw: RawDatabase,
    private readonly file: string,
  ) {}

  prepare(sql: string): Statement {
    const statement = this.told(() => this.raw.prepare(sql));
    return {
      run: (...values) => this.told(() => statement.run(...values)),
      get: (...values) => this.told(() => statement.get(...values)),
      all: (...values) => this.told(() => statement.all(...values)),
    };
  }

  exec(sql: string): void {
    this.told(() => this.raw.exec(sql));
  }

  pragma(text: string): unknown {
    return this.told(() => this.raw.pragma(text));
  }

  /** The number of the newest migration; 0 in a file that holds nothing. */
  userVersion(): number {
    return (this.pragma("user_version") as { user_version: number }[])[0]!.user_version;
  }

  /**
   * Everything `work` writes is stored together or not at all. (libsql's own `transaction` rolls back what SQLite has
   * rolled back already when the disk is full, and tells of that.)
   */
  transaction(work: () => void): void {
    this.exec("BEGIN");
    try {
      work();
      this.exec("COMMIT");
    } catch (error) {
      this.rollBack(error);
      throw error;
    }
  }

  /** Reads what this program itself has written, in its own words. @throws StoreError where that makes no sense */
  decode<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof ZodError) throw damaged(this.file, z.prettifyError(error));
      if (error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError)
        throw damaged(this.file, error.message);
      throw error;
    }
  }

  close(): void {
    this.told(() => this.raw.close());
  }

  private rollBack(cause: unknown): void {
    if (!this.raw.inTransaction) return;
    try {
      this.raw.exec("ROLLBACK");
    } catch (error) {
      const words = cause instanceof Error ? cause.message : String(cause);
      throw new StoreError(`${words} (and rolling back failed: ${(error as Error).message})`, { cause });
    }
  }

  private told<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw explain(error, this.file);
    }
  }
}
