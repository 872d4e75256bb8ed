/** DROP TABLE and TRUNCATE. */
import { sqlError } from "../../protocol/errors.ts";
import type { DropTable, TruncateTable } from "../../sql/ddl/model.ts";
import { quoteName } from "../../sql/names.ts";
import { type DdlContext, type DdlOutcome, done, localName } from "./ddl_context.ts";
import { sqlName } from "./ddl_sql.ts";
import type { Reference } from "./schema.ts";
import { noSuchTable } from "./schema_errors.ts";
import type { TableModel } from "./schema_model.ts";

/** All of the tables, or none: one that is not there keeps the others. */
export function dropTables(context: DdlContext, statement: DropTable): DdlOutcome {
  const names = statement.tables.map((table) => localName(context, table));
  // There are no temporary tables to be found.
  const found = statement.temporary
    ? []
    : names.map((name) => context.schemas.table(name)).filter((table) => table !== null);
  const missing = names.filter((name) => !found.some((table) => table.name === name));
  if (missing.length > 0 && !statement.ifExists) {
    const list = missing.map((name) => `${context.database}.${name}`).join(",");
    throw sqlError(1051, "42S02", `Unknown table '${list}'`);
  }
  dropChecked(context, found);
  return {
    result: done(missing.length),
    changed: found.map(({ name }) => ({ before: name, after: null })),
  };
}

/** Drops tables that no other table refers to. */
export function dropChecked(context: DdlContext, tables: readonly TableModel[]): void {
  const gone = new Set(tables.map((table) => table.name));
  for (const table of tables) {
    const holder = referenceFromOutside(context, table.name, gone);
    if (holder !== undefined) {
      throw sqlError(
        1451,
        "23000",
        "Cannot delete or update a parent row: a foreign key constraint fails",
      );
    }
  }
  for (const table of tables) {
    context.db.exec(`DROP TABLE ${sqlName(table.name)}`);
    context.schemas.remove(table.name);
    context.autoIncrement.forget(table.name);
  }
}

function referenceFromOutside(
  context: DdlContext,
  name: string,
  inside: ReadonlySet<string>,
): Reference | undefined {
  if (!context.foreignKeyChecks) return undefined;
  return context.schemas.referencing(name).find((each) => !inside.has(each.table.name));
}

/** Rows go one by one, so that triggers see them go; numbering begins anew. */
export function truncateTable(context: DdlContext, statement: TruncateTable): DdlOutcome {
  const name = localName(context, statement.table);
  const table = context.schemas.table(name);
  if (table === null) throw noSuchTable(context.database, name);
  const holder = referenceFromOutside(context, name, new Set([name]));
  if (holder !== undefined) throw truncateRefused(context, name, holder);
  context.db.exec(`DELETE FROM ${sqlName(name)}`);
  context.autoIncrement.reset(context.db, table, 1n);
  return { result: done(), changed: [{ before: name, after: name }] };
}

function truncateRefused(context: DdlContext, name: string, { table, key }: Reference): Error {
  const database = quoteName(context.database);
  const list = (names: readonly string[]) => names.map(quoteName).join(", ");
  return sqlError(
    1701,
    "42000",
    `Cannot truncate a table referenced in a foreign key constraint (${database}.` +
      `${quoteName(table.name)}, CONSTRAINT ${quoteName(key.name)} FOREIGN KEY ` +
      `(${list(key.columns)}) REFERENCES ${database}.${quoteName(name)} ` +
      `(${list(key.references.columns)}))`,
  );
}
