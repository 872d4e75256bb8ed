/** Statements run in a session: each kind in its own way. */
import type { Rows, RunOptions } from "../../ports/engine.ts";
import { sqlError } from "../../protocol/errors.ts";
import type { Row, StatementResult } from "../../protocol/values.ts";
import { parseDdl } from "../../sql/ddl/parser.ts";
import type { SqliteConnection } from "./connection.ts";
import { executeDdl } from "./ddl.ts";
import type { DdlContext } from "./ddl_context.ts";
import { runDelete, runUpdate } from "./dml_change.ts";
import { runInsert } from "./dml_insert.ts";
import { DmlRun } from "./dml_run.ts";
import type { EngineCore } from "./engine_core.ts";
import { Facts, SlowQuery } from "./session_facts.ts";
import { refuseControl, runOther } from "./session_other.ts";
import { plainText, type Plan, type QueryPlan } from "./session_plan.ts";
import { BATCH_ROWS, BatchReader, type ReadView } from "./session_stream.ts";
import type { Transaction } from "./session_transaction.ts";
import { showStatement } from "./show.ts";
import { translateDefinition } from "./translate_definition.ts";
import { runViewStatement } from "./views.ts";

type ChangePlan = Exclude<Plan, QueryPlan>;

const NO_ROWS_RESULT: StatementResult = { affected: 0, insertId: null };

export class StatementRunner {
  readonly #core: EngineCore;
  readonly #transaction: Transaction;
  #lastInsertId = 0n;
  #rowCount = -1n;
  /** What SET foreign_key_checks said. */
  foreignKeyChecks = true;

  constructor(core: EngineCore, transaction: Transaction) {
    this.#core = core;
    this.#transaction = transaction;
  }

  facts(options: RunOptions): Facts {
    const session = { lastInsertId: this.#lastInsertId, rowCount: this.#rowCount };
    return new Facts(this.#core, session, options);
  }

  async run(sql: string, options: RunOptions): Promise<Rows> {
    refuseControl(sql);
    const facts = this.facts(options);
    const isInformation = /information_schema/i.test(sql);
    const plan = isInformation ? null : this.#core.planner.plan(this.#planning(), sql);
    if (plan === null) return await this.#other(plainText(sql), facts, options);
    if (plan.kind === "query") return await this.#query(sql, facts, options);
    return await this.#change(plan, facts, options);
  }

  /** The connection whose schema a statement is translated for. */
  #planning(): SqliteConnection {
    return this.#transaction.snapshot?.connection ?? this.#core.store.writer;
  }

  async #query(sql: string, facts: Facts, options: RunOptions): Promise<Rows> {
    const view = await this.#view(facts, options);
    try {
      const plan = this.#core.planner.plan(view.connection, sql);
      if (plan?.kind !== "query") throw sqlError(1064, "42000", "Not a query");
      const rows = await this.#rows(plan, view, facts);
      this.#rowCount = -1n;
      const { insertIdSet } = view.connection.state;
      if (insertIdSet !== null) this.#lastInsertId = insertIdSet;
      return { columns: plan.presenter.columns, rows, result: NO_ROWS_RESULT };
    } finally {
      if (view.owned) view.snapshot?.release();
    }
  }

