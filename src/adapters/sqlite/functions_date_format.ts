/** DATE_FORMAT and TIME_FORMAT: moments printed by a pattern. */
import {
  DAY_NAMES,
  dayNumber,
  dayOfYear,
  MONTH_NAMES,
  weekday,
  weekOf,
} from "./functions_calendar.ts";
import { type Moment, two } from "./functions_temporal.ts";

type Formatter = (moment: Moment) => string;

const hour12 = (hour: number): number => hour % 12 === 0 ? 12 : hour % 12;
const amPm = (hour: number): string => hour % 24 < 12 ? "AM" : "PM";
const weekdayName = (moment: Moment): string => DAY_NAMES[weekday(dayNumber(moment))] ?? "";
const monthName = (moment: Moment): string => MONTH_NAMES[moment.month - 1] ?? "";
const clock = (hour: number, { minute, second }: Moment): string =>
  `${two(hour)}:${two(minute)}:${two(second)}`;

/** What each letter behind a percent sign prints. */
const FORMATTERS: Readonly<Record<string, Formatter>> = {
  a: (moment) => weekdayName(moment).slice(0, 3),
  b: (moment) => monthName(moment).slice(0, 3),
  c: ({ month }) => String(month),
  D: ({ day }) => `${day}${ordinal(day)}`,
  d: ({ day }) => two(day),
  e: ({ day }) => String(day),
  f: ({ micros }) => String(micros).padStart(6, "0"),
  H: ({ hour }) => two(hour),
  h: ({ hour }) => two(hour12(hour)),
  I: ({ hour }) => two(hour12(hour)),
  i: ({ minute }) => two(minute),
  j: (moment) => String(dayOfYear(moment)).padStart(3, "0"),
  k: ({ hour }) => String(hour),
  l: ({ hour }) => String(hour12(hour)),
  M: monthName,
  m: ({ month }) => two(month),
  p: ({ hour }) => amPm(hour),
  r: (moment) => `${clock(hour12(moment.hour), moment)} ${amPm(moment.hour)}`,
  S: ({ second }) => two(second),
  s: ({ second }) => two(second),
  T: (moment) => clock(moment.hour, moment),
  U: (moment) => two(weekOf(moment, 0).week),
  u: (moment) => two(weekOf(moment, 1).week),
  V: (moment) => two(weekOf(moment, 2).week),
  v: (moment) => two(weekOf(moment, 3).week),
  W: weekdayName,
  w: (moment) => String((weekday(dayNumber(moment)) + 1) % 7),
  X: (moment) => String(weekOf(moment, 2).year).padStart(4, "0"),
  x: (moment) => String(weekOf(moment, 3).year).padStart(4, "0"),
  Y: ({ year }) => String(year).padStart(4, "0"),
  y: ({ year }) => two(year % 100),
};

function ordinal(day: number): string {
  if (day >= 11 && day <= 13) return "th";
  return ["th", "st", "nd", "rd"][day % 10] ?? "th";
}

/** The pattern with each `%x` replaced; a letter that means nothing stands for itself. */
export function formatMoment(moment: Moment, pattern: string): string {
  return pattern.replace(/%([\s\S])/g, (_found, letter: string) => {
    const formatter = Object.hasOwn(FORMATTERS, letter) ? FORMATTERS[letter] : undefined;
    return formatter === undefined ? letter : formatter(moment);
  });
}

/** Letters that a time without a date has a value for. */
const TIME_LETTERS = "fHhIiklprSsT";

/** TIME_FORMAT: parts of the date are zero, or nothing where they have a name. */
export function formatTime(moment: Moment, pattern: string): string | null {
  let known = true;
  const text = pattern.replace(/%([\s\S])/g, (_found, letter: string) => {
    if (TIME_LETTERS.includes(letter)) return FORMATTERS[letter]?.(moment) ?? letter;
    if (letter === "c" || letter === "e") return "0";
    if (letter === "d" || letter === "m" || letter === "y") return "00";
    if (letter === "Y") return "0000";
    if (Object.hasOwn(FORMATTERS, letter)) known = false;
    return letter;
  });
  return known ? text : null;
}

/** How many digits of a second's fraction a pattern prints. */
export function formatsMicros(pattern: string): boolean {
  return pattern.includes("%f");
}
