/** Statements that put rows into a table as they stand, and take them out by their keys. */
import type { Row } from "../../protocol/values.ts";
import { cellLiteral } from "../../sql/cell_literal.ts";
import { type KeyColumn, keyColumns, type KeyedTable, keysCondition } from "../../sql/key_range.ts";
import { quoteName } from "../../sql/names.ts";

/** What must be known of a table; its schema fits. */
export interface WrittenTable extends KeyedTable {
  readonly columns: readonly (KeyColumn & { readonly generatedSql: string | null })[];
}

/** Rows have all the table's columns, in its order; those that are computed are left out. */
export function insertSql(table: WrittenTable, rows: readonly Row[]): string {
  const written = table.columns.flatMap(({ name, kind, generatedSql }, at) =>
    generatedSql === null ? [{ name, kind, at }] : []
  );
  const names = written.map(({ name }) => quoteName(name)).join();
  const values = rows.map((row) =>
    `(${written.map(({ at, kind }) => cellLiteral(row[at] ?? null, kind)).join()})`
  );
  return `INSERT INTO ${quoteName(table.name)} (${names}) VALUES ${values.join()}`;
}

export function deleteSql(table: WrittenTable, rows: readonly Row[]): string {
  const places = (keyColumns(table) ?? []).map((column) => table.columns.indexOf(column));
  const keys = rows.map((row) => places.map((at) => row[at] ?? null));
  return `DELETE FROM ${quoteName(table.name)} WHERE ${keysCondition(table, keys)}`;
}
