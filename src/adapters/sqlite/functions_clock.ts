/** MySQL's functions that ask the statement's clock, or make times from numbers and numbers from times. */
import { parseByPattern } from "./functions_date_parse.ts";
import { parseDecimal, printUnits, rescale, truncate } from "./functions_decimal.ts";
import { fn, fnState, type FunctionSpec } from "./functions_spec.ts";
import {
  clipTime,
  DAY_MICROS,
  momentOfEpoch,
  momentOfNumber,
  numberOfDate,
  numberOfMoment,
  numberOfTime,
  parseMoment,
  parseTime,
  printDate,
  printFraction,
  printMoment,
  printTime,
  SECOND_MICROS,
  startOfDay,
  timeOfDay,
  timeOfNumber,
  toEpochMicros,
} from "./functions_temporal.ts";
import { addMicros } from "./functions_interval.ts";
import {
  BIGINT_TYPE,
  DATE_TYPE,
  datetimeType,
  decimalType,
  textType,
  timeType,
} from "./translate_type.ts";

const DATETIME = datetimeType(6);
const TIME = timeType(6);
const DIGITS = decimalType(20, 6);

/** The last moment FROM_UNIXTIME knows. */
const UNIX_SECONDS_MAX = 2_147_483_647;

function now(micros: number, digits: bigint): string | null {
  const moment = momentOfEpoch(micros);
  return moment === null ? null : printMoment(moment, Number(digits));
}

function clock(micros: number, digits: bigint): string {
  return printTime(((micros % DAY_MICROS) + DAY_MICROS) % DAY_MICROS, Number(digits));
}

/** Seconds since 1970 with so many digits; zero for moments before. */
function unixTimestamp(text: string, digits: bigint): string | null {
  const moment = parseMoment(text);
  if (moment === null) return null;
  const micros = toEpochMicros(moment);
  if (micros < 0 || micros / SECOND_MICROS > UNIX_SECONDS_MAX + 1) {
    return printUnits(0n, Number(digits));
  }
  const scale = Number(digits);
  return printUnits(truncate({ units: BigInt(micros), scale: 6 }, scale), scale);
}

function fromUnixtime(exact: bigint | string, digits: bigint): string | null {
  const value = typeof exact === "bigint" ? { units: exact, scale: 0 } : parseDecimal(exact);
  const micros = Number(truncate(value, 6));
  if (micros < 0 || micros / SECOND_MICROS > UNIX_SECONDS_MAX + 1) return null;
  const moment = momentOfEpoch(micros);
  return moment === null ? null : printMoment(moment, Number(digits));
}

function makeTime(hours: bigint, minutes: bigint, exact: bigint | string, digits: bigint) {
  const seconds = typeof exact === "bigint" ? { units: exact, scale: 0 } : parseDecimal(exact);
  const micros = Number(rescale(seconds, 6));
  const isValid = minutes >= 0n && minutes <= 59n && micros >= 0 && micros < 60 * SECOND_MICROS;
  if (!isValid) return null;
  const size = Number(hours < 0n ? -hours : hours);
  const total = (size * 3600 + Number(minutes) * 60) * SECOND_MICROS + micros;
  return printTime(clipTime(hours < 0n ? -total : total), Number(digits));
}

function secondsToTime(exact: bigint | string, digits: bigint): string {
  const seconds = typeof exact === "bigint" ? { units: exact, scale: 0 } : parseDecimal(exact);
  return printTime(clipTime(Number(truncate(seconds, 6))), Number(digits));
}

/** TIMEDIFF: of two times or of two moments; null where they are not alike. */
function timeDiff(left: string, right: string, digits: bigint): string | null {
  const isMoment = /^\s*\d+-/.test(left);
  if (isMoment !== /^\s*\d+-/.test(right)) return null;
  const [a, b] = [left, right].map((text) => {
    const moment = isMoment ? parseMoment(text) : null;
    return isMoment ? (moment === null ? null : toEpochMicros(moment)) : parseTime(text);
  });
  if (a === null || a === undefined || b === null || b === undefined) return null;
  return printTime(clipTime(a - b), Number(digits));
}

/** ADDTIME and SUBTIME on text: to a moment where the text has a date, else to a time. */
function shiftTime(sign: 1 | -1) {
  return (text: string, amount: string, digits: bigint): string | null => {
    const micros = parseTime(amount);
    if (micros === null) return null;
    const print = (fraction: number): number =>
      digits >= 0n ? Number(digits) : fraction > 0 ? 6 : 0;
    if (/^\s*\d+-/.test(text)) {
      const moment = parseMoment(text);
      const sum = moment === null ? null : addMicros(moment, sign * micros);
      return sum === null ? null : printMoment(sum, print(sum.micros));
    }
    const time = parseTime(text);
    if (time === null) return null;
    const sum = clipTime(time + sign * micros);
    return printTime(sum, print(Math.abs(sum) % SECOND_MICROS));
  };
}

