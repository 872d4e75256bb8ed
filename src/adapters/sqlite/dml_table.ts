/** Single rows of a table: written, changed, deleted, and looked for by their keys. */
import type { SqliteConnection } from "./connection.ts";
import { duplicateError } from "./ddl_faults.ts";
import { keyPartSql, rowidColumn, sqlName } from "./ddl_sql.ts";
import type { SqlValue } from "./functions_spec.ts";
import { type ColumnModel, type IndexModel, sameName, type TableModel } from "./schema_model.ts";
import { presentCell } from "./types_present.ts";

/** The values of a row, one for each column that is not generated, in their order. */
export type StoredRow = readonly SqlValue[];

/** A unique key, and how a row with the same values is found. */
interface UniqueKey {
  readonly index: IndexModel;
  /** Where the key's columns are in a stored row. */
  readonly places: readonly number[];
  readonly findSql: string;
}

export interface Conflict {
  readonly index: IndexModel;
  readonly rowid: bigint;
}

/** Columns that rows are written with; the others SQLite computes. */
export function writtenColumns(model: TableModel): readonly ColumnModel[] {
  return model.columns.filter((column) => column.generated === null);
}

export class RowTable {
  readonly model: TableModel;
  readonly columns: readonly ColumnModel[];
  readonly #name: string;
  readonly #insertSql: string;
  readonly #uniqueKeys: readonly UniqueKey[];
  /** What stands for a row: its number, then its values. */
  readonly selectSql: string;

  constructor(model: TableModel) {
    this.model = model;
    this.columns = writtenColumns(model);
    this.#name = sqlName(model.name);
    const names = this.columns.map((column) => sqlName(column.name));
    const marks = names.map(() => "?").join(", ");
    this.#insertSql = `INSERT INTO ${this.#name} (${names.join(", ")}) VALUES (${marks})`;
    this.selectSql = `SELECT _rowid_, ${names.join(", ")} FROM ${this.#name}`;
    this.#uniqueKeys = model.indexes.filter((index) => index.unique)
      .map((index) => this.#uniqueKey(index));
  }

  #uniqueKey(index: IndexModel): UniqueKey {
    const rowid = index.kind === "primary" ? rowidColumn(this.model) : null;
    const places = index.parts.map((part) => this.placeOf(part.column));
    const conditions = index.parts.map((part, at) => {
      if (rowid !== null) return `_rowid_ = ?${at + 1}`;
      const column = this.model.columns.find((each) => sameName(each.name, part.column));
      return column === undefined ? "0" : keyCondition(column, part.length, at + 1);
    });
    const findSql = `SELECT _rowid_ FROM ${this.#name} WHERE ${conditions.join(" AND ")}`;
    return { index, places, findSql };
  }

  /** Where a column is in a stored row; -1 for a generated one. */
  placeOf(name: string): number {
    return this.columns.findIndex((column) => sameName(column.name, name));
  }

  /** Raises SQLite's own errors. */
  insert(connection: SqliteConnection, row: StoredRow): bigint {
    return connection.runRaw(this.#insertSql, row);
  }

  /** Writes the values at some places of a row. Raises SQLite's own errors. */
  update(
    connection: SqliteConnection,
    rowid: bigint,
    places: readonly number[],
    row: StoredRow,
  ): void {
    const sets = places.map((place) => `${sqlName(this.columns[place]?.name ?? "")} = ?`);
    const sql = `UPDATE ${this.#name} SET ${sets.join(", ")} WHERE _rowid_ = ?`;
    connection.runRaw(sql, [...places.map((place) => row[place] ?? null), rowid]);
  }

  delete(connection: SqliteConnection, rowid: bigint): void {
    connection.run(`DELETE FROM ${this.#name} WHERE _rowid_ = ?`, rowid);
  }

  /** The row of that number, as it is stored; null when it is gone. */
  read(connection: SqliteConnection, rowid: bigint): StoredRow | null {
    const [row] = connection.all(`${this.selectSql} WHERE _rowid_ = ?`, rowid);
    return row === undefined ? null : row.slice(1);
  }

  /** The first key, in MySQL's order, by which there is another row like this one. */
  conflict(
    connection: SqliteConnection,
    row: StoredRow,
    except: bigint | null = null,
  ): Conflict | null {
    for (const { index, places, findSql } of this.#uniqueKeys) {
      const values = places.map((place) => place < 0 ? null : row[place] ?? null);
      // NULLs are never the same, and keys on generated columns are SQLite's to find.
      if (values.includes(null)) continue;
      const found = connection.all(findSql, ...values)
        .map(([rowid]) => rowid as bigint)
        .find((rowid) => rowid !== except);
      if (found !== undefined) return { index, rowid: found };
    }
    return null;
  }

  /** MySQL's error on a key that the row shares with another. */
  duplicate(index: IndexModel, row: StoredRow): Error {
    const values = index.parts.map((part) => {
      const place = this.placeOf(part.column);
      const column = this.columns[place];
      const value = row[place] ?? null;
      return column === undefined || value === null ? "NULL" : shown(column, value, part.length);
    });
    return duplicateError(values, index.name);
  }
}

function shown(column: ColumnModel, value: SqlValue, length: number | null): string {
  const cell = presentCell(column.type, value);
  const text = cell instanceof Uint8Array ? new TextDecoder().decode(cell) : String(cell);
  return length === null ? text : text.slice(0, length);
}

/** A column equal, by the collation it has in keys, to a parameter. */
export function keyCondition(column: ColumnModel, length: number | null, at: number): string {
  const part = keyPartSql(column, length);
  return `${part} = ${part.replaceAll(sqlName(column.name), `?${at}`)}`;
}

/** The tables of a connection, made ready to be written to. */
export function rowTableOf(connection: SqliteConnection, model: TableModel): RowTable {
  let table = connection.rowTables.get(model);
  if (table === undefined) {
    table = new RowTable(model);
    connection.rowTables.set(model, table);
  }
  return table;
}
