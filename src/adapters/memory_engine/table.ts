/**
 * A table at one moment, which never changes: a statement makes another. So a transaction, a
 * snapshot and a savepoint are nothing but a reference.
 */
import type { Fingerprint } from "../../ports/engine.ts";
import { sqlError } from "../../protocol/errors.ts";
import type { ContentColumn } from "../../sql/canonical.ts";
import { RowChecksum } from "../../sql/fingerprint.ts";
import {
  type ColumnModel,
  type IndexModel,
  primaryKey,
  type TableModel,
} from "../sqlite/schema_model.ts";
import { tableSchema } from "../sqlite/schema_port.ts";
import { shown } from "./columns.ts";
import { placeOf } from "./evaluate.ts";
import { order, type Value } from "./values.ts";

export interface StoredRow {
  readonly cells: readonly Value[];
  /** Its place among the rows of a table without a primary key. */
  readonly serial: number;
}

export interface Table {
  readonly model: TableModel;
  /** In the order of the primary key, or as they came. */
  readonly rows: readonly StoredRow[];
  /** The number that the next row gets, as far as it is committed. */
  readonly nextId: number;
  /** What the triggers have added up, whatever the rows are; null where there are none. */
  readonly content: Content | null;
}

export interface Content {
  readonly rows: number;
  readonly sum: bigint;
}

const SUM_BITS = 64;

/** What is worked out of a model once. */
export class Shape {
  readonly model: TableModel;
  readonly hash: string;
  readonly #checksum: RowChecksum;
  readonly #key: readonly number[];
  readonly #hasDecimals: boolean;
  readonly unique: readonly { readonly index: IndexModel; readonly places: readonly number[] }[];
  static readonly #known = new WeakMap<TableModel, Shape>();

  private constructor(model: TableModel) {
    this.model = model;
    const schema = tableSchema(model, 1n);
    this.hash = schema.hash;
    this.#checksum = new RowChecksum(schema.columns as readonly ContentColumn[]);
    const places = (index: IndexModel | null) =>
      index?.parts.map((part) => placeOf(model, part.column)) ?? [];
    this.#key = places(primaryKey(model));
    this.#hasDecimals = model.columns.some(({ type }) => type.name === "decimal");
    this.unique = model.indexes.filter((index) => index.unique && index.kind !== "primary")
      .map((index) => ({ index, places: places(index) }));
  }

  static of(model: TableModel): Shape {
    let shape = Shape.#known.get(model);
    if (shape === undefined) Shape.#known.set(model, shape = new Shape(model));
    return shape;
  }

  get keyed(): boolean {
    return this.#key.length > 0;
  }

  /** Places of the primary key's columns, in its order. */
  get key(): readonly number[] {
    return this.#key;
  }

  keyOf(cells: readonly Value[]): readonly Value[] {
    return this.#key.map((at) => cells[at] ?? null);
  }

