/** What the sessions of one embedded engine share. */
import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { SqliteConnection } from "./connection.ts";
import { isBusy, lockWaitTimeout } from "./errors.ts";
import { createFingerprintTable, lastWriter } from "./fingerprint.ts";
import type { TableModel } from "./schema_model.ts";
import { AutoIncrement } from "./schema_auto_increment.ts";
import { tableSchema } from "./schema_port.ts";
import { Planner } from "./session_plan.ts";
import type { SqliteStore } from "./store.ts";
import { createViewTable } from "./views.ts";
import { type LockWait, WriteLock } from "./write_lock.ts";

export interface CoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly database: string;
  readonly lockWaitMs: number;
  readonly interrupts?: () => number;
}

/** Between two attempts to begin while another process writes. */
const BUSY_PAUSE_MS = 5;

export class EngineCore {
  readonly store: SqliteStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly database: string;
  readonly lock: WriteLock;
  readonly planner: Planner;
  readonly autoIncrement = new AutoIncrement();
  readonly interrupts?: () => number;
  readonly #lockWaitMs: number;
  readonly #hashes = new WeakMap<TableModel, string>();
  #writer: bigint;

  constructor(store: SqliteStore, options: CoreOptions) {
    const { clock, random, database, lockWaitMs, interrupts } = options;
    if (interrupts !== undefined) this.interrupts = interrupts;
    this.store = store;
    this.clock = clock;
    this.random = random;
    this.database = database;
    this.lock = new WriteLock(clock, lockWaitMs);
    this.planner = new Planner(database);
    this.#lockWaitMs = lockWaitMs;
    createFingerprintTable(store.writer);
    createViewTable(store.writer);
    this.#writer = lastWriter(store.writer);
  }

  /** Waits for the right to write, and begins a transaction on the writer. */
  async begin(shared: boolean, wait: LockWait): Promise<void> {
    if (!this.lock.take()) await this.lock.acquire(wait);
    try {
      await this.#begin(shared, wait);
    } catch (error) {
      this.lock.release();
      throw error;
    }
    this.store.writer.state.writer = ++this.#writer;
  }

  /** Another process that writes is asked again and again: SQLite tells nobody when it is done. */
  async #begin(shared: boolean, { deadline, signal }: LockWait): Promise<void> {
    const until = Math.min(deadline, this.clock.now() + this.#lockWaitMs);
    for (;;) {
      try {
        return this.store.begin(shared);
      } catch (error) {
        if (!isBusy(error) && !isLockWait(error)) throw error;
        if (this.clock.now() >= until) throw lockWaitTimeout();
      }
      await this.clock.sleep(BUSY_PAUSE_MS, signal);
    }
  }

  /** Commits what `begin` began, and lets the next one write. */
  commit(): void {
    try {
      this.store.commit();
    } catch (error) {
      this.#undo();
      throw error;
    } finally {
      this.lock.release();
    }
  }

  rollback(): void {
    try {
      this.#undo();
    } finally {
      this.lock.release();
    }
  }

  #undo(): void {
    // After a full disk SQLite has rolled back by itself.
    if (this.store.writer.isInTransaction) this.store.rollback();
    else this.store.makeWay();
  }

  /** A number for the transaction of a statement that makes its own. */
  nextWriter(): void {
    this.store.writer.state.writer = ++this.#writer;
  }

  /** The hash of a table's schema. */
  hashOf(table: TableModel): string {
    let hash = this.#hashes.get(table);
    if (hash === undefined) {
      ({ hash } = tableSchema(table, 1n));
      this.#hashes.set(table, hash);
    }
    return hash;
  }

  nextId(connection: SqliteConnection, table: TableModel): bigint {
    return this.autoIncrement.next(connection.runner, table);
  }
}

function isLockWait(error: unknown): boolean {
  return (error as { readonly errno?: number }).errno === 1205;
}
