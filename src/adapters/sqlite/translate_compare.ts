/**
 * Comparison by MySQL's rules. Two values are brought into one domain, in which SQLite's own
 * operators say what MySQL would: numbers as they are, text by its sort key, dates as text.
 */
import { CI_KEY } from "./functions_registry.ts";
import {
  parseMoment,
  parseTime,
  printDate,
  printMoment,
  printTime,
  timeOfDay,
} from "./functions_temporal.ts";
import type { ComparisonOperator } from "./translate_ast.ts";
import { asBytes, asDouble, asExact, asMoment, asText, memberNumber } from "./translate_coerce.ts";
import { unsupported } from "./translate_parse_reader.ts";
import {
  BOOLEAN_TYPE,
  isExact,
  isInteger,
  isNumber,
  isTemporal,
  isText,
  type ValueType,
} from "./translate_type.ts";
import { callSql, derived, isNull, quoted, type Value } from "./translate_value.ts";

export type Domain =
  /** SQLite's numbers. */
  | { readonly kind: "number" }
  /** Exact numbers of which some are digits. */
  | { readonly kind: "digits" }
  | { readonly kind: "double" }
  | { readonly kind: "ci" }
  | { readonly kind: "bin" }
  | { readonly kind: "bytes" }
  | { readonly kind: "date" }
  /** Moments with so many digits of a fraction. */
  | { readonly kind: "moment"; readonly digits: number }
  | { readonly kind: "time" }
  | { readonly kind: "member" };

/** The domain in which two values are compared. */
export function domainOf(a: Value, b: Value): Domain {
  if (isNull(a) || isNull(b)) return ownDomain(isNull(a) ? b : a);
  if (isNumber(a.type) && isNumber(b.type)) return numberDomain(a.type, b.type);
  if (isTemporal(a.type) || isTemporal(b.type)) return temporalDomain(a, b);
  const bytes = [a, b].find((each) => each.type.kind === "bytes");
  if (bytes !== undefined) {
    const other = bytes === a ? b : a;
    if (isNumber(other.type)) return { kind: "double" };
    return { kind: "bytes" };
  }
  if (isText(a.type) && isText(b.type)) return textDomain(a, b);
  const [text, number] = isText(a.type) ? [a, b] : [b, a];
  if (memberNumber(text) !== null) return { kind: "member" };
  if (isInteger(number.type) && isPlainInteger(text)) return { kind: "number" };
  return { kind: "double" };
}

/** The domain in which a value is sorted and grouped by itself. */
export function ownDomain({ type }: Value): Domain {
  if (type.form === "digits") return { kind: "digits" };
  if (isText(type)) return { kind: type.collation };
  if (type.kind === "time") return { kind: "time" };
  return { kind: "number" };
}

function numberDomain(a: ValueType, b: ValueType): Domain {
  const areNative = a.form === "native" && b.form === "native";
  if (areNative || (isInteger(a) && isInteger(b))) return { kind: "number" };
  return { kind: isExact(a) && isExact(b) ? "digits" : "double" };
}

/** The side that is surer of its collation decides; between equals, the stricter one. */
function textDomain(a: Value, b: Value): Domain {
  if (a.type.strength === b.type.strength) {
    const isBin = a.type.collation === "bin" || b.type.collation === "bin";
    return { kind: isBin ? "bin" : "ci" };
  }
  return { kind: (a.type.strength < b.type.strength ? a : b).type.collation };
}

/** A text literal that is an integer and nothing else is compared as one. */
function isPlainInteger({ literal }: Value): boolean {
  return literal?.type === "text" && /^[+-]?\d{1,18}$/.test(literal.text);
}

function temporalDomain(a: Value, b: Value): Domain {
  const [date, other] = isTemporal(a.type) ? [a, b] : [b, a];
  if (!isTemporal(other.type)) {
    if (isNumber(other.type) && !(other.constant && isInteger(other.type))) {
      return { kind: "double" };
    }
    if (date.type.kind === "time") return { kind: "time" };
    return literalDomain(date, other);
  }
  const kinds = [a.type.kind, b.type.kind];
  if (kinds.every((kind) => kind === "time")) return { kind: "time" };
  if (kinds.every((kind) => kind === "date")) return { kind: "date" };
  return { kind: "moment", digits: momentDigits(a.type, b.type) };
}

function momentDigits(a: ValueType, b: ValueType): number {
  if (a.kind === "date") return b.scale;
  if (b.kind === "date") return a.scale;
  return a.scale === b.scale ? a.scale : 6;
}

/** A literal that the column's own precision can hold is compared in it: an index may help then. */
function literalDomain(date: Value, other: Value): Domain {
  const moment = literalMoment(other);
  if (moment === undefined) return { kind: "moment", digits: 6 };
  if (moment === null) return { kind: "moment", digits: 6 };
  if (date.type.kind === "date") {
    return timeOfDay(moment) === 0 ? { kind: "date" } : { kind: "moment", digits: 6 };
  }
  const { scale } = date.type;
  const fits = moment.micros % 10 ** (6 - scale) === 0;
  return { kind: "moment", digits: fits ? scale : 6 };
}

