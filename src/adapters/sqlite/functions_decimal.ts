/** Exact decimal arithmetic, as MySQL's DECIMAL does it, on whole numbers of units. */

/** `units` times ten to the power of minus `scale`. */
export interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

/** What a decimal may be read from: SQLite's numbers, or digits. */
export type DecimalSource = bigint | number | string;

const PATTERN = /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?/;

/** Beyond this exponent a number is nothing or everything to any decimal. */
const EXPONENT_MAX = 400;

const POWERS: readonly bigint[] = Array.from({ length: 128 }, (_, at) => 10n ** BigInt(at));

export function powerOfTen(exponent: number): bigint {
  return POWERS[exponent] ?? 10n ** BigInt(exponent);
}

/** Reads a number from the front of a text, as MySQL does; nothing there is zero. */
export function parseDecimal(text: string): Decimal {
  const found = PATTERN.exec(text);
  const whole = found?.[2] ?? "";
  const fraction = found?.[3] ?? "";
  if (whole === "" && fraction === "") return { units: 0n, scale: 0 };
  const magnitude = BigInt(whole + fraction);
  const units = found?.[1] === "-" ? -magnitude : magnitude;
  const exponent = Math.max(-EXPONENT_MAX, Math.min(EXPONENT_MAX, Number(found?.[4] ?? 0)));
  const scale = fraction.length - exponent;
  return scale >= 0 ? { units, scale } : { units: units * powerOfTen(-scale), scale: 0 };
}

/** A number that a double holds is the shortest decimal that reads back as it. */
export function toDecimal(source: DecimalSource): Decimal {
  if (typeof source === "bigint") return { units: source, scale: 0 };
  if (typeof source === "number") {
    return Number.isSafeInteger(source)
      ? { units: BigInt(source), scale: 0 }
      : shortDecimal(source) ?? parseDecimal(source.toString());
  }
  return parseDecimal(source);
}

/** Few digits behind the point are found faster by trying than by printing. */
function shortDecimal(value: number): Decimal | null {
  let factor = 1;
  for (let scale = 1; scale <= 4; scale++) {
    factor *= 10;
    const units = Math.round(value * factor);
    if (!Number.isSafeInteger(units)) return null;
    if (units / factor === value) return { units: BigInt(units), scale };
  }
  return null;
}

/** The same value with `scale` digits behind the point, halves rounded away from zero. */
export function rescale(value: Decimal, scale: number): bigint {
  if (value.scale <= scale) return value.units * powerOfTen(scale - value.scale);
  return divideRounded(value.units, powerOfTen(value.scale - scale));
}

/** The same value cut to `scale` digits behind the point. */
export function truncate(value: Decimal, scale: number): bigint {
  if (value.scale <= scale) return value.units * powerOfTen(scale - value.scale);
  return value.units / powerOfTen(value.scale - scale);
}

export function divideRounded(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const rest = dividend - quotient * divisor;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  if (twice < (divisor < 0n ? -divisor : divisor)) return quotient;
  return (dividend < 0n) === (divisor < 0n) ? quotient + 1n : quotient - 1n;
}

export function printUnits(units: bigint, scale: number): string {
  if (scale === 0) return units.toString();
  const negative = units < 0n;
  const digits = (negative ? -units : units).toString().padStart(scale + 1, "0");
  const at = digits.length - scale;
  return `${negative ? "-" : ""}${digits.slice(0, at)}.${digits.slice(at)}`;
}

/** Rounds to `scale` digits and prints all of them. */
export function printRounded(source: DecimalSource, scale: number): string {
  return printUnits(rescale(toDecimal(source), scale), scale);
}

export type DecimalOperator = "+" | "-" | "*" | "/" | "%";

/** The exact result in digits; null where it divides by zero. */
export function compute(
  operator: DecimalOperator,
  left: DecimalSource,
  right: DecimalSource,
): string | null {
  const a = toDecimal(left);
  const b = toDecimal(right);
  if (operator === "*") return product(a, b);
  if (operator === "/") return quotient(a, b);
  const common = Math.max(a.scale, b.scale);
  const x = rescale(a, common);
  const y = rescale(b, common);
  if (operator === "%" && y === 0n) return null;
  return printUnits(operator === "+" ? x + y : operator === "-" ? x - y : x % y, common);
}

/** More digits behind the point than this are not kept. */
const SCALE_MAX = 38;
/** MySQL computes with groups of this many digits, and a quotient fills its last one. */
const GROUP_DIGITS = 9;
/** div_precision_increment: how many digits a quotient has at least more than its dividend. */
const QUOTIENT_DIGITS = 4;

function product(a: Decimal, b: Decimal): string {
  const exact: Decimal = { units: a.units * b.units, scale: a.scale + b.scale };
  const scale = Math.min(exact.scale, SCALE_MAX);
  return printUnits(rescale(exact, scale), scale);
}

/** Digits beyond those a quotient shows are kept for what is computed from it, and then cut. */
function quotient(a: Decimal, b: Decimal): string | null {
  if (b.units === 0n) return null;
  const grouped = wholeGroups(a.scale) + wholeGroups(b.scale);
  const missing = Math.max(0, QUOTIENT_DIGITS - (grouped - a.scale - b.scale));
  const scale = wholeGroups(grouped + missing);
  const units = a.units * powerOfTen(scale + b.scale) / (b.units * powerOfTen(a.scale));
  return printUnits(units, scale);
}

function wholeGroups(digits: number): number {
  return Math.ceil(digits / GROUP_DIGITS) * GROUP_DIGITS;
}

/** The whole part of a quotient; null where it divides by zero. */
export function wholeQuotient(left: DecimalSource, right: DecimalSource): bigint | null {
  const a = toDecimal(left);
  const b = toDecimal(right);
  if (b.units === 0n) return null;
  return a.units * powerOfTen(b.scale) / (b.units * powerOfTen(a.scale));
}

/** Below, equal or above zero as the first is below, equal or above the second. */
export function compareDecimals(left: DecimalSource, right: DecimalSource): number {
  const a = toDecimal(left);
  const b = toDecimal(right);
  const common = Math.max(a.scale, b.scale);
  const x = rescale(a, common);
  const y = rescale(b, common);
  return x < y ? -1 : x > y ? 1 : 0;
}

const KEY_WHOLE_DIGITS = 81;

/** Text that sorts as the numbers do, and is the same for equal ones. */
export function decimalKey(source: DecimalSource): string {
  const { units, scale } = toDecimal(source);
  const negative = units < 0n;
  const digits = (negative ? -units : units).toString().padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale).padStart(KEY_WHOLE_DIGITS, "0");
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, "");
  if (!negative) return `1${whole}${fraction}`;
  // Complemented digits with an end mark above them all: the longer, the smaller.
  return `0${complement(whole + fraction)}~`;
}

function complement(digits: string): string {
  let text = "";
  for (const digit of digits) text += String(9 - Number(digit));
  return text;
}
