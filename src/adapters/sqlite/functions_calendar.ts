/** The calendar: days counted from year 0, weeks in MySQL's eight modes, names. */

export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** TO_DAYS('1970-01-01'). */
export const EPOCH_DAY = 719_528;

export const DAY_NAMES = [
  ...["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
] as const;

export const MONTH_NAMES = [
  ...["January", "February", "March", "April", "May", "June", "July", "August", "September"],
  ...["October", "November", "December"],
] as const;

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

export function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || (year % 400 === 0 && year !== 0);
}

export function daysInYear(year: number): number {
  return isLeapYear(year) ? 366 : 365;
}

export function daysInMonth(year: number, month: number): number {
  return month === 2 && isLeapYear(year) ? 29 : MONTH_DAYS[month - 1] ?? 0;
}

/** Days since the day before 0000-01-01, as TO_DAYS counts them. */
export function dayNumber({ year, month, day }: CivilDate): number {
  if (year === 0 && month === 0) return 0;
  let days = 365 * year + 31 * (month - 1) + day;
  let full = year;
  if (month <= 2) full--;
  else days -= Math.trunc((month * 4 + 23) / 10);
  const centuries = Math.trunc((Math.trunc(full / 100) + 1) * 3 / 4);
  return days + Math.trunc(full / 4) - centuries;
}

/** The date of a day number; null beyond the years MySQL has dates for. */
export function dateOfDay(days: number): CivilDate | null {
  if (days <= 365 || days > 3_652_424) return null;
  let year = Math.trunc(days * 100 / 36525);
  const century = Math.trunc((Math.trunc((year - 1) / 100) + 1) * 3 / 4);
  let rest = days - year * 365 - Math.trunc((year - 1) / 4) + century;
  while (rest > daysInYear(year)) rest -= daysInYear(year++);
  let month = 1;
  while (rest > daysInMonth(year, month)) rest -= daysInMonth(year, month++);
  return { year, month, day: rest };
}

/** 0 is Monday. */
export function weekday(days: number): number {
  return (days + 5) % 7;
}

export function dayOfYear(date: CivilDate): number {
  return dayNumber(date) - dayNumber({ year: date.year, month: 1, day: 1 }) + 1;
}

interface WeekRules {
  /** Weeks begin on Monday rather than Sunday. */
  readonly monday: boolean;
  /** The days before the year's first week belong to the last week of the year before. */
  readonly fullRange: boolean;
  /** The first week is the first that holds a whole first weekday, not the first of four days. */
  readonly firstWeekday: boolean;
}

/** What the modes 0 to 7 of WEEK() mean. */
function weekRules(mode: number): WeekRules {
  const monday = (mode & 1) !== 0;
  const firstWeekday = ((mode & 4) !== 0) !== (!monday);
  return { monday, fullRange: (mode & 2) !== 0, firstWeekday };
}

export interface YearWeek {
  readonly year: number;
  readonly week: number;
}

/** WEEK(date, mode), and the year that week belongs to. */
export function weekOf(date: CivilDate, mode: number): YearWeek {
  const rules = weekRules(mode & 7);
  const days = dayNumber(date);
  let { year } = date;
  let first = dayNumber({ year, month: 1, day: 1 });
  let firstWeekday = weekStart(first, rules);
  let fullRange = rules.fullRange;
  if (date.month === 1 && date.day <= 7 - firstWeekday) {
    const belongsBefore = rules.firstWeekday ? firstWeekday !== 0 : firstWeekday >= 4;
    if (!fullRange && belongsBefore) return { year, week: 0 };
    fullRange = true;
    if (belongsBefore) {
      year--;
      first -= daysInYear(year);
      firstWeekday = (firstWeekday + 53 * 7 - daysInYear(year)) % 7;
    }
  }
  const isShort = rules.firstWeekday ? firstWeekday !== 0 : firstWeekday >= 4;
  const since = isShort ? days - (first + (7 - firstWeekday)) : days - (first - firstWeekday);
  if (fullRange && since >= 52 * 7) {
    const nextStart = (firstWeekday + daysInYear(year)) % 7;
    const isNext = rules.firstWeekday ? nextStart === 0 : nextStart < 4;
    if (isNext) return { year: year + 1, week: 1 };
  }
  return { year, week: Math.trunc(since / 7) + 1 };
}

/** How many days after the start of its week a day is. */
function weekStart(days: number, rules: WeekRules): number {
  return rules.monday ? weekday(days) : (days + 6) % 7;
}