  /** Where a query reads: its transaction, or what is committed. */
  async #view(facts: Facts, { signal }: RunOptions): Promise<ReadView> {
    const { snapshot, mode } = this.#transaction;
    if (snapshot !== null) return { connection: snapshot.connection, snapshot, owned: false };
    const { store, lock } = this.#core;
    if (mode === "write") {
      await this.#transaction.start({ deadline: facts.deadline, signal });
    } else if (lock.held) {
      const own = store.snapshot();
      return { connection: own.connection, snapshot: own, owned: true };
    }
    return { connection: store.writer, snapshot: null, owned: false };
  }

  /** Most queries are over at once. One that is not begins anew, bit by bit, so that others can run. */
  async #rows(plan: QueryPlan, view: ReadView, facts: Facts): Promise<readonly Row[]> {
    const { connection } = view;
    connection.state.begin(facts);
    facts.startTurn();
    try {
      const prepared = connection.prepared(plan.sql, plan.presenter.exact);
      return plan.presenter.present(connection.rowsOf(prepared, plan.values));
    } catch (error) {
      if (!(error instanceof SlowQuery)) throw error;
    } finally {
      facts.endTurns();
    }
    return await this.#slowRows(plan, view, facts);
  }

  async #slowRows(plan: QueryPlan, view: ReadView, facts: Facts): Promise<readonly Row[]> {
    const reader = new BatchReader(this.#core.clock, facts, plan, this.#quietView(view));
    const all: Row[] = [];
    try {
      for (;;) {
        const rows = await reader.next(BATCH_ROWS);
        if (rows.length === 0) return all;
        for (const row of rows) all.push(row);
      }
    } finally {
      reader.close();
    }
  }

  /** Outside a transaction, a view that nobody writes to while it is read. */
  #quietView(view: ReadView): ReadView {
    if (view.snapshot !== null) return { ...view, owned: false };
    if (this.#transaction.mode === "write") return view;
    const own = this.#core.store.snapshot();
    return { connection: own.connection, snapshot: own, owned: true };
  }

  async #change(plan: ChangePlan, facts: Facts, options: RunOptions): Promise<Rows> {
    if (this.#transaction.mode === "snapshot") throw readOnly();
    const wait = { deadline: facts.deadline, signal: options.signal };
    if (this.#transaction.mode === "write") {
      await this.#transaction.start(wait);
      return await this.#inTransaction(plan, facts, options);
    }
    const isLarge = mayBeLarge(plan);
    await this.#core.begin(isLarge, wait);
    try {
      const rows = await this.#changeRows(plan, facts, { ...options, mayPause: isLarge });
      this.#core.commit();
      return rows;
    } catch (error) {
      if (this.#core.store.writer.isInTransaction) this.#core.rollback();
      throw error;
    }
  }

  /** A statement that fails undoes itself and nothing else. */
  async #inTransaction(plan: ChangePlan, facts: Facts, options: RunOptions): Promise<Rows> {
    const { writer } = this.#core.store;
    writer.run("SAVEPOINT minisql_statement");
    try {
      const rows = await this.#changeRows(plan, facts, { ...options, mayPause: true });
      writer.run("RELEASE minisql_statement");
      return rows;
    } catch (error) {
      if (writer.isInTransaction) {
        writer.run("ROLLBACK TO minisql_statement");
        writer.run("RELEASE minisql_statement");
      }
      throw error;
    }
  }

  async #changeRows(
    plan: ChangePlan,
    facts: Facts,
    options: RunOptions & { readonly mayPause: boolean },
  ): Promise<Rows> {
    const { writer } = this.#core.store;
    const { context = {}, copying = false, signal, mayPause } = options;
    facts.strictDivision = !plan.ignore && !copying;
    writer.state.begin(facts);
    const run = new DmlRun({
      connection: writer,
      autoIncrement: this.#core.autoIncrement,
      database: this.#core.database,
      clock: this.#core.clock,
      facts,
      insertId: context.insertId === undefined ? null : BigInt(context.insertId),
      foreignKeyChecks: context.foreignKeyChecks ?? this.foreignKeyChecks,
      copying,
      mayPause,
      signal,
    }, plan.ignore);
    const result = await changeBy(run, plan);
    this.#lastInsertId = run.lastInsertId ?? writer.state.insertIdSet ?? this.#lastInsertId;
    this.#rowCount = BigInt(result.affected);
    return { columns: [], rows: [], result };
  }

  /** Statements that are neither queries nor changes of rows. */
  async #other(sql: string, facts: Facts, options: RunOptions): Promise<Rows> {
    const shown = await this.#shown(sql, facts, options);
    if (shown !== null) return shown;
    const definition = parseDdl(sql);
    const isView = definition === null && /^\s*(create|drop)\b/i.test(sql);
    if (definition === null && !isView) return runOther(sql, this);
    if (this.#transaction.mode === "snapshot") throw readOnly();
    // Definitions commit by themselves, and what was open before them.
    if (this.#transaction.mode === "write") this.#transaction.commit();
    const { lock, store } = this.#core;
    if (!lock.take()) await lock.acquire({ deadline: facts.deadline, signal: options.signal });
    try {
      store.makeWay();
      this.#core.nextWriter();
      store.writer.state.begin(facts);
      if (definition === null) return this.#definedView(sql);
      const context = this.#definitionContext(store.writer, facts, options);
      const { result } = executeDdl(context, definition);
      return { columns: [], rows: [], result };
    } finally {
      lock.release();
    }
  }

  #definedView(sql: string): Rows {
    const { writer } = this.#core.store;
    const isView = runViewStatement(writer, sql, this.#core.planner.lookup(writer));
    if (!isView) return runOther(sql, this);
    return { columns: [], rows: [], result: NO_ROWS_RESULT };
  }

  async #shown(sql: string, facts: Facts, options: RunOptions): Promise<Rows | null> {
    const view = await this.#view(facts, options);
    try {
      view.connection.state.begin(facts);
      return showStatement(this.#definitionContext(view.connection, facts, options), sql);
    } finally {
      if (view.owned) view.snapshot?.release();
    }
  }

  #definitionContext(
    connection: SqliteConnection,
    facts: Facts,
    { context = {} }: RunOptions,
  ): DdlContext {
    return {
      db: connection.runner,
      schemas: connection.schemas,
      autoIncrement: this.#core.autoIncrement,
      database: this.#core.database,
      foreignKeyChecks: context.foreignKeyChecks ?? this.foreignKeyChecks,
      nowMicros: facts.nowMicros,
      translate: translateDefinition(this.#core.database),
    };
  }

  get database(): string {
    return this.#core.database;
  }
}

async function changeBy(run: DmlRun, plan: ChangePlan): Promise<StatementResult> {
  switch (plan.kind) {
    case "insert":
      return await runInsert(run, plan);
    case "update":
      return await runUpdate(run, plan);
    case "delete":
      return await runDelete(run, plan);
  }
}

/** Statements on many rows let others read while they run. */
const SMALL_ROWS = 100;

function mayBeLarge(plan: ChangePlan): boolean {
  if (plan.kind !== "insert") return !/\._rowid_ = \?/.test(plan.sql);
  return plan.source.kind === "select" || plan.source.rows.length > SMALL_ROWS;
}

function readOnly(): Error {
  return sqlError(1792, "25006", "Cannot execute statement in a READ ONLY transaction");
}
