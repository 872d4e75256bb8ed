/**
 * A database and its connections: one that writes, and views of what is committed. Two kinds keep
 * the same promises: a file, and a database in memory.
 */
import type { SqliteConnection } from "./connection.ts";

/** The committed state at one moment. It stays as it is until it is released. */
export interface Snapshot {
  /** What to read from. It may be another one after a commit, so ask each time. */
  readonly connection: SqliteConnection;
  /**
   * Called when the connection is about to be another one: rows that are still being read from it
   * must be taken out now.
   */
  onMove: (() => void) | null;
  release(): void;
}

export interface SqliteStore {
  /** What errors call the database. */
  readonly where: string;
  /** Statements run on it one after the other; those that write hold the write lock. */
  readonly writer: SqliteConnection;

  snapshot(): Snapshot;

  /**
   * Begins a transaction on the writer. With `shared`, others can read what is committed while it
   * is open; without, nothing else may run until it ends. Raises `isBusy` errors where another
   * process writes.
   */
  begin(shared: boolean): void;

  /** Commits; whoever reads goes on reading what was committed before. */
  commit(): void;
  rollback(): void;

  /** What is committed is on disk once this resolves, where there is a disk. */
  makeDurable(): Promise<void>;

  /** Something is about to commit on the writer by itself. */
  makeWay(): void;

  close(): void;
}
