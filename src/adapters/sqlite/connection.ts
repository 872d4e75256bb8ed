/** One connection to SQLite: statements kept prepared, functions known as they are needed. */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { convertError, missingFunction } from "./errors.ts";
import { registerFunction } from "./functions_registry.ts";
import type { SqlValue } from "./functions_spec.ts";
import { FunctionState } from "./functions_state.ts";
import type { RowTable } from "./dml_table.ts";
import { type Runner, SchemaStore } from "./schema.ts";
import type { TableModel } from "./schema_model.ts";
import { registerTypeFunctions } from "./types_functions.ts";

/** Statements a connection keeps prepared. Preparing one costs some 20 us. */
const STATEMENTS_MAX = 400;

/** Where a database's first bytes say how it is written, and what says that it is without a log. */
const JOURNAL_KIND_AT = [18, 20] as const;
const ROLLBACK_JOURNAL = 1;

/** Functions that one statement can miss, one after the other. */
const MISSING_MAX = 200;

/** A statement and whether rows of it are still being read. */
export interface Prepared {
  readonly statement: StatementSync;
  busy: boolean;
}

/** Methods that the types do not tell of. */
interface ArrayStatement extends StatementSync {
  setReturnArrays(enabled: boolean): void;
}
interface SerializableDatabase extends DatabaseSync {
  serialize(): Uint8Array;
  deserialize(bytes: Uint8Array): void;
}

export class SqliteConnection {
  readonly db: DatabaseSync;
  readonly state = new FunctionState();
  readonly schemas: SchemaStore;
  /** For those who need rows as objects, and for statements on the schema. */
  readonly runner: Runner;
  /** Tables that were written to, made ready. */
  readonly rowTables = new WeakMap<TableModel, RowTable>();
  /** Which row of a statement is being stored, for the messages of values that do not fit. */
  row = 1;
  readonly #where: string;
  readonly #statements = new Map<string, Prepared>();

  /** `where` is what errors call the database. */
  constructor(location: string, where: string) {
    this.#where = where;
    try {
      this.db = new DatabaseSync(location, { enableForeignKeyConstraints: false });
    } catch (error) {
      throw convertError(error, where);
    }
    registerTypeFunctions(this.db, { row: () => this.row });
    const kept = new Map<string, StatementSync>();
    this.runner = {
      exec: (sql) => this.exec(sql),
      prepare: (sql) => {
        const statement = kept.get(sql) ?? this.#prepare(sql);
        if (/^(SELECT|UPDATE) /.test(sql) && kept.size < STATEMENTS_MAX) kept.set(sql, statement);
        return statement;
      },
    };
    this.schemas = new SchemaStore(this.runner);
  }

  /** A database of its own, in memory, with what the other connection sees now. */
  static copyOf(other: SqliteConnection, where: string): SqliteConnection {
    const copy = new SqliteConnection(":memory:", where);
    const bytes = (other.db as SerializableDatabase).serialize();
    // A database in memory has no write-ahead log, and what says that there is one is not opened.
    bytes.fill(ROLLBACK_JOURNAL, ...JOURNAL_KIND_AT);
    (copy.db as SerializableDatabase).deserialize(bytes);
    return copy;
  }

  /** Makes known every function that the indexes and generated columns of the tables call. */
  registerSchemaFunctions(): void {
    const statement = this.#prepare("SELECT group_concat(sql, ' ') AS text FROM sqlite_schema");
    this.#registerIn(String(statement.get()?.["text"] ?? ""));
  }

  #registerIn(sql: string): void {
    for (const [, name = ""] of sql.matchAll(/\b(_minisql_\w+|my_\w+)\(/g)) {
      registerFunction(this.db, name, this.state);
    }
  }

  /** Runs statements without results. */
  exec(sql: string): void {
    this.#registerIn(sql);
    try {
      this.db.exec(sql);
    } catch (error) {
      throw this.converted(error);
    }
  }

  #prepare(sql: string): StatementSync {
    for (let missing = 0;; missing++) {
      try {
        return this.db.prepare(sql);
      } catch (error) {
        const name = missingFunction(error);
        const known = name !== null && missing < MISSING_MAX &&
          registerFunction(this.db, name, this.state);
        if (!known) throw convertError(error, this.#where);
      }
    }
  }

  /** A statement ready to run; with `exact`, integers come as bigints. Rows come as arrays. */
  prepared(sql: string, exact: boolean): Prepared {
    const key = exact ? `!${sql}` : sql;
    const found = this.#statements.get(key);
    if (found !== undefined && !found.busy) return found;
    const statement = this.#prepare(sql);
    (statement as ArrayStatement).setReturnArrays(true);
    if (exact) statement.setReadBigInts(true);
    const made: Prepared = { statement, busy: false };
    if (found !== undefined) return made;
    if (this.#statements.size >= STATEMENTS_MAX) this.#evict();
    this.#statements.set(key, made);
    return made;
  }

  #evict(): void {
    for (const key of this.#statements.keys()) {
      this.#statements.delete(key);
      if (this.#statements.size < STATEMENTS_MAX / 2) return;
    }
  }

  /** All rows of a query, integers as bigints. */
  all(sql: string, ...values: readonly SqlValue[]): SqlValue[][] {
    return this.rowsOf(this.prepared(sql, true), values);
  }

  /** All rows of a prepared query. */
  rowsOf({ statement }: Prepared, values: readonly SqlValue[]): SqlValue[][] {
    try {
      return statement.all(...values as SQLInputValue[]) as unknown as SqlValue[][];
    } catch (error) {
      throw this.converted(error);
    }
  }

  /** Runs a statement; its errors are SQLite's own, for those who must tell them apart. */
  runRaw(sql: string, values: readonly SqlValue[]): bigint {
    const { statement } = this.prepared(sql, true);
    return BigInt(statement.run(...values as SQLInputValue[]).lastInsertRowid);
  }

  run(sql: string, ...values: readonly SqlValue[]): void {
    try {
      this.runRaw(sql, values);
    } catch (error) {
      throw this.converted(error);
    }
  }

  converted(error: unknown): unknown {
    return this.state.takeFault() ?? convertError(error, this.#where);
  }

  get isInTransaction(): boolean {
    return this.db.isTransaction;
  }

  close(): void {
    this.#statements.clear();
    if (this.db.isOpen) this.db.close();
  }
}
