/** STR_TO_DATE: a moment read from text by a pattern. */
import { dateOfDay, DAY_NAMES, dayNumber, daysInMonth, MONTH_NAMES } from "./functions_calendar.ts";
import { fractionMicros, type Moment } from "./functions_temporal.ts";

/** What a pattern may set; null for what it has not. */
interface Parts {
  year: number | null;
  month: number | null;
  day: number | null;
  dayOfYear: number | null;
  hour: number;
  minute: number;
  second: number;
  micros: number;
  afternoon: boolean | null;
  twelveHours: boolean;
}

/** A moment with the parts that were in the text; the date is null where there was none. */
export interface ParsedMoment {
  readonly moment: Moment;
  readonly hasDate: boolean;
}

type Reader = (text: string, parts: Parts) => string | null;

/** Takes up to so many digits, and hands over their value; null where there are none. */
function digits(max: number, set: (value: number, parts: Parts, text: string) => void): Reader {
  return (text, parts) => {
    let length = 0;
    while (length < max && /\d/.test(text.charAt(length))) length++;
    if (length === 0) return null;
    set(Number(text.slice(0, length)), parts, text.slice(0, length));
    return text.slice(length);
  };
}

/** Takes one of the names, whole or its first three letters. */
function names(
  list: readonly string[],
  short: boolean,
  set: (at: number, parts: Parts) => void,
): Reader {
  return (text, parts) => {
    const lower = text.toLowerCase();
    const at = list.findIndex((name) =>
      lower.startsWith((short ? name.slice(0, 3) : name).toLowerCase())
    );
    if (at < 0) return null;
    set(at, parts);
    return text.slice(short ? 3 : list[at]?.length ?? 0);
  };
}

const twoDigitYear = (value: number): number => value < 70 ? 2000 + value : 1900 + value;

const hour24 = digits(2, (value, parts) => {
  parts.hour = value;
});
const hour12 = digits(2, (value, parts) => {
  parts.hour = value;
  parts.twelveHours = true;
});
const minutes = digits(2, (value, parts) => {
  parts.minute = value;
});
const seconds = digits(2, (value, parts) => {
  parts.second = value;
});
const day = digits(2, (value, parts) => {
  parts.day = value;
});
const month = digits(2, (value, parts) => {
  parts.month = value;
});

const READERS: Readonly<Record<string, Reader>> = {
  Y: digits(4, (value, parts, text) => {
    parts.year = text.length <= 2 ? twoDigitYear(value) : value;
  }),
  y: digits(2, (value, parts) => {
    parts.year = twoDigitYear(value);
  }),
  m: month,
  c: month,
  d: day,
  e: day,
  D: (text, parts) => day(text, parts)?.replace(/^(st|nd|rd|th)/i, "") ?? null,
  H: hour24,
  k: hour24,
  h: hour12,
  I: hour12,
  l: hour12,
  i: minutes,
  S: seconds,
  s: seconds,
  f: digits(6, (_value, parts, text) => {
    parts.micros = fractionMicros(text);
  }),
  j: digits(3, (value, parts) => {
    parts.dayOfYear = value;
  }),
  p: (text, parts) => {
    const word = text.slice(0, 2).toUpperCase();
    if (word !== "AM" && word !== "PM") return null;
    parts.afternoon = word === "PM";
    return text.slice(2);
  },
  M: names(MONTH_NAMES, false, (at, parts) => {
    parts.month = at + 1;
  }),
  b: names(MONTH_NAMES, true, (at, parts) => {
    parts.month = at + 1;
  }),
  W: names(DAY_NAMES, false, () => {}),
  a: names(DAY_NAMES, true, () => {}),
};

/** Patterns that stand for longer ones. */
const EXPANDED: Readonly<Record<string, string>> = { T: "%H:%i:%S", r: "%h:%i:%S %p" };

const DATE_LETTERS = /%[YymcdeDjMb]/;

export function parseByPattern(text: string, pattern: string): ParsedMoment | null {
  const full = pattern.replace(/%([Tr])/g, (_found, letter: string) => EXPANDED[letter] ?? "");
  const parts: Parts = {
    year: null,
    month: null,
    day: null,
    dayOfYear: null,
    hour: 0,
    minute: 0,
    second: 0,
    micros: 0,
    afternoon: null,
    twelveHours: false,
  };
  return readAll(text, full, parts) ? finish(parts, DATE_LETTERS.test(full)) : null;
}

/** What is left of the text when the pattern ends is ignored, as MySQL does with a warning. */
function readAll(text: string, pattern: string, parts: Parts): boolean {
  let rest = text;
  for (let at = 0; at < pattern.length; at++) {
    const letter = pattern.charAt(at);
    if (letter !== "%") {
      if (/\s/.test(letter)) rest = rest.trimStart();
      else if (rest.startsWith(letter)) rest = rest.slice(1);
      else return rest.trim() === "" && !pattern.slice(at).includes("%");
      continue;
    }
    const name = pattern.charAt(++at);
    const reader = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
    if (reader === undefined) return false;
    const next = reader(rest.trimStart(), parts);
    if (next === null) return false;
    rest = next;
  }
  return true;
}

function finish(parts: Parts, hasDate: boolean): ParsedMoment | null {
  const hour = hourOf(parts);
  if (hour === null || parts.minute > 59 || parts.second > 59) return null;
  const clock = { hour, minute: parts.minute, second: parts.second, micros: parts.micros };
  if (!hasDate) return { moment: { year: 0, month: 0, day: 0, ...clock }, hasDate };
  if (parts.year !== null && parts.dayOfYear !== null) {
    const first = dayNumber({ year: parts.year, month: 1, day: 1 });
    const date = dateOfDay(first + parts.dayOfYear - 1);
    return date === null ? null : { moment: { ...date, ...clock }, hasDate };
  }
  const year = parts.year ?? 0;
  const monthOf = parts.month ?? 0;
  const dayOf = parts.day ?? 0;
  if (monthOf < 1 || monthOf > 12 || dayOf < 1 || dayOf > daysInMonth(year, monthOf)) return null;
  return { moment: { year, month: monthOf, day: dayOf, ...clock }, hasDate };
}

function hourOf({ hour, afternoon, twelveHours }: Parts): number | null {
  if (twelveHours) {
    if (hour < 1 || hour > 12) return null;
    return hour % 12 + (afternoon === true ? 12 : 0);
  }
  return hour > 23 ? null : hour;
}
