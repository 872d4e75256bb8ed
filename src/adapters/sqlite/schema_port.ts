/** A table's schema as the engine's port tells it. */
import type { ColumnSchema, TableSchema } from "../../ports/engine.ts";
import { schemaHash } from "../../sql/schema_hash.ts";
import type { ColumnModel, TableModel } from "./schema_model.ts";
import { checkOf, createTableText, defaultText } from "./show_create.ts";
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
  return { ...schema, hash: schemaHash({ ...schema, rules: rulesOf(table) }) };
}

function columnSchema(column: ColumnModel, names: readonly string[]): ColumnSchema {
  return {
    name: column.name,
    kind: columnKind(column.type),
    type: typeText(column.type),
    nullable: column.nullable,
    defaultSql: column.default?.kind === "null" ? null : defaultText(column.default, names),
    autoIncrement: column.autoIncrement,
    generatedSql: column.generated === null ? null : shownExpression(column.generated.sql, names),
    collation: column.type.collation,
    onUpdateSql: column.onUpdate === null
      ? null
      : `current_timestamp(${column.onUpdate === 0 ? "" : column.onUpdate})`,
    invisible: column.invisible,
  };
}

/** Everything else that decides which rows the table may hold. */
function rulesOf(table: TableModel): readonly string[] {
  const names = table.columns.map((column) => column.name);
  const checks = table.columns.flatMap((column) => {
    const check = checkOf(column, names);
    return check === null ? [] : [`check ${column.name} ${check}`];
  });
  return [
    ...checks,
    ...table.checks.map(({ name, sql }) => `check ${name} ${shownExpression(sql, names)}`),
    ...table.indexes.map(({ name, parts }) => `index ${name} ${JSON.stringify(parts)}`),
    ...table.columns.filter((column) => column.generated !== null)
      .map(({ name, generated }) =>
        `generated ${name} ${generated?.stored ? "stored" : "virtual"}`
      ),
  ];
}
