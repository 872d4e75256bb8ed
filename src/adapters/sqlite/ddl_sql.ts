/** A table's model as SQLite's statements. */
import { invariant } from "../../base/assert.ts";
import type { ColumnKind } from "../../protocol/values.ts";
import { CI_KEY, sqliteName } from "./functions_registry.ts";
import { unsupported } from "./schema_errors.ts";
import {
  type ColumnModel,
  columnOf,
  type IndexModel,
  type IndexPart,
  type TableModel,
} from "./schema_model.ts";
import { familyOf, isCaseInsensitive, isTextual, isWideDecimal, storageOf } from "./types.ts";

/** What a MySQL expression is for: it decides what may be in it, and how errors name the place. */
export type ExpressionUse = "default" | "generated" | "check";

export interface TranslatedExpression {
  readonly sql: string;
  /** What kind of value it gives in MySQL's eyes. */
  readonly kind: ColumnKind;
}

/** Puts a MySQL expression on the columns of a table into SQLite's SQL. */
export type TranslateExpression = (
  sql: string,
  columns: readonly ColumnModel[],
  use: ExpressionUse,
) => TranslatedExpression;

/** Names of everything that is the engine's own begin like this. */
export const OWN_PREFIX = "_minisql_";

/** A name as SQLite quotes it. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function sqlString(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The column that is SQLite's own row number, or null. */
export function rowidColumn(table: TableModel): ColumnModel | null {
  return table.columns.find((column) => column.isRowNumber) ?? null;
}

/** CREATE TABLE for the model, under `name`, which is the model's or a passing one. */
export function createTableSql(
  table: TableModel,
  name: string,
  translate: TranslateExpression,
): string {
  const columns = table.columns.map((column) => columnSql(column, table, translate));
  const checks = table.checks.map((check) =>
    `CONSTRAINT ${sqlName(`${TABLE_CHECK}${check.name}`)} CHECK (${
      translate(check.sql, table.columns, "check").sql
    })`
  );
  return `CREATE TABLE ${sqlName(name)} (\n  ${[...columns, ...checks].join(",\n  ")}\n) STRICT`;
}

/** How the names of CHECK constraints begin, so that an error tells which one it was. */
export const TABLE_CHECK = "table ";
export const COLUMN_CHECK = "column ";

/** A column's definition. Values are checked before they come here; what is here is the last net. */
export function columnSql(
  column: ColumnModel,
  table: TableModel,
  translate: TranslateExpression,
): string {
  const words = [sqlName(column.name)];
  words.push(column.isRowNumber ? "INTEGER PRIMARY KEY" : storageOf(column.type));
  // Spaces at the end of text mean nothing in MySQL's comparisons.
  if (familyOf(column.type.name) === "text" && !isCaseInsensitive(column.type)) {
    words.push("COLLATE RTRIM");
  }
  if (column.generated !== null) {
    const { sql, stored } = column.generated;
    const value = translate(sql, table.columns, "generated");
    const spec = sqlString(JSON.stringify({ column, source: value.kind }));
    // What is only computed when it is read cannot fail then, and is made to fit.
    const store = stored ? "_minisql_store" : "_minisql_fit";
    words.push(
      `GENERATED ALWAYS AS (${store}(${value.sql}, ${spec})) ${stored ? "STORED" : "VIRTUAL"}`,
    );
  } else if (!column.nullable) {
    words.push("NOT NULL");
  }
  if (column.check !== null) {
    const condition = translate(column.check, table.columns, "check");
    words.push(`CONSTRAINT ${sqlName(COLUMN_CHECK + column.name)} CHECK (${condition.sql})`);
  }
  return words.join(" ");
}

/** SQLite's name of an index: the table's serial number goes with it when the table is renamed. */
export function indexName(table: TableModel, index: IndexModel): string {
  return `${OWN_PREFIX}k_${table.serial}_${index.name}`;
}

/** CREATE INDEX on the table that is called `name` now; null for a key that the table itself is. */
export function createIndexSql(table: TableModel, index: IndexModel, name: string): string | null {
  if (index.kind === "primary" && rowidColumn(table) !== null) return null;
  const parts = index.parts.map((part) => indexPartSql(table, index, part));
  const unique = index.unique ? "UNIQUE " : "";
  return `CREATE ${unique}INDEX ${sqlName(indexName(table, index))} ON ${sqlName(name)} (${
    parts.join(", ")
  })`;
}

function indexPartSql(table: TableModel, index: IndexModel, part: IndexPart): string {
  const column = columnOf(table, part.column);
  invariant(column !== null, `Index ${index.name} has no column ${part.column}`);
  const direction = part.descending ? " DESC" : "";
  return keyPartSql(column, index.unique ? part.length : null) + direction;
}

/**
 * What values of a column are told apart by in a key: text by its collation, and only so many
 * characters of it where a length is given. An index that is not unique is on the whole value.
 */
export function keyPartSql(column: ColumnModel, length: number | null): string {
  const name = sqlName(column.name);
  const value = length === null ? name : `substr(${name}, 1, ${length})`;
  const text = isTextual(column.type.name) && familyOf(column.type.name) === "text";
  if (text && isCaseInsensitive(column.type)) return `${CI_KEY}(${value})`;
  if (isWideDecimal(column.type)) return `${sqliteName("dec_key", 1)}(${value})`;
  if (column.type.name === "time") return `${sqliteName("time_key", 1)}(${value})`;
  return text && length !== null ? `${value} COLLATE RTRIM` : value;
}

/** SQLite has names of its own that no table can have. */
export function checkTableNameFree(name: string): void {
  const lower = name.toLowerCase();
  const own = lower.startsWith("sqlite_") || lower.startsWith(`${OWN_PREFIX}k_`) ||
    lower === "_minisql_schema";
  if (!own) return;
  throw unsupported(
    `Cannot name a table ${name}: the embedded engine keeps the name for itself; choose another`,
  );
}
