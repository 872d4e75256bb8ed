/** What a new column says in rows that were there before it. */
import { sqlError } from "../../protocol/errors.ts";
import type { ColumnKind } from "../../protocol/values.ts";
import { momentOfEpoch, printMoment } from "./functions_temporal.ts";
import type { DdlContext } from "./ddl_context.ts";
import { sqlName } from "./ddl_sql.ts";
import { literalValue } from "./schema_default.ts";
import type { ColumnModel, TableModel } from "./schema_model.ts";
import { familyOf, type SqlValue } from "./types.ts";
import { implicitDefault, storeValue } from "./types_store.ts";

export type OldRowValue =
  /** The same in each row, as SQLite's literal. */
  | { readonly kind: "value"; readonly sql: string }
  /** Computed for each row, as SQLite's expression on the new columns. */
  | { readonly kind: "expression"; readonly sql: string; readonly source: ColumnKind };

export function valueForOldRows(
  context: DdlContext,
  column: ColumnModel,
  source: string,
  table?: TableModel,
): OldRowValue {
  const clause = column.default;
  if (clause?.kind === "expression") {
    const { sql, kind } = context.translate(clause.sql, table?.columns ?? [], "default");
    return { kind: "expression", sql, source: kind };
  }
  return { kind: "value", sql: literalSql(constantValue(context, column, source)) };
}

function constantValue(context: DdlContext, column: ColumnModel, source: string): SqlValue {
  const clause = column.default;
  switch (clause?.kind) {
    case "null":
      return null;
    case "now":
      return nowText(context.nowMicros, clause.fraction);
    case "literal": {
      const { value, source: kind } = literalValue(clause.literal);
      return storeValue(column, value, { row: 1, source: kind });
    }
    default:
      return column.nullable ? null : impliedValue(context, column, source);
  }
}

function nowText(micros: number, fraction: number): string {
  const moment = momentOfEpoch(micros);
  return moment === null ? "" : printMoment(moment, fraction);
}

/** There is no date that MySQL would take for one that was not said. */
function impliedValue(context: DdlContext, column: ColumnModel, source: string): SqlValue {
  const value = implicitDefault(column);
  const family = familyOf(column.type.name);
  if (family !== "date" && family !== "datetime") return value;
  if (context.db.prepare(`SELECT 1 FROM ${sqlName(source)} LIMIT 1`).get() === undefined) {
    return value;
  }
  throw sqlError(
    1292,
    "22007",
    `Incorrect ${family} value: '${value}' for column '${column.name}' at row 1`,
  );
}

/** A stored value as SQLite's literal. */
export function literalSql(value: SqlValue): string {
  if (value === null) return "NULL";
  if (value instanceof Uint8Array) return `x'${value.toHex()}'`;
  if (typeof value === "string") return `'${value.replaceAll("'", "''")}'`;
  if (typeof value === "bigint") return value.toString();
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}
