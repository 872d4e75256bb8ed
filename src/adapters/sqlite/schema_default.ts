/** DEFAULT clauses checked against their column, and literals kept in the column's own form. */
import { MinisqlError } from "../../protocol/errors.ts";
import type { ColumnKind } from "../../protocol/values.ts";
import { Cursor } from "../../sql/cursor.ts";
import type { DefaultClause, Literal } from "../../sql/ddl/model.ts";
import { readLiteral } from "../../sql/ddl/names.ts";
import { printDouble, printFloat } from "./functions_number.ts";
import { invalidDefault } from "./schema_errors.ts";
import type { ColumnModel } from "./schema_model.ts";
import { familyOf, type SqlValue } from "./types.ts";
import { printStored } from "./types_decimal.ts";
import { storeValue } from "./types_store.ts";

/** The default of a column whose other attributes are settled; null for none. */
export function resolveDefault(
  column: ColumnModel,
  clause: DefaultClause | null,
): DefaultClause | null {
  if (clause === null) {
    const implied = column.nullable && column.generated === null && !column.autoIncrement;
    return implied ? { kind: "null" } : null;
  }
  switch (clause.kind) {
    case "null":
      if (!column.nullable) throw invalidDefault(column.name);
      return clause;
    case "now":
      return nowDefault(column);
    case "expression":
      return expressionDefault(column, clause.sql);
    case "literal":
      return { kind: "literal", literal: storedLiteral(column, clause.literal) };
  }
}

/** What is a literal, or the time, in parentheses is what it is without them. */
function expressionDefault(column: ColumnModel, sql: string): DefaultClause {
  if (NOW_CALL.test(sql)) return nowDefault(column);
  const cursor = new Cursor(sql);
  while (cursor.take("("));
  const literal = readLiteral(cursor);
  while (cursor.take(")"));
  if (literal === null || !cursor.done) return { kind: "expression", sql };
  return { kind: "literal", literal: storedLiteral(column, literal) };
}

/** Columns other than DATETIME and TIMESTAMP take the time by way of an expression. */
function nowDefault(column: ColumnModel): DefaultClause {
  if (familyOf(column.type.name) !== "datetime") {
    return { kind: "expression", sql: "current_timestamp()" };
  }
  return { kind: "now", fraction: column.type.length ?? 0 };
}

const NOW_CALL =
  /^(?:now|current_timestamp|localtime|localtimestamp)\s*\(\s*\d?\s*\)$|^(?:current_timestamp|localtime|localtimestamp)$/i;

function storedLiteral(column: ColumnModel, literal: Literal): Literal {
  const { value, source } = defaultValue(column, literal);
  let stored: SqlValue;
  try {
    stored = storeValue(column, value, { row: 1, source });
  } catch (error) {
    if (error instanceof MinisqlError && error.code === "SQL") throw invalidDefault(column.name);
    throw error;
  }
  return literalOf(column, stored);
}

function defaultValue(
  column: ColumnModel,
  literal: Literal,
): { readonly value: SqlValue; readonly source: ColumnKind } {
  const family = familyOf(column.type.name);
  const numeric = ["integer", "decimal", "float", "bit", "year"].includes(family);
  if (literal.kind === "hex" && !literal.quoted && numeric) {
    return { value: BigInt(`0x${literal.digits}`), source: "integer" };
  }
  // A member is given by its name, though a row may have it by its number.
  if (family === "enum" && literal.kind === "number") throw invalidDefault(column.name);
  return literalValue(literal);
}

/** The value a literal stands for, and what kind of value MySQL takes it to be. */
export function literalValue(
  literal: Literal,
): { readonly value: SqlValue; readonly source: ColumnKind } {
  switch (literal.kind) {
    case "string":
      return { value: literal.value, source: "text" };
    case "boolean":
      return { value: literal.value ? 1n : 0n, source: "integer" };
    case "number":
      return numberValue(literal.text);
    case "hex":
      return { value: hexBytes(literal.digits), source: "bytes" };
    case "bit":
      return { value: literal.digits === "" ? 0n : BigInt(`0b${literal.digits}`), source: "bit" };
    case "temporal":
      return { value: literal.value, source: literal.type };
  }
}

/** `0x1` is the byte 01. */
function hexBytes(digits: string): Uint8Array {
  return Uint8Array.fromHex(digits.length % 2 === 0 ? digits : `0${digits}`);
}

function numberValue(
  text: string,
): { readonly value: SqlValue; readonly source: ColumnKind } {
  if (/^-?\d+$/.test(text)) return { value: BigInt(text), source: "integer" };
  if (/e/i.test(text)) return { value: Number(text), source: "float" };
  return { value: text, source: "decimal" };
}

/** The literal that MySQL would show for a stored value. */
function literalOf(column: ColumnModel, stored: SqlValue): Literal {
  const { type } = column;
  if (stored instanceof Uint8Array) return bytesDefault(stored);
  switch (familyOf(type.name)) {
    case "bit":
      return { kind: "bit", digits: BigInt(stored ?? 0).toString(2) };
    case "year":
      return { kind: "number", text: String(stored).padStart(4, "0") };
    case "decimal":
      return { kind: "number", text: printStored(numeric(stored), type.scale ?? 0) };
    case "float":
      return { kind: "number", text: floatText(Number(stored), type.name, type.scale) };
    case "integer":
      return { kind: "number", text: String(stored) };
    default:
      return { kind: "string", value: String(stored), introducer: null };
  }
}

function numeric(stored: SqlValue): number | bigint {
  return typeof stored === "bigint" ? stored : Number(stored);
}

function floatText(value: number, name: string, scale: number | null): string {
  if (scale !== null) return value.toFixed(scale);
  return name === "float" ? printFloat(value) : printDouble(value);
}

/** Bytes that are text are shown as text. */
function bytesDefault(bytes: Uint8Array): Literal {
  const trimmed = bytes.subarray(0, bytes.findLastIndex((byte) => byte !== 0) + 1);
  try {
    const value = new TextDecoder("utf-8", { fatal: true }).decode(trimmed);
    return { kind: "string", value, introducer: null };
  } catch {
    return { kind: "hex", digits: bytes.toHex(), quoted: true };
  }
}
