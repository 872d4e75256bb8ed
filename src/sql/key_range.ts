/**
 * A table's primary key in SQL: its order, ranges of it, and rows by their keys, in words that
 * MySQL finds an index for.
 */
import { MinisqlError } from "../protocol/errors.ts";
import type { Cell, ColumnKind } from "../protocol/values.ts";
import { cellLiteral } from "./cell_literal.ts";
import { quoteName } from "./names.ts";

/** What must be known of a table; its schema fits. */
export interface KeyedTable {
  readonly name: string;
  readonly columns: readonly KeyColumn[];
  /** The primary key is the one named PRIMARY. */
  readonly indexes: readonly { readonly name: string; readonly columns: readonly string[] }[];
}

export interface KeyColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  /** As the engine declares it, lower case: `enum('a','b')`. */
  readonly type: string;
}

/** Rows whose key is above `after` and not above `upTo`; null for no bound. */
export interface KeyBounds {
  readonly after: readonly Cell[] | null;
  readonly upTo: readonly Cell[] | null;
}

/** The columns of the primary key, in its order; null where the table has none. */
export function keyColumns<C extends KeyColumn>(
  table: KeyedTable & { readonly columns: readonly C[] },
): readonly C[] | null {
  const key = table.indexes.find(({ name }) => name === "PRIMARY");
  if (key === undefined) return null;
  const columns: readonly C[] = table.columns;
  return key.columns.flatMap((name) => columns.find((column) => column.name === name) ?? []);
}

/** Conditions that hold for the rows of the range, all of them together. */
export function rangeConditions(table: KeyedTable, { after, upTo }: KeyBounds): readonly string[] {
  const conditions: string[] = [];
  if (after !== null) conditions.push(...bound(keyParts(table, after), ">", ">"));
  if (upTo !== null) conditions.push(...bound(keyParts(table, upTo), "<", "<="));
  return conditions;
}

/** A condition that holds for the rows with these keys. */
export function keysCondition(table: KeyedTable, keys: readonly (readonly Cell[])[]): string {
  return keys.map((key) => `(${keyParts(table, key).map(equality).join(" AND ")})`).join(" OR ");
}

interface KeyPart {
  /** What the key is ordered by. */
  readonly sql: string;
  readonly literal: string;
  /** The column as it stands, where it is ordered by something else. */
  readonly plain?: { readonly sql: string; readonly literal: string };
}

function keyParts(table: KeyedTable, cells: readonly Cell[]): readonly KeyPart[] {
  const columns = keyColumns(table);
  if (columns === null) {
    throw new MinisqlError(
      "UNSUPPORTED",
      `Cannot take a range of ${table.name}: it has no primary key`,
    );
  }
  if (cells.length !== columns.length) {
    throw new MinisqlError(
      "BAD_REQUEST",
      `Cannot take a range of ${table.name}: its key has ${columns.length} columns, ` +
        `not ${cells.length}`,
    );
  }
  return columns.map((column, at) => keyPart(column, cells[at] ?? null));
}

/** ENUM and SET are ordered by their numbers in an index, and by their labels in a comparison. */
function keyPart({ name, kind, type }: KeyColumn, cell: Cell): KeyPart {
  const sql = quoteName(name);
  const literal = cellLiteral(cell, kind);
  const numberOf = /^enum\(/.test(type) ? enumNumber : /^set\(/.test(type) ? setNumber : null;
  if (numberOf === null) return { sql, literal };
  return { sql: `${sql}+0`, literal: numberOf(type, cell), plain: { sql, literal } };
}

/**
 * A row comparison as the optimizer finds a range for it: `(a,b) > (1,2)` itself is a scan. The
 * bound on the first column says again what the rest implies, for optimizers that need it said.
 */
function bound(parts: readonly KeyPart[], strict: "<" | ">", last: string): readonly string[] {
  const [first] = parts;
  if (first === undefined) return [];
  const whole = parts.reduceRight((rest, { sql, literal }) => {
    if (rest === "") return `${sql}${last}${literal}`;
    return `(${sql}${strict}${literal} OR (${sql}=${literal} AND ${rest}))`;
  }, "");
  return parts.length === 1 ? [whole] : [`${first.sql}${strict}=${first.literal}`, whole];
}

/** The number alone would be right, and the label alone be found by the index. */
function equality({ sql, literal, plain }: KeyPart): string {
  const exact = `${sql}=${literal}`;
  return plain === undefined ? exact : `${plain.sql}=${plain.literal} AND ${exact}`;
}

/** The place of a label in the declaration; 0 for the error value. */
function enumNumber(type: string, cell: Cell): string {
  return String(labelsOf(type).indexOf(String(cell)) + 1);
}

function setNumber(type: string, cell: Cell): string {
  const labels = labelsOf(type);
  const members = String(cell).split(",").map((label) => labels.indexOf(label));
  const bits = members.filter((at) => at >= 0).map((at) => 1n << BigInt(at));
  return bits.reduce((sum, bit) => sum + bit, 0n).toString();
}

function labelsOf(type: string): readonly string[] {
  return [...type.matchAll(/'((?:[^']|'')*)'/g)].map(([, label = ""]) =>
    label.replaceAll("''", "'")
  );
}