/** The moment a literal says; null for none, undefined where the value is no literal. */
function literalMoment({ literal }: Value): ReturnType<typeof parseMoment> | undefined {
  if (literal?.type === "text") return parseMoment(literal.text);
  if (literal?.type === "integer") return parseMoment(literal.value.toString());
  return undefined;
}

/** SQL for a value as it is compared in a domain. */
export function inDomain(value: Value, domain: Domain): string {
  if (isNull(value)) return "NULL";
  switch (domain.kind) {
    case "number":
      return isText(value.type) && value.literal?.type === "text"
        ? BigInt(value.literal.text).toString()
        : value.sql;
    case "digits":
      return callSql("dec_key", roundedDigits(value));
    case "double":
      return asDouble(value);
    case "ci":
    case "bin":
      return textKey(value, domain.kind);
    case "bytes":
      return asBytes(value);
    case "date":
      return dateSql(value);
    case "moment":
      return momentSql(value, domain.digits);
    case "time":
      return callSql("time_key", timeSql(value));
    case "member":
      return memberNumber(value) ?? asExact(value);
  }
}

/** What a quotient has beyond the digits it shows does not count in comparisons. */
function roundedDigits(value: Value): string {
  const { type } = value;
  if (type.kind !== "decimal" || type.column !== null) return asExact(value);
  return type.form === "digits" && value.literal === null
    ? callSql("dec_of", value.sql, String(type.scale))
    : asExact(value);
}

/** SQL by which text is compared, sorted and told apart. */
export function textKey(value: Value, collation: "ci" | "bin"): string {
  return collation === "ci" ? `${CI_KEY}(${textOf(value)})` : `${textOf(value)} COLLATE RTRIM`;
}

/** A JSON document that a function made is compared by what it says: a string without its quotes. */
function textOf(value: Value): string {
  if (value.type.kind === "json" && value.type.column === null) {
    return callSql("JSON_UNQUOTE", value.sql);
  }
  return asText(value);
}

function dateSql(value: Value): string {
  const moment = literalMoment(value);
  if (moment !== undefined && moment !== null) return quoted(printDate(moment));
  return value.type.kind === "date" ? value.sql : callSql("DATE", asMoment(value));
}

function momentSql(value: Value, digits: number): string {
  const moment = literalMoment(value);
  if (moment === null) {
    const text = value.literal?.type === "text" ? value.literal.text : value.sql;
    throw unsupported(`Cannot compare a date with '${text}': it is no date`);
  }
  if (moment !== undefined) return quoted(printMoment(moment, digits));
  const { type } = value;
  const fraction = digits === 0 ? "" : `.${"0".repeat(digits)}`;
  if (type.kind === "date") return `(${value.sql} || ' 00:00:00${fraction}')`;
  if (type.kind === "time") return callSql("datetime_of_time", value.sql, String(digits));
  if (isTemporal(type) && type.scale === digits) return value.sql;
  return callSql("datetime_of_text", asMoment(value), String(digits));
}

function timeSql(value: Value): string {
  if (value.literal?.type === "text") {
    const micros = parseTime(value.literal.text);
    if (micros === null) {
      throw unsupported(`Cannot compare a time with '${value.literal.text}': it is no time`);
    }
    return quoted(printTime(micros, 6));
  }
  if (isNumber(value.type)) return callSql("time_of_number", asExact(value), "6");
  return asText(value);
}

const SQLITE_OPERATORS: Readonly<Record<ComparisonOperator, string>> = {
  "=": "=",
  "<=>": "IS",
  "<>": "<>",
  "<": "<",
  "<=": "<=",
  ">": ">",
  ">=": ">=",
};

/** Two values compared. */
export function compare(operator: ComparisonOperator, a: Value, b: Value): Value {
  if (operator !== "<=>" && (isNull(a) || isNull(b))) {
    return derived("NULL", BOOLEAN_TYPE, [a, b]);
  }
  const domain = domainOf(a, b);
  const [left, right] = [inDomain(a, domain), inDomain(b, domain)];
  return derived(`(${left} ${SQLITE_OPERATORS[operator]} ${right})`, BOOLEAN_TYPE, [a, b]);
}

/** SQL by which values of one expression are grouped, told apart and sorted. */
export function groupKey(value: Value): string {
  if (isNull(value)) return "NULL";
  return inDomain(value, ownDomain(value));
}

/** The same for ORDER BY, where members of ENUM and SET stand in the order of their declaration. */
export function sortKey(value: Value): string {
  return memberNumber(value) ?? groupKey(value);
}
