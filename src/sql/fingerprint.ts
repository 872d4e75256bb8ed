/**
 * The content of a table in a few bytes, computed from its rows: how many there are and the sum of
 * their checksums modulo 2^64. A row's checksum is `CRC32(MD5(r))`, where `r` is its columns in
 * the order of their names, each `N` for NULL, or the number of its canonical bytes, `:` and the
 * bytes. Neither the order of rows nor that of columns shows in it.
 */
import { crc32 } from "../base/crc32.ts";
import { md5Hex } from "../base/md5.ts";
import type { Row } from "../protocol/values.ts";
import { canonicalCell, canonicalSql, type ContentColumn, exactFloat } from "./canonical.ts";
import { quoteName } from "./names.ts";

const SUM_BITS = 64;
const encoder = new TextEncoder();

/** Orders columns by name in lower case, byte by byte: names are unique that way in MySQL. */
export function inNameOrder<T extends { readonly name: string }>(columns: readonly T[]): T[] {
  const key = (column: T) => column.name.toLowerCase();
  return [...columns].sort((a, b) => key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0);
}

/** Checksums of rows whose cells come in the order of the columns given. */
export class RowChecksum {
  readonly #columns: readonly { readonly at: number; readonly column: ContentColumn }[];

  constructor(columns: readonly ContentColumn[]) {
    const placed = columns.map((column, at) => ({ name: column.name, at, column }));
    this.#columns = inNameOrder(placed);
  }

  of(row: Row): number {
    return crc32(md5Hex(...this.bytes(row)));
  }

  /** The row's bytes, in parts; text stands for its UTF-8. */
  bytes(row: Row): readonly (string | Uint8Array)[] {
    const parts: (string | Uint8Array)[] = [];
    let text = "";
    for (const { at, column } of this.#columns) {
      const cell = row[at] ?? null;
      if (cell === null) {
        text += "N";
        continue;
      }
      const bytes = canonicalCell(cell, column);
      if (typeof bytes === "string") {
        text += `${byteLength(bytes)}:${bytes}`;
      } else {
        parts.push(`${text}${bytes.length}:`, bytes);
        text = "";
      }
    }
    if (text !== "") parts.push(text);
    return parts;
  }
}

function byteLength(text: string): number {
  // deno-lint-ignore no-control-regex
  return /^[\x00-\x7f]*$/.test(text) ? text.length : encoder.encode(text).length;
}

/** A running count and sum, exact beyond 2^53. */
export class ContentSum {
  #rows: number;
  #sum: bigint;

  constructor(rows = 0, sum: string | bigint = 0n) {
    this.#rows = rows;
    this.#sum = BigInt.asUintN(SUM_BITS, BigInt(sum));
  }

  get rows(): number {
    return this.#rows;
  }

  /** In decimal, from 0 to 2^64 - 1. */
  get sum(): string {
    return this.#sum.toString();
  }

  add(checksum: number): void {
    this.#change(1, BigInt(checksum));
  }

  subtract(checksum: number): void {
    this.#change(-1, -BigInt(checksum));
  }

  /** Adds rows summed elsewhere; both numbers may be negative. */
  merge(rows: number, sum: string | bigint): void {
    this.#change(rows, BigInt(sum));
  }

  #change(rows: number, sum: bigint): void {
    this.#rows += rows;
    this.#sum = BigInt.asUintN(SUM_BITS, this.#sum + sum);
  }
}

/**
 * MySQL's expression of a row's checksum, for columns of a table, or with `NEW` or `OLD` for
 * those of a trigger's row.
 */
export function checksumSql(
  columns: readonly (ContentColumn & { readonly nullable: boolean })[],
  row?: "NEW" | "OLD",
): string {
  const parts = inNameOrder(columns).flatMap((column) => {
    const at = row === undefined ? quoteName(column.name) : `${row}.${quoteName(column.name)}`;
    const { sql, length } = canonicalSql(at, column);
    const bytes = length === null ? [`LENGTH(${sql})`, "':'", sql] : [`'${length}:'`, sql];
    return column.nullable ? [`IFNULL(CONCAT(${bytes.join(",")}),'N')`] : bytes;
  });
  return `CRC32(MD5(CONCAT(${parts.join(",")})))`;
}

/**
 * What to select so that each column's value arrives whole: a client is shown only six digits of
 * a FLOAT. Rows read so have the fingerprint of the table, and rebuild it elsewhere.
 */
export function exactSelectList(columns: readonly ContentColumn[]): string {
  return columns.map((column) => {
    const name = quoteName(column.name);
    if (column.kind !== "float" || column.type === "double") return name;
    return `${exactFloat(name, column)} AS ${name}`;
  }).join(",");
}
