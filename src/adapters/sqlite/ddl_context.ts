/** What statements on tables need of the session that runs them, and what they answer. */
import type { StatementResult } from "../../protocol/values.ts";
import type { TableName } from "../../sql/ddl/model.ts";
import type { TranslateExpression } from "./ddl_sql.ts";
import type { Runner, SchemaStore } from "./schema.ts";
import type { AutoIncrement } from "./schema_auto_increment.ts";
import type { DraftScope } from "./schema_draft.ts";
import { incorrectTableName, unknownDatabase } from "./schema_errors.ts";
import { sameName } from "./schema_model.ts";
import { NAME_CHARACTERS_MAX } from "../../sql/ddl/names.ts";
import { unsupported } from "./schema_errors.ts";
import { checkTableNameFree } from "./ddl_sql.ts";

export interface DdlContext {
  readonly db: Runner;
  readonly schemas: SchemaStore;
  readonly autoIncrement: AutoIncrement;
  /** The name of the one database there is. */
  readonly database: string;
  readonly foreignKeyChecks: boolean;
  /** What NOW() says, in microseconds since 1970. */
  readonly nowMicros: number;
  readonly translate: TranslateExpression;
}

/** A table as it was called before and after; null where there was or is none. */
export interface TableChange {
  readonly before: string | null;
  readonly after: string | null;
}

export interface DdlOutcome {
  readonly result: StatementResult;
  /** Tables made, changed or dropped: triggers on them may be gone and must be made anew. */
  readonly changed: readonly TableChange[];
}

/** The name of a table, whose database must be the one there is. */
export function localName(context: DdlContext, table: TableName): string {
  if (table.database !== null && table.database !== context.database) {
    throw unknownDatabase(table.database);
  }
  return table.name;
}

/** Checks that a new table may be called so. */
export function checkNewTableName(context: DdlContext, name: string): void {
  if ([...name].length > NAME_CHARACTERS_MAX || name.endsWith(" ") || name.includes("\0")) {
    throw incorrectTableName(name);
  }
  checkTableNameFree(name);
  const other = context.schemas.names().find((each) => sameName(each, name));
  if (other === undefined || other === name) return;
  throw unsupported(
    `Cannot name a table ${name}: there is ${other}, and the embedded engine tells names apart ` +
      "by more than case; choose another",
  );
}

export function draftScope(context: DdlContext): DraftScope {
  const { schemas } = context;
  return {
    database: context.database,
    lookUp: (name) => schemas.table(name),
    foreignKeyChecks: context.foreignKeyChecks,
    foreignKeyNameTaken: (name, table) =>
      [...schemas.current().tables.values()].some((each) =>
        each.name !== table && each.foreignKeys.some((key) => sameName(key.name, name))
      ),
  };
}

/** MySQL's answer to a statement that changed no rows. */
export function done(warnings = 0): StatementResult {
  return { affected: 0, insertId: null, warnings };
}

/** And to one that might have had to copy them. */
export function altered(warnings = 0): StatementResult {
  return { ...done(warnings), info: `Records: 0  Duplicates: 0  Warnings: ${warnings}` };
}
