/** How records become rows of a table and rows become records: one declaration a table, pure. */
import { invariant } from "../../base/assert.ts";
import type { Shape } from "../../base/shape.ts";
import type { CatalogFault } from "../../ports/catalog.ts";

/** What is bound to a placeholder. Nothing else ever reaches a driver. */
export type Scalar = string | number | null;

/** A row as a driver gives it: cells by column. Which types they have differs between drivers. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** What a column holds, and how it gets in and out. */
export interface ColumnKind {
  readonly sqlite: "INTEGER" | "REAL" | "TEXT";
  readonly nullable: boolean;
  encode(value: unknown): Scalar;
  /** May throw or give nonsense for a cell that somebody edited; the record's shape says no. */
  decode(cell: unknown): unknown;
}

/** Whole numbers. Drivers give them as numbers, big integers or digits. */
export const whole: ColumnKind = {
  sqlite: "INTEGER",
  nullable: false,
  encode: (value) => value as number,
  decode: decodeNumber,
};

/** Numbers as a double holds them. */
export const real: ColumnKind = {
  sqlite: "REAL",
  nullable: false,
  encode: (value) => value as number,
  decode: decodeNumber,
};

/** Text. A driver that cannot carry a NUL character in text gives the UTF-8 bytes. */
export const text: ColumnKind = {
  sqlite: "TEXT",
  nullable: false,
  encode: (value) => value as string,
  decode: decodeText,
};

/** Any JSON, as text. */
export const jsonText: ColumnKind = {
  sqlite: "TEXT",
  nullable: false,
  encode: (value) => JSON.stringify(value),
  decode: (cell) => cell === null ? undefined : JSON.parse(String(decodeText(cell))),
};

/** Any JSON, as text, of a field that may be absent: that is NULL, and JSON's null is not. */
export const optionalJson: ColumnKind = {
  ...jsonText,
  nullable: true,
  encode: (value) => value === undefined ? null : JSON.stringify(value),
};

function decodeNumber(cell: unknown): unknown {
  if (typeof cell === "string" && cell.trim() === "") return cell;
  return typeof cell === "string" || typeof cell === "bigint" ? Number(cell) : cell;
}

function decodeText(cell: unknown): unknown {
  return cell instanceof Uint8Array ? new TextDecoder().decode(cell) : cell;
}

export interface ColumnMap {
  readonly column: string;
  /** The record's field. */
  readonly field: string;
  readonly kind: ColumnKind;
}

export interface RecordTable<T> {
  readonly name: string;
  /** How many of the columns, from the first, are the key. */
  readonly keyLength: number;
  readonly columns: readonly ColumnMap[];
  readonly shape: Shape<T>;
}

/** The row of a record, cells in the order of the columns. */
export function rowOf<T>(table: RecordTable<T>, record: T): readonly Scalar[] {
  const reason = faultOf(table, record);
  invariant(reason === null, `Cannot write to ${table.name}: ${reason}`);
  return encode(table.columns, record);
}

/** The key of a record, of which no more than the key need be there. */
export function keyOf<T>(table: RecordTable<T>, key: Partial<T>): readonly Scalar[] {
  return encode(table.columns.slice(0, table.keyLength), key);
}

function encode(columns: readonly ColumnMap[], record: unknown): readonly Scalar[] {
  const fields = record as Readonly<Record<string, unknown>>;
  return columns.map(({ field, kind }) => kind.encode(fields[field]));
}

export interface ReadRecords<T> {
  readonly records: readonly T[];
  readonly faults: readonly CatalogFault[];
}

/** The records that the rows make, and what is wrong with the rows that make none. */
export function readRows<T>(table: RecordTable<T>, rows: readonly SqlRow[]): ReadRecords<T> {
  const records: T[] = [];
  const faults: CatalogFault[] = [];
  for (const row of rows) {
    const record = decode(table, row);
    const reason = typeof record === "string" ? record : faultOf(table, record);
    if (reason === null) records.push(record as T);
    else faults.push({ table: table.name, key: wordsOfKey(table, row), reason });
  }
  return { records, faults };
}

/** What the cells hold, of whatever shape; text when one of them cannot be read, saying why. */
function decode<T>(table: RecordTable<T>, row: SqlRow): Readonly<Record<string, unknown>> | string {
  const record: Record<string, unknown> = {};
  for (const { column, field, kind } of table.columns) {
    try {
      const value = kind.decode(row[column] ?? null);
      if (value !== undefined) record[field] = value;
    } catch (error) {
      return `${field} cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return record;
}

/** What is wrong with a record, or null. */
function faultOf<T>(table: RecordTable<T>, record: unknown): string | null {
  return table.shape.fits(record) ? null : table.shape.fault(record, "");
}

function wordsOfKey<T>(table: RecordTable<T>, row: SqlRow): string {
  return table.columns.slice(0, table.keyLength)
    .map(({ column }) => String(decodeText(row[column] ?? null)))
    .join("/");
}
