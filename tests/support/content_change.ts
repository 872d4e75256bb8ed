/** One change of a content, and the places that changes are made in. */
import type { Cell, ColumnKind } from "../../src/protocol/values.ts";
import { COLUMNS, type Draw, type Rows } from "./content_draw.ts";

export interface Mutation {
  readonly what: string;
  /** Puts values into the content that the change then plays on. */
  bait?(rows: Rows, draw: Draw): void;
  /** Draws what `bait` drew first: both are given the same choices. */
  change(rows: Rows, draw: Draw): void;
}

/** Two rows, and two columns of one kind. */
export function corners(rows: Rows, draw: Draw, ...kinds: readonly ColumnKind[]) {
  const one = draw.below(rows.length);
  const other = (one + 1 + draw.below(rows.length - 1)) % rows.length;
  const fitting = COLUMNS.flatMap(({ kind }, at) => kinds.includes(kind) ? [at] : []);
  const column = draw.pick(fitting.length === 0 ? COLUMNS.map((_, at) => at) : fitting);
  const partner = COLUMNS[column]?.partner ?? 0;
  return { row: rows[one] as Cell[], other: rows[other] as Cell[], column, partner };
}

/** Exchanges two cells. */
export function exchange(row: Cell[], column: number, otherRow: Cell[], otherColumn: number): void {
  const cell = row[column] ?? null;
  row[column] = otherRow[otherColumn] ?? null;
  otherRow[otherColumn] = cell;
}

export function textOf(row: Cell[], column: number): string {
  const cell = row[column];
  return typeof cell === "string" ? cell : "";
}

export function bytesOf(row: Cell[], column: number): Uint8Array {
  const cell = row[column];
  return cell instanceof Uint8Array ? cell : new Uint8Array();
}
