/** What columns take: values made to fit or refused, and defaults. */
import { sqlError } from "../../protocol/errors.ts";
import { literalValue } from "../sqlite/schema_default.ts";
import type { ColumnModel } from "../sqlite/schema_model.ts";
import type { Expr } from "../sqlite/translate_ast.ts";
import { parseExpression } from "../sqlite/translate_parse_statement.ts";
import { familyOf, integerRange, isWideDecimal, type SqlValue } from "../sqlite/types.ts";
import { presentCell } from "../sqlite/types_present.ts";
import { implicitDefault, storeValue } from "../sqlite/types_store.ts";
import { evaluate, type Facts } from "./evaluate.ts";
import { unsupported, type Value } from "./values.ts";

const KNOWN = new Set(["integer", "decimal", "text", "float", "datetime", "date"]);

/** Refuses columns that the engine cannot keep as MySQL would. */
export function checkColumn(column: ColumnModel): void {
  if (column.generated !== null) throw unsupported("a generated column");
  const isKnown = KNOWN.has(familyOf(column.type.name)) && !isWideDecimal(column.type);
  if (!isKnown) throw unsupported(`a column of ${column.type.name}`);
}

/** The value as readers are shown it. */
export function shown(column: ColumnModel, value: Value): Value {
  if (column.type.name !== "decimal" || value === null) return value;
  const stored = Number.isInteger(value) ? BigInt(value) : value;
  return presentCell(column.type, stored) as Value;
}

export interface Fitting {
  /** The row's number in the statement, from 1, for messages. */
  readonly row: number;
  readonly copying: boolean;
}

/** The value as the column keeps it. */
export function fit(column: ColumnModel, value: Value, { row, copying }: Fitting): Value {
  if (value !== null) {
    const family = familyOf(column.type.name);
    if (family === "integer" && Number.isInteger(value) && isWithin(column, value as number)) {
      return value;
    }
    const room = column.type.length ?? 0;
    if (family === "text" && typeof value === "string" && value.length <= room) return value;
  }
  const given: SqlValue = Number.isInteger(value) ? BigInt(value as number) : value;
  return ofSql(storeValue(column, given, { row, copying }));
}

function isWithin({ type }: ColumnModel, value: number): boolean {
  const { min, max } = integerRange(type);
  return value >= Number(min) && value <= Number(max) && Number.isSafeInteger(value);
}

function ofSql(value: SqlValue): Value {
  if (typeof value !== "bigint") {
    if (value instanceof Uint8Array) throw unsupported("bytes");
    return value;
  }
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw unsupported(`a number as large as ${value}`);
  return number;
}

const literals = new WeakMap<ColumnModel, Value>();
const expressions = new WeakMap<ColumnModel, Expr>();

/** What a column gets that no value is given for. */
export function defaultOf(column: ColumnModel, facts: Facts, fitting: Fitting): Value {
  const clause = column.default;
  switch (clause?.kind) {
    case "null":
      return null;
    case "literal": {
      const known = literals.get(column);
      if (known !== undefined) return known;
      const { value, source } = literalValue(clause.literal);
      const kept = ofSql(storeValue(column, value, { row: 1, source }));
      literals.set(column, kept);
      return kept;
    }
    case "now":
      return fit(column, evaluate(nowCall(clause.fraction), NOTHING, facts), fitting);
    case "expression": {
      const expr = expressions.get(column) ?? parseExpression(clause.sql);
      expressions.set(column, expr);
      return fit(column, evaluate(expr, NOTHING, facts), fitting);
    }
    case undefined:
      return missing(column, fitting);
  }
}

const NOTHING = { model: null, row: [] };

function nowCall(fraction: number): Expr {
  return parseExpression(`NOW(${fraction})`);
}

function missing(column: ColumnModel, { copying }: Fitting): Value {
  if (column.nullable) return null;
  if (copying) return ofSql(implicitDefault(column));
  throw sqlError(1364, "HY000", `Field '${column.name}' doesn't have a default value`);
}

/** What rows that were there before the column get in it. */
export function valueInOldRows(column: ColumnModel, facts: Facts): Value {
  const fitting = { row: 1, copying: false };
  if (column.default === null) return column.nullable ? null : ofSql(implicitDefault(column));
  return defaultOf(column, facts, fitting);
}
