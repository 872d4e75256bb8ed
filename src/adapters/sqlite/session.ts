/**
 * A session of the embedded engine. Statements run at once, one after the other, on the engine's
 * connections; a session is what they know of each other: its transaction, LAST_INSERT_ID().
 *
 * Where it cannot do as MySQL does: SQLite is not to be interrupted, so a statement ends at its
 * deadline when it next takes a row from a table, which it does often; one that computes long on a
 * single row ends after that. For the same reason an abort is seen between rows that a query gives,
 * and not while it gives none: then nothing is heard but what `interrupts` counts. A transaction that writes holds off all other writers until it ends.
 */
import { invariant } from "../../base/assert.ts";
import { Deferred } from "../../base/deferred.ts";
import type {
  EngineSession,
  Fingerprint,
  Flushed,
  KeyRange,
  Outcome,
  Rows,
  RowStream,
  RunAllOptions,
  RunOptions,
  Statement,
  StreamOptions,
  TransactionMode,
} from "../../ports/engine.ts";
import { MinisqlError, sqlError } from "../../protocol/errors.ts";
import { keptOf } from "../kept_of.ts";
import { flushAfter, runOneByOne } from "../run_in_turn.ts";
import type { SqliteConnection } from "./connection.ts";
import type { EngineCore } from "./engine_core.ts";
import { changedFingerprints, keptFingerprint } from "./fingerprint.ts";
import { countContent } from "./fingerprint_count.ts";
import { noSuchTable } from "./schema_errors.ts";
import { Facts } from "./session_facts.ts";
import { StatementRunner } from "./session_statement.ts";
import { BATCH_ROWS, BatchReader, type ReadView, SqliteRowStream } from "./session_stream.ts";
import { Transaction } from "./session_transaction.ts";
import { cancelled } from "./write_lock.ts";

/** How long a session waits for what is no statement: to commit, to set a savepoint. */
const CONTROL_MS = 60_000;

export class SqliteSession implements EngineSession {
  readonly #core: EngineCore;
  readonly #runner: StatementRunner;
  readonly #transaction: Transaction;
  readonly #closed: (session: SqliteSession) => void;
  #usable = true;
  readonly #ended = new Deferred<void>();

  /** `closed` is told when the session ends. */
  constructor(core: EngineCore, closed: (session: SqliteSession) => void) {
    this.#core = core;
    this.#closed = closed;
    this.#transaction = new Transaction(core);
    this.#runner = new StatementRunner(core, this.#transaction);
  }

