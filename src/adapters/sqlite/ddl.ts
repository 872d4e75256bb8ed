/** MySQL's statements on tables, run on SQLite. */
import { unreachable } from "../../base/assert.ts";
import type {
  CreateIndex,
  DdlStatement,
  DropIndex,
  RenameTable,
  TableName,
} from "../../sql/ddl/model.ts";
import { alterTable } from "./ddl_alter.ts";
import {
  checkNewTableName,
  type DdlContext,
  type DdlOutcome,
  done,
  localName,
} from "./ddl_context.ts";
import { createTable } from "./ddl_create.ts";
import { dropTables, truncateTable } from "./ddl_drop.ts";
import { renameEverywhere } from "./ddl_rename.ts";
import { noSuchTable, tableExists } from "./schema_errors.ts";
import { sameName } from "./schema_model.ts";

const SAVEPOINT = "_minisql_ddl";

/**
 * Runs a statement whole or not at all. MySQL ends the transaction that is open before it; the
 * caller does that, and calls this outside of one or as the only thing in one.
 */
export function executeDdl(context: DdlContext, statement: DdlStatement): DdlOutcome {
  context.db.exec(`SAVEPOINT ${SAVEPOINT}`);
  try {
    const outcome = run(context, statement);
    context.db.exec(`RELEASE ${SAVEPOINT}`);
    return outcome;
  } catch (error) {
    context.db.exec(`ROLLBACK TO ${SAVEPOINT}; RELEASE ${SAVEPOINT}`);
    context.schemas.forget();
    throw error;
  }
}

function run(context: DdlContext, statement: DdlStatement): DdlOutcome {
  switch (statement.kind) {
    case "create_table":
      return createTable(context, statement);
    case "alter_table":
      return alterTable(context, statement);
    case "create_index":
      return createIndex(context, statement);
    case "drop_index":
      return dropIndex(context, statement);
    case "drop_table":
      return dropTables(context, statement);
    case "rename_table":
      return renameTables(context, statement);
    case "truncate":
      return truncateTable(context, statement);
    default:
      return unreachable(statement);
  }
}

/** CREATE INDEX is ALTER TABLE ADD KEY by another name. */
function createIndex(context: DdlContext, { table, key, orReplace }: CreateIndex): DdlOutcome {
  const name = key.name ?? "";
  return alterTable(context, {
    kind: "alter_table",
    table,
    ifExists: false,
    actions: [
      ...(orReplace ? [{ kind: "drop_key" as const, name, ifExists: true }] : []),
      { kind: "add_key", key },
    ],
  });
}

function dropIndex(context: DdlContext, { table, name, ifExists }: DropIndex): DdlOutcome {
  return alterTable(context, {
    kind: "alter_table",
    table,
    ifExists: false,
    actions: [
      sameName(name, "PRIMARY")
        ? { kind: "drop_primary_key", ifExists }
        : { kind: "drop_key", name, ifExists },
    ],
  });
}

/** One after the other, so that names can be swapped by way of a third. */
function renameTables(context: DdlContext, { renames, ifExists }: RenameTable): DdlOutcome {
  const changed = new Map<string, string>();
  let warnings = 0;
  for (const { from, to } of renames) {
    const renamed = renameOne(context, from, to);
    if (renamed === null && !ifExists) throw noSuchTable(context.database, from.name);
    if (renamed === null) {
      warnings++;
      continue;
    }
    const [before = from.name] = [...changed].find(([, after]) => after === from.name) ?? [];
    changed.set(before, to.name);
  }
  return {
    result: done(warnings),
    changed: [...changed].map(([before, after]) => ({ before, after })),
  };
}

/** Null where there is no such table. */
function renameOne(context: DdlContext, from: TableName, to: TableName): true | null {
  const table = context.schemas.table(localName(context, from));
  if (table === null) return null;
  const name = localName(context, to);
  if (name === table.name || context.schemas.table(name) !== null) throw tableExists(name);
  if (!sameName(name, table.name)) checkNewTableName(context, name);
  renameEverywhere(context, table.name, name);
  return true;
}
