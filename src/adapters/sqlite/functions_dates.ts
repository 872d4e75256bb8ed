/** MySQL's functions on dates and times: their parts, names, numbers and texts. */
import {
  dateOfDay,
  DAY_NAMES,
  dayNumber,
  dayOfYear,
  daysInMonth,
  MONTH_NAMES,
  weekday,
  weekOf,
} from "./functions_calendar.ts";
import { formatMoment, formatTime } from "./functions_date_format.ts";
import { fn, fnWith, type FunctionSpec, type SqlValue } from "./functions_spec.ts";
import {
  type Moment,
  parseMoment,
  parseTime,
  printDate,
  SECOND_MICROS,
  timeOfDay,
} from "./functions_temporal.ts";
import { BIGINT_TYPE, DATE_TYPE, INT_TYPE, integerType, textType } from "./translate_type.ts";

const SMALL = integerType(0n, 9999n);
const TEXT = textType();

/** A function of a date: null where the text is none. */
function ofMoment(name: string, read: (moment: Moment) => number): FunctionSpec {
  return fn(name, ["moment"], INT_TYPE, (text) => {
    const moment = parseMoment(text);
    return moment === null ? null : BigInt(read(moment));
  });
}

/** A function of a time of day, given in microseconds without its sign. */
function ofTime(name: string, read: (micros: number) => number): FunctionSpec {
  return fn(name, ["time"], SMALL, (text) => {
    const micros = parseTime(text);
    return micros === null ? null : BigInt(read(Math.abs(micros)));
  });
}

function seconds(micros: number): number {
  return Math.floor(micros / SECOND_MICROS);
}

function week(text: string, mode: SqlValue | undefined): bigint | null {
  const moment = parseMoment(text);
  if (moment === null) return null;
  return BigInt(weekOf(moment, typeof mode === "bigint" ? Number(mode & 7n) : 0).week);
}

function yearWeek(text: string, mode: SqlValue | undefined): bigint | null {
  const moment = parseMoment(text);
  if (moment === null) return null;
  const rules = (typeof mode === "bigint" ? Number(mode & 7n) : 0) | 2;
  const found = weekOf(moment, rules);
  return BigInt(found.year * 100 + found.week);
}

function lastDay(text: string): string | null {
  const moment = parseMoment(text);
  if (moment === null) return null;
  const { year, month } = moment;
  return printDate({ year, month, day: daysInMonth(year, month) });
}

function fromDays(days: bigint): string | null {
  const date = dateOfDay(Number(days));
  return date === null ? null : printDate(date);
}

function makeDate(year: bigint, day: bigint): string | null {
  if (day <= 0n || year < 0n || year > 9999n) return null;
  const full = year < 70n ? year + 2000n : year < 100n ? year + 1900n : year;
  const date = dateOfDay(dayNumber({ year: Number(full), month: 1, day: 1 }) + Number(day) - 1);
  return date === null ? null : printDate(date);
}

function dateDiff(left: string, right: string): bigint | null {
  const a = parseMoment(left);
  const b = parseMoment(right);
  return a === null || b === null ? null : BigInt(dayNumber(a) - dayNumber(b));
}

/** Whole units between two moments. */
function timestampDiff(unit: string, from: string, to: string): bigint | null {
  const a = parseMoment(from);
  const b = parseMoment(to);
  if (a === null || b === null) return null;
  const months: Readonly<Record<string, number>> = { MONTH: 1, QUARTER: 3, YEAR: 12 };
  const size = months[unit];
  if (size !== undefined) return BigInt(Math.trunc(monthsBetween(a, b) / size));
  const days = dayNumber(b) - dayNumber(a);
  const micros = BigInt(days) * 86_400_000_000n + BigInt(timeOfDay(b) - timeOfDay(a));
  const divisors: Readonly<Record<string, bigint>> = {
    MICROSECOND: 1n,
    SECOND: 1_000_000n,
    MINUTE: 60_000_000n,
    HOUR: 3_600_000_000n,
    DAY: 86_400_000_000n,
    WEEK: 604_800_000_000n,
  };
  return micros / (divisors[unit] ?? 1n);
}

function monthsBetween(from: Moment, to: Moment): number {
  const isLater = from.year * 12 + from.month <= to.year * 12 + to.month;
  const [early, late] = isBefore(from, to) ? [from, to] : [to, from];
  let months = (late.year - early.year) * 12 + late.month - early.month;
  const isShort = late.day < early.day ||
    (late.day === early.day && timeOfDay(late) < timeOfDay(early));
  if (isShort) months--;
  return isBefore(from, to) || (isLater && months === 0) ? months : -months;
}

