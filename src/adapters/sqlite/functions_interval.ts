/** INTERVAL: read from a value and its unit, and added to moments and times. */
import { dateOfDay, dayNumber, daysInMonth } from "./functions_calendar.ts";
import { parseDecimal, rescale } from "./functions_decimal.ts";
import { parseInteger } from "./functions_number.ts";
import { atTime, DAY_MICROS, type Moment, SECOND_MICROS, timeOfDay } from "./functions_temporal.ts";
import type { IntervalUnit } from "./translate_ast.ts";

/** Months and microseconds are added one after the other. */
export interface Interval {
  readonly months: number;
  readonly micros: number;
}

/** Microseconds, or months, in a unit of one part. */
const UNIT_MICROS: Readonly<Record<string, number>> = {
  MICROSECOND: 1,
  SECOND: SECOND_MICROS,
  MINUTE: 60 * SECOND_MICROS,
  HOUR: 3600 * SECOND_MICROS,
  DAY: DAY_MICROS,
  WEEK: 7 * DAY_MICROS,
};
const UNIT_MONTHS: Readonly<Record<string, number>> = { MONTH: 1, QUARTER: 3, YEAR: 12 };

/** The parts of the units that are made of several, largest first. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  SECOND_MICROSECOND: ["SECOND", "MICROSECOND"],
  MINUTE_MICROSECOND: ["MINUTE", "SECOND", "MICROSECOND"],
  MINUTE_SECOND: ["MINUTE", "SECOND"],
  HOUR_MICROSECOND: ["HOUR", "MINUTE", "SECOND", "MICROSECOND"],
  HOUR_SECOND: ["HOUR", "MINUTE", "SECOND"],
  HOUR_MINUTE: ["HOUR", "MINUTE"],
  DAY_MICROSECOND: ["DAY", "HOUR", "MINUTE", "SECOND", "MICROSECOND"],
  DAY_SECOND: ["DAY", "HOUR", "MINUTE", "SECOND"],
  DAY_MINUTE: ["DAY", "HOUR", "MINUTE"],
  DAY_HOUR: ["DAY", "HOUR"],
  YEAR_MONTH: ["YEAR", "MONTH"],
};

/** Whether adding the unit to a date can leave it a date. */
export function isDateUnit(unit: IntervalUnit): boolean {
  return ["DAY", "WEEK", "MONTH", "QUARTER", "YEAR", "YEAR_MONTH"].includes(unit);
}

export function hasMicros(unit: IntervalUnit): boolean {
  return unit.endsWith("MICROSECOND");
}

/** Larger intervals leave every date MySQL knows. */
const SIZE_MAX = 1e17;

/** The interval of an amount, given as MySQL's text of it or as digits; null where it is too large. */
export function readInterval(amount: string, unit: IntervalUnit, exact: boolean): Interval | null {
  const parts = PARTS[unit];
  if (parts !== undefined) return readParts(amount, parts);
  const months = UNIT_MONTHS[unit];
  if (unit === "SECOND") {
    return bounded({ months: 0, micros: Number(rescale(parseDecimal(amount), 6)) });
  }
  const count = Number(exact ? rescale(parseDecimal(amount), 0) : parseInteger(amount));
  if (months !== undefined) return bounded({ months: count * months, micros: 0 });
  return bounded({ months: 0, micros: count * (UNIT_MICROS[unit] ?? 0) });
}

function bounded(interval: Interval): Interval | null {
  const fits = Math.abs(interval.micros) < SIZE_MAX && Math.abs(interval.months) < 1e6;
  return fits ? interval : null;
}

/** Numbers with anything between them; where some are missing, it is the largest parts that are. */
function readParts(amount: string, parts: readonly string[]): Interval | null {
  const negative = /^\s*-/.test(amount);
  const numbers = amount.match(/\d+/g) ?? [];
  if (numbers.length > parts.length) return null;
  const missing = parts.length - numbers.length;
  let months = 0;
  let micros = 0;
  numbers.forEach((digits, at) => {
    const part = parts[missing + at] ?? "";
    const isFraction = part === "MICROSECOND" && numbers.length > 1;
    const value = Number(isFraction ? digits.slice(0, 6).padEnd(6, "0") : digits);
    months += value * (UNIT_MONTHS[part] ?? 0);
    micros += value * (UNIT_MICROS[part] ?? 0);
  });
  return bounded(negative ? { months: -months, micros: -micros } : { months, micros });
}

/** The moment an interval later (or earlier); null beyond the years MySQL has dates for. */
export function addInterval(moment: Moment, interval: Interval, sign: 1 | -1): Moment | null {
  if (interval.months !== 0) {
    const months = moment.year * 12 + moment.month - 1 + sign * interval.months;
    const year = Math.floor(months / 12);
    if (year < 0 || year > 9999) return null;
    const month = months - year * 12 + 1;
    const day = Math.min(moment.day, daysInMonth(year, month));
    const shifted = { ...moment, year, month, day };
    return interval.micros === 0 ? shifted : addMicros(shifted, sign * interval.micros);
  }
  return addMicros(moment, sign * interval.micros);
}

export function addMicros(moment: Moment, micros: number): Moment | null {
  const total = timeOfDay(moment) + micros;
  const days = Math.floor(total / DAY_MICROS);
  const date = dateOfDay(dayNumber(moment) + days);
  return date === null ? null : atTime(date, total - days * DAY_MICROS);
}
