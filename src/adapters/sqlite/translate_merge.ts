/** The common type of several values, as IF, CASE, COALESCE and UNION need it. */
import { asBytes, asDouble, asExact, asText, memberNumber } from "./translate_coerce.ts";
import { unsupported } from "./translate_parse_reader.ts";
import {
  BYTES_TYPE,
  datetimeType,
  decimalType,
  detached,
  DOUBLE_TYPE,
  integerType,
  isExact,
  isInteger,
  isNumber,
  isTemporal,
  NULL_TYPE,
  textType,
  type ValueType,
  wholeDigits,
} from "./translate_type.ts";
import { callSql, derived, isNull, type Value } from "./translate_value.ts";

/** The type all of them can be shown in. */
export function mergeTypes(types: readonly ValueType[]): ValueType {
  const known = types.filter((type) => type.kind !== "null").map(detached);
  const [first, ...rest] = known;
  if (first === undefined) return NULL_TYPE;
  return rest.reduce(mergePair, first);
}

function mergePair(a: ValueType, b: ValueType): ValueType {
  if (isNumber(a) && isNumber(b)) return mergeNumbers(a, b);
  if (isTemporal(a) && isTemporal(b)) return mergeTemporal(a, b);
  if (a.kind === "json" && b.kind === "json") return a;
  if (a.kind === "bytes" || b.kind === "bytes") return BYTES_TYPE;
  return mergeTexts(a, b);
}

function mergeTexts(a: ValueType, b: ValueType): ValueType {
  const texts = [a, b].filter((type) => type.kind === "text");
  const strength = Math.min(...texts.map((type) => type.strength), textType().strength);
  const deciding = texts.filter((type) => type.strength === strength);
  return textType(deciding.some((type) => type.collation === "bin") ? "bin" : "ci", strength);
}

function mergeNumbers(a: ValueType, b: ValueType): ValueType {
  if (isInteger(a) && isInteger(b)) {
    if (a.kind === b.kind && a.kind !== "integer") return a;
    return integerType(
      a.min < b.min ? a.min : b.min,
      a.max > b.max ? a.max : b.max,
      a.unsigned && b.unsigned,
    );
  }
  if (!isExact(a) || !isExact(b)) {
    return a.kind === b.kind && a.single && b.single ? a : DOUBLE_TYPE;
  }
  const scale = Math.max(a.scale, b.scale);
  return decimalType(Math.max(wholeDigits(a), wholeDigits(b)) + scale, scale);
}

function mergeTemporal(a: ValueType, b: ValueType): ValueType {
  if (a.kind === b.kind) return a.scale >= b.scale ? a : b;
  return datetimeType(Math.max(a.scale, b.scale));
}

/** A value as one of the merged type. */
export function convertTo(value: Value, type: ValueType): Value {
  if (isNull(value)) return { ...value, type: { ...type, nullable: true } };
  return { ...derived(convertSql(value, type), type, [value]), literal: null };
}

function convertSql(value: Value, type: ValueType): string {
  const { sql } = value;
  switch (type.kind) {
    case "null":
    case "json":
      return sql;
    case "decimal":
      return callSql("dec_of", asExact(value), String(type.scale));
    case "float":
      return value.type.kind === "float" ? sql : asDouble(value);
    case "text":
      return asText(value);
    case "bytes":
      return asBytes(value);
    case "datetime":
    case "timestamp":
      return momentSql(value, type.scale);
    case "time":
      return value.type.scale === type.scale
        ? sql
        : callSql("time_of_text", sql, String(type.scale));
    case "bit":
      return sql;
    default:
      return memberNumber(value) ?? sql;
  }
}

function momentSql({ type, sql }: Value, digits: number): string {
  if (type.kind === "time") return callSql("datetime_of_time", sql, String(digits));
  if (!isTemporal(type)) throw unsupported("Cannot mix dates with other values here");
  if (type.kind !== "date" && type.scale === digits) return sql;
  return callSql("datetime_of_text", sql, String(digits));
}
