/** Prints doubles the way MySQL and MariaDB print a DOUBLE, digit for digit. */
import { invariant } from "../base/assert.ts";

/** Beyond these places of the decimal point the servers write an exponent. */
const POINT_MIN = -14;
const POINT_MAX = 15;

/**
 * The shortest digits that read back as the same double, as JavaScript finds them too; what
 * differs is when an exponent is written and how. Negative zero is `-0`.
 */
export function mysqlDouble(value: number): string {
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const parts = /^(-?)(\d)\.?(\d*)e([+-]\d+)$/.exec(value.toExponential());
  invariant(parts !== null, `A DOUBLE is a finite number, not ${value}`);
  const [, sign = "", first, rest, exponent] = parts;
  const digits = `${first}${rest}`;
  /** The decimal point stands behind so many digits; below one, zeros stand between. */
  const point = Number(exponent) + 1;
  const isPlain = point >= POINT_MIN && (point <= POINT_MAX || digits.length > point);
  return `${sign}${isPlain ? plain(digits, point) : scientific(digits, point - 1)}`;
}

function plain(digits: string, point: number): string {
  if (point <= 0) return `0.${"0".repeat(-point)}${digits}`;
  if (point >= digits.length) return digits.padEnd(point, "0");
  return `${digits.slice(0, point)}.${digits.slice(point)}`;
}

function scientific(digits: string, exponent: number): string {
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
  return `${digits[0]}${fraction}e${exponent}`;
}
