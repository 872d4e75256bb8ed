/** Numbers for integer, DECIMAL, FLOAT, DOUBLE, BIT and YEAR columns. */
import type { ColumnKind } from "../../protocol/values.ts";
import { bytesOf } from "./functions_characters.ts";
import { type Decimal, powerOfTen, printUnits, rescale, toDecimal } from "./functions_decimal.ts";
import { roundHalfEven, storable } from "./functions_number.ts";
import { DOUBLE_DIGITS, INTEGER_MAX, integerRange, type SqlValue } from "./types.ts";
import { readNumber, significantDigits } from "./types_decimal.ts";
import type { StoreTarget } from "./types_store.ts";

const DECODER = new TextDecoder();

type Present = Exclude<SqlValue, null>;

/** A number on its way into a column: exact, or beyond every bound on one side. */
type Incoming =
  | { readonly kind: "exact"; readonly value: Decimal }
  | { readonly kind: "double"; readonly value: number }
  | { readonly kind: "infinite"; readonly negative: boolean };

const TEMPORAL: ReadonlySet<ColumnKind | undefined> = new Set<ColumnKind | undefined>([
  ...["date", "time", "datetime", "timestamp"] as const,
]);

/** Reads any value as a number, or fails as MySQL does; `word` is its name for such a number. */
function incoming(target: StoreTarget, value: Present, word: string): Incoming {
  const { source } = target.options;
  if (typeof value === "bigint") return { kind: "exact", value: { units: value, scale: 0 } };
  if (typeof value === "number") return incomingNumber(value, source);
  const text = typeof value === "string" ? value : DECODER.decode(value);
  if (TEMPORAL.has(source)) return fromText(target, text.replace(/[-: ]/g, ""), word);
  return fromText(target, text, word);
}

function incomingNumber(value: number, source: ColumnKind | undefined): Incoming {
  if (!Number.isFinite(value)) return { kind: "infinite", negative: value < 0 };
  return source === "decimal"
    ? { kind: "exact", value: toDecimal(value) }
    : { kind: "double", value };
}

const ZERO: Incoming = { kind: "exact", value: { units: 0n, scale: 0 } };

function fromText(target: StoreTarget, text: string, word: string): Incoming {
  const { value, rest, infinite, negative } = readNumber(text);
  if (infinite) return { kind: "infinite", negative };
  if (value === null) {
    target.incorrect(word, text);
    return ZERO;
  }
  if (rest.trim() !== "") target.truncated();
  return { kind: "exact", value };
}

export function storeInteger(target: StoreTarget, value: Present): SqlValue {
  const { type } = target.column;
  const { min, max } = integerRange(type);
  const number = incoming(target, value, "integer");
  const whole = wholeOf(number);
  if (whole === null || whole > max || whole < min || (min === 0n && isNegative(number))) {
    target.outOfRange();
    return withinStorage(target, isNegative(number) ? min : max);
  }
  return withinStorage(target, whole);
}

/** SQLite's integers end where BIGINT's do, and BIGINT UNSIGNED goes on; its row numbers cannot. */
function withinStorage(target: StoreTarget, value: bigint): SqlValue {
  if (value <= INTEGER_MAX || !target.column.isRowNumber) return storable(value);
  return target.unsupported(
    String(value),
    `the embedded engine keeps integers that are a primary key up to ${INTEGER_MAX}`,
  );
}

/** Rounds to a whole number: exact ones away from zero, doubles to even. Null for none in sight. */
function wholeOf(number: Incoming): bigint | null {
  switch (number.kind) {
    case "exact":
      return rescale(number.value, 0);
    case "double":
      return BigInt(roundHalfEven(number.value));
    case "infinite":
      return null;
  }
}

function isNegative(number: Incoming): boolean {
  switch (number.kind) {
    case "exact":
      return number.value.units < 0n;
    case "double":
      return number.value < 0;
    case "infinite":
      return number.negative;
  }
}

