/** A table's schema as the engine's port tells it. */
import { crc32Hex } from "../../base/crc32.ts";
import type { ColumnSchema, TableSchema } from "../../ports/engine.ts";
import type { ColumnModel, TableModel } from "./schema_model.ts";
import { createTableText, defaultText } from "./show_create.ts";
import { shownExpression } from "./show_expression.ts";
import { columnKind, typeText } from "./types.ts";

/** `nextId` is what AUTO_INCREMENT would give next; it is no part of the hash. */
export function tableSchema(table: TableModel, nextId: bigint): TableSchema {
  const names = table.columns.map((column) => column.name);
  const schema = {
    name: table.name,
    columns: table.columns.map((column) => columnSchema(column, names)),
    indexes: table.indexes.map((index) => ({
      name: index.name,
      unique: index.unique,
      columns: index.parts.map((part) => part.column),
      method: index.method ?? "btree",
    })),
    foreignKeys: table.foreignKeys.map(({ name, columns, references, onDelete, onUpdate }) => ({
      name,
      columns,
      references,
      onDelete,
      onUpdate,
    })),
    triggers: [],
    storage: "sqlite",
    createSql: createTableText(table, nextId),
  };
  return { ...schema, hash: schemaHash(table, schema.columns) };
}

function columnSchema(column: ColumnModel, names: readonly string[]): ColumnSchema {
  return {
    name: column.name,
    kind: columnKind(column.type),
    type: typeText(column.type),
    nullable: column.nullable,
    defaultSql: defaultText(column.default, names),
    autoIncrement: column.autoIncrement,
    generatedSql: column.generated === null ? null : shownExpression(column.generated.sql, names),
    collation: column.type.collation,
    onUpdateSql: column.onUpdate === null
      ? null
      : `current_timestamp(${column.onUpdate === 0 ? "" : column.onUpdate})`,
    invisible: column.invisible,
  };
}

/**
 * Hash over what decides which rows the table may hold: columns and keys in the order of their
 * names, so that the order they were declared in says nothing. Names of tables and foreign keys,
 * comments, options and the way a table is stored are left out.
 */
function schemaHash(table: TableModel, columns: readonly ColumnSchema[]): string {
  const sorted = (items: readonly unknown[]) => items.map((item) => JSON.stringify(item)).sort();
  const foreignKeys = table.foreignKeys.map(({ columns, references, onDelete, onUpdate }) => [
    columns,
    references.table === table.name ? "" : references.table,
    references.columns,
    onDelete,
    onUpdate,
  ]);
  const checks = [
    ...table.columns.map((column) => column.check).filter((check) => check !== null),
    ...table.checks.map((check) => check.sql),
  ];
  const indexes = table.indexes.map(({ name, unique, parts }) => ({ name, unique, parts }));
  return crc32Hex(
    JSON.stringify([sorted(columns), sorted(indexes), sorted(foreignKeys), sorted(checks)]),
  );
}