  get usable(): boolean {
    return this.#usable;
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** There are no deadlocks here: whoever writes has the whole database. */
  get undone(): boolean {
    return false;
  }

  async run(sql: string, options: RunOptions): Promise<Rows> {
    this.#check();
    if (options.signal?.aborted) throw cancelled();
    return await this.#runner.run(sql, options);
  }

  async runAll(
    statements: readonly Statement[],
    options: RunAllOptions,
  ): Promise<readonly Outcome[]> {
    return await runOneByOne(this, this.#core.clock, statements, options);
  }

  async runAllAndFlush(
    statements: readonly Statement[],
    options: RunAllOptions,
  ): Promise<Flushed> {
    const outcomes = await this.runAll(statements, options);
    return await flushAfter(this, statements.length, outcomes, () => this.flushFingerprints());
  }

  stream(sql: string, options: StreamOptions): RowStream {
    const { batchRows = BATCH_ROWS, kept = [] } = options;
    return new SqliteRowStream(this.#open(sql, options), batchRows, () => keptOf(this, kept));
  }

  async #open(sql: string, options: RunOptions) {
    this.#check();
    if (options.signal?.aborted) throw cancelled();
    const facts = this.#runner.facts(options);
    const view = await this.#view(facts, options.signal);
    try {
      const plan = this.#core.planner.plan(view.connection, sql);
      if (plan?.kind !== "query") {
        throw new MinisqlError("BAD_REQUEST", "Cannot stream the statement: it is no query");
      }
      const reader = new BatchReader(this.#core.clock, facts, plan, view);
      this.#endAtDeadline(reader, facts);
      return { reader, columns: plan.presenter.columns };
    } catch (error) {
      if (view.owned) view.snapshot?.release();
      throw error;
    }
  }

  /** A stream that nobody reads must not hold on to its snapshot for ever. */
  #endAtDeadline(reader: BatchReader, facts: Facts): void {
    const leftMs = facts.deadline - this.#core.clock.now();
    const callOff = this.#core.clock.after(leftMs, () => reader.close());
    reader.onClose = callOff;
  }

  async #view(facts: Facts, signal: AbortSignal | undefined): Promise<ReadView> {
    const { snapshot } = this.#transaction;
    if (snapshot !== null) return { connection: snapshot.connection, snapshot, owned: false };
    if (this.#transaction.mode === "write") {
      await this.#transaction.start({ deadline: facts.deadline, signal });
      return { connection: this.#core.store.writer, snapshot: null, owned: false };
    }
    const own = this.#core.store.snapshot();
    return { connection: own.connection, snapshot: own, owned: true };
  }

  // deno-lint-ignore require-await -- a promise is what the port wants, and its rejections
  async begin(mode: TransactionMode): Promise<void> {
    this.#check();
    invariant(this.#transaction.mode === null, "A transaction is open already");
    this.#transaction.begin(mode);
  }

  async flushFingerprints(): Promise<ReadonlyMap<string, Fingerprint>> {
    this.#check();
    if (!this.#transaction.isWriting) return await Promise.resolve(new Map());
    const { writer } = this.#core.store;
    return changedFingerprints(writer, writer.state.writer);
  }

  async commit(books: readonly string[] = []): Promise<void> {
    for (const sql of books) await this.run(sql, { timeoutMs: CONTROL_MS });
    this.#check();
    this.#transaction.commit();
  }

  // deno-lint-ignore require-await -- see begin
  async rollback(): Promise<void> {
    this.#check();
    this.#transaction.rollback();
  }

  async savepoint(name: string): Promise<void> {
    await this.#control();
    this.#transaction.savepoint(name);
  }

  async rollbackTo(name: string): Promise<void> {
    await this.#control();
    this.#transaction.rollbackTo(name);
  }

  async release(name: string): Promise<void> {
    await this.#control();
    this.#transaction.release(name);
  }

  /** Savepoints stand in a transaction that has begun to write. */
  async #control(): Promise<void> {
    this.#check();
    if (this.#transaction.mode !== "write") throw noSavepoint();
    await this.#transaction.start({ deadline: this.#core.clock.now() + CONTROL_MS });
  }

  async fingerprint(table: string): Promise<Fingerprint | null> {
    return await this.#look((connection) => {
      const model = connection.schemas.table(table);
      return model === null ? null : keptFingerprint(connection, model);
    });
  }

  async #look<T>(read: (connection: SqliteConnection) => T): Promise<T> {
    this.#check();
    const facts = this.#runner.facts({ timeoutMs: CONTROL_MS });
    const view = await this.#view(facts, undefined);
    try {
      view.connection.state.begin(facts);
      return read(view.connection);
    } finally {
      if (view.owned) view.snapshot?.release();
    }
  }

  async recompute(
    table: string,
    options: RunOptions & { readonly range?: KeyRange },
  ): Promise<Fingerprint> {
    this.#check();
    const facts = this.#runner.facts(options);
    const view = await this.#view(facts, options.signal);
    try {
      const model = view.connection.schemas.table(table);
      if (model === null) throw noSuchTable(this.#core.database, table);
      return await countContent(this.#core, model, {
        facts,
        connection: () => view.snapshot?.connection ?? view.connection,
        range: options.range ?? null,
      });
    } finally {
      if (view.owned) view.snapshot?.release();
    }
  }

  #check(): void {
    if (!this.#usable) {
      throw new MinisqlError("UNAVAILABLE", "Cannot use the session: it is closed");
    }
  }

  // deno-lint-ignore require-await -- see begin
  async close(): Promise<void> {
    if (!this.#usable) return;
    this.#usable = false;
    this.#transaction.rollback();
    this.#closed(this);
    this.#ended.resolve();
  }
}

function noSavepoint(): MinisqlError {
  return sqlError(1305, "42000", "SAVEPOINT does not exist");
}
