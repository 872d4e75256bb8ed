/** Functions of time whose digits, or even type, depend on their arguments. */
import { sqlError } from "../../protocol/errors.ts";
import { formatsMicros } from "./functions_date_format.ts";
import { apply, type Call, type SpecialCall } from "./translate_apply.ts";
import {
  asExact,
  asInteger,
  asMoment,
  asText,
  asTime,
  fractionDigits,
} from "./translate_coerce.ts";
import { unsupported } from "./translate_parse_reader.ts";
import {
  BIGINT_TYPE,
  DATE_TYPE,
  datetimeType,
  decimalType,
  textType,
  timeType,
  type ValueType,
} from "./translate_type.ts";
import { callSql, derived, isNull, NULL_VALUE, type Value } from "./translate_value.ts";

const DIGITS_MAX = 6;

function special(min: number, max: number, translate: (call: Call) => Value): SpecialCall {
  return { min, max, translate };
}

/** The digits asked for in NOW(3) and its like. */
function digitsAsked({ args, name }: Call): number {
  const [digits] = args;
  if (digits === undefined) return 0;
  if (digits.literal?.type !== "integer") {
    throw unsupported(`Cannot call ${name} with an expression`);
  }
  const { value } = digits.literal;
  if (value <= BigInt(DIGITS_MAX)) return Number(value);
  throw sqlError(
    1426,
    "42000",
    `Too big precision specified for '${name.toLowerCase()}'. Maximum is ${DIGITS_MAX}`,
  );
}

function now(call: Call): Value {
  const digits = digitsAsked(call);
  return derived(callSql("NOW", String(digits)), datetimeType(digits), []);
}

function clock(call: Call): Value {
  const digits = digitsAsked(call);
  return derived(callSql("CURTIME", String(digits)), timeType(digits), []);
}

function today(): Value {
  return derived(callSql("CURDATE"), DATE_TYPE, []);
}

function unixTimestamp({ args }: Call): Value {
  const [moment] = args;
  if (moment === undefined) return derived(callSql("unix_now"), BIGINT_TYPE, []);
  const digits = fractionDigits(moment);
  const sql = callSql("UNIX_TIMESTAMP", asMoment(moment), String(digits));
  return digits === 0
    ? derived(`CAST(${sql} AS INTEGER)`, BIGINT_TYPE, args)
    : derived(sql, decimalType(12 + digits, digits), args);
}

function fromUnixtime({ args }: Call): Value {
  const [seconds = NULL_VALUE, pattern] = args;
  const digits = fractionDigits(seconds);
  const sql = callSql("FROM_UNIXTIME", asExact(seconds), String(digits));
  const moment = derived(sql, datetimeType(digits), [seconds]);
  return pattern === undefined ? moment : apply("DATE_FORMAT", moment, pattern);
}

function time({ args }: Call): Value {
  const [value = NULL_VALUE] = args;
  const digits = fractionDigits(value);
  return derived(callSql("time_of_text", asTime(value), String(digits)), timeType(digits), args);
}

/** TIMESTAMP(x) and TIMESTAMP(x, time). */
function timestamp({ args }: Call): Value {
  const [value = NULL_VALUE, added] = args;
  const digits = Math.max(fractionDigits(value), added === undefined ? 0 : fractionDigits(added));
  const moment = callSql("datetime_of_text", asMoment(value), String(digits));
  const sql = added === undefined
    ? moment
    : callSql("ADDTIME", moment, asTime(added), String(digits));
  return derived(sql, datetimeType(digits), args);
}

/** Digits of a result that two values share. */
function sharedDigits(a: Value, b: Value): number {
  return Math.max(fractionDigits(a), fractionDigits(b));
}

function timeDiff({ args }: Call): Value {
  const [a = NULL_VALUE, b = NULL_VALUE] = args;
  const digits = sharedDigits(a, b);
  const sql = callSql("TIMEDIFF", asMomentOrTime(a), asMomentOrTime(b), String(digits));
  return derived(sql, timeType(digits), args);
}

