/** The type of a stored column as a value in expressions. */
import type { ColumnModel } from "./schema_model.ts";
import {
  BYTES_TYPE,
  DATE_TYPE,
  datetimeType,
  decimalType,
  DOUBLE_TYPE,
  FLOAT_TYPE,
  integerType,
  JSON_TYPE,
  STRENGTH,
  textType,
  timeType,
  type ValueType,
} from "./translate_type.ts";
import { familyOf, integerRange, isCaseInsensitive } from "./types.ts";

export function columnType(column: ColumnModel): ValueType {
  return { ...baseType(column), column, nullable: column.nullable };
}

function baseType(column: ColumnModel): ValueType {
  const { type } = column;
  const family = familyOf(type.name);
  switch (family) {
    case "integer": {
      const { min, max } = integerRange(type);
      return integerType(min, max, type.unsigned);
    }
    case "bit":
      return { ...integerType(0n, 2n ** BigInt(type.length ?? 1) - 1n, true), kind: "bit" };
    case "year":
      return { ...integerType(0n, 2155n, true), kind: "year" };
    case "decimal":
      return decimalColumn(type.length ?? 10, type.scale ?? 0);
    case "float":
      return { ...(type.name === "float" ? FLOAT_TYPE : DOUBLE_TYPE), scale: type.scale ?? 0 };
    case "date":
      return DATE_TYPE;
    case "time":
      return timeType(type.length ?? 0);
    case "datetime":
      return {
        ...datetimeType(type.length ?? 0),
        kind: type.name === "timestamp" ? "timestamp" : "datetime",
      };
    case "bytes":
      return BYTES_TYPE;
    case "json":
      return JSON_TYPE;
    default:
      return textType(isCaseInsensitive(type) ? "ci" : "bin", STRENGTH.column);
  }
}

/** A double holds every decimal of so many digits; longer ones are kept as digits. */
const DOUBLE_DIGITS = 15;

function decimalColumn(digits: number, scale: number): ValueType {
  const form = digits <= DOUBLE_DIGITS ? "native" : "digits";
  return { ...decimalType(digits, scale), form };
}
