/** Dates plus INTERVAL, and EXTRACT. */
import { weekOf } from "./functions_calendar.ts";
import { addInterval, hasMicros, isDateUnit, readInterval } from "./functions_interval.ts";
import { fn, type FunctionSpec } from "./functions_spec.ts";
import {
  clipTime,
  type Moment,
  parseMoment,
  parseTime,
  printDate,
  printMoment,
  printTime,
  SECOND_MICROS,
} from "./functions_temporal.ts";
import type { IntervalUnit } from "./translate_ast.ts";
import { BIGINT_TYPE, DATE_TYPE, datetimeType, textType, timeType } from "./translate_type.ts";

/** The unit with its sign in front, as the translator hands it over: `-MONTH`. */
interface SignedUnit {
  readonly unit: IntervalUnit;
  readonly sign: 1 | -1;
  /** The amount is an exact number and is rounded, not text that is cut. */
  readonly exact: boolean;
}

function readUnit(text: string): SignedUnit {
  const sign = text.startsWith("-") ? -1 : 1;
  const exact = text.endsWith("#");
  return { sign, exact, unit: text.replace(/^-/, "").replace(/#$/, "") as IntervalUnit };
}

/** How a unit is written for these functions. */
export function unitText(unit: IntervalUnit, sign: 1 | -1, exact: boolean): string {
  return `${sign < 0 ? "-" : ""}${unit}${exact ? "#" : ""}`;
}

function shifted(text: string, amount: string, unitWord: string): Moment | null {
  const { unit, sign, exact } = readUnit(unitWord);
  const moment = parseMoment(text);
  const interval = readInterval(amount, unit, exact);
  return moment === null || interval === null ? null : addInterval(moment, interval, sign);
}

function shiftDate(text: string, amount: string, unit: string): string | null {
  const moment = shifted(text, amount, unit);
  return moment === null ? null : printDate(moment);
}

function shiftMoment(text: string, amount: string, unit: string, digits: bigint): string | null {
  const moment = shifted(text, amount, unit);
  return moment === null ? null : printMoment(moment, Number(digits));
}

/** Text stays a date where it was one and the unit leaves it one. */
function shiftText(text: string, amount: string, unit: string, digits: bigint): string | null {
  const moment = shifted(text, amount, unit);
  if (moment === null) return null;
  const isDate = !/\d[T\s]+\d/.test(text) && isDateUnit(readUnit(unit).unit);
  if (isDate && !/^\s*\d{9,}/.test(text)) return printDate(moment);
  const keeps = moment.micros > 0 || hasMicros(readUnit(unit).unit) || digits > 0n;
  return printMoment(moment, keeps ? Math.max(Number(digits), moment.micros > 0 ? 6 : 0) : 0);
}

function shiftTime(text: string, amount: string, unitWord: string, digits: bigint): string | null {
  const { unit, sign, exact } = readUnit(unitWord);
  const micros = parseTime(text);
  const interval = readInterval(amount, unit, exact);
  if (micros === null || interval === null || interval.months !== 0) return null;
  const sum = micros + sign * interval.micros;
  return sum === clipTime(sum) ? printTime(sum, Number(digits)) : null;
}

type Field = (moment: Moment) => number;

const FIELDS: Readonly<Record<string, Field>> = {
  YEAR: ({ year }) => year,
  QUARTER: ({ month }) => Math.ceil(month / 3),
  MONTH: ({ month }) => month,
  WEEK: (moment) => weekOf(moment, 0).week,
  DAY: ({ day }) => day,
  HOUR: ({ hour }) => hour,
  MINUTE: ({ minute }) => minute,
  SECOND: ({ second }) => second,
  MICROSECOND: ({ micros }) => micros,
  YEAR_MONTH: ({ year, month }) => year * 100 + month,
  DAY_HOUR: ({ day, hour }) => day * 100 + hour,
  DAY_MINUTE: ({ day, hour, minute }) => day * 10_000 + hour * 100 + minute,
  DAY_SECOND: (moment) => moment.day * 1_000_000 + clockNumber(moment),
  DAY_MICROSECOND: (moment) =>
    (moment.day * 1_000_000 + clockNumber(moment)) * SECOND_MICROS + moment.micros,
  HOUR_MINUTE: ({ hour, minute }) => hour * 100 + minute,
  HOUR_SECOND: clockNumber,
  HOUR_MICROSECOND: (moment) => clockNumber(moment) * SECOND_MICROS + moment.micros,
  MINUTE_SECOND: ({ minute, second }) => minute * 100 + second,
  MINUTE_MICROSECOND: ({ minute, second, micros }) =>
    (minute * 100 + second) * SECOND_MICROS + micros,
  SECOND_MICROSECOND: ({ second, micros }) => second * SECOND_MICROS + micros,
};

function clockNumber({ hour, minute, second }: Moment): number {
  return hour * 10_000 + minute * 100 + second;
}

function extract(unit: string, text: string): bigint | null {
  const field = FIELDS[unit];
  if (field === undefined) return null;
  const moment = parseMoment(text);
  if (moment !== null) return BigInt(field(moment));
  const micros = parseTime(text);
  if (micros === null || /YEAR|QUARTER|MONTH|WEEK/.test(unit)) return null;
  const value = BigInt(field(momentOfTime(Math.abs(micros), unit)));
  return micros < 0 ? -value : value;
}

/** A time as a moment: whole days of it count where the unit asks for days. */
function momentOfTime(micros: number, unit: string): Moment {
  const seconds = Math.floor(micros / SECOND_MICROS);
  const hours = Math.floor(seconds / 3600);
  return {
    year: 0,
    month: 0,
    day: Math.floor(hours / 24),
    hour: unit === "HOUR" || unit.startsWith("DAY") || unit.startsWith("HOUR_")
      ? hours % 24
      : hours,
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
    micros: micros % SECOND_MICROS,
  };
}

export const SHIFT_FUNCTIONS: readonly FunctionSpec[] = [
  fn("shift_date", ["text", "text", "text"], DATE_TYPE, shiftDate),
  fn("shift_moment", ["text", "text", "text", "integer"], datetimeType(6), shiftMoment),
  fn("shift_text", ["text", "text", "text", "integer"], textType(), shiftText),
  fn("shift_time", ["text", "text", "text", "integer"], timeType(6), shiftTime),
  fn("extract", ["text", "text"], BIGINT_TYPE, extract),
];
