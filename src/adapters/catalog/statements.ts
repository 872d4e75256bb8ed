/** SQL for records, in words that MySQL, MariaDB and SQLite all understand. Pure. */
import type { RecordTable, Scalar } from "./record_table.ts";

export interface Statement {
  readonly sql: string;
  readonly values: readonly Scalar[];
}

/** How much goes into one statement. */
export interface StatementLimits {
  readonly rowsMax: number;
  /** Of text, in UTF-16 units. A single row may be larger. */
  readonly textMax: number;
}

/** Statements that write the rows over those of the same key. */
export function putStatements<T>(
  table: RecordTable<T>,
  rows: readonly (readonly Scalar[])[],
  limits: StatementLimits,
): readonly Statement[] {
  const columns = table.columns.map(({ column }) => `\`${column}\``).join(", ");
  const tuple = `(${table.columns.map(() => "?").join(", ")})`;
  return batches(rows, limits).map((batch) => ({
    sql: `REPLACE INTO \`${table.name}\` (${columns}) VALUES ${batch.map(() => tuple).join(", ")}`,
    values: batch.flat(),
  }));
}

/** Statements that delete the rows of the keys. */
export function deleteStatements<T>(
  table: RecordTable<T>,
  keys: readonly (readonly Scalar[])[],
  limits: StatementLimits,
): readonly Statement[] {
  const columns = table.columns.slice(0, table.keyLength);
  const match = `(${columns.map(({ column }) => `\`${column}\` = ?`).join(" AND ")})`;
  return batches(keys, limits).map((batch) => ({
    sql: `DELETE FROM \`${table.name}\` WHERE ${batch.map(() => match).join(" OR ")}`,
    values: batch.flat(),
  }));
}

/**
 * A query for all columns of a table; `tail` filters, orders or locks. Text may be asked for as its
 * UTF-8 bytes, for a driver that cuts it at a NUL character.
 */
export function selectSql<T>(
  table: RecordTable<T>,
  tail: string,
  textAs: "text" | "bytes",
): string {
  const columns = table.columns.map(({ column, kind }) =>
    textAs === "bytes" && kind.sqlite === "TEXT"
      ? `CAST(\`${column}\` AS BLOB) AS \`${column}\``
      : `\`${column}\``
  );
  return `SELECT ${columns.join(", ")} FROM \`${table.name}\` ${tail}`;
}

function batches(
  rows: readonly (readonly Scalar[])[],
  limits: StatementLimits,
): readonly (readonly (readonly Scalar[])[])[] {
  const done: (readonly Scalar[])[][] = [];
  let batch: (readonly Scalar[])[] = [];
  let length = 0;
  for (const row of rows) {
    const more = textLength(row);
    if (batch.length === limits.rowsMax || (batch.length > 0 && length + more > limits.textMax)) {
      done.push(batch);
      batch = [];
      length = 0;
    }
    batch.push(row);
    length += more;
  }
  if (batch.length > 0) done.push(batch);
  return done;
}

function textLength(row: readonly Scalar[]): number {
  return row.reduce<number>(
    (sum, cell) => sum + (typeof cell === "string" ? cell.length : 0),
    0,
  );
}
