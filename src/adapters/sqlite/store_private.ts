/** A copy of a database for one session, in memory: it may change it as it likes, and reads it alone. */
import { SqliteConnection } from "./connection.ts";
import type { Snapshot, SqliteStore } from "./store.ts";

const WHERE = "a copy of the database in memory";

export class PrivateStore implements SqliteStore {
  readonly where = WHERE;
  readonly writer: SqliteConnection;

  constructor(original: SqliteConnection) {
    this.writer = SqliteConnection.copyOf(original, WHERE);
    this.writer.registerSchemaFunctions();
  }

  /** Nobody else writes, so that what is there stays as it is. */
  snapshot(): Snapshot {
    return { connection: this.writer, onMove: null, release: () => {} };
  }

  begin(_shared: boolean): void {
    this.writer.run("BEGIN IMMEDIATE");
  }

  commit(): void {
    this.writer.run("COMMIT");
  }

  rollback(): void {
    this.writer.run("ROLLBACK");
  }

  makeDurable(): Promise<void> {
    return Promise.resolve();
  }

  makeWay(): void {}

  close(): void {
    this.writer.close();
  }
}
