/** Doubles and integers the way MySQL prints, reads and rounds them. */
import { parseDecimal, powerOfTen, rescale } from "./functions_decimal.ts";
import { INT64_MAX, INT64_MIN, UINT64_MAX } from "./translate_type.ts";

/** Between these positions of the point a double is printed without an exponent. */
const POINT_MIN = -14;
const POINT_MAX = 15;

/** A double as CONCAT shows it: `0.1`, `1e20`, `1.5e-16`. */
export function printDouble(value: number): string {
  if (value === 0) return "0";
  return printDigits(value.toExponential(), value < 0);
}

/** A FLOAT has six digits to show. */
export function printFloat(value: number): string {
  if (value === 0) return "0";
  return printDigits(value.toExponential(5), value < 0);
}

function printDigits(exponential: string, negative: boolean): string {
  const [mantissa = "0", power = "0"] = exponential.replace("-", "").length === 0
    ? []
    : exponential.replace(/^-/, "").split("e");
  const digits = mantissa.replace(".", "").replace(/0+$/, "");
  const point = Number(power) + 1;
  const sign = negative ? "-" : "";
  if (point < POINT_MIN || (point > POINT_MAX && digits.length <= point)) {
    const rest = digits.slice(1);
    return `${sign}${digits[0]}${rest === "" ? "" : `.${rest}`}e${point - 1}`;
  }
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  if (digits.length <= point) return `${sign}${digits}${"0".repeat(point - digits.length)}`;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

const NUMBER_START = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/;

/** The number in front of a text; zero where there is none. */
export function parseDouble(text: string): number {
  const found = NUMBER_START.exec(text);
  if (found === null) return 0;
  const value = Number(found[0]);
  if (Number.isFinite(value)) return value;
  return value < 0 ? -Number.MAX_VALUE : Number.MAX_VALUE;
}

const INTEGER_START = /^\s*([+-]?)(\d+)/;

/** The whole number in front of a text, as CAST reads it: the rest is cut, not rounded. */
export function parseInteger(text: string): bigint {
  const found = INTEGER_START.exec(text);
  if (found === null) return 0n;
  const value = BigInt(found[2] ?? "0");
  return found[1] === "-" ? -value : value;
}

/** A number rounded to a whole one: decimals away from zero, doubles to even. */
export function roundToInteger(value: number | bigint | string): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "string") return rescale(parseDecimal(value), 0);
  const clipped = Math.max(-9.3e18, Math.min(1.9e19, value));
  return BigInt(roundHalfEven(clipped));
}

export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

export function clipSigned(value: bigint): bigint {
  return value < INT64_MIN ? INT64_MIN : value > INT64_MAX ? INT64_MAX : value;
}

/** The 64 bits of a number as an unsigned one; what is beyond them is clipped as MySQL does. */
export function toUnsigned(value: bigint): bigint {
  if (value > UINT64_MAX) return UINT64_MAX;
  return BigInt.asUintN(64, value < INT64_MIN ? INT64_MIN : value);
}

/** As many digits as the widest integer has. */
const WIDE_DIGITS = 20;

/**
 * An integer for SQLite. One beyond its range is text of twenty digits: text sorts behind all
 * integers, and such text as the numbers do.
 */
export function storable(value: bigint): bigint | string {
  return value <= INT64_MAX ? value : value.toString().padStart(WIDE_DIGITS, "0");
}

/** A double rounded to digits behind (or before) the point, as MySQL's ROUND does it. */
export function roundDouble(value: number, places: number, cut: boolean): number {
  if (!Number.isFinite(value)) return value;
  const distance = Math.abs(places);
  const power = distance > 308 ? Infinity : Number(powerOfTen(distance));
  if (places < 0) {
    if (!Number.isFinite(power)) return 0;
    return (cut ? Math.trunc(value / power) : roundHalfEven(value / power)) * power;
  }
  const scaled = value * power;
  if (!Number.isFinite(scaled)) return value;
  return (cut ? Math.trunc(scaled) : roundHalfEven(scaled)) / power;
}
