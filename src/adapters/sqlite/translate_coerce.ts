/** Translated values turned into the kind that a function or an operator takes. */
import type { ParamKind } from "./functions_spec.ts";
import { unsupported } from "./translate_parse_reader.ts";
import { isInteger, isNumber, isTemporal } from "./translate_type.ts";
import { callSql, isNull, quoted, type Value } from "./translate_value.ts";

/** Members of an ENUM or SET as one text, for the functions that count them. */
const MEMBER_SEPARATOR = "\x01";

/** SQL for a value as text, as CONCAT would see it. */
export function asText(value: Value): string {
  const { type, sql } = value;
  switch (type.kind) {
    case "integer":
      return type.form === "wide" ? callSql("text_of_wide", sql) : `CAST(${sql} AS TEXT)`;
    case "year":
      return `printf('%04d', ${sql})`;
    case "decimal":
      return callSql("dec_of", sql, String(type.scale));
    case "float":
      return floatText(value);
    case "bytes":
      throw unsupported("Cannot use bytes as text here: write CAST(... AS CHAR) around them");
    case "bit":
      throw unsupported("Cannot use BIT as text here: write BIN(... + 0) or HEX(...)");
    default:
      return sql;
  }
}

function floatText({ type, sql }: Value): string {
  const digits = type.column?.type.scale ?? null;
  if (digits !== null) return callSql("digits_of_double", sql, String(digits));
  return callSql(type.single ? "text_of_float" : "text_of_double", sql);
}

/** SQL for a value as an integer, rounded where it has a fraction. */
export function asInteger(value: Value): string {
  const { type, sql } = value;
  if (isNull(value) || isInteger(type)) return sql;
  if (type.kind === "decimal") return callSql("int_of_digits", exactSql(value));
  if (type.kind === "float") return callSql("int_of_double", sql);
  if (type.kind === "bytes") return bytesNumber(value);
  if (isTemporal(type)) return callSql("int_of_digits", temporalNumber(value));
  return memberNumber(value) ?? callSql("int_of_text", jsonText(value));
}

/** `0x41` is 65; other bytes are text, of which servers take the number differently. */
function bytesNumber({ literal, sql }: Value): string {
  if (literal?.type === "bytes" && literal.numeric) return callSql("number_of_bytes", sql);
  throw unsupported("Cannot use bytes as a number: write 0x… or CONV(HEX(…), 16, 10)");
}

/** Whether a value is bytes that count as an integer. */
export function isHexNumber({ literal }: Value): boolean {
  return literal?.type === "bytes" && literal.numeric;
}

/** SQL for a value as a double. */
export function asDouble(value: Value): string {
  const { type, sql } = value;
  if (isNull(value) || type.kind === "float") return sql;
  if (isNumber(type)) {
    return type.form === "digits" ? callSql("double_of_text", sql) : `CAST(${sql} AS REAL)`;
  }
  if (type.kind === "bytes") {
    return value.literal === null
      ? callSql("double_of_text", callSql("text_of_bytes", sql))
      : `CAST(${bytesNumber(value)} AS REAL)`;
  }
  if (isTemporal(type)) return `CAST(${temporalNumber(value)} AS REAL)`;
  const member = memberNumber(value);
  return member === null ? callSql("double_of_text", jsonText(value)) : `CAST(${member} AS REAL)`;
}

/** SQL for a value as an exact number: an integer or digits. */
export function asExact(value: Value): string {
  const { type, sql } = value;
  if (isNull(value) || isInteger(type)) return sql;
  if (type.kind === "decimal") return exactSql(value);
  if (type.kind === "float") return callSql("text_of_double", sql);
  if (type.kind === "bytes") return bytesNumber(value);
  if (isTemporal(type)) return temporalNumber(value);
  return memberNumber(value) ?? jsonText(value);
}

/** A stored decimal has lost the zeros at its end; a quotient's digits depend on them. */
function exactSql({ type, sql }: Value): string {
  return type.form === "digits" ? sql : callSql("dec_of", sql, String(type.scale));
}

