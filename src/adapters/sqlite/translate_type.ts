/** What MySQL says of an expression's value, and how SQLite holds it. */
import type { ColumnKind } from "../../protocol/values.ts";
import type { ColumnModel } from "./schema_model.ts";

/** Who decides how two texts are compared: the lower number. */
export const STRENGTH = { explicit: 0, column: 2, literal: 4, none: 6 } as const;

export interface ValueType {
  readonly kind: ColumnKind;
  /**
   * `native`: integers are SQLite's, decimals its numbers, all else text or bytes. `wide`: an
   * integer that may be beyond SQLite's, and is text of twenty digits then, which sorts behind all
   * integers. `digits`: an exact number as text.
   */
  readonly form: "native" | "wide" | "digits";
  /** Bounds of an integer. */
  readonly min: bigint;
  readonly max: bigint;
  readonly unsigned: boolean;
  /** Significant digits of a decimal. */
  readonly digits: number;
  /** Digits behind the point: of a decimal, of seconds. */
  readonly scale: number;
  /** FLOAT, shown by six digits, rather than DOUBLE. */
  readonly single: boolean;
  /** How text compares: without case and accents, or by its characters. */
  readonly collation: "ci" | "bin";
  readonly strength: number;
  /** The stored column this is, unchanged. */
  readonly column: ColumnModel | null;
  readonly nullable: boolean;
}

export const INT64_MIN = -(2n ** 63n);
export const INT64_MAX = 2n ** 63n - 1n;
export const UINT64_MAX = 2n ** 64n - 1n;

/** MySQL's limits of a decimal. */
export const DECIMAL_DIGITS_MAX = 65;
export const DECIMAL_SCALE_MAX = 38;

const BASE: ValueType = {
  kind: "null",
  form: "native",
  min: 0n,
  max: 0n,
  unsigned: false,
  digits: 0,
  scale: 0,
  single: false,
  collation: "ci",
  strength: STRENGTH.none,
  column: null,
  nullable: true,
};

export const NULL_TYPE: ValueType = BASE;

/** An integer within bounds; wide where SQLite's integers could not hold them all. */
export function integerType(min: bigint, max: bigint, unsigned = false): ValueType {
  const form = max > INT64_MAX ? "wide" : "native";
  return { ...BASE, kind: "integer", min, max, unsigned, form, digits: digitsOf(min, max) };
}

function digitsOf(min: bigint, max: bigint): number {
  return Math.max(min.toString().replace("-", "").length, max.toString().length);
}

export const BOOLEAN_TYPE: ValueType = integerType(0n, 1n);
export const BIGINT_TYPE: ValueType = integerType(INT64_MIN, INT64_MAX);
export const BIGINT_UNSIGNED_TYPE: ValueType = integerType(0n, UINT64_MAX, true);
export const INT_TYPE: ValueType = integerType(-(2n ** 31n), 2n ** 31n - 1n);
export const DOUBLE_TYPE: ValueType = { ...BASE, kind: "float" };
export const FLOAT_TYPE: ValueType = { ...BASE, kind: "float", single: true };
export const JSON_TYPE: ValueType = { ...BASE, kind: "json", collation: "bin" };
export const BYTES_TYPE: ValueType = { ...BASE, kind: "bytes", collation: "bin" };
export const DATE_TYPE: ValueType = { ...BASE, kind: "date" };

/** A computed decimal: exact text with `scale` digits behind the point. */
export function decimalType(digits: number, scale: number): ValueType {
  const kept = Math.min(scale, DECIMAL_SCALE_MAX);
  return {
    ...BASE,
    kind: "decimal",
    form: "digits",
    digits: Math.min(digits - scale + kept, DECIMAL_DIGITS_MAX),
    scale: kept,
  };
}

export function textType(
  collation: "ci" | "bin" = "ci",
  strength: number = STRENGTH.literal,
): ValueType {
  return { ...BASE, kind: "text", collation, strength };
}

export function timeType(scale: number): ValueType {
  return { ...BASE, kind: "time", scale };
}

export function datetimeType(scale: number): ValueType {
  return { ...BASE, kind: "datetime", scale };
}

/** Whether text of this type is compared by `_minisql_ci`. */
export function isText(type: ValueType): boolean {
  return type.kind === "text" || type.kind === "json";
}

export function isTemporal(type: ValueType): boolean {
  return ["date", "time", "datetime", "timestamp"].includes(type.kind);
}

/** Integers and what counts as one: years and bits. */
export function isInteger(type: ValueType): boolean {
  return type.kind === "integer" || type.kind === "year" || type.kind === "bit";
}

export function isExact(type: ValueType): boolean {
  return isInteger(type) || type.kind === "decimal";
}

export function isNumber(type: ValueType): boolean {
  return isExact(type) || type.kind === "float";
}

/** Digits in front of the point, as decimals are merged by them. */
export function wholeDigits(type: ValueType): number {
  return Math.max(type.digits - type.scale, type.kind === "decimal" ? 0 : 1);
}

/** The type as a value that is no longer that column. */
export function detached(type: ValueType): ValueType {
  return type.column === null ? type : { ...type, column: null };
}
