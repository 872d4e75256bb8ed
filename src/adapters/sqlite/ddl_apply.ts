/** SQLite's table brought after a changed model: by indexes alone, by new columns, or rebuilt. */
import type { DdlContext } from "./ddl_context.ts";
import { duplicateEntry, translateRowError } from "./ddl_faults.ts";
import { rebuildTable } from "./ddl_rebuild.ts";
import {
  columnSql,
  createIndexSql,
  createTableSql,
  indexName,
  rowidColumn,
  sqlName,
} from "./ddl_sql.ts";
import { valueForOldRows } from "./ddl_new_column.ts";
import type { ColumnModel, IndexModel, TableModel } from "./schema_model.ts";
import { keepsValues } from "./types_convert.ts";

export interface TableStep {
  readonly before: TableModel;
  /** Still under the name it had before. */
  readonly after: TableModel;
  /** For each column after, the name of the one it was, or null for a new one. */
  readonly origins: ReadonlyMap<string, string | null>;
}

export function bringAfter(context: DdlContext, step: TableStep): void {
  const added = appendedColumns(context, step);
  if (added === null) {
    rebuildTable(context, step);
    for (const index of step.after.indexes) makeIndex(context, step.after, index);
    return;
  }
  const kept = keptIndexes(step);
  for (const index of step.before.indexes) {
    if (!kept.has(index.name) && createIndexSql(step.before, index, "") !== null) {
      context.db.exec(`DROP INDEX ${sqlName(indexName(step.before, index))}`);
    }
  }
  for (const column of added) appendColumn(context, step.after, column);
  for (const index of step.after.indexes) {
    if (!kept.has(index.name)) makeIndex(context, step.after, index);
  }
}

/** Names of the indexes that are the same, to SQLite, before and after. */
function keptIndexes({ before, after }: TableStep): ReadonlySet<string> {
  const old = new Map(
    before.indexes.map((index) => [index.name, createIndexSql(before, index, "")]),
  );
  const same = after.indexes.filter((index) =>
    old.has(index.name) && old.get(index.name) === createIndexSql(after, index, "")
  );
  return new Set(same.map((index) => index.name));
}

function makeIndex(context: DdlContext, table: TableModel, index: IndexModel): void {
  const sql = createIndexSql(table, index, table.name);
  if (sql === null) return;
  try {
    context.db.exec(sql);
  } catch (error) {
    const duplicate = index.unique && duplicateEntry(context.db, table, index, table.name);
    throw duplicate || error;
  }
}

/**
 * The columns that SQLite can append to the table as it is, none where nothing changes for it, or
 * null where the table must be built anew.
 */
function appendedColumns(
  context: DdlContext,
  { before, after, origins }: TableStep,
): readonly ColumnModel[] | null {
  const old = after.columns.slice(0, before.columns.length);
  const added = after.columns.slice(before.columns.length);
  const inPlace = old.every((column, at) => {
    const was = before.columns[at];
    return was !== undefined && origins.get(column.name) === was.name && staysAs(was, column);
  });
  if (!inPlace || !added.every((column) => origins.get(column.name) === null)) return null;
  const shape = (table: TableModel, columns: readonly ColumnModel[]) =>
    createTableSql({ ...table, columns }, "", context.translate);
  if (rowidColumn(before)?.name !== rowidColumn(after)?.name) return null;
  // Checks and generated columns among the old ones must not have changed either.
  if (added.length > 0 && !added.every(isAppendable)) return null;
  const same = shape(before, before.columns) ===
    shape({ ...after, checks: after.checks }, [...old]);
  return same ? added : null;
}

/** Whether what the column holds is right for it, and nothing must be filled in. */
function staysAs(was: ColumnModel, column: ColumnModel): boolean {
  return keepsValues(was.type, column.type) && (was.nullable || !column.nullable) &&
    column.autoIncrement === was.autoIncrement;
}

/** SQLite appends columns that need no value computed for each row. */
function isAppendable(column: ColumnModel): boolean {
  return column.generated === null && column.check === null && !column.autoIncrement &&
    column.default?.kind !== "expression";
}

function appendColumn(context: DdlContext, table: TableModel, column: ColumnModel): void {
  const sql = columnSql(column, table, context.translate);
  const value = valueForOldRows(context, column, table.name);
  const initial = value.kind === "value" && value.sql !== "NULL" ? ` DEFAULT ${value.sql}` : "";
  try {
    context.db.exec(`ALTER TABLE ${sqlName(table.name)} ADD COLUMN ${sql}${initial}`);
  } catch (error) {
    throw translateRowError(error, context.database, table);
  }
}
