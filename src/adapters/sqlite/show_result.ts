/** Answers of SHOW statements: a list of columns, and rows narrowed by LIKE or WHERE. */
import type { Rows } from "../../ports/engine.ts";
import type { Cell, ColumnKind } from "../../protocol/values.ts";
import type { Cursor } from "../../sql/cursor.ts";
import { sqlName } from "./ddl_sql.ts";
import { literalSql } from "./ddl_new_column.ts";
import { compileLike } from "./functions_like.ts";
import { SERVER_CHARSET } from "./schema_charset.ts";
import type { ColumnModel } from "./schema_model.ts";
import type { ShowContext } from "./show_context.ts";
import type { SqlValue } from "./types.ts";

/** A table made up for an answer. */
export interface Shown {
  readonly columns: readonly { readonly name: string; readonly kind: ColumnKind }[];
  readonly rows: readonly (readonly Cell[])[];
  /** The column that LIKE looks at. */
  readonly likeAt: number;
}

export function texts(...names: readonly string[]): Shown["columns"] {
  return names.map((name) => ({ name, kind: "text" }));
}

export function integers(...names: readonly string[]): Shown["columns"] {
  return names.map((name) => ({ name, kind: "integer" }));
}

/** What narrows an answer down. */
export type ShowFilter =
  | { readonly kind: "like"; readonly pattern: string }
  | { readonly kind: "where"; readonly sql: string };

/** Reads `LIKE 'pattern'` or `WHERE condition` at the end of a statement. */
export function readFilter(cursor: Cursor): ShowFilter | null {
  if (cursor.take("LIKE")) {
    const token = cursor.peek();
    if (token.kind !== "string") throw cursor.fault();
    return { kind: "like", pattern: cursor.next().value };
  }
  if (!cursor.take("WHERE")) return null;
  const from = cursor.at;
  while (!cursor.done && !cursor.looksAt(";")) cursor.next();
  if (cursor.at === from) throw cursor.fault();
  return { kind: "where", sql: cursor.textFrom(from) };
}

export function answer(context: ShowContext, shown: Shown, filter: ShowFilter | null): Rows {
  return {
    columns: shown.columns.map(({ name, kind }) => ({ name, kind })),
    rows: filter === null ? shown.rows : filtered(context, shown, filter),
    result: { affected: 0, insertId: null, warnings: 0 },
  };
}

function filtered(
  context: ShowContext,
  shown: Shown,
  filter: ShowFilter,
): readonly (readonly Cell[])[] {
  if (filter.kind === "where") return whereRows(context, shown, filter.sql);
  const matches = compileLike(filter.pattern, "\\", true);
  return shown.rows.filter((row) => matches(String(row[shown.likeAt])));
}

/** The condition is translated like a CHECK on the columns shown, and asked of each row. */
function whereRows(
  context: ShowContext,
  shown: Shown,
  sql: string,
): readonly (readonly Cell[])[] {
  const columns = shown.columns.map(({ name, kind }) => shownColumn(name, kind));
  const condition = context.translate(sql, columns, "check").sql;
  return shown.rows.filter((row) => {
    const named = row.map((cell, at) =>
      `${literalSql(sqlValueOf(cell))} AS ${sqlName(shown.columns[at]?.name ?? "")}`
    );
    const statement = context.db.prepare(
      `SELECT 1 FROM (SELECT ${named.join(", ")}) WHERE ${condition}`,
    );
    return statement.get() !== undefined;
  });
}

function sqlValueOf(cell: Cell): SqlValue {
  return typeof cell === "number" && Number.isInteger(cell) ? BigInt(cell) : cell;
}

function shownColumn(name: string, kind: ColumnKind): ColumnModel {
  const integer = kind === "integer";
  return {
    name,
    type: {
      name: integer ? "bigint" : "varchar",
      length: integer ? 20 : 1024,
      scale: null,
      unsigned: false,
      zerofill: false,
      values: [],
      charset: integer ? null : SERVER_CHARSET.charset,
      collation: integer ? null : SERVER_CHARSET.collation,
      binary: false,
    },
    nullable: true,
    default: null,
    onUpdate: null,
    autoIncrement: false,
    generated: null,
    comment: "",
    invisible: false,
    check: null,
    isRowNumber: false,
  };
}
