/** The tables to be made: from `init.sql` for MySQL, from the record tables for SQLite. */
import initSql from "../../../init.sql" with { type: "text" };
import { splitScript } from "../../sql/split.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { RecordTable, SqlRow } from "./record_table.ts";
import { CONTROL, CONTROL_TABLE, EVENTS, RECORD_TABLES, SERVERS } from "./tables.ts";

/** Of the tables. Rises with every change that an older minisql must not meet. */
export const SCHEMA_VERSION = 1;

const ALL_TABLES = [...RECORD_TABLES, CONTROL as RecordTable<unknown>];

/** The statements of `init.sql`. */
export function mysqlSchema(): readonly string[] {
  return splitScript(initSql).map(({ sql }) => sql);
}

/** The same tables in SQLite's words, without the columns that are for people only. */
export function sqliteSchema(): readonly string[] {
  return [
    ...RECORD_TABLES.map((table) => sqliteTable(table)),
    sqliteTable(CONTROL, "`id` INTEGER PRIMARY KEY CHECK (`id` = 1)"),
    `INSERT OR IGNORE INTO \`${CONTROL_TABLE}\` (\`id\`, \`version\`, \`term\`, \`next_rid\`, ` +
    `\`next_event\`) SELECT 1, ${SCHEMA_VERSION}, 0, ` +
    `(SELECT COALESCE(MAX(\`rid\`), 0) + 1 FROM \`${SERVERS.name}\`), ` +
    `(SELECT COALESCE(MAX(\`id\`), 0) + 1 FROM \`${EVENTS.name}\`)`,
  ];
}

function sqliteTable<T>(table: RecordTable<T>, first?: string): string {
  const columns = table.columns.map(({ column, kind }) =>
    `\`${column}\` ${kind.sqlite}${kind.nullable ? "" : " NOT NULL"}`
  );
  const key = table.columns.slice(0, table.keyLength).map(({ column }) => `\`${column}\``);
  const parts = [
    ...(first === undefined ? [] : [first]),
    ...columns,
    ...(key.length === 0 ? [] : [`PRIMARY KEY (${key.join(", ")})`]),
  ];
  return `CREATE TABLE IF NOT EXISTS \`${table.name}\` (${parts.join(", ")}) STRICT`;
}

/** What is in the database: each table's columns, and the version that the control row names. */
export interface PresentSchema {
  readonly columns: ReadonlyMap<string, ReadonlySet<string>>;
  readonly version: unknown;
}

/** The columns of each table, from rows of `in_table` and `named`. */
export function columnsByTable(
  rows: readonly SqlRow[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const columns = new Map<string, Set<string>>();
  for (const { in_table, named } of rows) {
    const table = String(in_table);
    columns.set(table, (columns.get(table) ?? new Set()).add(String(named)));
  }
  return columns;
}

/** The query for that version. Whatever a later version changes, it must leave this one working. */
export const VERSION_SQL = `SELECT \`version\` FROM \`${CONTROL_TABLE}\` WHERE \`id\` = 1`;

/**
 * Whether tables are to be made. Raises `UNSUPPORTED` when a newer version made them, or when
 * something else lies under the catalog's names.
 */
export function isMissing(doing: string, present: PresentSchema): boolean {
  checkVersion(doing, Number(present.version ?? 0));
  for (const table of ALL_TABLES) {
    const columns = present.columns.get(table.name);
    const absent = table.columns.find(({ column }) => columns?.has(column) === false);
    if (absent === undefined) continue;
    throw new MinisqlError(
      "UNSUPPORTED",
      `Cannot ${doing}: table ${table.name} has no column ${absent.column}, so it is not ` +
        "minisql's; give the catalog a database of its own",
    );
  }
  return present.version === null || !ALL_TABLES.every(({ name }) => present.columns.has(name));
}

/** Refuses tables that a newer version made. */
export function checkVersion(doing: string, version: number): void {
  if (version <= SCHEMA_VERSION) return;
  throw new MinisqlError(
    "UNSUPPORTED",
    `Cannot ${doing}: its tables are of version ${version}, made by a newer minisql; ` +
      `this one knows version ${SCHEMA_VERSION}`,
  );
}
