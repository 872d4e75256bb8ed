/** What SHOW statements look at. */
import type { Cursor } from "../../sql/cursor.ts";
import { readTableName } from "../../sql/ddl/names.ts";
import type { TranslateExpression } from "./ddl_sql.ts";
import type { Runner, SchemaStore } from "./schema.ts";
import type { AutoIncrement } from "./schema_auto_increment.ts";
import { noSuchTable, unknownDatabase } from "./schema_errors.ts";
import type { TableModel } from "./schema_model.ts";

export interface ShowContext {
  readonly db: Runner;
  readonly schemas: SchemaStore;
  readonly autoIncrement: AutoIncrement;
  readonly database: string;
  readonly translate: TranslateExpression;
}

/** Reads `[FROM | IN db]`, which can only name the one database there is. */
export function readDatabase(context: ShowContext, cursor: Cursor): void {
  if (cursor.takeOneOf("FROM", "IN") === null) return;
  const name = cursor.name();
  if (name !== context.database) throw unknownDatabase(name);
}

/** Reads a table's name, which must be that of a table. */
export function readTable(context: ShowContext, cursor: Cursor): TableModel {
  const { database, name } = readTableName(cursor);
  if (database !== null && database !== context.database) throw unknownDatabase(database);
  const table = context.schemas.table(name);
  if (table === null) throw noSuchTable(context.database, name);
  return table;
}

/** Tables that are the program's own are not shown in lists. */
export function shownTables(context: ShowContext): readonly TableModel[] {
  return [...context.schemas.current().tables.values()]
    .filter((table) => !table.name.startsWith("_minisql"))
    .toSorted((a, b) => a.name < b.name ? -1 : 1);
}
