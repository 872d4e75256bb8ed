/** What columns get that no value is given for. */
import { sqlError } from "../../protocol/errors.ts";
import type { ColumnKind } from "../../protocol/values.ts";
import type { SqliteConnection } from "./connection.ts";
import { type Computed, RowQuery } from "./dml_row_query.ts";
import { momentOfEpoch, printMoment } from "./functions_temporal.ts";
import type { SqlValue } from "./functions_spec.ts";
import { literalValue } from "./schema_default.ts";
import type { ColumnModel, TableModel } from "./schema_model.ts";
import { parseExpression } from "./translate_parse_statement.ts";
import { newContext, type SchemaLookup } from "./translate_query.ts";
import { columnKind } from "./types.ts";
import { implicitDefault, storeValue } from "./types_store.ts";

/** A default computed for each row; null for a column that has none. */
export type DefaultSource = (connection: SqliteConnection) => DefaultValue;

export interface DefaultValue extends Computed {
  /** It is in the form that the column stores. */
  readonly stored: boolean;
}

export function defaultOf(column: ColumnModel, lookup: SchemaLookup): DefaultSource | null {
  const clause = column.default;
  if (clause === null) return null;
  switch (clause.kind) {
    case "null":
      return fixed(null, "null");
    case "literal": {
      const { value, source } = literalValue(clause.literal);
      // A default was checked, and made what the column stores, when the table was defined.
      const stored = storeValue(column, value, { row: 1, source, lenient: () => {} });
      return fixed(stored, source);
    }
    case "now": {
      const kind = columnKind(column.type);
      const isStored = column.type.length === clause.fraction ||
        (column.type.length === null && clause.fraction === 0);
      return (connection) => ({
        value: nowText(connection, clause.fraction),
        source: kind,
        stored: isStored,
      });
    }
    case "expression":
      return expressionDefault(clause.sql, lookup);
  }
}

function fixed(value: SqlValue, source: ColumnKind): DefaultSource {
  const known = { value, source, stored: true };
  return () => known;
}

function expressionDefault(sql: string, lookup: SchemaLookup): DefaultSource {
  const names = { columns: [], table: "", database: lookup.database, inserted: null };
  const query = new RowQuery(newContext(sql, lookup), [parseExpression(sql)], names, {
    clause: "DEFAULT",
  });
  return (connection) => {
    const [computed] = query.run(connection, []);
    return { value: computed?.value ?? null, source: computed?.source ?? "null", stored: false };
  };
}

/** What NOW() says in the statement that runs. */
export function nowText(connection: SqliteConnection, fraction: number): string | null {
  const moment = momentOfEpoch(connection.state.facts.nowMicros);
  return moment === null ? null : printMoment(moment, fraction);
}

/** The defaults of all columns of a table. */
export type Defaults = ReadonlyMap<ColumnModel, DefaultSource | null>;

export function defaultsOf(table: TableModel, lookup: SchemaLookup): Defaults {
  return new Map(table.columns.map((column) => [column, defaultOf(column, lookup)]));
}

/** The error, or under IGNORE the value, for a column without any default. */
export function missingDefault(column: ColumnModel, lenient: boolean): Computed {
  if (!lenient) {
    throw sqlError(1364, "HY000", noDefault(column));
  }
  return { value: implicitDefault(column), source: columnKind(column.type) };
}

export function noDefault({ name }: ColumnModel): string {
  return `Field '${name}' doesn't have a default value`;
}
