/** Names changed wherever they stand: of tables in foreign keys, of columns in expressions. */
import { lex, type Token } from "../../sql/lexer.ts";
import { quoteName } from "../../sql/names.ts";
import { invariant } from "../../base/assert.ts";
import type { DdlContext } from "./ddl_context.ts";
import { sqlName } from "./ddl_sql.ts";
import {
  type ColumnModel,
  type ForeignKeyModel,
  sameName,
  type TableModel,
} from "./schema_model.ts";

/** Renames a table in SQLite, in its own model and in the foreign keys that refer to it. */
export function renameEverywhere(context: DdlContext, from: string, to: string): void {
  const { db, schemas } = context;
  const table = schemas.table(from);
  invariant(table !== null, `No table ${from} to rename`);
  // SQLite finds a name that differs by case alone to be taken.
  if (sameName(from, to)) {
    const between = `_minisql_rename`;
    db.exec(`ALTER TABLE ${sqlName(from)} RENAME TO ${sqlName(between)}`);
    db.exec(`ALTER TABLE ${sqlName(between)} RENAME TO ${sqlName(to)}`);
  } else {
    db.exec(`ALTER TABLE ${sqlName(from)} RENAME TO ${sqlName(to)}`);
  }
  schemas.rename(from, renamedTable(table, to));
  context.autoIncrement.rename(from, to);
  redirectReferences(context, from, (key) => ({
    ...key,
    references: { ...key.references, table: to },
  }));
}

/** The model under another name; names that InnoDB made of the old one are made of the new. */
export function renamedTable(table: TableModel, to: string): TableModel {
  const prefix = `${table.name}_ibfk_`;
  return {
    ...table,
    name: to,
    foreignKeys: table.foreignKeys.map((key) => ({
      ...key,
      name: key.name.startsWith(prefix) ? `${to}_ibfk_${key.name.slice(prefix.length)}` : key.name,
      references: key.references.table === table.name
        ? { ...key.references, table: to }
        : key.references,
    })),
  };
}

/** Changes the foreign keys of other tables that refer to the one called `name`. */
export function redirectReferences(
  context: DdlContext,
  name: string,
  change: (key: ForeignKeyModel) => ForeignKeyModel,
): void {
  const tables = new Set(context.schemas.referencing(name).map((each) => each.table));
  for (const table of tables) {
    if (table.name === name) continue;
    const foreignKeys = table.foreignKeys.map((key) =>
      key.references.table === name ? change(key) : key
    );
    context.schemas.save({ ...table, foreignKeys });
  }
}

/** An expression in which columns are called by their new names; old ones are in lower case. */
export function renameInExpression(sql: string, renames: ReadonlyMap<string, string>): string {
  const tokens = lex(sql);
  return tokens.map((token, at) => {
    const to = token.kind === "quoted_name" || token.kind === "word"
      ? renames.get(token.value.toLowerCase())
      : undefined;
    if (to === undefined || (token.kind === "word" && isCall(tokens, at))) return token.text;
    return quoteName(to);
  }).join("");
}

function isCall(tokens: readonly Token[], at: number): boolean {
  return tokens.slice(at + 1).find((each) => each.kind !== "space")?.upper === "(";
}

/** A column whose expressions call others by their new names. */
export function renamedInColumn(
  column: ColumnModel,
  renames: ReadonlyMap<string, string>,
): ColumnModel {
  const { generated, check } = column;
  const rename = (sql: string) => renameInExpression(sql, renames);
  return {
    ...column,
    generated: generated === null ? null : { ...generated, sql: rename(generated.sql) },
    check: check === null ? null : rename(check),
    default: column.default?.kind === "expression"
      ? { kind: "expression", sql: rename(column.default.sql) }
      : column.default,
  };
}
