/** Dates and times for DATE, TIME, DATETIME and TIMESTAMP columns, in the one form they are kept in. */
import { MinisqlError } from "../../protocol/errors.ts";
import { printUnits, toDecimal } from "./functions_decimal.ts";
import { type Moment, printDate, printMoment } from "./functions_temporal.ts";
import type { SqlValue } from "./types.ts";
import { printTime, readDate, readDateNumber, readTime } from "./types_temporal.ts";
import { implicitDefault, type StoreTarget } from "./types_store.ts";
import { textOf } from "./types_store_text.ts";

type Present = Exclude<SqlValue, null>;

/** TIMESTAMP counts seconds since 1970 in 31 bits; zero is taken. */
const TIMESTAMP_ZERO = /^1970-01-01 00:00:00(\.0+)?$/;
const TIMESTAMP_START = "1970-01-01 00:00:00";
const TIMESTAMP_END = "2038-01-19 03:14:08";

/** A date whose month or day is zero, as rows that are copied may have. */
const ZERO_DATE = /^(\d{4}-\d{2}-\d{2})(?: (\d{2}:\d{2}:\d{2})(?:\.(\d*))?)?$/;

/** What a copied row has where others must have a date that exists; null for what is no such. */
function copiedZero(target: StoreTarget, text: string): string | null {
  if (target.options.copying !== true) return null;
  if (/^0+$/.test(text)) return String(implicitDefault(target.column));
  const [, date, time = "00:00:00", fraction = ""] = ZERO_DATE.exec(text) ?? [];
  if (date === undefined || !/-00/.test(date)) return null;
  if (target.column.type.name === "date") return date;
  const digits = digitsOf(target);
  return `${date} ${time}${
    digits === 0 ? "" : `.${fraction.padEnd(digits, "0").slice(0, digits)}`
  }`;
}

function digitsOf(target: StoreTarget): number {
  return target.column.type.length ?? 0;
}

/** A number written out without an exponent, anything else as text. */
function written(target: StoreTarget, value: Present): string {
  if (typeof value !== "number") return textOf(target, value);
  const { units, scale } = toDecimal(value);
  return printUnits(units, scale);
}

function isNumber(target: StoreTarget, value: Present): boolean {
  const { source } = target.options;
  return typeof value === "number" || typeof value === "bigint" || source === "decimal";
}

function momentOf(target: StoreTarget, value: Present, text: string): Moment | null {
  if (target.options.source === "time") {
    throw new MinisqlError(
      "UNSUPPORTED",
      `Cannot store the time ${text} in column '${target.column.name}': ` +
        "the date it would get is the day's; write both",
    );
  }
  return isNumber(target, value) ? readDateNumber(text) : readDate(text);
}

export function storeDate(target: StoreTarget, value: Present): SqlValue {
  const text = written(target, value);
  const date = momentOf(target, value, text);
  if (date !== null) return printDate(date);
  const zero = copiedZero(target, text);
  if (zero !== null) return zero;
  target.incorrectTime("date", text);
  return implicitDefault(target.column);
}

export function storeDateTime(target: StoreTarget, value: Present): SqlValue {
  const text = written(target, value);
  const date = momentOf(target, value, text);
  const printed = date === null ? null : printMoment(date, digitsOf(target));
  const outside = target.column.type.name === "timestamp" && printed !== null &&
    (printed < TIMESTAMP_START || TIMESTAMP_ZERO.test(printed) || printed >= TIMESTAMP_END);
  if (printed !== null && !outside) return printed;
  const zero = copiedZero(target, text);
  if (zero !== null) return zero;
  target.incorrectTime("datetime", text);
  return implicitDefault(target.column);
}

export function storeTime(target: StoreTarget, value: Present): SqlValue {
  const text = written(target, value);
  const dateOnly = target.options.source === "date";
  const time = readTime(dateOnly ? "00:00:00" : text);
  if (time === null) {
    target.incorrectTime("time", text);
    return implicitDefault(target.column);
  }
  return printTime(time, digitsOf(target));
}