  checksum(cells: readonly Value[]): bigint {
    return BigInt(this.#checksum.of(this.shown(cells)));
  }

  /** The row as readers are shown it. */
  shown(cells: readonly Value[]): readonly Value[] {
    if (!this.#hasDecimals) return cells;
    return cells.map((value, at) => shown(this.model.columns[at] as ColumnModel, value));
  }

  /** Where the row is; where it would be put, as a negative number less one, if it is not there. */
  find(rows: readonly StoredRow[], row: StoredRow): number {
    return this.keyed
      ? this.findKey(rows, this.keyOf(row.cells))
      : search(rows, (each) => each.serial - row.serial);
  }

  /** The same by the first columns of the primary key, or all of them. */
  findKey(rows: readonly StoredRow[], key: readonly Value[]): number {
    return search(rows, (each) => {
      for (let at = 0; at < key.length; at++) {
        const place = this.#key[at] ?? 0;
        const found = order(each.cells[place] ?? null, key[at] ?? null);
        if (found !== 0) return found;
      }
      return 0;
    });
  }
}

/** `compare` tells whether a row is before (negative) or behind what is looked for. */
function search(rows: readonly StoredRow[], compare: (row: StoredRow) => number): number {
  let low = 0;
  let high = rows.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = compare(rows[middle] as StoredRow);
    if (found === 0) return middle;
    if (found < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -low - 1;
}

export function fingerprintOf(table: Table): Fingerprint | null {
  const { content, model } = table;
  if (content === null) return null;
  return { rows: content.rows, sum: content.sum.toString(), schema: Shape.of(model).hash };
}

/** What the rows really add up to. */
export function count(model: TableModel, rows: readonly StoredRow[]): Content {
  const shape = Shape.of(model);
  let sum = 0n;
  for (const { cells } of rows) sum += shape.checksum(cells);
  return { rows: rows.length, sum: BigInt.asUintN(SUM_BITS, sum) };
}

/** The next table in the making. */
export class TableEdit {
  readonly #table: Table;
  readonly shape: Shape;
  #rows: StoredRow[] | null = null;
  #delta = { rows: 0, sum: 0n };
  nextId: number;

  constructor(table: Table) {
    this.#table = table;
    this.shape = Shape.of(table.model);
    this.nextId = table.nextId;
  }

  get rows(): readonly StoredRow[] {
    return this.#rows ?? this.#table.rows;
  }

  /** The row that has the place of this one, by any unique key, other than `except`. */
  conflict(
    cells: readonly Value[],
    except: StoredRow | null,
  ): { readonly row: StoredRow; readonly index: IndexModel | null } | null {
    const { shape, rows } = this;
    if (shape.keyed) {
      const row = rows[shape.findKey(rows, shape.keyOf(cells))];
      if (row !== undefined && row !== except) return { row, index: primaryKey(shape.model) };
    }
    for (const { index, places } of shape.unique) {
      const values = places.map((at) => cells[at] ?? null);
      if (values.includes(null)) continue;
      const row = rows.find((each) =>
        each !== except &&
        places.every((at, n) => order(each.cells[at] ?? null, values[n] ?? null) === 0)
      );
      if (row !== undefined) return { row, index };
    }
    return null;
  }

  /** Raises 1062 where a unique key has such a row already. */
  insert(cells: readonly Value[]): void {
    this.#refuse(cells, null);
    const serial = (this.rows.at(-1)?.serial ?? 0) + 1;
    const row = { cells, serial };
    this.#own().splice(-this.shape.find(this.rows, row) - 1, 0, row);
    this.#count(1, cells);
  }

  remove(row: StoredRow): void {
    this.#own().splice(this.shape.find(this.rows, row), 1);
    this.#count(-1, row.cells);
  }

  update(row: StoredRow, cells: readonly Value[]): void {
    this.#refuse(cells, row);
    this.#own().splice(this.shape.find(this.rows, row), 1);
    const changed = { cells, serial: row.serial };
    this.#own().splice(-this.shape.find(this.rows, changed) - 1, 0, changed);
    this.#count(-1, row.cells);
    this.#count(1, cells);
  }

  #refuse(cells: readonly Value[], except: StoredRow | null): void {
    const found = this.conflict(cells, except);
    if (found === null) return;
    const places = (found.index?.parts ?? []).map((part) => placeOf(this.shape.model, part.column));
    const entry = places.map((at) => String(cells[at])).join("-");
    const key = found.index?.name ?? "PRIMARY";
    throw sqlError(1062, "23000", `Duplicate entry '${entry}' for key '${key}'`);
  }

  #own(): StoredRow[] {
    return this.#rows ??= [...this.#table.rows];
  }

  #count(sign: 1 | -1, cells: readonly Value[]): void {
    if (this.#table.content === null) return;
    this.#delta.rows += sign;
    this.#delta.sum += BigInt(sign) * this.shape.checksum(cells);
  }

  /** The table as it was, if nothing was done to it. */
  finish(): Table {
    const table = this.#table;
    if (this.#rows === null && this.nextId === table.nextId) return table;
    const content = table.content === null ? null : {
      rows: table.content.rows + this.#delta.rows,
      sum: BigInt.asUintN(SUM_BITS, table.content.sum + this.#delta.sum),
    };
    return { ...table, rows: this.rows, nextId: this.nextId, content };
  }
}
