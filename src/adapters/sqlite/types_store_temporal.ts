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
const TIMESTAMP_MIN = "1970-01-01 00:00:01";
const TIMESTAMP_END = "2038-01-19 03:14:08";

/** The hours that times of day may have, so that their text sorts as they do. */
const HOURS_MAX = 99;

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
  target.incorrectTime("date", text);
  return implicitDefault(target.column);
}

export function storeDateTime(target: StoreTarget, value: Present): SqlValue {
  const text = written(target, value);
  const date = momentOf(target, value, text);
  const printed = date === null ? null : printMoment(date, digitsOf(target));
  const outside = target.column.type.name === "timestamp" && printed !== null &&
    (printed < TIMESTAMP_MIN || printed >= TIMESTAMP_END);
  if (printed !== null && !outside) return printed;
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
  const printed = printTime(time, digitsOf(target));
  if (time.negative || time.hours > HOURS_MAX) {
    return target.unsupported(printed, "the embedded engine keeps times from 00:00:00 to 99:59:59");
  }
  return printed;
}
