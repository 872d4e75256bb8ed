/** Foreign keys completed and checked against the tables they refer to. */
import { sqlError } from "../../protocol/errors.ts";
import type { ForeignKeyDefinition } from "../../sql/ddl/model.ts";
import { malformedForeignKey, noKeyColumn, unsupported } from "./schema_errors.ts";
import { covers } from "./schema_keys.ts";
import {
  type ColumnModel,
  columnOf,
  type ForeignKeyModel,
  sameName,
  type TableModel,
} from "./schema_model.ts";

/** What a foreign key is checked against. */
export interface ForeignKeyScope {
  readonly database: string;
  /** The table that has the key, as it will be. */
  readonly table: Pick<TableModel, "name" | "columns" | "indexes">;
  /** Finds a table to refer to; null where there is none. */
  readonly lookUp: (name: string) => TableModel | null;
  /** SET foreign_key_checks = 0 lets keys refer to tables that are not there yet. */
  readonly checks: boolean;
}

/** A foreign key as it will be kept; its name is still empty where it was given none. */
export function resolveForeignKey(
  definition: ForeignKeyDefinition,
  scope: ForeignKeyScope,
): ForeignKeyModel {
  const { references } = definition;
  if (references.table.database !== null && references.table.database !== scope.database) {
    throw unsupported(
      `Cannot refer to ${references.table.database}.${references.table.name}: the embedded engine ` +
        "has one database; keep both tables in it",
    );
  }
  const columns = definition.columns.map((name) => ownColumn(scope, name));
  const key: ForeignKeyModel = {
    name: definition.name ?? definition.indexName ?? "",
    columns: columns.map((column) => column.name),
    references: { table: references.table.name, columns: references.columns },
    onDelete: actionOf(references.onDelete),
    onUpdate: actionOf(references.onUpdate),
  };
  checkCounts(key);
  checkOwnColumns(key, columns, scope);
  return { ...key, references: checkedReference(key, columns, scope) };
}

function ownColumn(scope: ForeignKeyScope, name: string): ColumnModel {
  const column = columnOf(scope.table as TableModel, name);
  if (column === null) throw noKeyColumn(name);
  return column;
}

function actionOf(said: string | null): string {
  if (said === "SET DEFAULT") {
    throw unsupported("Cannot make a foreign key with SET DEFAULT: no MySQL engine runs it");
  }
  return said ?? "RESTRICT";
}

function checkCounts(key: ForeignKeyModel): void {
  if (key.references.columns.length === 0) return;
  if (key.columns.length === key.references.columns.length) return;
  const name = key.name === "" ? "foreign key without name" : key.name;
  throw sqlError(
    1239,
    "42000",
    `Incorrect foreign key definition for '${name}': Key reference and table reference don't match`,
  );
}

function checkOwnColumns(
  key: ForeignKeyModel,
  columns: readonly ColumnModel[],
  scope: ForeignKeyScope,
): void {
  if (columns.some((column) => column.generated !== null)) {
    throw unsupported(
      "Cannot make a foreign key on a generated column: the embedded engine keeps it for " +
        "ordinary columns",
    );
  }
  const setsNull = key.onDelete === "SET NULL" || key.onUpdate === "SET NULL";
  if (setsNull && columns.some((column) => !column.nullable)) throw malformed(scope);
}

function malformed(scope: ForeignKeyScope): Error {
  return malformedForeignKey(scope.database, scope.table.name, 150);
}

/** The referenced table and columns in their own spelling, if they fit. */
function checkedReference(
  key: ForeignKeyModel,
  columns: readonly ColumnModel[],
  scope: ForeignKeyScope,
): ForeignKeyModel["references"] {
  const { references } = key;
  const own = references.table === scope.table.name;
  const parent = own ? scope.table : scope.lookUp(references.table);
  if (references.columns.length === 0) throw malformed(scope);
  if (parent === null) {
    if (scope.checks) throw malformed(scope);
    return references;
  }
  const targets = references.columns.map((name) =>
    parent.columns.find((column) => sameName(column.name, name))
  );
  const names = targets.map((column) => column?.name ?? "");
  const fits = targets.every((target, at) => {
    const column = columns[at];
    return target !== undefined && column !== undefined && comparable(column, target);
  });
  if (!fits || !parent.indexes.some((index) => covers(index, names))) throw malformed(scope);
  return { table: references.table, columns: names };
}

/** Both sides must hold the same kind of values; the length of text may differ. */
export function comparable(a: ColumnModel, b: ColumnModel): boolean {
  const [one, other] = [a.type, b.type];
  if (one.name !== other.name || one.unsigned !== other.unsigned) return false;
  if (one.collation !== other.collation) return false;
  const exact = ["decimal", "bit", "time", "datetime", "timestamp"].includes(one.name);
  return !exact || (one.length === other.length && one.scale === other.scale);
}

/** InnoDB numbers the keys of a table that were given no name. */
export function freeForeignKeyName(table: string, taken: readonly ForeignKeyModel[]): string {
  const prefix = `${table}_ibfk_`;
  const numbers = taken.filter((key) => key.name.startsWith(prefix))
    .map((key) => Number(key.name.slice(prefix.length)))
    .filter(Number.isInteger);
  return `${prefix}${Math.max(0, ...numbers) + 1}`;
}
