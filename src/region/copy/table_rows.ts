/** How a table's rows are read in the order of its key, told apart, and named on the wire. */
import { invariant } from "../../base/assert.ts";
import type { ColumnSchema, KeyRange, TableSchema } from "../../ports/engine.ts";
import {
  type Cell,
  decodeRows,
  encodeRows,
  type Row,
  type WireCell,
} from "../../protocol/values.ts";
import { exactSelectList, RowChecksum } from "../../sql/fingerprint.ts";
import { keyColumns, rangeConditions } from "../../sql/key_range.ts";
import { quoteName } from "../../sql/names.ts";

/** All rows there are. */
export const WHOLE: KeyRange = { after: null, upTo: null };

export class TableRows {
  readonly schema: TableSchema;
  /** The columns of the primary key; null where there is none. */
  readonly key: readonly ColumnSchema[] | null;
  readonly #keyAt: readonly number[];
  readonly #checksum: RowChecksum;

  constructor(schema: TableSchema) {
    this.schema = schema;
    this.key = keyColumns(schema);
    this.#keyAt = (this.key ?? []).map((column) => schema.columns.indexOf(column));
    this.#checksum = new RowChecksum(schema.columns);
  }

  get name(): string {
    return this.schema.name;
  }

  /** Reads rows with all their columns as they stand, in key order where there is a key. */
  selectSql(range: KeyRange, limit?: number): string {
    const end = limit === undefined ? "" : ` LIMIT ${limit}`;
    return `SELECT ${exactSelectList(this.schema.columns)} ${this.#from(range)}${end}`;
  }

  /** Finds the key with which the next so many rows end; no row where there are not so many. */
  chunkEndSql(after: readonly Cell[] | null, rows: number): string {
    const { key } = this;
    invariant(key !== null, `Table ${this.name} has no key to cut it by`);
    return `SELECT ${exactSelectList(key)} ${this.#from({ after, upTo: null })} ` +
      `LIMIT 1 OFFSET ${rows - 1}`;
  }

  keyOf(row: Row): readonly Cell[] {
    return this.#keyAt.map((at) => row[at] ?? null);
  }

  /** Of a row with all its columns. */
  checksumOf(row: Row): number {
    return this.#checksum.of(row);
  }

  /** Alike for rows that are alike, byte by byte, whatever the collation of the key says. */
  identityOf(row: Row): string {
    return identity(this.wireKey(this.keyOf(row)), this.checksumOf(row));
  }

  wireKey(key: readonly Cell[]): readonly WireCell[] {
    const [wire] = encodeRows(this.key ?? [], [key]);
    invariant(wire !== undefined, "One row in, one row out");
    return wire;
  }

  cellKey(key: readonly WireCell[]): readonly Cell[] {
    const [cells] = decodeRows(this.key ?? [], [key]);
    invariant(cells !== undefined, "One row in, one row out");
    return cells;
  }

  #from(range: KeyRange): string {
    const from = `FROM ${quoteName(this.name)}`;
    if (this.key === null) return from;
    const conditions = rangeConditions(this.schema, range);
    const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
    // Without the table's name, a FLOAT would be ordered by what is selected in its stead.
    const order = this.key.map(({ name }) => `${quoteName(this.name)}.${quoteName(name)}`).join();
    return `${from} FORCE INDEX (PRIMARY)${where} ORDER BY ${order}`;
  }
}

/** What tells a row from all others: its key and its checksum. */
export function identity(key: readonly WireCell[], checksum: number): string {
  return `${JSON.stringify(key)}${checksum}`;
}
