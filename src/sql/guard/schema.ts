/** What the guard must know of tables; an engine's description of a table fits as it is. */
import type { ColumnKind } from "../../protocol/values.ts";
import type { ServerVersion } from "../executable_comment.ts";

export interface GuardColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  /** Lower case, as declared: `char(3)`. */
  readonly type: string;
  readonly nullable: boolean;
  readonly defaultSql: string | null;
  readonly autoIncrement: boolean;
  readonly generatedSql: string | null;
  readonly collation: string | null;
  readonly onUpdateSql: string | null;
}

export interface GuardIndex {
  readonly name: string;
  readonly unique: boolean;
  /** An empty name stands for an expression. */
  readonly columns: readonly string[];
}

export interface GuardForeignKey {
  readonly name: string;
  readonly columns: readonly string[];
  readonly references: { readonly table: string; readonly columns: readonly string[] };
  readonly onDelete: string;
  readonly onUpdate: string;
}

export interface GuardTable {
  readonly name: string;
  readonly columns: readonly GuardColumn[];
  readonly indexes: readonly GuardIndex[];
  readonly foreignKeys: readonly GuardForeignKey[];
  /** Triggers that are not minisql's own. */
  readonly triggers: readonly string[];
  /** The storage engine, lower case. */
  readonly storage: string;
  /** Whether it is known to have no rows. */
  readonly isEmpty?: boolean;
}

/** What a statement is judged by, besides its text. */
export interface GuardFacts {
  /** The one database whose name may stand in front of a table's; null for none. */
  readonly database: string | null;
  /** Whose executable comments are opened up; with null they are refused. */
  readonly server: ServerVersion | null;
  /** The table of this name, or null where the cluster has none. */
  table(name: string): GuardTable | null;
}

/** Column names do not differ by case in MySQL. */
export function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

export function hasName(names: readonly string[], name: string): boolean {
  return names.some((each) => isSameName(each, name));
}

export function columnOf(table: GuardTable, name: string): GuardColumn | null {
  return table.columns.find((column) => isSameName(column.name, name)) ?? null;
}

export function uniqueKeys(table: GuardTable): readonly GuardIndex[] {
  return table.indexes.filter((index) => index.unique && index.columns.length > 0);
}

/** Keys by which no two rows are equal: unique, with no column that may be NULL and no expression. */
export function rowKeys(table: GuardTable): readonly GuardIndex[] {
  return uniqueKeys(table).filter((index) =>
    index.columns.every((name) => columnOf(table, name)?.nullable === false)
  );
}

export function primaryKey(table: GuardTable): readonly string[] | null {
  return table.indexes.find(({ name }) => name === "PRIMARY")?.columns ?? null;
}

/** The columns to say an order by, for messages. */
export function orderAdvice(table: GuardTable): string {
  const key = primaryKey(table) ?? rowKeys(table)[0]?.columns;
  return key === undefined
    ? `give ${table.name} a primary key and add ORDER BY that`
    : `add ORDER BY ${key.join(", ")}`;
}

export function autoIncrementColumn(table: GuardTable): GuardColumn | null {
  return table.columns.find((column) => column.autoIncrement) ?? null;
}

/** Text that may be equal without being the same: `a` and `A`, or with blanks at its end. */
export function isLooseText({ kind, type, collation }: GuardColumn): boolean {
  if (kind !== "text" || collation === null || /^(enum|set|uuid|inet)/.test(type)) return false;
  if (/^(binary|.*_(nopad|0900)_bin)$/.test(collation)) return false;
  return !(collation.endsWith("_bin") && type.startsWith("char("));
}