function asMomentOrTime(value: Value): string {
  return value.type.kind === "date" ? `(${value.sql} || ' 00:00:00')` : asText(value);
}

/** ADDTIME and SUBTIME: to text the answer is text, with the digits it turns out to need. */
function shiftTime({ args, name }: Call): Value {
  const [value = NULL_VALUE, added = NULL_VALUE] = args;
  const type = shiftedType(value, added);
  const digits = type.kind === "text" ? "-1" : String(type.scale);
  return derived(callSql(name, asMomentOrTime(value), asTime(added), digits), type, args);
}

function shiftedType(value: Value, added: Value): ValueType {
  const digits = sharedDigits(value, added);
  switch (value.type.kind) {
    case "time":
      return timeType(digits);
    case "date":
    case "datetime":
    case "timestamp":
      return datetimeType(digits);
    default:
      return textType();
  }
}

function makeTime({ args }: Call): Value {
  const [hours = NULL_VALUE, minutes = NULL_VALUE, seconds = NULL_VALUE] = args;
  const digits = fractionDigits(seconds);
  const parts = [asInteger(hours), asInteger(minutes), asExact(seconds), String(digits)];
  return derived(callSql("MAKETIME", ...parts), timeType(digits), args);
}

function secondsToTime({ args }: Call): Value {
  const [seconds = NULL_VALUE] = args;
  const digits = fractionDigits(seconds);
  const sql = callSql("SEC_TO_TIME", asExact(seconds), String(digits));
  return derived(sql, timeType(digits), args);
}

/** The pattern says whether a date, a time or a moment comes out. */
function strToDate({ args }: Call): Value {
  const [text = NULL_VALUE, pattern = NULL_VALUE] = args;
  if (isNull(text) || isNull(pattern)) return derived("NULL", datetimeType(0), args);
  if (pattern.literal?.type !== "text") {
    throw unsupported("Cannot call STR_TO_DATE: its pattern must be a literal");
  }
  const words = pattern.literal.text;
  const hasDate = /%[YymcdeDjMbUuVvXxaWw]/.test(words);
  const hasTime = /%[HkhIliSsfpTr]/.test(words);
  const digits = formatsMicros(words) ? DIGITS_MAX : 0;
  const kind = hasTime ? (hasDate ? 2 : 1) : 0;
  const type = [DATE_TYPE, timeType(digits), datetimeType(digits)][kind] ?? DATE_TYPE;
  const sql = callSql("STR_TO_DATE", asText(text), pattern.sql, String(kind), String(digits));
  return derived(sql, type, args);
}

function getFormat(): Value {
  throw unsupported("Cannot call GET_FORMAT: write the pattern");
}

export const CLOCK_CALLS: Readonly<Record<string, SpecialCall>> = {
  NOW: special(0, 1, now),
  SYSDATE: special(0, 1, now),
  UTC_TIMESTAMP: special(0, 1, now),
  CURTIME: special(0, 1, clock),
  UTC_TIME: special(0, 1, clock),
  CURDATE: special(0, 0, today),
  UTC_DATE: special(0, 0, today),
  UNIX_TIMESTAMP: special(0, 1, unixTimestamp),
  FROM_UNIXTIME: special(1, 2, fromUnixtime),
  TIME: special(1, 1, time),
  TIMESTAMP: special(1, 2, timestamp),
  TIMEDIFF: special(2, 2, timeDiff),
  ADDTIME: special(2, 2, shiftTime),
  SUBTIME: special(2, 2, shiftTime),
  MAKETIME: special(3, 3, makeTime),
  SEC_TO_TIME: special(1, 1, secondsToTime),
  STR_TO_DATE: special(2, 2, strToDate),
  GET_FORMAT: special(2, 2, getFormat),
};
