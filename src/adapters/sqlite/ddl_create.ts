/** CREATE TABLE. */
import type { CreateTable } from "../../sql/ddl/model.ts";
import {
  checkNewTableName,
  type DdlContext,
  type DdlOutcome,
  done,
  draftScope,
  localName,
} from "./ddl_context.ts";
import { dropChecked } from "./ddl_drop.ts";
import { applyOptions } from "./ddl_options.ts";
import { createIndexSql, createTableSql } from "./ddl_sql.ts";
import { TableDraft } from "./schema_draft.ts";
import { noSuchTable, tableExists, unsupported } from "./schema_errors.ts";
import type { TableModel } from "./schema_model.ts";
import { translateDefinitionError } from "./ddl_faults.ts";

export function createTable(context: DdlContext, statement: CreateTable): DdlOutcome {
  refuseForms(statement);
  const name = localName(context, statement.table);
  const existing = context.schemas.table(name);
  if (existing !== null && statement.ifNotExists) return { result: done(1), changed: [] };
  if (existing !== null && !statement.orReplace) throw tableExists(name);
  if (existing !== null) dropChecked(context, [existing]);
  checkNewTableName(context, name);
  const table = statement.like === null
    ? draftTable(context, statement, name)
    : copyTable(context, statement, name);
  makeTable(context, table);
  const start = statement.options["AUTO_INCREMENT"];
  context.autoIncrement.forget(name);
  if (start !== undefined) context.autoIncrement.reset(context.db, table, BigInt(start));
  return {
    result: done(),
    changed: [{ before: existing === null ? null : name, after: name }],
  };
}

function refuseForms(statement: CreateTable): void {
  const { name } = statement.table;
  if (statement.temporary) {
    throw unsupported(
      `Cannot create temporary table ${name}: the embedded engine has none; create a table, ` +
        "and drop it when done",
    );
  }
  if (statement.select !== null) {
    throw unsupported(
      `Cannot create table ${name} from a query: types would be guessed; create the table, ` +
        "then INSERT … SELECT",
    );
  }
  if (statement.partitions !== null) {
    throw unsupported(
      `Cannot create table ${name} with partitions: the embedded engine has none; leave them out`,
    );
  }
  const [extra] = statement.extras;
  if (extra !== undefined) {
    throw unsupported(
      `Cannot create table ${name} with ${extra}: the embedded engine has no periods`,
    );
  }
}

function draftTable(context: DdlContext, statement: CreateTable, name: string): TableModel {
  const identity = { serial: context.schemas.newSerial(), createdMicros: context.nowMicros };
  const draft = new TableDraft(name, identity, draftScope(context));
  applyOptions(draft, statement.options);
  for (const column of statement.columns) draft.addColumn(column, null);
  // Keys are numbered and named in the order they stand in, whether a column or the table says them.
  const elements = [
    ...statement.columns.map((column) => ({
      at: column.at,
      add: () => draft.addColumnKeys(column),
    })),
    ...statement.keys.map((key) => ({ at: key.at, add: () => draft.addKey(key) })),
    ...statement.foreignKeys.map((key) => ({ at: key.at, add: () => draft.addForeignKey(key) })),
  ];
  for (const element of elements.toSorted((a, b) => a.at - b.at)) element.add();
  for (const check of statement.checks) draft.addCheck(check);
  return draft.finish();
}

/** CREATE TABLE … LIKE takes everything over but foreign keys. */
function copyTable(context: DdlContext, statement: CreateTable, name: string): TableModel {
  const source = statement.like === null ? null : localName(context, statement.like);
  const table = source === null ? null : context.schemas.table(source);
  if (table === null) throw noSuchTable(context.database, source ?? "");
  return {
    ...table,
    name,
    serial: context.schemas.newSerial(),
    createdMicros: context.nowMicros,
    foreignKeys: [],
    indexes: table.indexes.map((index) => ({ ...index, implied: false })),
  };
}

function makeTable(context: DdlContext, table: TableModel): void {
  checkDefaults(context, table);
  try {
    context.db.exec(createTableSql(table, table.name, context.translate));
    makeIndexes(context, table, table.name);
  } catch (error) {
    throw translateDefinitionError(error);
  }
  context.schemas.save(table);
}

/** Defaults are evaluated when a row is made; what cannot be is found here. */
export function checkDefaults(context: DdlContext, table: TableModel): void {
  for (const column of table.columns) {
    if (column.default?.kind !== "expression") continue;
    context.translate(column.default.sql, table.columns, "default");
  }
}

/** Makes the indexes of the table that is called `name` now. */
export function makeIndexes(context: DdlContext, table: TableModel, name: string): void {
  for (const index of table.indexes) {
    const sql = createIndexSql(table, index, name);
    if (sql !== null) context.db.exec(sql);
  }
}
