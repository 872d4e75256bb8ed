/** MySQL's error for a CHECK constraint that SQLite found broken. */
import { invariant } from "../../base/assert.ts";
import { type MinisqlError, sqlError } from "../../protocol/errors.ts";
import { quoteName } from "../../sql/names.ts";
import { COLUMN_CHECK, TABLE_CHECK } from "./ddl_sql.ts";
import type { TableModel } from "./schema_model.ts";

/** `constraint` is the name in SQLite's message: `CHECK constraint failed: …`. */
export function checkError(database: string, table: TableModel, constraint: string): MinisqlError {
  const ofColumn = constraint.startsWith(COLUMN_CHECK);
  invariant(ofColumn || constraint.startsWith(TABLE_CHECK), `No CHECK is named ${constraint}`);
  const name = ofColumn
    ? `${table.name}.${constraint.slice(COLUMN_CHECK.length)}`
    : constraint.slice(TABLE_CHECK.length);
  return sqlError(
    4025,
    "23000",
    `CONSTRAINT ${quoteName(name)} failed for ${quoteName(database)}.${quoteName(table.name)}`,
  );
}
