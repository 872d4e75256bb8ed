/**
 * Statements on tables run by the embedded engine and by MariaDB: the same errors, and after each
 * statement the same tables, columns and keys shown. Left out of the scripts, as known to differ:
 *
 * - What only one of MySQL and MariaDB takes is refused as the other refuses it: keys on TEXT
 *   without a length (1170), keys of over 3072 bytes (1071), a FLOAT that is AUTO_INCREMENT (1063).
 * - What this engine does not have is UNSUPPORTED: other storage engines, character sets and
 *   collations, partitions, temporary tables, CREATE TABLE … SELECT, SET DEFAULT, YEAR(2).
 * - Parentheses and NOT in expressions are shown as they were written.
 */
import assert from "node:assert/strict";
import type { Connection } from "mysql2/promise";
import { startMariadb } from "../scripts/services/mariadb.ts";
import { MinisqlError } from "../src/protocol/errors.ts";
import type { Cell } from "../src/protocol/values.ts";
import { quoteName } from "../src/sql/names.ts";
import { splitScript } from "../src/sql/split.ts";
import { DdlBench } from "./support/ddl_bench.ts";
import { openAdmin } from "./support/mariadb_engines.ts";

const SCRIPTS = ["tables", "names_and_drops", "faults", "keys", "alter", "details"];

const SETUP = [
  "SET sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE," +
  "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
  "DROP DATABASE IF EXISTS here",
  "CREATE DATABASE here CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
  "USE here",
];

/** Where SHOW INDEX says how many different values there are, which is an estimate. */
const CARDINALITY_AT = 6;

type Rows = readonly (readonly Cell[])[];

async function onServer(server: Connection, sql: string): Promise<Rows> {
  const [rows] = await server.query({ sql, rowsAsArray: true });
  return Array.isArray(rows) ? rows as unknown as Rows : [];
}

/** `ok`, or the error's number and state. */
async function outcome(run: () => unknown): Promise<string> {
  try {
    await run();
    return "ok";
  } catch (error) {
    const { errno, sqlState } = error as { readonly errno?: number; readonly sqlState?: string };
    if (errno === undefined || error instanceof MinisqlError && error.code !== "SQL") throw error;
    return `${errno} ${sqlState}`;
  }
}

function runHere(bench: DdlBench, sql: string): void {
  const switched = /^set foreign_key_checks = ([01])$/.exec(sql);
  if (switched === null) bench.ddl(sql);
  else bench.foreignKeyChecks = switched[1] === "1";
}

/** All that is shown of all tables. */
async function shown(show: (sql: string) => Rows | Promise<Rows>): Promise<Record<string, Rows>> {
  const all: Record<string, Rows> = { tables: await show("SHOW TABLES") };
  for (const [name] of all["tables"] ?? []) {
    const table = quoteName(String(name));
    for (const what of ["CREATE TABLE", "FULL COLUMNS FROM", "INDEX FROM"]) {
      all[`${what} ${name}`] = await show(`SHOW ${what} ${table}`);
    }
  }
  for (const [what, rows] of Object.entries(all)) {
    if (!what.startsWith("INDEX")) continue;
    all[what] = rows.map((row) => row.toSpliced(CARDINALITY_AT, 1));
  }
  return all;
}

/** What tools ask of information_schema, but for what is estimated or a matter of time. */
const INFORMATION = [
  "SELECT table_name, table_type, engine, auto_increment, table_collation, table_comment " +
  "FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name",
  "SELECT TABLE_NAME, COLUMN_NAME, ORDINAL_POSITION, COLUMN_DEFAULT, IS_NULLABLE, DATA_TYPE, " +
  "CHARACTER_MAXIMUM_LENGTH, CHARACTER_OCTET_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, " +
  "DATETIME_PRECISION, CHARACTER_SET_NAME, COLLATION_NAME, COLUMN_TYPE, COLUMN_KEY, EXTRA, " +
  "COLUMN_COMMENT, IS_GENERATED, GENERATION_EXPRESSION FROM INFORMATION_SCHEMA.COLUMNS " +
  "WHERE TABLE_SCHEMA = 'here' ORDER BY 1, 3",
  "SELECT table_name, non_unique, index_name, seq_in_index, column_name, collation, sub_part, " +
  "nullable, index_type, index_comment FROM information_schema.statistics " +
  "WHERE table_schema = SCHEMA() ORDER BY 1, 3, 4",
  "SELECT constraint_name, table_name, column_name, ordinal_position, referenced_table_name, " +
  "referenced_column_name FROM information_schema.key_column_usage " +
  "WHERE table_schema = 'here' ORDER BY 2, 1, 4",
  "SELECT constraint_name, table_name, constraint_type FROM information_schema.table_constraints " +
  "WHERE table_schema = 'here' AND constraint_type <> 'CHECK' ORDER BY 2, 1, 3",
  "SELECT constraint_name, unique_constraint_name, match_option, update_rule, delete_rule, " +
  "table_name, referenced_table_name FROM information_schema.referential_constraints " +
  "WHERE constraint_schema = 'here' ORDER BY 6, 1",
  "SELECT table_name, constraint_name, level, check_clause FROM " +
  "information_schema.check_constraints WHERE constraint_schema = 'here' ORDER BY 1, 2",
  "SELECT t.table_name, COUNT(*) FROM information_schema.tables t JOIN " +
  "information_schema.columns c ON c.table_schema = t.table_schema AND c.table_name = " +
  "t.table_name WHERE t.table_schema = 'here' GROUP BY t.table_name ORDER BY 1",
];

Deno.test("ddl: MariaDB and the embedded engine answer and show the same", async (t) => {
  const mariadb = await startMariadb({ name: "sqlite-ddl" });
  const server = await openAdmin(mariadb);
  try {
    for (const script of SCRIPTS) {
      await t.step(script, async () => {
        for (const sql of SETUP) await server.query(sql);
        using bench = new DdlBench();
        const url = new URL(`fixtures/ddl/${script}.sql`, import.meta.url);
        for (const { sql } of splitScript(await Deno.readTextFile(url))) {
          const there = await outcome(() => onServer(server, sql));
          assert.equal(await outcome(() => runHere(bench, sql)), there, sql);
          assert.deepEqual(
            await shown((show) => bench.show(show)),
            await shown((show) => onServer(server, show)),
            `after ${sql}`,
          );
        }
        for (const sql of INFORMATION) {
          assert.deepEqual(bench.show(sql), await onServer(server, sql), sql);
        }
      });
    }
  } finally {
    await server.end();
    await mariadb.stop();
  }
});
