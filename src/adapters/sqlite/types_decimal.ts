/** Numbers read from text as strict mode reads them, and decimals as SQLite keeps them. */
import { type Decimal, powerOfTen, printRounded, printUnits } from "./functions_decimal.ts";

/** Beyond these every MySQL number is out of range or zero, and powers of ten would only cost. */
const EXPONENT_MAX = 400;

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?/;

export interface NumberText {
  /** Null where the text begins with no number. */
  readonly value: Decimal | null;
  /** What stands behind the number. */
  readonly rest: string;
  /** The number is too large for any type. */
  readonly infinite: boolean;
  readonly negative: boolean;
}

/** Reads the number that a text begins with, spaces in front of it skipped. */
export function readNumber(text: string): NumberText {
  const trimmed = text.replace(/^[ \t\n\v\f\r]+/, "");
  const match = NUMBER.exec(trimmed);
  const whole = match?.[2] ?? "";
  const fraction = match?.[3] ?? "";
  if (match === null || whole + fraction === "") {
    return { value: null, rest: trimmed, infinite: false, negative: false };
  }
  const rest = trimmed.slice(match[0].length);
  const negative = match[1] === "-";
  const exponent = Number(match[4] ?? "0");
  const digits = BigInt(whole + fraction);
  if (digits !== 0n && exponent > EXPONENT_MAX) {
    return { value: null, rest, infinite: true, negative };
  }
  const value = digits === 0n || exponent < -EXPONENT_MAX
    ? { units: 0n, scale: 0 }
    : scaled(negative ? -digits : digits, fraction.length - exponent);
  return { value, rest, infinite: false, negative };
}

function scaled(units: bigint, scale: number): Decimal {
  return scale >= 0 ? { units, scale } : { units: units * powerOfTen(-scale), scale: 0 };
}

/** Significant digits, zeros at the end not counted. */
export function significantDigits(units: bigint): number {
  const digits = (units < 0n ? -units : units).toString();
  return digits.replace(/0+$/, "").length;
}

/** What SQLite keeps of a decimal column, printed with the column's digits. */
export function printStored(value: number | bigint, scale: number): string {
  return typeof value === "bigint"
    ? printUnits(value * powerOfTen(scale), scale)
    : printRounded(value, scale);
}
