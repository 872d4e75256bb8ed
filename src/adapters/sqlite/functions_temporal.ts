/** Dates, times and moments: read from text and numbers as MySQL reads them, and printed. */
import {
  type CivilDate,
  dateOfDay,
  dayNumber,
  daysInMonth,
  EPOCH_DAY,
} from "./functions_calendar.ts";

/** A date with a time of day. */
export interface Moment extends CivilDate {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly micros: number;
}

export const SECOND_MICROS = 1_000_000;
export const DAY_MICROS = 86_400 * SECOND_MICROS;

/** 838:59:59.999999, the longest TIME. */
export const TIME_MICROS_MAX = (838 * 3600 + 59 * 60 + 59) * SECOND_MICROS + 999_999;
/** Two-digit years from here on are of the last century. */
const YEAR_PIVOT = 70;

const MIDNIGHT = { hour: 0, minute: 0, second: 0, micros: 0 } as const;

/** A moment read from text, or null where it is none. What follows it is ignored. */
export function parseMoment(text: string): Moment | null {
  const trimmed = text.trimStart();
  const packed = /^(\d{5,14})(?:\.(\d*))?(?![\d:/-])/.exec(trimmed);
  if (packed !== null) return parsePacked(packed[1] ?? "", packed[2] ?? "");
  const found =
    /^(\d{1,4})[!-/:-@[-`{-~](\d{1,2})[!-/:-@[-`{-~](\d{1,2})(?:(?:T|\s+|[!-/:-@[-`{-~])(\d{1,2})(?:[!-/:-@[-`{-~](\d{1,2})(?:[!-/:-@[-`{-~](\d{1,2})(?:\.(\d*))?)?)?)?/
      .exec(trimmed);
  if (found === null) return null;
  const [, year = "", month, day, hour, minute, second, fraction = ""] = found;
  return checked({
    year: fullYear(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour ?? 0),
    minute: Number(minute ?? 0),
    second: Number(second ?? 0),
    micros: fractionMicros(fraction),
  });
}

/** `20200102`, `200102`, `20200102030405`. */
function parsePacked(digits: string, fraction: string): Moment | null {
  const yearLength = digits.length === 8 || digits.length >= 14 ? 4 : 2;
  const fields = [digits.slice(0, yearLength)];
  for (let at = yearLength; at < digits.length; at += 2) fields.push(digits.slice(at, at + 2));
  const [year = "", month, day, hour, minute, second] = fields;
  return checked({
    year: fullYear(year),
    month: Number(month ?? 0),
    day: Number(day ?? 0),
    hour: Number(hour ?? 0),
    minute: Number(minute ?? 0),
    second: Number(second ?? 0),
    micros: fractionMicros(fraction),
  });
}

function fullYear(text: string): number {
  const year = Number(text);
  if (text.length > 2) return year;
  return year < YEAR_PIVOT ? 2000 + year : 1900 + year;
}

/** The first six digits behind the point. */
export function fractionMicros(digits: string): number {
  return Number(digits.slice(0, 6).padEnd(6, "0"));
}

function checked(moment: Moment): Moment | null {
  const { year, month, day, hour, minute, second } = moment;
  const isTime = hour < 24 && minute < 60 && second < 60;
  const isDate = month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
  return isTime && isDate ? moment : null;
}

/** A moment from a number such as 20200102 or 20200102030405. */
export function momentOfNumber(value: bigint, micros: number): Moment | null {
  const text = value.toString();
  if (value <= 0n || text.length > 14) return null;
  const length = text.length <= 6 ? 6 : text.length <= 8 ? 8 : text.length <= 12 ? 12 : 14;
  return parsePacked(text.padStart(length, "0"), String(micros).padStart(6, "0"));
}

/** A TIME read from text, in microseconds; null where it is none. Longer ones are clipped. */
export function parseTime(text: string): number | null {
  const trimmed = text.trim();
  if (/^\d{2,4}[-/.]\d{1,2}[-/.]\d{1,2}[T\s]/.test(trimmed)) {
    const moment = parseMoment(trimmed);
    return moment === null ? null : timeOfDay(moment);
  }
  const found = /^([+-]?)(?:(\d+)\s+)?(\d+)(?::(\d{1,2}))?(?::(\d{1,2}))?(?:\.(\d*))?/.exec(
    trimmed,
  );
  if (found === null) return null;
  const [, sign, days, first = "0", minute, second, fraction = ""] = found;
  const clock = minute === undefined && days === undefined
    ? packedTime(first)
    : { hours: Number(first), minutes: Number(minute ?? 0), seconds: Number(second ?? 0) };
  if (clock.minutes > 59 || clock.seconds > 59) return null;
  const hours = clock.hours + 24 * Number(days ?? 0);
  const micros = (hours * 3600 + clock.minutes * 60 + clock.seconds) * SECOND_MICROS +
    fractionMicros(fraction);
  return clipTime(sign === "-" ? -micros : micros);
}

interface ClockFields {
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
}

/** `101112` is 10:11:12, and `12` is twelve seconds. */
function packedTime(digits: string): ClockFields {
  const value = Number(digits);
  return {
    hours: Math.trunc(value / 10_000),
    minutes: Math.trunc(value / 100) % 100,
    seconds: value % 100,
  };
}

export function clipTime(micros: number): number {
  return Math.max(-TIME_MICROS_MAX, Math.min(TIME_MICROS_MAX, micros));
}

export function timeOfNumber(value: bigint, micros: number): number | null {
  const digits = (value < 0n ? -value : value).toString();
  if (digits.length > 7) {
    const moment = momentOfNumber(value, micros);
    return moment === null ? null : timeOfDay(moment);
  }
  const { hours, minutes, seconds } = packedTime(digits);
  if (minutes > 59 || seconds > 59) return null;
  const total = (hours * 3600 + minutes * 60 + seconds) * SECOND_MICROS + micros;
  return clipTime(value < 0n ? -total : total);
}

/** Microseconds since midnight. */
export function timeOfDay({ hour, minute, second, micros }: Moment): number {
  return (hour * 3600 + minute * 60 + second) * SECOND_MICROS + micros;
}

export function startOfDay(date: CivilDate): Moment {
  return { year: date.year, month: date.month, day: date.day, ...MIDNIGHT };
}

/** A moment as microseconds since 1970. */
export function toEpochMicros(moment: Moment): number {
  return (dayNumber(moment) - EPOCH_DAY) * DAY_MICROS + timeOfDay(moment);
}

/** The moment at microseconds since 1970; null beyond the years 1 to 9999. */
export function momentOfEpoch(micros: number): Moment | null {
  const days = Math.floor(micros / DAY_MICROS);
  const date = dateOfDay(days + EPOCH_DAY);
  return date === null ? null : atTime(date, micros - days * DAY_MICROS);
}

/** The date at so many microseconds after midnight, less than a day of them. */
export function atTime(date: CivilDate, micros: number): Moment {
  const seconds = Math.floor(micros / SECOND_MICROS);
  return {
    year: date.year,
    month: date.month,
    day: date.day,
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
    micros: micros - seconds * SECOND_MICROS,
  };
}

export function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

export function printDate({ year, month, day }: CivilDate): string {
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
}

/** `.123456` cut to so many digits; nothing for none. */
export function printFraction(micros: number, digits: number): string {
  return digits === 0 ? "" : `.${String(micros).padStart(6, "0").slice(0, digits)}`;
}

export function printMoment(moment: Moment, digits: number): string {
  const { hour, minute, second, micros } = moment;
  return `${printDate(moment)} ${two(hour)}:${two(minute)}:${two(second)}${
    printFraction(micros, digits)
  }`;
}

export function printTime(micros: number, digits: number): string {
  const size = Math.abs(micros);
  const seconds = Math.floor(size / SECOND_MICROS);
  const sign = micros < 0 ? "-" : "";
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${
    two(seconds % 60)
  }`;
  return `${sign}${clock}${printFraction(size - seconds * SECOND_MICROS, digits)}`;
}

/** A moment or a date as a number: 20200102030405. */
export function numberOfMoment(moment: Moment): number {
  return numberOfDate(moment) * 1_000_000 + moment.hour * 10_000 + moment.minute * 100 +
    moment.second;
}

export function numberOfDate({ year, month, day }: CivilDate): number {
  return year * 10_000 + month * 100 + day;
}

/** A TIME as a number: 101112. */
export function numberOfTime(micros: number): number {
  const seconds = Math.floor(Math.abs(micros) / SECOND_MICROS);
  const value = Math.floor(seconds / 3600) * 10_000 + (Math.floor(seconds / 60) % 60) * 100 +
    seconds % 60;
  return micros < 0 ? -value : value;
}
