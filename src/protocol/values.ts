/** Rows and their columns, in memory and on the wire, without loss of meaning. */
import {
  array,
  boolean,
  type Infer,
  integer,
  nullable,
  number,
  object,
  oneOf,
  optional,
  type Shape,
  text,
} from "../base/shape.ts";

/**
 * What a column holds, as far as a reader must know to interpret a cell. `integer` cells are
 * numbers where a double holds them and decimal strings where not; `decimal` cells are always
 * strings; `float` cells are numbers, but negative zero, which JSON cannot say, is the text `-0`;
 * `year` cells are numbers; `bytes` and `bit` cells are bytes (base64 on the wire), the highest
 * bit first; `json`, dates and times are text as MySQL prints it.
 */
export const COLUMN_KINDS = [
  "integer",
  "decimal",
  "float",
  "text",
  "bytes",
  "json",
  "date",
  "time",
  "datetime",
  "timestamp",
  "year",
  "bit",
  "null",
] as const;

export const columnShape = object({
  name: text(),
  kind: oneOf(COLUMN_KINDS),
  /** The declared type where it is known: `varchar(20)`, `bigint unsigned`. */
  type: optional(text()),
  nullable: optional(boolean),
});

export type Column = Infer<typeof columnShape>;
export type ColumnKind = Column["kind"];

/** One value of a row in memory. */
export type Cell = null | number | string | Uint8Array;
export type Row = readonly Cell[];

/** One value of a row on the wire. */
export type WireCell = null | number | string;

export const wireCell: Shape<WireCell> = {
  words: "null, a number or text",
  fits: (value): value is WireCell =>
    value === null || typeof value === "string" || typeof value === "number",
  fault: (_value, path) => `${path} must be null, a number or text`,
};

export const wireRows: Shape<readonly (readonly WireCell[])[]> = array(array(wireCell));
export type WireRows = Infer<typeof wireRows>;

function bytesColumns(columns: readonly Column[]): readonly number[] {
  return columns.flatMap((column, at) => isBytes(column.kind) ? [at] : []);
}

/** `bit` values are bytes too: the widest is 64 bits. */
function isBytes(kind: ColumnKind): boolean {
  return kind === "bytes" || kind === "bit";
}

/** Rows ready for JSON: bytes become base64, everything else stays as it is. */
export function encodeRows(columns: readonly Column[], rows: readonly Row[]): WireRows {
  const binary = bytesColumns(columns);
  if (binary.length === 0) return rows as WireRows;
  return rows.map((row) => {
    const copy = [...row];
    for (const at of binary) {
      const cell = copy[at];
      if (cell instanceof Uint8Array) copy[at] = cell.toBase64();
    }
    return copy as readonly WireCell[];
  });
}

/** The reverse of `encodeRows`. */
export function decodeRows(columns: readonly Column[], rows: WireRows): readonly Row[] {
  const binary = bytesColumns(columns);
  if (binary.length === 0) return rows;
  return rows.map((row) => {
    const copy: Cell[] = [...row];
    for (const at of binary) {
      const cell = copy[at];
      if (typeof cell === "string") copy[at] = Uint8Array.fromBase64(cell);
    }
    return copy;
  });
}

/** Of what a statement warns, the first so many are told; the rest is only counted. */
export const CONDITIONS_MAX = 64;

/** What a statement leaves to be said beside its result, as SHOW WARNINGS has it. */
export const conditionShape = object({
  level: oneOf(["Note", "Warning", "Error"]),
  code: integer(0),
  message: text(),
});

export type Condition = Infer<typeof conditionShape>;

export const resultShape = object({
  /** Rows changed, as MySQL counts them; 0 for a query. */
  affected: number,
  /** The first AUTO_INCREMENT value the statement drew, where it drew one. */
  insertId: optional(nullable(text())),
  warnings: optional(number),
  /** What these warnings say, where the engine keeps that, the first of them. */
  conditions: optional(array(conditionShape, CONDITIONS_MAX)),
  /** MySQL's note on what it did ("Records: 3  Duplicates: 0  Warnings: 0"). */
  info: optional(text()),
});

/** How a statement ended. */
export type StatementResult = Infer<typeof resultShape>;

/** What is worth keeping of a result, for whoever asks for it again. */
export function withoutConditions({ conditions: _, ...kept }: StatementResult): StatementResult {
  return kept;
}
