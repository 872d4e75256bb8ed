/** SQL as text, for programs on the client: scripts cut up, statements classified, values written. */
import { type Classification, classify } from "../sql/classify.ts";
import type { TableUse } from "../sql/table_walk.ts";
import { MinisqlError } from "../protocol/errors.ts";

export { cellLiteral } from "../sql/cell_literal.ts";
export { mysqlDouble } from "../sql/mysql_double.ts";
export { quoteName } from "../sql/names.ts";
export {
  type ClientCommand,
  type ClientCommands,
  type OpenPart,
  ScriptSplitter,
  type ScriptStatement,
} from "../sql/split.ts";
export type { TableUse };

/** What a statement is and which tables it names; null where it cannot be read as SQL. */
export function statementOf(sql: string): Classification | null {
  try {
    return classify(sql);
  } catch (error) {
    if (error instanceof MinisqlError) return null;
    throw error;
  }
}
