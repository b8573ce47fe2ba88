/** One SQLite file: the chain's facts (`ledger`), what must outlive a crash (`journal`), and the samples (`history`). */

import { type Log, messageOf } from "../../common/log";
import type { Service } from "../../common/service";
import { type OpenDatabase, openDatabase } from "./database";
import { History } from "./history";
import { Journal } from "./journal";
import { Ledger } from "./ledger";
import { createSettlements, type Settlements } from "./settlements";

export class Store implements Service {
  readonly ledger: Ledger;
  readonly journal: Journal;
  readonly history: History;
  readonly settlements: Settlements;

  private constructor(
    private readonly database: OpenDatabase,
    log: Log,
  ) {
    const { db } = database;
    this.ledger = new Ledger(db);
    this.journal = new Journal(db);
    this.history = new History(db);
    this.settlements = createSettlements(this.ledger, this.journal, log);
  }

  /** @throws StoreError when the folder is in use, damaged, or of a newer version. */
  static open(dataDir: string, log: Log): Store {
    const database = openDatabase(dataDir);
    try {
      return new Store(database, log);
    } catch (error) {
      // The folder is nobody's again; what went wrong first is told.
      try {
        database.close();
      } catch (another) {
        log.debug(`closing the store: ${messageOf(another)}`);
      }
      throw error;
    }
  }

  /** Everything `work` writes is stored together or not at all. */
  commit(work: () => void): void {
    this.database.db.transaction(work);
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    this.database.close();
  }
}