function isBefore(a: Moment, b: Moment): boolean {
  const days = dayNumber(b) - dayNumber(a);
  return days > 0 || (days === 0 && timeOfDay(b) >= timeOfDay(a));
}

/** PERIOD_ADD and PERIOD_DIFF count months from YYYYMM or YYMM. */
function periodMonths(period: bigint): bigint {
  const year = period / 100n;
  const full = year < 70n ? year + 2000n : year < 100n ? year + 1900n : year;
  return full * 12n + period % 100n - 1n;
}

function periodAdd(period: bigint, months: bigint): bigint {
  const total = periodMonths(period) + months;
  return total / 12n * 100n + total % 12n + 1n;
}

function dateFormat(text: string, pattern: string): string | null {
  const moment = parseMoment(text);
  return moment === null || pattern === "" ? null : formatMoment(moment, pattern);
}

function timeFormat(text: string, pattern: string): string | null {
  const micros = parseTime(text);
  if (micros === null) return null;
  const size = Math.abs(micros);
  const total = seconds(size);
  const moment = {
    year: 0,
    month: 0,
    day: 0,
    hour: Math.floor(total / 3600),
    minute: Math.floor(total / 60) % 60,
    second: total % 60,
    micros: size - total * SECOND_MICROS,
  };
  return formatTime(moment, pattern);
}

function name(names: readonly string[], at: (moment: Moment) => number) {
  return (text: string): string | null => {
    const moment = parseMoment(text);
    return moment === null ? null : names[at(moment)] ?? null;
  };
}

export const DATE_FUNCTIONS: readonly FunctionSpec[] = [
  ofMoment("YEAR", ({ year }) => year),
  ofMoment("MONTH", ({ month }) => month),
  ofMoment("DAY", ({ day }) => day),
  ofMoment("QUARTER", ({ month }) => Math.ceil(month / 3)),
  ofMoment("DAYOFWEEK", (moment) => (weekday(dayNumber(moment)) + 1) % 7 + 1),
  ofMoment("WEEKDAY", (moment) => weekday(dayNumber(moment))),
  ofMoment("DAYOFYEAR", dayOfYear),
  ofMoment("WEEKOFYEAR", (moment) => weekOf(moment, 3).week),
  ofMoment("TO_DAYS", dayNumber),
  fn("TO_SECONDS", ["moment"], BIGINT_TYPE, (text) => {
    const moment = parseMoment(text);
    return moment === null
      ? null
      : BigInt(dayNumber(moment)) * 86_400n + BigInt(seconds(timeOfDay(moment)));
  }),
  fnWith({ name: "WEEK", params: ["moment", "integer"], required: 1, result: SMALL }, week),
  fnWith(
    { name: "YEARWEEK", params: ["moment", "integer"], required: 1, result: INT_TYPE },
    yearWeek,
  ),
  ofTime("HOUR", (micros) => Math.floor(seconds(micros) / 3600)),
  ofTime("MINUTE", (micros) => Math.floor(seconds(micros) / 60) % 60),
  ofTime("SECOND", (micros) => seconds(micros) % 60),
  fn("MICROSECOND", ["time"], integerType(0n, 999_999n), (text) => {
    const micros = parseTime(text);
    return micros === null ? null : BigInt(Math.abs(micros) % SECOND_MICROS);
  }),
  fn("DAYNAME", ["moment"], TEXT, name(DAY_NAMES, (moment) => weekday(dayNumber(moment)))),
  fn("MONTHNAME", ["moment"], TEXT, name(MONTH_NAMES, ({ month }) => month - 1)),
  fn("DATE", ["moment"], DATE_TYPE, (text) => {
    const moment = parseMoment(text);
    return moment === null ? null : printDate(moment);
  }),
  fn("LAST_DAY", ["moment"], DATE_TYPE, lastDay),
  fn("FROM_DAYS", ["integer"], DATE_TYPE, fromDays),
  fn("MAKEDATE", ["integer", "integer"], DATE_TYPE, makeDate),
  fn("DATEDIFF", ["moment", "moment"], INT_TYPE, dateDiff),
  fn("TIMESTAMPDIFF", ["text", "moment", "moment"], BIGINT_TYPE, timestampDiff),
  fn("PERIOD_ADD", ["integer", "integer"], INT_TYPE, periodAdd),
  fn("PERIOD_DIFF", ["integer", "integer"], INT_TYPE, (a, b) => periodMonths(a) - periodMonths(b)),
  fn("DATE_FORMAT", ["moment", "text"], TEXT, dateFormat),
  fn("TIME_FORMAT", ["time", "text"], TEXT, timeFormat),
];
