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
      });
    }
  } finally {
    await server.end();
    await mariadb.stop();
  }
});
