/** Foreign keys of and to a table that changes: what may not change because of them. */
import { sqlError } from "../../protocol/errors.ts";
import { quoteName } from "../../sql/names.ts";
import type { DdlContext } from "./ddl_context.ts";
import type { Runner } from "./schema.ts";
import { keyPartSql, sqlName } from "./ddl_sql.ts";
import { comparable } from "./schema_foreign_keys.ts";
import { covers } from "./schema_keys.ts";
import {
  type ColumnModel,
  columnOf,
  type ForeignKeyModel,
  sameName,
  type TableModel,
} from "./schema_model.ts";

/** A table before and after, and what its columns were called. */
export interface Alteration {
  readonly before: TableModel;
  readonly after: TableModel;
  /** Old names in lower case to new ones. */
  readonly renames: ReadonlyMap<string, string>;
}

/** Raises MySQL's error where a foreign key needs what is gone or different. */
export function checkReferences(context: DdlContext, alteration: Alteration): void {
  if (!context.foreignKeyChecks) return;
  const { before, after } = alteration;
  for (const key of after.foreignKeys) {
    const known = before.foreignKeys.some((each) => sameName(each.name, key.name));
    if (known) checkOwnKey(context, alteration, key);
  }
  for (const { table, key } of context.schemas.referencing(before.name)) {
    if (table.name !== before.name) checkKeyTo(context, alteration, table, key);
  }
}

function checkOwnKey(context: DdlContext, alteration: Alteration, key: ForeignKeyModel): void {
  const { before, after } = alteration;
  const columns = key.columns.map((name) => columnOf(after, name));
  if (columns.includes(null) || !after.indexes.some((index) => covers(index, key.columns))) {
    const old = before.foreignKeys.find((each) => sameName(each.name, key.name));
    const index = before.indexes.find((each) => covers(each, old?.columns ?? key.columns));
    throw neededIndex(index?.name ?? key.columns[0] ?? "");
  }
  const parent = key.references.table === before.name
    ? after
    : context.schemas.table(key.references.table);
  columns.forEach((column, at) => {
    if (column === null) return;
    checkNullable(key, column);
    const target = parent === null ? null : columnOf(parent, key.references.columns[at] ?? "");
    if (target === null || comparable(column, target)) return;
    throw sqlError(
      1832,
      "HY000",
      `Cannot change column '${column.name}': used in a foreign key constraint '${key.name}'`,
    );
  });
}

function checkNullable(key: ForeignKeyModel, column: ColumnModel): void {
  const setsNull = key.onDelete === "SET NULL" || key.onUpdate === "SET NULL";
  if (!setsNull || column.nullable) return;
  throw sqlError(
    1830,
    "HY000",
    `Column '${column.name}' cannot be NOT NULL: needed in a foreign key constraint ` +
      `'${key.name}' SET NULL`,
  );
}

function neededIndex(name: string): Error {
  return sqlError(1553, "HY000", `Cannot drop index '${name}': needed in a foreign key constraint`);
}

/** A key of another table, which refers to the one that changes. */
function checkKeyTo(
  context: DdlContext,
  { before, after, renames }: Alteration,
  child: TableModel,
  key: ForeignKeyModel,
): void {
  const names = key.references.columns.map((name) => renames.get(name.toLowerCase()) ?? name);
  names.forEach((name, at) => {
    const old = key.references.columns[at] ?? "";
    const target = columnOf(after, name);
    if (target === null) {
      const table = `${quoteName(context.database)}.${quoteName(child.name)}`;
      throw sqlError(
        1829,
        "HY000",
        `Cannot drop column '${old}': needed in a foreign key constraint '${key.name}' of table ` +
          table,
      );
    }
    const column = columnOf(child, key.columns[at] ?? "");
    if (column === null || comparable(column, target)) return;
    throw sqlError(
      1833,
      "HY000",
      `Cannot change column '${old}': used in a foreign key constraint '${key.name}' of table ` +
        `'${context.database}.${child.name}'`,
    );
  });
  if (after.indexes.some((index) => covers(index, names))) return;
  const index = before.indexes.find((each) => covers(each, key.references.columns));
  throw neededIndex(index?.name ?? "");
}

/** Raises MySQL's error where a row of the table refers to none of the table the key names. */
export function checkRows(context: DdlContext, table: TableModel, key: ForeignKeyModel): void {
  const parent = key.references.table === table.name
    ? table
    : context.schemas.table(key.references.table);
  if (!context.foreignKeyChecks || parent === null) return;
  if (!hasOrphan(context.db, table, parent, key)) return;
  const list = (names: readonly string[]) => names.map(quoteName).join(", ");
  throw sqlError(
    1452,
    "23000",
    `Cannot add or update a child row: a foreign key constraint fails (${
      quoteName(context.database)
    }.${quoteName(table.name)}, CONSTRAINT ${quoteName(key.name)} FOREIGN KEY (${
      list(key.columns)
    }) REFERENCES ${quoteName(parent.name)} (${list(key.references.columns)}))`,
  );
}

function hasOrphan(
  db: Runner,
  table: TableModel,
  parent: TableModel,
  key: ForeignKeyModel,
): boolean {
  const present = key.columns.map((name) => `${sqlName(name)} IS NOT NULL`);
  const own = keyTuple(table, key.columns);
  const targets = keyTuple(parent, key.references.columns);
  const sql = `SELECT 1 FROM ${sqlName(table.name)} WHERE ${present.join(" AND ")}
    AND (${own}) NOT IN (SELECT ${targets} FROM ${sqlName(parent.name)} WHERE ${
    key.references.columns.map((name) => `${sqlName(name)} IS NOT NULL`).join(" AND ")
  }) LIMIT 1`;
  return db.prepare(sql).get() !== undefined;
}

function keyTuple(table: TableModel, names: readonly string[]): string {
  return names.map((name) => {
    const column = columnOf(table, name);
    return column === null ? sqlName(name) : keyPartSql(column, null);
  }).join(", ");
}
