/**
 * Dates and times read from what people write, as MariaDB reads them: any punctuation between the
 * parts, or none, years of two digits, fractions cut off and not rounded.
 */

import { daysInMonth } from "./functions_calendar.ts";
import { fractionMicros, type Moment, printFraction, two } from "./functions_temporal.ts";

export interface TimeOfDay {
  readonly negative: boolean;
  readonly hours: number;
  readonly minute: number;
  readonly second: number;
  readonly micros: number;
}

const PUNCTUATION = "[!-/:-@[-`{-~]";
const DELIMITED = new RegExp(
  `^(\\d{1,4})${PUNCTUATION}+(\\d{1,2})${PUNCTUATION}+(\\d{1,2})` +
    `(?:(?:T|\\s+)(\\d{1,2})(?:${PUNCTUATION}(\\d{1,2})(?:${PUNCTUATION}(\\d{1,2})` +
    `(?:\\.(\\d*))?)?)?)?$`,
  "i",
);
const SHORT_DATE = /^(\d{2})(\d{2})(\d{2})$/;
const LONG_DATE = /^(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})(?:\.(\d*))?)?$/i;
const SHORT_DATETIME = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:\.(\d*))?$/;

/** Years below are of this century, others of the last. */
const CENTURY_PIVOT = 70;

/** Reads a date, with or without a time; null where the text is none that exists. */
export function readDate(text: string): Moment | null {
  const trimmed = text.trim();
  const match = DELIMITED.exec(trimmed) ?? SHORT_DATE.exec(trimmed) ?? LONG_DATE.exec(trimmed) ??
    SHORT_DATETIME.exec(trimmed);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7)
    .map((part) => Number(part ?? 0));
  const short = match[1]?.length === 2;
  const moment = {
    year: short ? year + (year < CENTURY_PIVOT ? 2000 : 1900) : year,
    month,
    day,
    hour,
    minute,
    second,
    micros: fractionMicros(match[7] ?? ""),
  };
  return exists(moment) ? moment : null;
}

function exists({ year, month, day, hour, minute, second }: Moment): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month) &&
    hour < 24 && minute < 60 && second < 60;
}

/** A number's digits as a date: YYMMDD, YYYYMMDD, and both with hhmmss behind. */
export function readDateNumber(text: string): Moment | null {
  const [whole = "", fraction = ""] = text.split(".");
  if (!/^\d+$/.test(whole) || /^0*$/.test(whole)) return null;
  const digits = whole.replace(/^0+/, "");
  const width = [6, 8, 12, 14].find((each) => digits.length <= each);
  if (width === undefined) return null;
  // Seven digits, or thirteen, are a year with a zero in front, which numbers cannot have.
  if (digits.length === 7 || digits.length === 13) return null;
  if (digits.length < 3) return null;
  const padded = digits.padStart(width, "0");
  return readDate(width > 8 && fraction !== "" ? `${padded}.${fraction}` : padded);
}

const CLOCK = /^(-?)(?:(\d+)\s+)?(\d+):(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?$/;
const DAYS_AND_HOURS = /^(-?)(\d+)\s+(\d+)$/;
const PACKED = /^(-?)(\d+)(?:\.(\d*))?$/;

/** Reads a time of day or a span of time; null where the text is none. */
export function readTime(text: string): TimeOfDay | null {
  const trimmed = text.trim();
  const clock = CLOCK.exec(trimmed);
  if (clock !== null) {
    return timeOf({
      sign: clock[1],
      days: clock[2],
      hours: clock[3],
      minutes: clock[4],
      seconds: clock[5],
      fraction: clock[6],
    });
  }
  const days = DAYS_AND_HOURS.exec(trimmed);
  if (days !== null) return timeOf({ sign: days[1], days: days[2], hours: days[3] });
  const packed = PACKED.exec(trimmed);
  if (packed !== null && (packed[2] ?? "").length < 12) return packedTime(packed);
  const dated = readDate(trimmed);
  if (dated === null) return null;
  const { hour, minute, second, micros } = dated;
  return { negative: false, hours: hour, minute, second, micros };
}

/** `hhmmss` with as many digits as there are, counted from the right. */
function packedTime(match: RegExpExecArray): TimeOfDay | null {
  const digits = (match[2] ?? "").padStart(6, "0");
  return timeOf({
    sign: match[1],
    hours: digits.slice(0, -4),
    minutes: digits.slice(-4, -2),
    seconds: digits.slice(-2),
    fraction: match[3],
  });
}

interface TimeParts {
  readonly sign: string | undefined;
  readonly days?: string | undefined;
  readonly hours: string | undefined;
  readonly minutes?: string | undefined;
  readonly seconds?: string | undefined;
  readonly fraction?: string | undefined;
}

/** MySQL's longest time. */
const HOURS_MAX = 838;

function timeOf(parts: TimeParts): TimeOfDay | null {
  const hours = Number(parts.days ?? 0) * 24 + Number(parts.hours ?? 0);
  const minute = Number(parts.minutes ?? 0);
  const second = Number(parts.seconds ?? 0);
  if (hours > HOURS_MAX || minute > 59 || second > 59) return null;
  const micros = fractionMicros(parts.fraction ?? "");
  return { negative: parts.sign === "-", hours, minute, second, micros };
}

export function printTime(value: TimeOfDay, digits: number): string {
  const clock = `${two(value.hours)}:${two(value.minute)}:${two(value.second)}`;
  return `${value.negative ? "-" : ""}${clock}${printFraction(value.micros, digits)}`;
}
