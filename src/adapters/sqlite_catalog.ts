/** The catalog in a SQLite database, in memory or in a file: for the embedded cluster and tests. */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Catalog, CatalogChange, CatalogState, EventQuery } from "../ports/catalog.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { RecordedEvent } from "../protocol/events.ts";
import type { Scalar, SqlRow } from "./catalog/record_table.ts";
import { columnsByTable, isMissing, sqliteSchema, VERSION_SQL } from "./catalog/schema.ts";
import { eventsOf, eventsQuery, stateOf, stateQueries, type StateRows } from "./catalog/state.ts";
import { selectSql, type StatementLimits } from "./catalog/statements.ts";
import { CONTROL, type Control, CONTROL_TABLE } from "./catalog/tables.ts";
import {
  controlStatements,
  drawRid,
  fence,
  planChanges,
  readControl,
  type WritePlan,
} from "./catalog/write_plan.ts";

/** One row a statement: in the same process that is cheap, and few different ones are prepared. */
const LIMITS: StatementLimits = { rowsMax: 1, textMax: Infinity };

/** For so long a write waits for another process's. Nothing else runs meanwhile. */
const BUSY_MS_MAX = 500;

/** Deno reads text up to a NUL character only, so it is read as bytes. */
const TEXT_AS = "bytes";

/** Opens a database for catalogs: `:memory:`, or a file that is made where it is missing. */
export function openCatalogDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path, { timeout: BUSY_MS_MAX });
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");
    return database;
  } catch (error) {
    database?.close();
    throw faultOf(`open the catalog in ${path}`, error, false);
  }
}

/**
 * Any number of catalogs may share one database: each call is one transaction that runs without a
 * pause. The database is its opener's to close.
 */
export class SqliteCatalog implements Catalog {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();
  #closed = false;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  prepare(): Promise<void> {
    return this.#run("prepare the catalog", "BEGIN IMMEDIATE", (doing) => {
      const columns = this.#presentColumns();
      const known = columns.get(CONTROL_TABLE)?.has("version") === true;
      const [row] = known ? this.#query(VERSION_SQL) : [];
      if (!isMissing(doing, { columns, version: row?.version ?? null })) return;
      for (const sql of sqliteSchema()) this.#database.exec(sql);
    });
  }

  claim(term: number): Promise<void> {
    return this.#run("claim the catalog", "BEGIN IMMEDIATE", (doing) => {
      const before = this.#control(doing);
      this.#write(before, { control: fence(doing, before, term), statements: [] });
    });
  }

  load(): Promise<CatalogState> {
    return this.#run("read the catalog", "BEGIN", (doing) => {
      const rows: Record<string, readonly SqlRow[]> = {};
      for (const [part, sql] of Object.entries(stateQueries(TEXT_AS))) {
        rows[part] = this.#query(sql);
      }
      return stateOf(doing, rows as StateRows);
    });
  }

  apply(term: number, changes: readonly CatalogChange[]): Promise<void> {
    return this.#run("change the catalog", "BEGIN IMMEDIATE", (doing) => {
      const before = this.#control(doing);
      this.#write(before, planChanges(fence(doing, before, term), changes, LIMITS));
    });
  }

  nextRid(term: number): Promise<number> {
    return this.#run("draw a server number from the catalog", "BEGIN IMMEDIATE", (doing) => {
      const before = this.#control(doing);
      this.#write(before, { control: drawRid(doing, fence(doing, before, term)), statements: [] });
      return before.nextRid;
    });
  }

  events(query: EventQuery): Promise<readonly RecordedEvent[]> {
    const { sql, values } = eventsQuery(query, TEXT_AS);
    return this.#run("read events", "BEGIN", () => eventsOf(this.#query(sql, values)));
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#prepared.clear();
    return Promise.resolve();
  }

  /** One transaction, from begin to end without a pause. An immediate one keeps others out. */
  #run<T>(
    doing: string,
    begin: "BEGIN" | "BEGIN IMMEDIATE",
    work: (doing: string) => T,
  ): Promise<T> {
    let committing = false;
    try {
      if (this.#closed) throw new MinisqlError("UNAVAILABLE", `Cannot ${doing}: it is closed`);
      this.#database.exec(begin);
      const value = work(doing);
      committing = true;
      this.#database.exec("COMMIT");
      return Promise.resolve(value);
    } catch (error) {
      // Some failures have ended the transaction already.
      if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec("ROLLBACK");
      return Promise.reject(faultOf(doing, error, committing));
    }
  }

  #control(doing: string): Control {
    return readControl(doing, this.#query(selectSql(CONTROL, "WHERE `id` = 1", TEXT_AS)));
  }

  #write(before: Control, { control, statements }: WritePlan): void {
    for (const { sql, values } of [...statements, ...controlStatements(before, control)]) {
      this.#prepare(sql).run(...values);
    }
  }

  #query(sql: string, values: readonly Scalar[] = []): readonly SqlRow[] {
    return this.#prepare(sql).all(...values);
  }

  /** There are few different statements, since each has one row. */
  #prepare(sql: string): StatementSync {
    const held = this.#prepared.get(sql);
    if (held !== undefined) return held;
    const statement = this.#database.prepare(sql);
    // A number beyond 2^53, as only somebody's edit can make, would be an error otherwise.
    statement.setReadBigInts(true);
    this.#prepared.set(sql, statement);
    return statement;
  }

  #presentColumns(): ReadonlyMap<string, ReadonlySet<string>> {
    const rows = this.#query(
      "SELECT t.name AS in_table, c.name AS named FROM pragma_table_list t, " +
        "pragma_table_xinfo(t.name) c WHERE t.schema = 'main'",
    );
    return columnsByTable(rows);
  }
}

const NATIVE_CODES: ReadonlySet<string> = new Set(["ERR_SQLITE_ERROR", "ERR_INVALID_STATE"]);

/** The error to raise. Those that are minisql's already pass through. */
function faultOf(doing: string, error: unknown, committing: boolean): unknown {
  if (!(error instanceof Error) || error instanceof MinisqlError || !isNative(error)) return error;
  return committing
    ? new MinisqlError(
      "OUTCOME_UNKNOWN",
      `Cannot tell whether it was possible to ${doing}: ${error.message}`,
      { cause: error },
    )
    : new MinisqlError("UNAVAILABLE", `Cannot ${doing}: ${error.message}`, { cause: error });
}

function isNative(error: Error): boolean {
  return "code" in error && NATIVE_CODES.has(String(error.code));
}
