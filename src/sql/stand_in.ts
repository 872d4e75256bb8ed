/** The definition of a table that stands in for another: the same values, compared the same way. */
import { quoteName } from "./names.ts";

/** What must be known of the original; its schema fits. */
export interface StandInTable {
  readonly name: string;
  readonly columns: readonly {
    readonly name: string;
    readonly kind: string;
    readonly type: string;
    readonly nullable: boolean;
    readonly collation: string | null;
    readonly invisible: boolean;
  }[];
  readonly indexes: readonly {
    readonly name: string;
    readonly columns: readonly string[];
    readonly method: string;
  }[];
}

/** What stands behind `CREATE TABLE`. */
export function standInSql(table: StandInTable): string {
  const columns = table.columns.map(columnSql);
  const keys = table.indexes.flatMap((index) => indexSql(table, index) ?? []);
  return `${quoteName(table.name)} (${[...columns, ...keys].join(", ")})`;
}

function columnSql(column: StandInTable["columns"][number]): string {
  const { kind, type, collation, nullable, invisible } = column;
  const name = quoteName(column.name);
  const collated = collation === null || kind === "json" ? "" : ` COLLATE ${collation}`;
  // A hidden column must have a default, as NULL is one. TIMESTAMP may be NULL only if that is said.
  const null_ = nullable || invisible ? " NULL" : " NOT NULL";
  // MariaDB has JSON as a text that is checked to be JSON.
  const stored = kind === "json" ? "json" : type;
  return `${name} ${stored}${collated}${null_}${invisible ? " INVISIBLE" : ""}`;
}

/** Wider ones may be indexes of beginnings, which is not known; joining goes without them. */
const INDEX_BYTES_MAX = 767;
const COLUMN_BYTES = 16;
const CHARACTER_BYTES = 4;

function indexSql(
  { columns }: StandInTable,
  { name, columns: parts, method }: StandInTable["indexes"][number],
): string | null {
  if (method !== "btree") return null;
  const found = parts.map((part) => columns.find(({ name }) => name === part));
  const width = found.reduce(
    (sum, part) => sum + (part === undefined ? Infinity : widthOf(part)),
    0,
  );
  if (width > INDEX_BYTES_MAX) return null;
  const list = parts.map(quoteName).join(", ");
  if (name !== "PRIMARY") return `KEY ${quoteName(name)} (${list})`;
  // What may be NULL here, since it is hidden, cannot be of a primary key.
  return found.some((part) => part?.invisible) ? `KEY (${list})` : `PRIMARY KEY (${list})`;
}

function widthOf({ type, kind }: StandInTable["columns"][number]): number {
  const [, length] = /^(?:var)?(?:char|binary)\((\d+)\)/.exec(type) ?? [];
  if (length !== undefined) return Number(length) * (kind === "text" ? CHARACTER_BYTES : 1);
  const isLong = kind === "json" || /text|blob|geom|point|line|polygon|vector/.test(type);
  return isLong && !/^(enum|set)/.test(type) ? Infinity : COLUMN_BYTES;
}
