/**
 * Tables' fingerprints, kept in a table of their own by row triggers, in the transaction of the
 * change itself: whatever undoes the change undoes what it did to the fingerprint. The triggers
 * call functions of minisql's, so a connection of another program cannot write to a table that is
 * maintained; SQLite tells it that there is no such function.
 */
import type { Fingerprint, KeyRange } from "../../ports/engine.ts";
import { rangeConditions } from "../../sql/key_range.ts";
import type { SqliteConnection } from "./connection.ts";
import { ADD, type FingerprintColumn, ROW_CHECKSUM, WRITER } from "./functions_fingerprint.ts";
import { sqliteAggregate } from "./functions_registry.ts";
import { tickSql } from "./functions_tick.ts";
import type { SqlValue } from "./functions_spec.ts";
import { type ColumnModel, columnOf, primaryKey, type TableModel } from "./schema_model.ts";
import { columnType } from "./translate_column_type.ts";
import { ExpressionTranslator } from "./translate_expression.ts";
import { plainPlace } from "./translate_from.ts";
import { parseExpression } from "./translate_parse_statement.ts";
import { newContext } from "./translate_query.ts";
import { Scope } from "./translate_scope.ts";
import { quoted, quotedName } from "./translate_value.ts";
import { columnKind, typeText } from "./types.ts";

/**
 * `writer` is the number of the transaction that changed the row last: by it, a transaction finds
 * what it has changed.
 */
const CREATE = `CREATE TABLE IF NOT EXISTS _minisql_fingerprint (
  serial INTEGER PRIMARY KEY,
  rows INTEGER NOT NULL,
  sum INTEGER NOT NULL,
  schema TEXT NOT NULL,
  writer INTEGER NOT NULL
) STRICT`;

const COLUMNS = "rows, sum, schema";
const SUM_BITS = 64;

/** Rows that are summed between two looks at the clock. */
export const CHUNK_ROWS = 1000;

export function createFingerprintTable(connection: SqliteConnection): void {
  connection.exec(CREATE);
}

/** A number that no transaction on this database had before. */
export function lastWriter(connection: SqliteConnection): bigint {
  const [[last = 0n] = []] = connection.all("SELECT max(writer) FROM _minisql_fingerprint");
  return typeof last === "bigint" ? last : 0n;
}

function fingerprintOf(row: readonly SqlValue[]): Fingerprint {
  const [rows, sum, schema] = row;
  return { rows: Number(rows), sum: unsignedSum(sum ?? null), schema: String(schema) };
}

function unsignedSum(sum: SqlValue): string {
  return BigInt.asUintN(SUM_BITS, typeof sum === "bigint" ? sum : 0n).toString();
}

/** The fingerprint that is kept of a table, or null. */
export function keptFingerprint(
  connection: SqliteConnection,
  table: TableModel,
): Fingerprint | null {
  const sql = `SELECT ${COLUMNS} FROM _minisql_fingerprint WHERE serial = ?`;
  const [row] = connection.all(sql, BigInt(table.serial));
  return row === undefined ? null : fingerprintOf(row);
}

/** The fingerprints of what the transaction of that number has changed, by the tables' names. */
export function changedFingerprints(
  connection: SqliteConnection,
  writer: bigint,
): ReadonlyMap<string, Fingerprint> {
  const sql = `SELECT ${COLUMNS}, serial FROM _minisql_fingerprint WHERE writer = ?`;
  const rows = connection.all(sql, writer);
  const changed = new Map<string, Fingerprint>();
  if (rows.length === 0) return changed;
  for (const table of connection.schemas.current().tables.values()) {
    const row = rows.find((each) => Number(each[3]) === table.serial);
    if (row !== undefined) changed.set(table.name, fingerprintOf(row));
  }
  return changed;
}

/** SQL for the checksum of a row whose columns are named with something in front. */
function rowSql(columns: readonly ColumnModel[], prefix: string): string {
  const told = columns.map((column): FingerprintColumn => ({
    name: column.name,
    kind: columnKind(column.type),
    type: typeText(column.type),
    collation: column.type.collation,
    dataType: column.type,
  }));
  const values = columns.map((column) => `${prefix}${quotedName(column.name)}`);
  return `${ROW_CHECKSUM}(${quoted(JSON.stringify(told))}, ${values.join(", ")})`;
}

function triggerSql(table: TableModel, event: "INSERT" | "UPDATE" | "DELETE"): string {
  const name = quotedName(`_minisql_f_${table.serial}_${event.toLowerCase()}`);
  const [added, taken] = [rowSql(table.columns, "NEW."), rowSql(table.columns, "OLD.")];
  const change = event === "INSERT"
    ? added
    : event === "DELETE"
    ? `-${taken}`
    : `${added} - ${taken}`;
  const rows = event === "INSERT" ? "rows + 1" : event === "DELETE" ? "rows - 1" : "rows";
  return `CREATE TRIGGER ${name} AFTER ${event} ON ${quotedName(table.name)} BEGIN ` +
    `UPDATE _minisql_fingerprint SET rows = ${rows}, sum = ${ADD}(sum, ${change}), ` +
    `writer = ${WRITER}() WHERE serial = ${table.serial}; END`;
}

