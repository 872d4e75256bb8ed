/**
 * A database in memory. SQLite's shared cache would lock tables against readers, and its memory
 * file (`vfs=memdb`) lets nobody begin to read while a transaction writes, nor commit while anybody
 * reads. It does let a reader that began before go on. So a second connection stands by: it begins
 * to read just before a transaction starts to write, and everybody reads through it until that
 * commits. Whoever wants to go on reading the old state after the commit is moved to a copy, made
 * then and not before. Nothing of this touches a disk.
 *
 * The permission to read and write files is asked for under the name `file:/minisql_…`.
 */
import { invariant } from "../../base/assert.ts";
import { SqliteConnection } from "./connection.ts";
import type { Snapshot, SqliteStore } from "./store.ts";
import { createSchemaTable } from "./schema.ts";

const WHERE = "the database in memory";

class MemorySnapshot implements Snapshot {
  readonly #store: MemoryStore;
  connection: SqliteConnection;
  onMove: (() => void) | null = null;

  constructor(store: MemoryStore, connection: SqliteConnection) {
    this.#store = store;
    this.connection = connection;
  }

  release(): void {
    this.#store.release(this);
  }
}

export class MemoryStore implements SqliteStore {
  readonly where = WHERE;
  readonly writer: SqliteConnection;
  readonly #location: string;
  #reader: SqliteConnection | null = null;
  /** The reader has begun to read, and holds the state that is committed now. */
  #pinned = false;
  readonly #open = new Set<MemorySnapshot>();
  /** Old states that someone still reads, and by how many. */
  readonly #copies = new Map<SqliteConnection, number>();

  /** `name` must not be that of another database of this process. */
  constructor(name: string) {
    this.#location = `file:/minisql_${name}?vfs=memdb`;
    this.writer = new SqliteConnection(this.#location, WHERE);
    // A page written out before the commit would need the lock that readers hold.
    this.writer.exec("PRAGMA cache_spill = OFF");
    createSchemaTable(this.writer.runner);
  }

  snapshot(): Snapshot {
    this.#pin();
    invariant(this.#reader !== null, "There is no reader after it was pinned");
    const snapshot = new MemorySnapshot(this, this.#reader);
    this.#open.add(snapshot);
    return snapshot;
  }

  begin(shared: boolean): void {
    if (shared) this.#pin();
    this.writer.run("BEGIN IMMEDIATE");
  }

  commit(): void {
    this.makeWay();
    this.writer.run("COMMIT");
  }

  rollback(): void {
    this.writer.run("ROLLBACK");
    if (this.#open.size === 0) this.#unpin();
  }

  makeDurable(): Promise<void> {
    return Promise.resolve();
  }

  makeWay(): void {
    if (this.#open.size > 0) this.#moveToCopy();
    this.#unpin();
  }

  /** Makes the reader hold what is committed now. Nothing uncommitted may be there yet. */
  #pin(): void {
    if (this.#pinned) return;
    this.#reader ??= new SqliteConnection(this.#location, WHERE);
    this.#reader.run("BEGIN");
    this.#reader.all("SELECT 1 FROM sqlite_schema LIMIT 1");
    this.#pinned = true;
  }

  #unpin(): void {
    if (!this.#pinned) return;
    this.#reader?.run("ROLLBACK");
    this.#pinned = false;
  }

  #moveToCopy(): void {
    invariant(this.#reader !== null, "There are readers without a reader");
    for (const snapshot of this.#open) snapshot.onMove?.();
    const copy = SqliteConnection.copyOf(this.#reader, WHERE);
    for (const snapshot of this.#open) snapshot.connection = copy;
    this.#copies.set(copy, this.#open.size);
    this.#open.clear();
  }

  /** For snapshots alone. */
  release(snapshot: MemorySnapshot): void {
    const readers = this.#copies.get(snapshot.connection);
    if (readers === undefined) {
      const wasOpen = this.#open.delete(snapshot);
      if (wasOpen && this.#open.size === 0 && !this.writer.isInTransaction) this.#unpin();
    } else if (readers > 1) this.#copies.set(snapshot.connection, readers - 1);
    else {
      this.#copies.delete(snapshot.connection);
      snapshot.connection.close();
    }
  }

  close(): void {
    for (const copy of this.#copies.keys()) copy.close();
    this.#reader?.close();
    this.writer.close();
  }
}
