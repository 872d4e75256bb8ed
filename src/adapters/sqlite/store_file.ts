/**
 * A database in a file, with a write-ahead log: readers see what was committed when they began,
 * whoever writes. Another process may use the file too; it must know minisql's functions to write.
 */
import { SqliteConnection } from "./connection.ts";
import type { Snapshot, SqliteStore } from "./store.ts";
import { createSchemaTable } from "./schema.ts";

/**
 * `normal` may lose the last commits when the machine loses power, never consistency: enough where
 * a replication log stands behind. `full` loses nothing.
 */
export type Synchronous = "normal" | "full";

/** Readers kept open for the next snapshot. */
const IDLE_MAX = 4;

class FileSnapshot implements Snapshot {
  readonly connection: SqliteConnection;
  readonly #done: (connection: SqliteConnection) => void;
  onMove: (() => void) | null = null;
  #released = false;

  constructor(connection: SqliteConnection, done: (connection: SqliteConnection) => void) {
    this.connection = connection;
    this.#done = done;
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#done(this.connection);
  }
}

export class FileStore implements SqliteStore {
  readonly where: string;
  readonly writer: SqliteConnection;
  readonly #path: string;
  readonly #idle: SqliteConnection[] = [];
  readonly #used = new Set<SqliteConnection>();
  #closed = false;

  constructor(path: string, synchronous: Synchronous) {
    this.#path = path;
    this.where = path;
    this.writer = new SqliteConnection(path, path);
    this.writer.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}`);
    createSchemaTable(this.writer.runner);
    this.writer.registerSchemaFunctions();
  }

  snapshot(): Snapshot {
    const connection = this.#idle.pop() ?? new SqliteConnection(this.#path, this.#path);
    connection.run("BEGIN");
    connection.all("SELECT 1 FROM sqlite_schema LIMIT 1");
    this.#used.add(connection);
    return new FileSnapshot(connection, (used) => this.#giveBack(used));
  }

  #giveBack(connection: SqliteConnection): void {
    this.#used.delete(connection);
    connection.run("ROLLBACK");
    if (this.#closed || this.#idle.length >= IDLE_MAX) connection.close();
    else this.#idle.push(connection);
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

  /**
   * What is committed is in the write-ahead log, and what goes from there into the database SQLite
   * syncs itself. The database must not be opened here: to close it again would end SQLite's locks.
   */
  async makeDurable(): Promise<void> {
    try {
      using log = await Deno.open(`${this.#path}-wal`);
      await log.syncData();
    } catch (error) {
      // There is none as long as nothing was written to it.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  makeWay(): void {}

  close(): void {
    this.#closed = true;
    for (const connection of [...this.#idle, ...this.#used]) connection.close();
    this.writer.close();
  }
}
