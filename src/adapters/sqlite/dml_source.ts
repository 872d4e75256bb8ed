/** The rows of a SELECT that feeds an INSERT. */
import type { SQLInputValue } from "node:sqlite";
import type { SelectPlan } from "./dml_insert_plan.ts";
import type { DmlRun } from "./dml_run.ts";
import type { SqlValue } from "./functions_spec.ts";
import { RowCursor } from "./row_cursor.ts";

const BATCH_ROWS = 500;

/**
 * Rows in batches. A query on the table that is written to is read to its end first: it must not
 * see what the statement itself inserts.
 */
export async function* readRows(
  run: DmlRun,
  select: SelectPlan,
): AsyncGenerator<readonly (readonly SqlValue[])[], void, void> {
  if (select.readsTarget) {
    yield run.connection.all(select.sql, ...select.values);
    return;
  }
  const cursor = new RowCursor(run.connection, {
    sql: select.sql,
    values: select.values as readonly SQLInputValue[],
    width: select.columns.length,
    exact: true,
  });
  try {
    for (;;) {
      const rows = cursor.read(BATCH_ROWS, run.settings.facts);
      if (rows.length > 0) yield rows;
      if (cursor.done) return;
      await run.pause();
    }
  } finally {
    cursor.close();
  }
}
