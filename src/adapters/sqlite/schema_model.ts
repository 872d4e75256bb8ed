/** A table as MySQL sees it, whole: what SQLite cannot remember of it is kept in this form. */
import type { DataType, DefaultClause, GeneratedClause, KeyKind } from "../../sql/ddl/model.ts";

export interface ColumnModel {
  readonly name: string;
  /** With everything said that the statement left open: display width, character set, collation. */
  readonly type: DataType;
  readonly nullable: boolean;
  /** Null for no default at all; literals are as the column would store them. */
  readonly default: DefaultClause | null;
  /** Digits of the fraction that ON UPDATE CURRENT_TIMESTAMP writes, or null. */
  readonly onUpdate: number | null;
  readonly autoIncrement: boolean;
  readonly generated: GeneratedClause | null;
  readonly comment: string;
  readonly invisible: boolean;
  /** The condition of the column's own CHECK, or null. */
  readonly check: string | null;
  /** It is SQLite's own number of the row, and can hold what SQLite's integers can. */
  readonly isRowNumber: boolean;
}

export interface IndexPart {
  readonly column: string;
  /** Characters of the column that are indexed, or null for all of it. */
  readonly length: number | null;
  readonly descending: boolean;
}

export interface IndexModel {
  readonly name: string;
  readonly kind: KeyKind;
  readonly unique: boolean;
  readonly parts: readonly IndexPart[];
  /** As said by USING, or null. */
  readonly method: string | null;
  readonly comment: string;
  readonly invisible: boolean;
  /** Made for a foreign key, and to go when another key can serve it. */
  readonly implied: boolean;
}

export interface ForeignKeyModel {
  readonly name: string;
  readonly columns: readonly string[];
  readonly references: { readonly table: string; readonly columns: readonly string[] };
  /** `RESTRICT`, `NO ACTION`, `CASCADE` or `SET NULL`. */
  readonly onDelete: string;
  readonly onUpdate: string;
}

export interface CheckModel {
  readonly name: string;
  readonly sql: string;
}

export interface TableModel {
  readonly name: string;
  /** Given out once: what SQLite knows of the table under other names goes by it. */
  readonly serial: number;
  readonly columns: readonly ColumnModel[];
  /** In the order MySQL shows: PRIMARY, unique ones without NULLs, unique ones, the rest. */
  readonly indexes: readonly IndexModel[];
  readonly foreignKeys: readonly ForeignKeyModel[];
  readonly checks: readonly CheckModel[];
  readonly charset: string;
  readonly collation: string;
  readonly comment: string;
  /** Options that change nothing here and are only shown: ROW_FORMAT, MAX_ROWS, … */
  readonly options: Readonly<Record<string, string>>;
  /** Microseconds since 1970. */
  readonly createdMicros: number;
}

export const PRIMARY = "PRIMARY";

/** Names of columns do not differ by case. */
export function columnOf(table: TableModel, name: string): ColumnModel | null {
  return table.columns.find((column) => sameName(column.name, name)) ?? null;
}

export function sameName(a: string, b: string): boolean {
  return a === b || a.toLowerCase() === b.toLowerCase();
}

export function indexOf(table: TableModel, name: string): IndexModel | null {
  return table.indexes.find((index) => sameName(index.name, name)) ?? null;
}

export function primaryKey(table: TableModel): IndexModel | null {
  return table.indexes.find((index) => index.kind === "primary") ?? null;
}

export function autoIncrementColumn(table: TableModel): ColumnModel | null {
  return table.columns.find((column) => column.autoIncrement) ?? null;
}
