/** Expressions on a single row whose values are known: assignments one after the other, defaults. */
import { sqlError } from "../../protocol/errors.ts";
import type { ColumnKind } from "../../protocol/values.ts";
import type { SqliteConnection } from "./connection.ts";
import type { SqlValue } from "./functions_spec.ts";
import { type ColumnModel, sameName } from "./schema_model.ts";
import type { Expr } from "./translate_ast.ts";
import { columnType } from "./translate_column_type.ts";
import type { ExpressionPlace, TranslateContext } from "./translate_context.ts";
import { ExpressionTranslator } from "./translate_expression.ts";
import { plainPlace } from "./translate_from.ts";
import { Scope, type ScopeColumn } from "./translate_scope.ts";
import { quotedName, type Value } from "./translate_value.ts";

export interface Computed {
  readonly value: SqlValue;
  readonly source: ColumnKind;
}

export interface RowNames {
  /** The columns of the row, in the order its values will come. */
  readonly columns: readonly ColumnModel[];
  /** What the table may be called in expressions. */
  readonly table: string;
  readonly database: string;
  /** A second row with the same columns: what was to be inserted, under a name of its own or none. */
  readonly inserted: { readonly alias: string | null; readonly names: readonly string[] } | null;
}

/** One or more expressions, compiled for rows of one table. */
export class RowQuery {
  readonly #sql: string;
  readonly #constants: readonly SqlValue[];
  readonly #sources: readonly ColumnKind[];
  /** How many values SQLite takes: none beyond the last that is used. */
  readonly #count: number;

  constructor(
    context: TranslateContext,
    exprs: readonly Expr[],
    names: RowNames,
    place: Partial<ExpressionPlace> = {},
  ) {
    const { parameters } = context;
    const alias = context.alias();
    const list = names.columns.map((column) =>
      `${parameters.reserve()} AS ${quotedName(column.name)}`
    );
    const insertedMarks = names.inserted === null
      ? []
      : names.columns.map(() => parameters.reserve());
    const reserved = list.length + insertedMarks.length;
    const scope = scopeOf(names, alias, insertedMarks);
    const where: ExpressionPlace = {
      ...plainPlace(scope),
      clause: "SET",
      inserted: (name) => insertedValue(names, insertedMarks, name),
      ...place,
    };
    const translator = new ExpressionTranslator(context);
    const values = exprs.map((expr) => translator.value(expr, where));
    this.#sources = values.map((value) => value.type.kind);
    const from = list.length === 0 ? "" : ` FROM (SELECT ${list.join(", ")}) AS ${alias}`;
    this.#sql = `SELECT ${values.map(({ sql }) => sql).join(", ")}${from}`;
    const used = parameters.usedBy(this.#sql);
    this.#count = used.length;
    this.#constants = used.slice(reserved);
  }

  /** The values of the expressions for a row, and for the row that was to be inserted. */
  run(
    connection: SqliteConnection,
    row: readonly SqlValue[],
    inserted: readonly SqlValue[] = [],
  ): readonly Computed[] {
    const values = [...row, ...inserted, ...this.#constants].slice(0, this.#count);
    const [result = []] = connection.all(this.#sql, ...values);
    return this.#sources.map((source, at) => ({ value: result[at] ?? null, source }));
  }
}

function scopeOf(names: RowNames, alias: string, insertedMarks: readonly string[]): Scope {
  const columns = names.columns.map((column): ScopeColumn => ({
    name: column.name,
    sql: `${alias}.${quotedName(column.name)}`,
    type: columnType(column),
    table: names.table,
    invisible: false,
  }));
  const own = { name: names.table, database: names.database, base: null, columns, rowid: null };
  const { inserted } = names;
  if (inserted?.alias === null || inserted === null) return new Scope(null, [own], columns);
  const name = inserted.alias;
  const others = names.columns.map((column, at): ScopeColumn => ({
    name: inserted.names[at] ?? column.name,
    sql: insertedMarks[at] ?? "NULL",
    type: columnType(column),
    table: name,
    invisible: false,
  }));
  const other = { name, database: null, base: null, columns: others, rowid: null };
  // A bare name means a column of the table; one given to the new row alone means that.
  const extra = others.filter((each) =>
    !columns.some((column) => sameName(column.name, each.name))
  );
  return new Scope(null, [own, other], [...columns, ...extra]);
}

/** `VALUES(c)`. */
function insertedValue(names: RowNames, marks: readonly string[], name: string): Value {
  const at = names.columns.findIndex((column) => sameName(column.name, name));
  const column = names.columns[at];
  const sql = marks[at];
  if (column === undefined || sql === undefined) {
    throw sqlError(1054, "42S22", `Unknown column '${name}' in 'VALUES'`);
  }
  return { sql, type: columnType(column), constant: false, literal: null, volatile: false };
}
