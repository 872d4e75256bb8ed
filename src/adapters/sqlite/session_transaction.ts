/** The transaction of a session, and its savepoints. */
import type { TransactionMode } from "../../ports/engine.ts";
import { sqlError } from "../../protocol/errors.ts";
import type { EngineCore } from "./engine_core.ts";
import type { Snapshot } from "./store.ts";
import type { LockWait } from "./write_lock.ts";
import { quotedName } from "./translate_value.ts";

export class Transaction {
  readonly #core: EngineCore;
  #mode: TransactionMode | null = null;
  #snapshot: Snapshot | null = null;
  /** The writer is inside this transaction, and the write lock is its own. */
  #isWriting = false;
  /** Names by age; each stands in SQLite under a name of its own. */
  #savepoints: { readonly name: string; readonly sql: string }[] = [];
  #made = 0;

  constructor(core: EngineCore) {
    this.#core = core;
  }

  get mode(): TransactionMode | null {
    return this.#mode;
  }

  get snapshot(): Snapshot | null {
    return this.#snapshot;
  }

  get isWriting(): boolean {
    return this.#isWriting;
  }

  /** A snapshot is taken at once; the lock to write only with the first statement. */
  begin(mode: TransactionMode): void {
    if (mode === "snapshot") this.#snapshot = this.#core.store.snapshot();
    this.#mode = mode;
  }

  /** Makes sure that the writer is inside this transaction. */
  async start(wait: LockWait): Promise<void> {
    if (this.#isWriting) return;
    await this.#core.begin(true, wait);
    this.#isWriting = true;
    this.#savepoints = [];
  }

  commit(): void {
    const isWriting = this.#isWriting;
    this.#end();
    if (isWriting) this.#core.commit();
  }

  rollback(): void {
    const isWriting = this.#isWriting;
    this.#end();
    if (isWriting) this.#core.rollback();
  }

  #end(): void {
    this.#snapshot?.release();
    this.#snapshot = null;
    this.#mode = null;
    this.#isWriting = false;
    this.#savepoints = [];
  }

  /** A name that is set again moves: the old savepoint of that name is no more. */
  savepoint(name: string): void {
    const sql = quotedName(`minisql_save_${++this.#made}`);
    this.#core.store.writer.run(`SAVEPOINT ${sql}`);
    this.#savepoints = this.#savepoints.filter((each) => !isSame(each.name, name));
    this.#savepoints.push({ name, sql });
  }

  /** Undoes what came after it; it stays, and those set after it go. */
  rollbackTo(name: string): void {
    const at = this.#find(name);
    this.#core.store.writer.run(`ROLLBACK TO ${this.#savepoints[at]?.sql}`);
    this.#savepoints.length = at + 1;
  }

  release(name: string): void {
    const at = this.#find(name);
    this.#core.store.writer.run(`RELEASE ${this.#savepoints[at]?.sql}`);
    this.#savepoints.length = at;
  }

  #find(name: string): number {
    const at = this.#savepoints.findIndex((each) => isSame(each.name, name));
    if (at >= 0) return at;
    throw sqlError(1305, "42000", `SAVEPOINT ${name} does not exist`);
  }
}

/** Names of savepoints do not differ by case. */
function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
