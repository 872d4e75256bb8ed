/** CAST, CONVERT, COLLATE and BINARY. */
import { sqlError } from "../../protocol/errors.ts";
import type { CastType } from "./translate_ast.ts";
import { asBytes, asDouble, asExact, asMoment, asText, asTime } from "./translate_coerce.ts";
import { unsupported } from "./translate_parse_reader.ts";
import {
  BIGINT_TYPE,
  BIGINT_UNSIGNED_TYPE,
  BYTES_TYPE,
  DATE_TYPE,
  datetimeType,
  decimalType,
  DOUBLE_TYPE,
  FLOAT_TYPE,
  integerType,
  isInteger,
  isText,
  JSON_TYPE,
  STRENGTH,
  textType,
  timeType,
} from "./translate_type.ts";
import { callSql, derived, isNull, type Value } from "./translate_value.ts";

export function cast(value: Value, type: CastType): Value {
  const length = type.length;
  switch (type.to) {
    case "integer":
      return castInteger(value);
    case "unsigned":
      return castUnsigned(value);
    case "decimal": {
      const [digits, scale] = [length ?? 10, type.scale ?? 0];
      const sql = callSql("dec_clip", asExact(value), String(digits), String(scale));
      return derived(sql, decimalType(digits, scale), [value]);
    }
    case "double":
      return derived(asDouble(value), DOUBLE_TYPE, [value]);
    case "float":
      return derived(callSql("float_of_double", asDouble(value)), FLOAT_TYPE, [value]);
    case "text":
      return castText(value, length);
    case "bytes":
      return castBytes(value, length);
    case "date":
      return derived(callSql("DATE", asMoment(value)), DATE_TYPE, [value]);
    case "datetime": {
      const sql = callSql("datetime_of_text", asMoment(value), String(length ?? 0));
      return derived(sql, datetimeType(length ?? 0), [value]);
    }
    case "time": {
      const sql = callSql("time_of_text", asTime(value), String(length ?? 0));
      return derived(sql, timeType(length ?? 0), [value]);
    }
    case "json":
      return derived(callSql("json_compact", asText(value)), JSON_TYPE, [value]);
    case "year":
      throw unsupported("Cannot cast to YEAR: write YEAR(...)");
  }
}

function castInteger(value: Value): Value {
  const { type } = value;
  if (isNull(value)) return derived("NULL", BIGINT_TYPE, [value]);
  if (isInteger(type) && type.form === "native") {
    return derived(value.sql, integerType(type.min, type.max), [value]);
  }
  if (type.kind === "float") {
    return derived(callSql("signed_of_double", value.sql), BIGINT_TYPE, [value]);
  }
  return isText(type)
    ? derived(callSql("signed_of_text", asText(value)), BIGINT_TYPE, [value])
    : derived(callSql("signed_of", asExact(value)), BIGINT_TYPE, [value]);
}

function castUnsigned(value: Value): Value {
  const { type } = value;
  if (isNull(value)) return derived("NULL", BIGINT_UNSIGNED_TYPE, [value]);
  if (isInteger(type) && type.form === "native" && type.min >= 0n) {
    return derived(value.sql, integerType(type.min, type.max, true), [value]);
  }
  if (type.kind === "float") {
    return derived(callSql("unsigned_of_double", value.sql), BIGINT_UNSIGNED_TYPE, [value]);
  }
  return isText(type)
    ? derived(callSql("unsigned_of_text", asText(value)), BIGINT_UNSIGNED_TYPE, [value])
    : derived(callSql("unsigned_of", asExact(value)), BIGINT_UNSIGNED_TYPE, [value]);
}

function castText(value: Value, length: number | null): Value {
  const text = value.type.kind === "bytes" ? callSql("text_of_bytes", value.sql) : asText(value);
  const cut = length === null ? text : callSql("LEFT", text, String(length));
  return derived(cut, textType("ci", STRENGTH.column), [value]);
}

function castBytes(value: Value, length: number | null): Value {
  const bytes = asBytes(value);
  const fixed = length === null ? bytes : callSql("fixed_bytes", bytes, String(length));
  return derived(fixed, BYTES_TYPE, [value]);
}

/** Character sets whose collations may be named, as far as they are ours. */
const COLLATIONS: Readonly<Record<string, "ci" | "bin">> = {
  utf8mb4_general_ci: "ci",
  utf8mb3_general_ci: "ci",
  utf8_general_ci: "ci",
  utf8mb4_bin: "bin",
  utf8mb3_bin: "bin",
  utf8_bin: "bin",
};

export function collate(value: Value, collation: string): Value {
  if (!/^[a-z0-9]+_[a-z0-9_]+$/.test(collation)) {
    throw sqlError(1273, "HY000", `Unknown collation: '${collation}'`);
  }
  const kind = Object.hasOwn(COLLATIONS, collation) ? COLLATIONS[collation] : undefined;
  if (kind === undefined) {
    throw unsupported(
      `Cannot collate by ${collation}: this engine has utf8mb4_general_ci and utf8mb4_bin`,
    );
  }
  if (value.type.kind === "bytes") {
    throw sqlError(
      1253,
      "42000",
      `COLLATION '${collation}' is not valid for CHARACTER SET 'binary'`,
    );
  }
  return derived(asText(value), textType(kind, STRENGTH.explicit), [value]);
}