export function storeDecimal(target: StoreTarget, value: Present): SqlValue {
  const { type } = target.column;
  const precision = type.length ?? 10;
  const scale = type.scale ?? 0;
  const number = incoming(target, value, "decimal");
  const limit = powerOfTen(precision);
  let units = number.kind === "exact"
    ? rescale(number.value, scale)
    : number.kind === "double"
    ? rescale(toDecimal(number.value), scale)
    : (number.negative ? -limit : limit);
  const below = type.unsigned && isNegative(number);
  if (below || units >= limit || units <= -limit) {
    target.outOfRange();
    units = isNegative(number) ? (type.unsigned ? 0n : 1n - limit) : limit - 1n;
  }
  return keptDecimal(units, scale);
}

/** Always the same form for the same number: an integer, a double, or else its digits. */
function keptDecimal(units: bigint, scale: number): SqlValue {
  const unit = powerOfTen(scale);
  if (units % unit === 0n) {
    const whole = units / unit;
    if (whole <= INTEGER_MAX && whole >= -INTEGER_MAX - 1n) return whole;
  } else if (significantDigits(units) <= DOUBLE_DIGITS) {
    return Number(printUnits(units, scale));
  }
  return printUnits(units, scale);
}

const FLOAT_MAX = 3.4028234663852886e38;

export function storeFloat(target: StoreTarget, value: Present): SqlValue {
  const { type } = target.column;
  const number = incoming(target, value, "double");
  let stored = number.kind === "double"
    ? number.value
    : number.kind === "exact"
    ? Number(printUnits(number.value.units, number.value.scale))
    : (number.negative ? -Infinity : Infinity);
  let max = type.name === "float" ? FLOAT_MAX : Number.MAX_VALUE;
  if (type.length !== null && type.scale !== null) {
    stored = Number.isFinite(stored) ? roundBinary(stored, type.scale) : stored;
    max = 10 ** (type.length - type.scale) - 10 ** -type.scale;
  }
  const min = type.unsigned ? 0 : -max;
  if (stored > max || stored < min) {
    target.outOfRange();
    stored = stored > max ? max : min;
  }
  return type.name === "float" ? Math.fround(stored) : stored;
}

/** Rounds to `scale` digits behind the point as FLOAT(M,D) does: in binary, halves to even. */
function roundBinary(value: number, scale: number): number {
  const factor = 10 ** scale;
  const whole = Math.floor(value);
  return whole + roundHalfEven((value - whole) * factor) / factor;
}

/** Text and bytes are the bits themselves, numbers their value. */
export function storeBit(target: StoreTarget, value: Present): SqlValue {
  const bits = BigInt(target.column.type.length ?? 1);
  const max = 2n ** bits - 1n;
  const { source } = target.options;
  // Long numbers come as text, too.
  const isNumber = source === "integer" || source === "decimal" || source === "bit";
  const given = !isNumber && (typeof value === "string" || value instanceof Uint8Array)
    ? bitsOf(value)
    : wholeOf(incoming(target, value, "integer"));
  if (given === null || given < 0n || given > max) {
    target.tooLong();
    return withinStorage(target, max);
  }
  return withinStorage(target, given);
}

function bitsOf(value: string | Uint8Array): bigint {
  const bytes = bytesOf(value);
  return bytes.length === 0 ? 0n : BigInt(`0x${bytes.toHex()}`);
}

const YEAR_MIN = 1901n;
const YEAR_MAX = 2155n;

export function storeYear(target: StoreTarget, value: Present): SqlValue {
  const { source } = target.options;
  if (TEMPORAL.has(source) && typeof value === "string") {
    target.incorrectTime("date", value);
    return 0n;
  }
  const year = wholeOf(incoming(target, value, "integer"));
  if (year !== null && year >= YEAR_MIN && year <= YEAR_MAX) return year;
  if (year !== null && year >= 0n && year < 100n) {
    // The number 0 is the year 0000, the text '0' the year 2000.
    if (year === 0n && typeof value !== "string") return 0n;
    return year + (year < 70n ? 2000n : 1900n);
  }
  target.outOfRange();
  return 0n;
}
