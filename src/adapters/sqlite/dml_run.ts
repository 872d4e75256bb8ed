/** One statement that changes rows, while it runs: what it may do, and what it has done. */
import type { Clock } from "../../ports/clock.ts";
import { MinisqlError, sqlError } from "../../protocol/errors.ts";
import {
  type ColumnKind,
  type Condition,
  CONDITIONS_MAX,
  type StatementResult,
} from "../../protocol/values.ts";
import type { SqliteConnection } from "./connection.ts";
import { isCut } from "./dml_notes.ts";
import { type RowTable, rowTableOf } from "./dml_table.ts";
import { brokenCheck, isDuplicate } from "./errors.ts";
import type { StatementFacts } from "./functions_state.ts";
import type { SqlValue } from "./functions_spec.ts";
import type { AutoIncrement } from "./schema_auto_increment.ts";
import { checkError } from "./schema_checks.ts";
import type { ColumnModel, TableModel } from "./schema_model.ts";
import { storeValue } from "./types_store.ts";

export interface DmlSettings {
  readonly connection: SqliteConnection;
  readonly autoIncrement: AutoIncrement;
  readonly database: string;
  readonly clock: Clock;
  readonly facts: StatementFacts;
  /** The first AUTO_INCREMENT value to draw, or null for the next there is. */
  readonly insertId: bigint | null;
  readonly foreignKeyChecks: boolean;
  /** Values are stored as they stand. */
  readonly copying: boolean;
  /** Others can read while this statement waits, so it may let them. */
  readonly mayPause: boolean;
  readonly signal: AbortSignal | undefined;
}

/** An error that is called by the other's name where it is only a warning. */
const TOO_LONG = 1406;
const TRUNCATED = 1265;
/** Rows between two looks at the clock. */
const ROWS_PER_LOOK = 64;
/** Others get their turn after this long. */
const TURN_MS = 10;

export class DmlRun {
  readonly settings: DmlSettings;
  readonly connection: SqliteConnection;
  /** Rows that do not fit are made to, or left out, with a warning: IGNORE. */
  readonly ignore: boolean;
  /** The first of them; `warnings` counts all. */
  readonly #conditions: Condition[] = [];
  #warnings = 0;
  affected = 0;
  /** The first number drawn, which LAST_INSERT_ID() says from now on; null for none. */
  lastInsertId: bigint | null = null;
  #steps = 0;
  #turnSince: number;

  constructor(settings: DmlSettings, ignore: boolean) {
    this.settings = settings;
    this.connection = settings.connection;
    this.ignore = ignore;
    this.#turnSince = settings.clock.now();
  }

  get warnings(): number {
    return this.#warnings;
  }

  warn(code: number, message: string, level: Condition["level"] = "Warning"): void {
    this.#warnings++;
    if (this.#conditions.length < CONDITIONS_MAX) this.#conditions.push({ level, code, message });
  }

  table(model: TableModel): RowTable {
    return rowTableOf(this.connection, model);
  }

  /** Whether it is time to look at the clock: then `pause` must be awaited. */
  get isDue(): boolean {
    return ++this.#steps % ROWS_PER_LOOK === 0;
  }

  /** Ends the statement past its deadline, and lets others run where it has had its turn. */
  async pause(): Promise<void> {
    const { clock, facts, mayPause, signal } = this.settings;
    facts.checkDeadline();
    if (!mayPause || clock.now() - this.#turnSince < TURN_MS) return;
    await clock.sleep(0);
    if (signal?.aborted) facts.checkDeadline();
    this.#turnSince = clock.now();
    this.connection.state.begin(facts);
  }

  /** A value as the column stores it. */
  store(column: ColumnModel, value: SqlValue, row: number, source: ColumnKind): SqlValue {
    const lenient = this.ignore || this.settings.copying;
    this.connection.row = row;
    const before = this.#warnings;
    const cut = `Data truncated for column '${column.name}' at row ${row}`;
    const warn = (errno: number, message: string) =>
      errno === TOO_LONG ? this.warn(TRUNCATED, cut) : this.warn(errno, message);
    const stored = storeValue(column, value, {
      row,
      source,
      ...(lenient ? { lenient: (errno, _state, message) => warn(errno, message) } : {}),
      ...(this.settings.copying ? { copying: true } : {}),
    });
    const isTold = this.#warnings > before;
    if (!isTold && isCut(column, value, stored, source)) this.warn(TRUNCATED, cut, "Note");
    return stored;
  }

  /** Does what may break a rule; with IGNORE, a broken one is a warning, and the answer false. */
  attempt(action: () => void): boolean {
    if (!this.ignore) {
      action();
      return true;
    }
    this.connection.run("SAVEPOINT minisql_row");
    try {
      action();
      this.connection.run("RELEASE minisql_row");
      return true;
    } catch (error) {
      const { errno = 0, message } = ignorable(error);
      this.connection.run("ROLLBACK TO minisql_row");
      this.connection.run("RELEASE minisql_row");
      this.warn(errno, message);
      return false;
    }
  }

  /** SQLite's refusal of a row, as MySQL's error. */
  refusal(
    error: unknown,
    table: RowTable,
    row: readonly SqlValue[],
    rowid: bigint | null,
  ): unknown {
    const check = brokenCheck(error);
    if (check !== null) return checkError(this.settings.database, table.model, check);
    if (!isDuplicate(error)) return this.connection.converted(error);
    const conflict = table.conflict(this.connection, row, rowid);
    return conflict === null
      ? sqlError(1062, "23000", `Duplicate entry for table '${table.model.name}'`)
      : table.duplicate(conflict.index, row);
  }

  result(extra: Partial<StatementResult>): StatementResult {
    const { affected, warnings } = this;
    const told = warnings === 0 ? {} : { conditions: this.#conditions };
    return { affected, insertId: null, warnings, ...told, ...extra };
  }
}

/** Errors that IGNORE makes warnings of. */
const IGNORABLE: ReadonlySet<number> = new Set([1048, 1062, 1451, 1452, 4025, 1242]);

/** The error as IGNORE passes over it; raises any other. */
function ignorable(error: unknown): MinisqlError {
  if (error instanceof MinisqlError && IGNORABLE.has(error.errno ?? 0)) return error;
  throw error;
}
