/** SQLite's refusals of definitions, and of rows that do not fit new ones, in MySQL's words. */
import { MinisqlError, sqlError } from "../../protocol/errors.ts";
import type { Cell } from "../../protocol/values.ts";
import { keyPartSql, sqlName } from "./ddl_sql.ts";
import type { Runner } from "./schema.ts";
import { checkError } from "./schema_checks.ts";
import { unsupported } from "./schema_errors.ts";
import { columnOf, type IndexModel, type TableModel } from "./schema_model.ts";
import type { SqlValue } from "./types.ts";
import { presentCell } from "./types_present.ts";

/** For errors of CREATE TABLE, where no row can be at fault. */
export function translateDefinitionError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof MinisqlError) return error;
  const loop = /generated column loop on "(.*)"/.exec(error.message);
  if (loop !== null) {
    return sqlError(
      4029,
      "01000",
      `Expression for field \`${loop[1]}\` is referring to uninitialized field`,
    );
  }
  if (/at least one non-generated column/.test(error.message)) {
    return unsupported(
      "Cannot make a table of generated columns alone: the embedded engine needs one that is not",
    );
  }
  if (/non-deterministic/.test(error.message)) {
    return unsupported(
      `Cannot make the table: ${error.message}; every copy must compute the same`,
    );
  }
  return error;
}

/** What else a new definition of a table with rows in it can run into. */
export function translateRowError(
  error: unknown,
  database: string,
  table: TableModel,
): unknown {
  if (!(error instanceof Error) || error instanceof MinisqlError) return error;
  const check = /^CHECK constraint failed: (.*)$/s.exec(error.message);
  if (check !== null) return checkError(database, table, check[1] ?? "");
  const missing = /^NOT NULL constraint failed: .*\.(.*)$/s.exec(error.message);
  if (missing !== null) {
    return sqlError(1265, "01000", `Data truncated for column '${missing[1]}' at row 1`);
  }
  return translateDefinitionError(error);
}

/** MySQL's error on the first value that is there twice, or null where none is. */
export function duplicateEntry(
  db: Runner,
  table: TableModel,
  index: IndexModel,
  source: string,
): MinisqlError | null {
  const parts = index.parts.map((part) => {
    const column = columnOf(table, part.column);
    return { name: part.column, column, length: part.length };
  });
  const keys = parts.map(({ column, length }) =>
    column === null ? "NULL" : keyPartSql(column, length)
  );
  const statement = db.prepare(
    `SELECT ${parts.map(({ name }) => sqlName(name)).join(", ")} FROM ${sqlName(source)}
      WHERE ${parts.map(({ name }) => `${sqlName(name)} IS NOT NULL`).join(" AND ")}
      GROUP BY ${keys.join(", ")} HAVING count(*) > 1 ORDER BY ${keys.join(", ")} LIMIT 1`,
  );
  statement.setReadBigInts(true);
  const row = statement.get();
  if (row === undefined) return null;
  const values = parts.map(({ name, column }) => {
    const value = row[name] as SqlValue;
    return column === null ? "" : shownValue(presentCell(column.type, value));
  });
  return duplicateError(values, index.name);
}

export function duplicateError(values: readonly string[], key: string): MinisqlError {
  return sqlError(1062, "23000", `Duplicate entry '${values.join("-")}' for key '${key}'`);
}

function shownValue(cell: Cell): string {
  return cell instanceof Uint8Array ? new TextDecoder().decode(cell) : String(cell);
}