/** The kinds a pattern's result may be of, as the translator saw it: 0 date, 1 time, 2 moment. */
function strToDate(text: string, pattern: string, kind: bigint, digits: bigint): string | null {
  const parsed = parseByPattern(text, pattern);
  if (parsed === null) return null;
  if (kind === 0n) return parsed.hasDate ? printDate(parsed.moment) : null;
  if (kind === 1n) return printTime(timeOfDay(parsed.moment), Number(digits));
  return parsed.hasDate ? printMoment(parsed.moment, Number(digits)) : null;
}

/** Digits and the microseconds behind their point. */
function splitNumber(exact: bigint | string): { readonly whole: bigint; readonly micros: number } {
  if (typeof exact === "bigint") return { whole: exact, micros: 0 };
  const units = truncate(parseDecimal(exact), 6);
  const whole = units / 1_000_000n;
  return { whole, micros: Math.abs(Number(units - whole * 1_000_000n)) };
}

export const CLOCK_FUNCTIONS: readonly FunctionSpec[] = [
  fnState(
    { name: "NOW", params: ["integer"], result: DATETIME },
    (state) => (digits) => now(state.facts.nowMicros, digits),
  ),
  fnState(
    { name: "CURDATE", params: [], result: DATE_TYPE },
    (state) => () => now(state.facts.nowMicros, 0n)?.slice(0, 10) ?? null,
  ),
  fnState(
    { name: "CURTIME", params: ["integer"], result: TIME },
    (state) => (digits) => clock(state.facts.nowMicros, digits),
  ),
  fnState(
    { name: "unix_now", params: [], result: BIGINT_TYPE },
    (state) => () => BigInt(Math.floor(state.facts.nowMicros / SECOND_MICROS)),
  ),
  fnState(
    { name: "datetime_of_time", params: ["text", "integer"], result: DATETIME },
    (state) => (text, digits) => {
      const micros = parseTime(text);
      const today = momentOfEpoch(state.facts.nowMicros);
      if (micros === null || today === null) return null;
      const moment = addMicros(startOfDay(today), micros);
      return moment === null ? null : printMoment(moment, Number(digits));
    },
  ),
  fn("UNIX_TIMESTAMP", ["moment", "integer"], DIGITS, unixTimestamp),
  fn("FROM_UNIXTIME", ["exact", "integer"], DATETIME, fromUnixtime),
  fn("MAKETIME", ["integer", "integer", "exact", "integer"], TIME, makeTime),
  fn("SEC_TO_TIME", ["exact", "integer"], TIME, secondsToTime),
  fn("TIME_TO_SEC", ["time"], BIGINT_TYPE, (text) => {
    const micros = parseTime(text);
    return micros === null ? null : BigInt(Math.trunc(micros / SECOND_MICROS));
  }),
  fn("TIMEDIFF", ["text", "text", "integer"], TIME, timeDiff),
  fn("ADDTIME", ["text", "time", "integer"], textType(), shiftTime(1)),
  fn("SUBTIME", ["text", "time", "integer"], textType(), shiftTime(-1)),
  fn("STR_TO_DATE", ["text", "text", "integer", "integer"], DATETIME, strToDate),
  fn("datetime_of_text", ["text", "integer"], DATETIME, (text, digits) => {
    const moment = parseMoment(text);
    return moment === null ? null : printMoment(moment, Number(digits));
  }),
  fn("datetime_of_number", ["exact", "integer"], DATETIME, (exact, digits) => {
    const { whole, micros } = splitNumber(exact);
    const moment = momentOfNumber(whole, micros);
    return moment === null ? null : printMoment(moment, Number(digits));
  }),
  fn("time_of_text", ["text", "integer"], TIME, (text, digits) => {
    const micros = parseTime(text);
    return micros === null ? null : printTime(micros, Number(digits));
  }),
  fn("time_of_number", ["exact", "integer"], TIME, (exact, digits) => {
    const { whole, micros } = splitNumber(exact);
    const time = timeOfNumber(whole, micros);
    return time === null ? null : printTime(time, Number(digits));
  }),
  fn("time_key", ["text"], BIGINT_TYPE, (text) => BigInt(parseTime(text) ?? 0)),
  fn("number_of_date", ["text"], BIGINT_TYPE, (text) => {
    const moment = parseMoment(text);
    return moment === null ? 0n : BigInt(numberOfDate(moment));
  }),
  fn("number_of_datetime", ["text", "integer"], DIGITS, (text, digits) => {
    const moment = parseMoment(text);
    if (moment === null) return "0";
    return `${numberOfMoment(moment)}${printFraction(moment.micros, Number(digits))}`;
  }),
  fn("number_of_time", ["text", "integer"], DIGITS, (text, digits) => {
    const micros = parseTime(text) ?? 0;
    const fraction = printFraction(Math.abs(micros) % SECOND_MICROS, Number(digits));
    return `${numberOfTime(micros)}${fraction}`;
  }),
];