function dropTriggers(connection: SqliteConnection, table: string): void {
  const sql = "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ? " +
    "AND name GLOB '_minisql_f_*'";
  for (const [name] of connection.all(sql, table)) {
    connection.exec(`DROP TRIGGER ${quotedName(String(name))}`);
  }
}

/**
 * Begins to keep the fingerprint of a table, or brings it in step with the table's schema. Within
 * a transaction; `content` is what the table holds now.
 */
export function keepFingerprint(
  connection: SqliteConnection,
  table: TableModel,
  content: Fingerprint,
): void {
  dropTriggers(connection, table.name);
  for (const event of ["INSERT", "UPDATE", "DELETE"] as const) {
    connection.exec(triggerSql(table, event));
  }
  connection.run(
    "INSERT OR REPLACE INTO _minisql_fingerprint (serial, rows, sum, schema, writer) " +
      "VALUES (?, ?, ?, ?, 0)",
    BigInt(table.serial),
    BigInt(content.rows),
    BigInt.asIntN(SUM_BITS, BigInt(content.sum)),
    content.schema,
  );
}

/** Forgets the fingerprint of a table, and those of all that are no more. */
export function dropFingerprint(connection: SqliteConnection, table: TableModel | null): void {
  if (table !== null) dropTriggers(connection, table.name);
  const kept = [...connection.schemas.current().tables.values()]
    .filter((each) => each.serial !== table?.serial)
    .map((each) => each.serial);
  connection.run(
    `DELETE FROM _minisql_fingerprint WHERE serial NOT IN (${kept.join(", ")})`,
  );
}

/** Adds up checksums of rows, in steps, so that others come in between. */
export class ContentCount {
  readonly #connection: () => SqliteConnection;
  readonly #table: TableModel;
  readonly #range: KeyRange | null;
  #rows = 0n;
  #sum = 0n;
  #after: bigint | null = null;
  #done = false;

  /** Without a range the rows are counted in chunks; a range is taken for a chunk itself. */
  constructor(
    connection: () => SqliteConnection,
    table: TableModel,
    range: KeyRange | null,
  ) {
    this.#connection = connection;
    this.#table = table;
    this.#range = range;
  }

  /** Counts the next rows; false when there are no more. */
  step(): boolean {
    if (this.#done) return false;
    const { sql, values } = this.#range === null ? this.#chunk() : this.#inRange(this.#range);
    const [[rows = 0n, sum = 0n, last = null] = []] = this.#connection().all(sql, ...values);
    this.#rows += rows as bigint;
    this.#sum = BigInt.asUintN(SUM_BITS, this.#sum + (sum as bigint));
    this.#after = last as bigint | null;
    this.#done = this.#range !== null || rows !== BigInt(CHUNK_ROWS);
    return !this.#done;
  }

  get rows(): number {
    return Number(this.#rows);
  }

  get sum(): string {
    return this.#sum.toString();
  }

  #select(from: string): string {
    const { columns } = this.#table;
    const total = sqliteAggregate("sum_mod");
    return `SELECT COUNT(*), ${total}(${rowSql(columns, "")}), MAX(_minisql_at) FROM (${from})`;
  }

  #chunk(): { readonly sql: string; readonly values: readonly SqlValue[] } {
    const where = this.#after === null ? "" : " WHERE _rowid_ > ?";
    const sql = this.#select(
      `SELECT _rowid_ AS _minisql_at, ${this.#names()} FROM ${
        quotedName(this.#table.name)
      }${where}` +
        ` ORDER BY _rowid_ LIMIT ${CHUNK_ROWS}`,
    );
    return { sql, values: this.#after === null ? [] : [this.#after] };
  }

  #names(): string {
    return this.#table.columns.map((column) => quotedName(column.name)).join(", ");
  }

  #inRange(range: KeyRange): { readonly sql: string; readonly values: readonly SqlValue[] } {
    const condition = rangeCondition(this.#table, range);
    const tick = tickSql("_rowid_ > 0");
    const sql = this.#select(
      `SELECT _rowid_ AS _minisql_at, ${this.#names()} FROM ${quotedName(this.#table.name)} ` +
        `WHERE ${tick} AND ${condition.sql}`,
    );
    return { sql, values: condition.values };
  }
}

/** The condition on a primary key, as MySQL orders keys. */
function rangeCondition(
  table: TableModel,
  range: KeyRange,
): { readonly sql: string; readonly values: readonly SqlValue[] } {
  const key = primaryKey(table)?.parts.map((part) => part.column) ?? [];
  const columns = key.map((name) => columnOf(table, name)).filter((column) => column !== null);
  const keyed = {
    name: table.name,
    columns: columns.map(({ name, type }) => ({
      name,
      kind: columnKind(type),
      type: typeText(type),
    })),
    indexes: [{ name: "PRIMARY", columns: columns.map(({ name }) => name) }],
  };
  const text = ["1", ...rangeConditions(keyed, range)].join(" AND ");
  const context = newContext(text, { database: "", table: () => null, view: () => null });
  const named = columns.map((column) => ({
    name: column.name,
    sql: quotedName(column.name),
    type: columnType(column),
    table: "",
    invisible: false,
  }));
  const place = plainPlace(new Scope(null, [], named));
  const { sql } = new ExpressionTranslator(context).value(parseExpression(text), place);
  return { sql, values: context.parameters.usedBy(sql) };
}
