/** Statements on tables: the tables there are in, those there are then out. */
import { sqlError } from "../../protocol/errors.ts";
import type {
  AlterAction,
  AlterTable,
  CreateTable,
  DdlStatement,
  DropTable,
  RenameTable,
} from "../../sql/ddl/model.ts";
import { alterColumns, type ColumnChanges, isColumnAction } from "../sqlite/ddl_alter_columns.ts";
import { applyOptions } from "../sqlite/ddl_options.ts";
import { TableDraft } from "../sqlite/schema_draft.ts";
import { noSuchTable, tableExists } from "../sqlite/schema_errors.ts";
import type { ColumnModel, TableModel } from "../sqlite/schema_model.ts";
import { checkColumn, fit, valueInOldRows } from "./columns.ts";
import { type Facts, placeOf } from "./evaluate.ts";
import { type StoredRow, type Table, TableEdit } from "./table.ts";
import { unsupported, type Value } from "./values.ts";

export type Tables = ReadonlyMap<string, Table>;

export interface Definer {
  readonly database: string;
  readonly facts: Facts;
  readonly foreignKeyChecks: boolean;
}

export function define(tables: Tables, statement: DdlStatement, definer: Definer): Tables {
  switch (statement.kind) {
    case "create_table":
      return create(tables, statement, definer);
    case "drop_table":
      return drop(tables, statement, definer);
    case "rename_table":
      return rename(tables, statement, definer);
    case "truncate": {
      const table = existing(tables, statement.table.name, definer);
      return put(tables, { ...table, rows: [], nextId: 1 });
    }
    case "alter_table":
      return alter(tables, statement, definer);
    case "create_index":
      return alter(
        tables,
        altering(statement.table, { kind: "add_key", key: statement.key }),
        definer,
      );
    case "drop_index": {
      const { name, ifExists } = statement;
      return alter(
        tables,
        altering(statement.table, { kind: "drop_key", name, ifExists }),
        definer,
      );
    }
  }
}

function altering(table: AlterTable["table"], action: AlterAction): AlterTable {
  return { kind: "alter_table", table, ifExists: false, actions: [action] };
}

function put(tables: Tables, table: Table): Tables {
  return new Map(tables).set(table.model.name, table);
}

function existing(tables: Tables, name: string, { database }: Definer): Table {
  const table = tables.get(name);
  if (table === undefined) throw noSuchTable(database, name);
  return table;
}

function scopeFor(tables: Tables, { database, foreignKeyChecks }: Definer) {
  return {
    database,
    foreignKeyChecks,
    lookUp: (name: string) => tables.get(name)?.model ?? null,
    foreignKeyNameTaken: () => false,
  };
}

function create(tables: Tables, statement: CreateTable, definer: Definer): Tables {
  const { name } = statement.table;
  if (tables.has(name)) {
    if (statement.ifNotExists) return tables;
    throw tableExists(name);
  }
  const { like } = statement;
  const model = like === null
    ? drafted(tables, statement, definer)
    : { ...existing(tables, like.name, definer).model, name };
  const nextId = Number(statement.options["AUTO_INCREMENT"] ?? 1);
  return put(tables, { model, rows: [], nextId, content: null });
}

function drafted(tables: Tables, statement: CreateTable, definer: Definer): TableModel {
  if (statement.select !== null || statement.temporary) throw unsupported("such a CREATE TABLE");
  const identity = { serial: 0, createdMicros: definer.facts.nowMicros };
  const draft = new TableDraft(statement.table.name, identity, scopeFor(tables, definer));
  applyOptions(draft, statement.options);
  for (const column of statement.columns) draft.addColumn(column, null);
  for (const column of statement.columns) draft.addColumnKeys(column);
  for (const key of statement.keys) draft.addKey(key);
  for (const check of statement.checks) draft.addCheck(check);
  return checked(draft, statement.foreignKeys.length);
}

function checked(draft: TableDraft, foreignKeys: number): TableModel {
  const model = draft.finish();
  for (const column of model.columns) checkColumn(column);
  if (foreignKeys + model.foreignKeys.length > 0) throw unsupported("a foreign key");
  return model;
}

function drop(tables: Tables, statement: DropTable, definer: Definer): Tables {
  const left = new Map(tables);
  for (const { name } of statement.tables) {
    if (!left.delete(name) && !statement.ifExists) {
      throw sqlError(1051, "42S02", `Unknown table '${definer.database}.${name}'`);
    }
  }
  return left;
}

function rename(tables: Tables, statement: RenameTable, definer: Definer): Tables {
  const renamed = new Map(tables);
  for (const { from, to } of statement.renames) {
    const table = existing(renamed, from.name, definer);
    if (renamed.has(to.name)) throw tableExists(to.name);
    renamed.delete(from.name);
    const model = { ...table.model, name: to.name };
    renamed.set(to.name, { ...table, model, content: null });
  }
  return renamed;
}

function alter(tables: Tables, statement: AlterTable, definer: Definer): Tables {
  const { name } = statement.table;
  if (!tables.has(name) && statement.ifExists) return tables;
  const before = existing(tables, name, definer);
  const draft = TableDraft.from(before.model, scopeFor(tables, definer));
  for (const action of statement.actions) settle(draft, action);
  const changes = alterColumns(draft, statement.actions.filter(isColumnAction));
  for (const definition of changes.definitions) draft.addColumnKeys(definition);
  for (const action of statement.actions) if (action.kind === "add_key") draft.addKey(action.key);
  const model = checked(draft, 0);
  const altered = rebuilt(before, model, changes, definer.facts);
  const to = statement.actions.findLast((each) => each.kind === "rename_table");
  if (to === undefined) return put(tables, altered);
  if (tables.has(to.to.name)) throw tableExists(to.to.name);
  const left = new Map(tables);
  left.delete(name);
  return put(left, { ...altered, model: { ...model, name: to.to.name }, content: null });
}

function settle(draft: TableDraft, action: AlterAction): void {
  if (isColumnAction(action)) return;
  switch (action.kind) {
    case "options":
      return applyOptions(draft, action.options);
    case "drop_key":
      return draft.dropKey(action.name);
    case "rename_key":
      return draft.renameKey(action.from, action.to);
    case "add_key":
    case "rename_table":
    case "hint":
      return;
    default:
      throw unsupported(`ALTER TABLE with ${action.kind}`);
  }
}

/** The rows under the new definition; raises where they break it. */
function rebuilt(before: Table, model: TableModel, changes: ColumnChanges, facts: Facts): Table {
  const sources = model.columns.map((column): (row: StoredRow, number: number) => Value => {
    const origin = changes.origins.get(column.name) ?? null;
    if (origin === null) {
      const value = valueInOldRows(column, facts);
      return () => value;
    }
    const place = placeOf(before.model, origin);
    return (row, number) => kept(column, row.cells[place] ?? null, number);
  });
  // What the triggers count is another matter: whoever alters a table has it counted anew.
  const edit = new TableEdit({ ...before, model, rows: [], content: null });
  before.rows.forEach((row, at) => edit.insert(sources.map((source) => source(row, at + 1))));
  return { ...edit.finish(), model, content: before.content };
}

function kept(column: ColumnModel, value: Value, row: number): Value {
  return fit(column, value, { row, copying: false });
}
