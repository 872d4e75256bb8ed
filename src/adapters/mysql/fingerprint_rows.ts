/** The table `_minisql_fingerprint`: one row for each table whose fingerprint is kept. */
import type { Fingerprint } from "../../ports/engine.ts";
import type { Row } from "../../protocol/values.ts";
import { ContentSum } from "../../sql/fingerprint.ts";
import { quoteString } from "../../sql/names.ts";
import type { Dialect } from "./server_facts.ts";

/**
 * `id` names the table's triggers and variables, and is never given twice: the row with id 0 holds
 * the last one. Sums are kept modulo 2^64 in decimals, where nothing overflows on the way.
 */
export const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS \`_minisql_fingerprint\` (
  id INT NOT NULL PRIMARY KEY,
  table_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  row_count BIGINT NOT NULL DEFAULT 0,
  row_sum DECIMAL(24,0) NOT NULL DEFAULT 0,
  schema_hash CHAR(8) CHARACTER SET ascii NOT NULL DEFAULT '',
  UNIQUE KEY table_name (table_name)
) ENGINE = InnoDB`;

const SUM_END = 1n << 64n;
const COLUMNS = "id,table_name,row_count,row_sum,schema_hash";

export interface KeptRow {
  readonly id: number;
  readonly table: string;
  readonly fingerprint: Fingerprint;
}

export function keptRow(row: Row): KeptRow {
  const [id, table, rows, sum, schema] = row;
  const content = new ContentSum(Number(rows), String(sum));
  return {
    id: Number(id),
    table: String(table),
    fingerprint: { rows: content.rows, sum: content.sum, schema: String(schema) },
  };
}

/** In a trigger: changes the table's row at once. */
export function addToRow(
  id: number,
  change: { readonly rows: string; readonly sum: string },
): string {
  return `UPDATE \`_minisql_fingerprint\` SET row_count=row_count${change.rows},` +
    `row_sum=MOD(row_sum+${SUM_END}${change.sum},${SUM_END}) WHERE id=${id}`;
}

const ADD_TOUCHED = "ON DUPLICATE KEY UPDATE row_count=row_count+VALUES(row_count)," +
  `row_sum=MOD(row_sum+${SUM_END}+VALUES(row_sum),${SUM_END})`;

/** Adds what was counted, given as `(id,rows,sum)` lists, to the rows of the tables. */
export function addTouchedSql(touched: string): string {
  return `INSERT INTO \`_minisql_fingerprint\` (id,row_count,row_sum) VALUES ${touched} ${ADD_TOUCHED}`;
}

/**
 * MariaDB does it in one round trip: the list is in a session variable, and the changed rows come
 * back. Nothing comes back where nothing was touched in this part.
 */
export function flushSql(part: bigint): string {
  const insert = "INSERT INTO `_minisql_fingerprint` (id,row_count,row_sum) VALUES ";
  return `EXECUTE IMMEDIATE IF(@_minisql_part=${part},CONCAT('${insert}',@_minisql_touched,` +
    `' ${ADD_TOUCHED} RETURNING ${COLUMNS}'),'DO 0')`;
}

/** The touched tables of a part, as one text; empty for none. */
export function touchedSql(part: bigint): string {
  return `SELECT CONVERT(IF(@_minisql_part=${part},@_minisql_touched,'') USING utf8mb4)`;
}

export function rowsByIdSql(ids: Iterable<number>): string {
  return `SELECT ${COLUMNS} FROM \`_minisql_fingerprint\` WHERE id IN (${[...ids].join()})`;
}

export function rowByNameSql(table: string): string {
  return `SELECT ${COLUMNS} FROM \`_minisql_fingerprint\` WHERE table_name=${quoteString(table)}`;
}

/** In one column: it goes along with every read that is voted on, and columns are what costs. */
export function keptByNameSql(tables: readonly string[]): string {
  const names = tables.map(quoteString);
  const which = names.length === 1 ? `=${names[0]}` : ` IN (${names.join()})`;
  return "SELECT CONCAT_WS(' ',row_count,row_sum,schema_hash,table_name) " +
    `FROM \`_minisql_fingerprint\` WHERE table_name${which}`;
}

/** What came back, for each of the tables in turn; null for one that is not kept. */
export function keptInOrder(
  tables: readonly string[],
  rows: readonly Row[],
): readonly (Fingerprint | null)[] {
  const found = new Map(rows.map(([text]) => {
    const [rows = "", sum = "", schema = "", ...table] = String(text).split(" ");
    const content = new ContentSum(Number(rows), sum);
    return [table.join(" "), { rows: content.rows, sum: content.sum, schema }];
  }));
  return tables.map((table) => found.get(table) ?? null);
}

/** Draws the next id. The caller sees to it that nobody else draws at the same time. */
export const DRAW_ID =
  "INSERT INTO `_minisql_fingerprint` (id,table_name,row_count) VALUES (0,'',1) " +
  "ON DUPLICATE KEY UPDATE row_count=row_count+1";
export const DRAWN_ID = "SELECT row_count FROM `_minisql_fingerprint` WHERE id=0";

export function writeRowSql(id: number, table: string, { rows, sum, schema }: Fingerprint): string {
  const values = [id, quoteString(table), rows, sum, quoteString(schema)].join();
  return `INSERT INTO \`_minisql_fingerprint\` (${COLUMNS}) VALUES (${values})`;
}

export function deleteRowSql(table: string): string {
  return `DELETE FROM \`_minisql_fingerprint\` WHERE table_name=${quoteString(table)}`;
}

/** Ids in a text of touched tables. */
export function touchedIds(touched: string): readonly number[] {
  return [...touched.matchAll(/\((\d+),/g)].map(([, id]) => Number(id));
}

/** The entry of a table in that text. */
export function touchedEntry(
  id: number,
  { rows, sum }: { readonly rows: string; readonly sum: string },
): string {
  return `(${id},${rows},${sum})`;
}

/** MySQL warns of VALUES() and has no RETURNING, so it takes more round trips there. */
export function flushesInOne(dialect: Dialect): boolean {
  return dialect === "mariadb";
}
