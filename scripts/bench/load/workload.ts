/** The statements of the benchmarks: the same text for every system. */
import type { LoadConnection } from "./system.ts";

export const TABLE = "bench";
export const RANGE_ROWS = 100;

/** Rows put in by one statement when the table is filled. */
const FILL_STATEMENT_ROWS = 500;

export const CREATE_TABLE = `CREATE TABLE ${TABLE} (id BIGINT NOT NULL PRIMARY KEY, ` +
  "name VARCHAR(50) NOT NULL, balance DECIMAL(12,2) NOT NULL, updated DATETIME(6) NOT NULL, " +
  "note VARCHAR(200)) ENGINE=InnoDB";

function rowOf(id: number): string {
  const note = id % 3 === 0 ? "NULL" : `'${"x".repeat(40)}'`;
  return `(${id},'name ${id}',${id % 1_000_000}.50,'2024-01-01 00:00:00.5',${note})`;
}

export async function fill(connection: LoadConnection, rows: number): Promise<void> {
  for (let from = 0; from < rows; from += FILL_STATEMENT_ROWS) {
    const count = Math.min(FILL_STATEMENT_ROWS, rows - from);
    const values = Array.from({ length: count }, (_, at) => rowOf(from + at));
    await connection.run(`INSERT INTO ${TABLE} VALUES ${values.join()}`);
  }
}

/** One row each, with ids that rise over all clients. */
export function inserts(): (connection: LoadConnection) => Promise<void> {
  let id = 0;
  return async (connection) =>
    void await connection.run(
      `INSERT INTO ${TABLE} VALUES ${rowOf(id++)}`,
    );
}

export function pointReads(rows: number): (connection: LoadConnection) => Promise<void> {
  return async (connection) => {
    const id = Math.floor(Math.random() * rows);
    await expectRows(connection, `SELECT * FROM ${TABLE} WHERE id = ${id}`, 1);
  };
}

export function rangeReads(rows: number): (connection: LoadConnection) => Promise<void> {
  return async (connection) => {
    const from = Math.floor(Math.random() * (rows - RANGE_ROWS));
    const where = `id >= ${from} AND id < ${from + RANGE_ROWS}`;
    await expectRows(connection, `SELECT * FROM ${TABLE} WHERE ${where}`, RANGE_ROWS);
  };
}

/** An answer that is not the right one is not worth measuring. */
async function expectRows(connection: LoadConnection, sql: string, rows: number): Promise<void> {
  const got = await connection.run(sql);
  if (got !== rows) throw new Error(`Cannot go on: ${sql} gave ${got} rows, not ${rows}`);
}
