/**
 * The canonical bytes of a value: what a row's checksum is made of. For each kind of column one
 * line of the table below says them in words, in TypeScript (from a cell of a streamed row) and in
 * MySQL's SQL (for triggers and queries). They depend on the value alone, never on a session's
 * character set, time zone, sql_mode or on how many digits a client is shown.
 */
import { invariant } from "../base/assert.ts";
import { md5Hex } from "../base/md5.ts";
import type { Cell, ColumnKind } from "../protocol/values.ts";
import { mysqlDouble } from "./mysql_double.ts";

/** What must be known of a column; a column of a table's schema fits. */
export interface ContentColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  /** As the engine declares it, lower case: `int(11) unsigned`. */
  readonly type: string;
  /** Text in any other character set than utf8mb4 is converted; unknown ones are too. */
  readonly collation?: string | null;
}

/** An SQL expression of the canonical bytes; their number, where it is the same for every value. */
export interface CanonicalSql {
  readonly sql: string;
  readonly length: number | null;
}

interface CanonicalForm {
  readonly words: string;
  cell(cell: Exclude<Cell, null>, column: ContentColumn): string | Uint8Array;
  /** `at` is the column, quoted, with NEW or OLD in front in a trigger. */
  sql(at: string, column: ContentColumn): CanonicalSql;
}

const DATE_LENGTH = "2024-01-31".length;
const DATETIME_LENGTH = "2024-01-31 23:59:59".length;
const MD5_LENGTH = 32;

export const CANONICAL: Readonly<Record<Exclude<ColumnKind, "null">, CanonicalForm>> = {
  integer: {
    words: "decimal digits, `-` in front of negatives, no leading zeros",
    cell: (cell) => String(cell),
    sql: (at, column) => varying(isZerofill(column) ? `${at}+0` : at),
  },
  decimal: {
    words: "digits with all places of the declared scale, no leading zeros but one before the dot",
    cell: (cell) => String(cell).replace(/^0+(?=\d)/, ""),
    sql: (at, column) => varying(isZerofill(column) ? `${at}+0` : at),
  },
  float: {
    words: "the shortest digits that read back as the same double, as MySQL prints a DOUBLE; " +
      "a FLOAT as the double it equals",
    cell: (cell) => mysqlDouble(Number(cell)),
    sql: (at, column) => varying(exactFloat(at, column)),
  },
  text: {
    words: "UTF-8; ENUM and SET as their labels; of the long types the MD5 of that, in hexadecimal",
    cell: (cell, column) => shortened(String(cell), column),
    sql: (at, column) => shortenedSql(asUtf8(at, column), column),
  },
  json: {
    words: "the MD5, in hexadecimal, of the JSON text as the engine prints it, in UTF-8",
    cell: (cell, column) => shortened(String(cell), column),
    sql: (at, column) =>
      shortenedSql(isType(column, "json") ? `CONVERT(${at} USING utf8mb4)` : at, column),
  },
  bytes: {
    words: "the bytes; a GEOMETRY as SRID and WKB; of the long types the MD5, in hexadecimal",
    cell: (cell, column) => shortened(bytesOf(cell), column),
    sql: (at, column) => shortenedSql(at, column),
  },
  bit: {
    words: "the bits as an unsigned number, in decimal digits",
    cell: (cell) => BigInt(`0x0${bytesOf(cell).toHex()}`).toString(),
    sql: (at) => varying(`${at}+0`),
  },
  year: {
    words: "decimal digits; 0 for the year 0000",
    cell: (cell) => String(Number(cell)),
    sql: (at) => varying(`${at}+0`),
  },
  date: {
    words: "YYYY-MM-DD, zeros where a part is zero",
    cell: (cell) => String(cell),
    sql: (at) => ({ sql: at, length: DATE_LENGTH }),
  },
  time: {
    words: "[-]HH:MM:SS or more digits for hours, with all declared places of the fraction",
    cell: (cell) => String(cell),
    sql: (at) => varying(at),
  },
  datetime: {
    words: "YYYY-MM-DD HH:MM:SS, with all declared places of the fraction",
    cell: (cell) => String(cell),
    sql: (at, column) => ({ sql: at, length: DATETIME_LENGTH + fractionLength(column) }),
  },
  timestamp: {
    words: "seconds since 1970 in UTC, with six places of the fraction; 0 for the zero timestamp",
    cell: (cell) => unixTimestamp(String(cell)),
    // Of the zero timestamp UNIX_TIMESTAMP() gives 0 in a query, and NULL in a trigger.
    sql: (at) =>
      varying(
        `CAST(IFNULL(UNIX_TIMESTAMP(${at}),IF(${at} IS NULL,NULL,0)) AS DECIMAL(20,6))`,
      ),
  },
};

/** The canonical bytes of a cell that is not NULL, from a row read as `exactSelectList` says. */
export function canonicalCell(
  cell: Exclude<Cell, null>,
  column: ContentColumn,
): string | Uint8Array {
  invariant(column.kind !== "null", `Column ${column.name} can only hold NULL`);
  return CANONICAL[column.kind].cell(cell, column);
}

/** MySQL's expression of the canonical bytes of a column that is not NULL. */
export function canonicalSql(at: string, column: ContentColumn): CanonicalSql {
  invariant(column.kind !== "null", `Column ${column.name} can only hold NULL`);
  return CANONICAL[column.kind].sql(at, column);
}

/** The value of a FLOAT or DOUBLE with all its digits: printed as it is, a FLOAT is cut to six. */
export function exactFloat(at: string, column: ContentColumn): string {
  return column.type === "double" ? at : `${at}*1e0`;
}

/**
 * Types whose values may be megabytes: a row's bytes put together could exceed
 * max_allowed_packet, and a string function that exceeds it gives NULL.
 */
function isLong(column: ContentColumn): boolean {
  return !/^(var)?(char|binary)\b|^(enum|set|uuid|inet4|inet6)\b/.test(column.type);
}

function isType(column: ContentColumn, name: string): boolean {
  return column.type === name;
}

function isZerofill(column: ContentColumn): boolean {
  return column.type.endsWith(" zerofill");
}

function varying(sql: string): CanonicalSql {
  return { sql, length: null };
}

function shortened(value: string | Uint8Array, column: ContentColumn): string | Uint8Array {
  return isLong(column) ? md5Hex(value) : value;
}

function shortenedSql(sql: string, column: ContentColumn): CanonicalSql {
  return isLong(column) ? { sql: `MD5(${sql})`, length: MD5_LENGTH } : varying(sql);
}

function asUtf8(at: string, column: ContentColumn): string {
  return column.collation?.startsWith("utf8mb4_") ? at : `CONVERT(${at} USING utf8mb4)`;
}

function bytesOf(cell: Exclude<Cell, null>): Uint8Array {
  return cell instanceof Uint8Array ? cell : new TextEncoder().encode(String(cell));
}

/** Of the dot and the places behind it. */
function fractionLength(column: ContentColumn): number {
  const places = Number(/\((\d)\)/.exec(column.type)?.[1] ?? 0);
  return places === 0 ? 0 : places + 1;
}

/** From the text of a TIMESTAMP in UTC. */
function unixTimestamp(text: string): string {
  const [seconds = "", fraction = ""] = text.split(".");
  const [year, month, day, hour, minute, second] = seconds.split(/[- :]/).map(Number) as [
    ...[number, number, number, number, number, number],
  ];
  const since = year === 0 ? 0 : Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
  return `${since}.${fraction.padEnd(6, "0")}`;
}
