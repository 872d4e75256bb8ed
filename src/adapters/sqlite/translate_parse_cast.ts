/** Reads the type named in CAST and CONVERT. */
import type { Cursor } from "../../sql/cursor.ts";
import type { CastType } from "./translate_ast.ts";

/** DECIMAL without digits, as MySQL reads it. */
const DECIMAL_DIGITS = 10;

export function parseCastType(cursor: Cursor): CastType {
  const word = cursor.next();
  switch (word.upper) {
    case "SIGNED":
    case "UNSIGNED":
      cursor.takeOneOf("INTEGER", "INT");
      return plain(word.upper === "SIGNED" ? "integer" : "unsigned");
    case "INTEGER":
    case "INT":
      return plain("integer");
    case "CHAR":
    case "CHARACTER":
    case "VARCHAR":
    case "NCHAR":
      return textType(cursor);
    case "BINARY":
    case "VARBINARY":
      return { to: "bytes", length: length(cursor), scale: null };
    case "DECIMAL":
    case "DEC":
    case "NUMERIC":
      return decimalType(cursor);
    case "DOUBLE":
      cursor.take("PRECISION");
      return plain("double");
    case "REAL":
      return plain("double");
    case "FLOAT":
      return plain("float");
    case "DATE":
      return plain("date");
    case "YEAR":
      return plain("year");
    case "JSON":
      return plain("json");
    case "TIME":
    case "DATETIME":
      return {
        to: word.upper === "TIME" ? "time" : "datetime",
        length: length(cursor) ?? 0,
        scale: null,
      };
    default:
      throw cursor.fault(word);
  }
}

function plain(to: CastType["to"]): CastType {
  return { to, length: null, scale: null };
}

function length(cursor: Cursor): number | null {
  if (!cursor.take("(")) return null;
  const value = wholeNumber(cursor);
  cursor.expect(")");
  return value;
}

function wholeNumber(cursor: Cursor): number {
  const token = cursor.next();
  if (token.kind !== "number" || !/^\d+$/.test(token.text)) throw cursor.fault(token);
  return Number(token.text);
}

function textType(cursor: Cursor): CastType {
  const limit = length(cursor);
  if (cursor.take("CHARACTER", "SET") || cursor.take("CHARSET")) {
    const charset = cursor.next();
    const isBinary = charset.upper === "BINARY";
    if (!isBinary && !["UTF8MB4", "UTF8MB3", "UTF8"].includes(charset.upper)) {
      throw cursor.fault(charset);
    }
    if (isBinary) return { to: "bytes", length: limit, scale: null };
  }
  return { to: "text", length: limit, scale: null };
}

function decimalType(cursor: Cursor): CastType {
  if (!cursor.take("(")) return { to: "decimal", length: DECIMAL_DIGITS, scale: 0 };
  const digits = wholeNumber(cursor);
  const scale = cursor.take(",") ? wholeNumber(cursor) : 0;
  cursor.expect(")");
  return { to: "decimal", length: digits, scale };
}
