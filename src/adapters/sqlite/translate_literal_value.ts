/** Literals as values. */
import { sqlError } from "../../protocol/errors.ts";
import { storable } from "./functions_number.ts";
import { parseMoment, parseTime, printDate, printMoment, printTime } from "./functions_temporal.ts";
import type { LiteralValue } from "./translate_ast.ts";
import {
  BOOLEAN_TYPE,
  BYTES_TYPE,
  DATE_TYPE,
  datetimeType,
  decimalType,
  DOUBLE_TYPE,
  INT64_MAX,
  integerType,
  textType,
  timeType,
  type ValueType,
} from "./translate_type.ts";
import { NULL_VALUE, type Parameters, type Value } from "./translate_value.ts";

/** A double holds every decimal of so many digits. */
const DOUBLE_DIGITS = 15;

export function literalValue(literal: LiteralValue, parameters: Parameters): Value {
  const value = (sql: string, type: ValueType): Value => ({
    sql,
    type,
    constant: true,
    literal,
    volatile: false,
  });
  switch (literal.type) {
    case "null":
      return NULL_VALUE;
    case "boolean":
      return value(literal.value ? "1" : "0", BOOLEAN_TYPE);
    case "integer":
      return value(integerSql(literal.value, parameters), integerTypeOf(literal.value));
    case "decimal":
      return decimalLiteral(literal.text, parameters, value);
    case "double":
      return value(parameters.add(literal.value), DOUBLE_TYPE);
    case "text":
      return value(parameters.add(literal.text), textType());
    case "bytes":
      return value(parameters.add(literal.bytes), BYTES_TYPE);
    default:
      return temporalLiteral(literal, parameters, value);
  }
}

function integerTypeOf(value: bigint): ValueType {
  return integerType(value, value, value > INT64_MAX);
}

function integerSql(value: bigint, parameters: Parameters): string {
  return parameters.add(storable(value));
}

type Make = (sql: string, type: ValueType) => Value;

function decimalLiteral(text: string, parameters: Parameters, value: Make): Value {
  const digits = text.replace(/[-.]/g, "").replace(/^0+/, "");
  const scale = text.split(".")[1]?.length ?? 0;
  const type = decimalType(Math.max(digits.length, scale, 1), scale);
  return digits.length <= DOUBLE_DIGITS
    ? value(parameters.add(Number(text)), { ...type, form: "native" })
    : value(parameters.add(text), type);
}

function temporalLiteral(
  literal: LiteralValue & { readonly type: "date" | "time" | "datetime" },
  parameters: Parameters,
  value: Make,
): Value {
  const scale = Math.min(6, /\.(\d+)\s*$/.exec(literal.text)?.[1]?.length ?? 0);
  if (literal.type === "time") {
    const micros = parseTime(literal.text);
    if (micros === null) throw badLiteral("TIME", literal.text);
    return value(parameters.add(printTime(micros, scale)), timeType(scale));
  }
  const moment = parseMoment(literal.text);
  const word = literal.type === "date" ? "DATE" : "DATETIME";
  if (moment === null) throw badLiteral(word, literal.text);
  return literal.type === "date"
    ? value(parameters.add(printDate(moment)), DATE_TYPE)
    : value(parameters.add(printMoment(moment, scale)), datetimeType(scale));
}

function badLiteral(word: string, text: string): Error {
  return sqlError(1525, "HY000", `Incorrect ${word} value: '${text}'`);
}