/** `20200102030405`, as dates are in arithmetic. */
export function temporalNumber({ type, sql }: Value): string {
  if (type.kind === "date") return callSql("number_of_date", sql);
  const name = type.kind === "time" ? "number_of_time" : "number_of_datetime";
  return callSql(name, sql, String(type.scale));
}

/** A JSON string counts as what is between its quotes. */
function jsonText({ type, sql }: Value): string {
  return type.kind === "json" && type.column === null ? callSql("JSON_UNQUOTE", sql) : sql;
}

/** The number of an ENUM's member or the bits of a SET; null for all other values. */
export function memberNumber({ type, sql }: Value): string | null {
  const declared = type.column?.type;
  if (declared?.name !== "enum" && declared?.name !== "set") return null;
  const members = quoted(declared.values.join(MEMBER_SEPARATOR));
  return callSql(declared.name === "enum" ? "enum_number" : "set_number", sql, members);
}

/** SQL that is true where MySQL takes the value for true. */
export function asTruth(value: Value): string {
  const { type, sql } = value;
  if (isNull(value)) return "NULL";
  if (type.form === "digits") return callSql("dec_true", sql);
  if (type.form === "wide") return `(${sql} <> 0)`;
  if (isNumber(type)) return sql;
  return `(${asDouble(value)} <> 0)`;
}

/** The same as 0, 1 or NULL. */
export function asBoolean(value: Value): string {
  const truth = asTruth(value);
  const { type } = value;
  return type.kind === "integer" && type.min >= 0n && type.max <= 1n ? truth : `(${truth} <> 0)`;
}

/** SQL for a value as the text of a moment; a time is one of the current day. */
export function asMoment(value: Value): string {
  const { type, sql } = value;
  if (type.kind === "time") return callSql("datetime_of_time", sql, "6");
  if (isNumber(type)) return callSql("datetime_of_number", asExact(value), "6");
  return isTemporal(type) ? sql : asText(value);
}

/** SQL for a value as the text of a time or of a moment that has one. */
export function asTime(value: Value): string {
  const { type, sql } = value;
  if (type.kind === "date") return `(${sql} || ' 00:00:00')`;
  if (isNumber(type)) return callSql("time_of_number", asExact(value), "6");
  return isTemporal(type) ? sql : asText(value);
}

export function asBytes(value: Value): string {
  return value.type.kind === "bytes" ? value.sql : callSql("bytes_of_text", asText(value));
}

/** SQL for a value as a JSON document of its own; NULL is JSON's null. */
export function asJson(value: Value): string {
  const { type, sql } = value;
  if (isNull(value)) return "'null'";
  if (value.literal?.type === "boolean") return value.literal.value ? "'true'" : "'false'";
  if (type.kind === "json") return `COALESCE(${sql}, 'null')`;
  if (type.kind === "float") return `COALESCE(${callSql("json_of_double", sql)}, 'null')`;
  if (isNumber(type)) return `COALESCE(${asText(value)}, 'null')`;
  return `COALESCE(${callSql("json_of_text", asText(value))}, 'null')`;
}

const COERCIONS: Readonly<Record<ParamKind, (value: Value) => string>> = {
  text: asText,
  integer: asInteger,
  double: asDouble,
  exact: asExact,
  bytes: asBytes,
  string: (value) => value.type.kind === "bytes" ? value.sql : asText(value),
  moment: asMoment,
  time: asTime,
  json: asJson,
  any: ({ sql }) => sql,
};

export function coerce(value: Value, kind: ParamKind): string {
  return COERCIONS[kind](value);
}

/** Digits of seconds' fraction that a value has when it is read as a date or a time. */
export function fractionDigits(value: Value): number {
  const { type, literal } = value;
  if (type.kind === "date" || isInteger(type)) return 0;
  if (isTemporal(type)) return type.scale;
  if (type.kind === "decimal") return Math.min(type.scale, 6);
  if (literal?.type === "text") {
    return Math.min(6, /\.(\d+)\s*$/.exec(literal.text)?.[1]?.length ?? 0);
  }
  return 6;
}
