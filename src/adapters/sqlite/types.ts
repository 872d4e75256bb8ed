/** What is known of each MySQL type: how it is written, shown, bounded, and kept in SQLite. */
import { unreachable } from "../../base/assert.ts";
import type { ColumnKind } from "../../protocol/values.ts";
import type { DataType, TypeName } from "../../sql/ddl/model.ts";
import { quoteString } from "../../sql/names.ts";

/** A value as SQLite gives and takes it: INTEGER as bigint, REAL as number. */
export type SqlValue = null | bigint | number | string | Uint8Array;

/**
 * What SQLite's STRICT tables hold a type in. `ANY` is for decimals: whole ones are integers, others
 * the nearest double, which fifteen digits survive; integers and doubles compare exactly. What is
 * longer than that is text, and compared by its key. It is for unsigned integers of 64 bits as well:
 * those beyond SQLite's are text of twenty digits, which sorts behind all integers.
 */
export type StorageType = "INTEGER" | "REAL" | "TEXT" | "BLOB" | "ANY";

export type TypeFamily =
  | "integer"
  | "decimal"
  | "float"
  | "bit"
  | "year"
  | "date"
  | "time"
  | "datetime"
  | "text"
  | "bytes"
  | "enum"
  | "set"
  | "json"
  | "unsupported";

/** The kind of values a type has, which decides how they are stored, compared and shown. */
export function familyOf(name: TypeName): TypeFamily {
  switch (name) {
    case "tinyint":
    case "smallint":
    case "mediumint":
    case "int":
    case "bigint":
      return "integer";
    case "float":
    case "double":
      return "float";
    case "datetime":
    case "timestamp":
      return "datetime";
    case "char":
    case "varchar":
    case "tinytext":
    case "text":
    case "mediumtext":
    case "longtext":
      return "text";
    case "binary":
    case "varbinary":
    case "tinyblob":
    case "blob":
    case "mediumblob":
    case "longblob":
      return "bytes";
    case "decimal":
    case "bit":
    case "year":
    case "date":
    case "time":
    case "enum":
    case "set":
    case "json":
      return name;
    default:
      return "unsupported";
  }
}

export function storageOf(type: DataType): StorageType {
  const family = familyOf(type.name);
  switch (family) {
    case "integer":
      return integerRange(type).max > INTEGER_MAX ? "ANY" : "INTEGER";
    case "bit":
      return (type.length ?? 1) > INTEGER_BITS_MAX ? "ANY" : "INTEGER";
    case "year":
      return "INTEGER";
    case "float":
      return "REAL";
    case "decimal":
      return "ANY";
    case "bytes":
      return "BLOB";
    case "date":
    case "time":
    case "datetime":
    case "text":
    case "enum":
    case "set":
    case "json":
    case "unsupported":
      return "TEXT";
    default:
      return unreachable(family);
  }
}

export function columnKind(type: DataType): ColumnKind {
  const family = familyOf(type.name);
  switch (family) {
    case "datetime":
      return type.name === "timestamp" ? "timestamp" : "datetime";
    case "enum":
    case "set":
    case "unsupported":
      return "text";
    default:
      return family;
  }
}

/** Whether the type has a character set. */
export function isTextual(name: TypeName): boolean {
  const family = familyOf(name);
  return family === "text" || family === "enum" || family === "set" || family === "json";
}

/** Doubles hold every decimal of this many digits, and give it back. */
export const DOUBLE_DIGITS = 15;

/** Whether the type is a decimal of which some values are kept as text. */
export function isWideDecimal(type: DataType): boolean {
  return type.name === "decimal" && (type.length ?? 10) > DOUBLE_DIGITS;
}

/** Whether text of the type is compared without regard to case, as `_ci` collations do. */
export function isCaseInsensitive(type: DataType): boolean {
  return isTextual(type.name) && !(type.collation ?? "").endsWith("_bin");
}

const INTEGER_BITS: Partial<Record<TypeName, number>> = {
  tinyint: 8,
  smallint: 16,
  mediumint: 24,
  int: 32,
  bigint: 64,
};

export interface IntegerRange {
  readonly min: bigint;
  readonly max: bigint;
}

export function integerRange(type: DataType): IntegerRange {
  const bits = BigInt(INTEGER_BITS[type.name] ?? 64);
  if (type.unsigned) return { min: 0n, max: 2n ** bits - 1n };
  return { min: -(2n ** (bits - 1n)), max: 2n ** (bits - 1n) - 1n };
}

/** The largest integer that SQLite has. */
export const INTEGER_MAX = 2n ** 63n - 1n;
const INTEGER_BITS_MAX = 63;

/** Display widths where none is said: signed, unsigned. */
const WIDTHS: Partial<Record<TypeName, readonly [number, number]>> = {
  tinyint: [4, 3],
  smallint: [6, 5],
  mediumint: [9, 8],
  int: [11, 10],
  bigint: [20, 20],
};

export function defaultWidth(name: TypeName, unsigned: boolean): number | null {
  return WIDTHS[name]?.[unsigned ? 1 : 0] ?? null;
}

/** The longest values of types without a length of their own, in bytes. */
const BYTES_MAX: Partial<Record<TypeName, number>> = {
  tinytext: 255,
  text: 65_535,
  mediumtext: 16_777_215,
  longtext: 4_294_967_295,
  json: 4_294_967_295,
  tinyblob: 255,
  blob: 65_535,
  mediumblob: 16_777_215,
  longblob: 4_294_967_295,
};

export function bytesMax(name: TypeName): number | null {
  return BYTES_MAX[name] ?? null;
}

/** The type as SHOW COLUMNS prints it, without its character set: `int(10) unsigned`. */
export function typeText(type: DataType): string {
  const signs = `${type.unsigned ? " unsigned" : ""}${type.zerofill ? " zerofill" : ""}`;
  if (type.name === "json") return "longtext";
  if (type.name === "enum" || type.name === "set") {
    return `${type.name}(${type.values.map(quoteMember).join(",")})`;
  }
  const numbers = [type.length, type.scale].filter((each) => each !== null);
  return `${type.name}${numbers.length > 0 ? `(${numbers.join(",")})` : ""}${signs}`;
}

/** MySQL shows members with their quotes doubled and nothing else escaped. */
function quoteMember(member: string): string {
  return `'${member.replaceAll("'", "''")}'`;
}

/** A string as MySQL shows it in DEFAULT and COMMENT. */
export function shownString(text: string): string {
  return quoteString(text);
}
