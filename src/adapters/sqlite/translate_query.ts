/** Whole queries: WITH, UNION and its kin, ORDER BY and LIMIT over all of them. */
import { sqlError } from "../../protocol/errors.ts";
import type { TableModel } from "./schema_model.ts";
import type {
  CommonTable,
  OrderItem,
  Query,
  QueryBody,
  SelectBody,
  SetBody,
} from "./translate_ast.ts";
import { groupKey, sortKey } from "./translate_compare.ts";
import type {
  KnownTable,
  TranslateContext,
  TranslatedQuery,
  ViewModel,
} from "./translate_context.ts";
import { ExpressionTranslator, outputValue } from "./translate_expression.ts";
import { plainPlace, renamed } from "./translate_from.ts";
import { convertTo, mergeTypes } from "./translate_merge.ts";
import { itemName } from "./translate_parse_query.ts";
import { unsupported } from "./translate_parse_reader.ts";
import { Scope, type ScopeColumn, unknownColumn } from "./translate_scope.ts";
import { limitSql, SelectTranslator } from "./translate_select.ts";
import type { ValueType } from "./translate_type.ts";
import { Parameters, type Value } from "./translate_value.ts";

export interface SchemaLookup {
  readonly database: string;
  readonly table: (name: string) => TableModel | null;
  readonly view: (name: string) => ViewModel | null;
}

/** What the translation of one statement needs. */
export function newContext(
  text: string,
  lookup: SchemaLookup,
  strictDivision = false,
): TranslateContext {
  let aliases = 0;
  const context: TranslateContext = {
    text,
    ...lookup,
    strictDivision,
    parameters: new Parameters(),
    alias: () => `t${++aliases}`,
    query: (query, outer, known) => new QueryTranslator(context, outer, known).translate(query),
    tablesRead: new Set(),
  };
  return context;
}

export class QueryTranslator {
  readonly #context: TranslateContext;
  readonly #outer: Scope | null;
  readonly #known: readonly KnownTable[];

  constructor(
    context: TranslateContext,
    outer: Scope | null = null,
    known: readonly KnownTable[] = [],
  ) {
    this.#context = context;
    this.#outer = outer;
    this.#known = known;
  }

  translate(query: Query): TranslatedQuery {
    const { known, sql } = this.with(query.with, query.recursive);
    const inside = new QueryTranslator(this.#context, this.#outer, known);
    const translated = inside.#ordered(query);
    return { ...translated, sql: sql + translated.sql };
  }

  /** The common tables in front of a statement, and what may be named behind them. */
  with(
    tables: readonly CommonTable[],
    recursive: boolean,
  ): { readonly sql: string; readonly known: readonly KnownTable[] } {
    let known = this.#known;
    const parts: string[] = [];
    for (const table of tables) {
      const inside = new QueryTranslator(this.#context, this.#outer, known);
      const { part, common } = inside.#commonTable(table, recursive);
      parts.push(part);
      known = [...known, common];
    }
    if (parts.length === 0) return { sql: "", known };
    return { sql: `WITH ${recursive ? "RECURSIVE " : ""}${parts.join(", ")} `, known };
  }

  #commonTable(
    table: CommonTable,
    recursive: boolean,
  ): { readonly part: string; readonly common: KnownTable } {
    const sql = this.#context.alias();
    const { body } = table.query;
    const isRecursive = recursive && body.kind === "set" && body.operator === "union" &&
      mentions(body.right, table.name);
    const translated = isRecursive
      ? this.#recursive(table, body, sql)
      : this.translate(table.query);
    const columns = renamed(translated.columns, table.columns);
    const names = columns.map((_, at) => `c${at + 1}`).join(", ");
    const part = `${sql}(${names}) AS (${translated.sql})`;
    return { part, common: { name: table.name, sql, columns } };
  }

  /** The first part says what the columns are; the second sees the table itself. */
  #recursive(table: CommonTable, body: SetBody, sql: string): TranslatedQuery {
    if (table.query.orderBy.length > 0 || table.query.limit !== null) {
      throw unsupported("Cannot sort or cut a recursive common table: do it outside");
    }
    const first = this.#body(body.left);
    const columns = renamed(first.columns, table.columns).map((column) => ({
      ...column,
      type: grown(column.type),
    }));
    const self: KnownTable = { name: table.name, sql, columns };
    const inside = new QueryTranslator(this.#context, this.#outer, [...this.#known, self]);
    if (body.right.kind !== "select") {
      throw unsupported("Cannot run a recursive common table whose second part is not one SELECT");
    }
    const types = columns.map(({ type }) => type);
    // What refers to the table itself must not be wrapped, so it is typed where it stands.
    const second = inside.#select(body.right, types);
    checkWidths(first, second);
    const left = this.#converted(first, types);
    return {
      sql: `${left} UNION ${body.all ? "ALL " : ""}${second.sql}`,
      columns: first.columns.map((column, at) => ({ ...column, type: types[at] ?? column.type })),
      single: false,
    };
  }

  #ordered(query: Query): TranslatedQuery {
    const { body, orderBy, limit } = query;
    if (body.kind === "select") {
      const place = { outer: this.#outer, known: this.#known, orderBy, limit, types: null };
      return new SelectTranslator(body, place, this.#context).translate();
    }
    const translated = this.#body(body);
    if (orderBy.length === 0 && limit === null) return translated;
    const order = orderBy.map((item) => this.#order(item, translated)).join(", ");
    const sorted = order === "" ? "" : ` ORDER BY ${order}`;
    const sql = `SELECT * FROM (${translated.sql})${sorted}${limitSql(limit)}`;
    return { ...translated, sql, single: limit !== null && limit.count <= 1n };
  }

  /** Over a UNION only columns of the result can be named. */
  #order({ expr, descending }: OrderItem, query: TranslatedQuery): string {
    const direction = descending ? " DESC" : "";
    if (expr.kind === "literal" && expr.value.type === "integer") {
      const at = Number(expr.value.value) - 1;
      if (query.columns[at] === undefined) {
        const name = expr.value.value.toString();
        throw unknownColumn({ database: null, table: null, name }, "ORDER BY");
      }
      return sortKey(outputValue(query, at)) + direction;
    }
    const columns = query.columns.map((column, at): ScopeColumn => ({
      name: column.name,
      sql: `c${at + 1}`,
      type: outputValue(query, at).type,
      table: "",
      invisible: false,
    }));
    const scope = new Scope(null, [], columns);
    const place = { ...plainPlace(scope), clause: "ORDER BY" as const, known: this.#known };
    return sortKey(new ExpressionTranslator(this.#context).value(expr, place)) + direction;
  }

  #body(body: QueryBody): TranslatedQuery {
    switch (body.kind) {
      case "select":
        return this.#select(body, null);
      case "nested":
        return this.#nested(this.translate(body.query));
      case "values":
        return this.#values(body.rows);
      case "set":
        return this.#set(body);
    }
  }

  #select(body: SelectBody, types: readonly ValueType[] | null): TranslatedQuery {
    const place = { outer: this.#outer, known: this.#known, orderBy: [], limit: null, types };
    return new SelectTranslator(body, place, this.#context).translate();
  }

  /** A query with an order of its own can only stand in a larger one as a table. */
  #nested(query: TranslatedQuery): TranslatedQuery {
    return { ...query, sql: `SELECT * FROM (${query.sql})` };
  }

  #values(rows: Extract<QueryBody, { kind: "values" }>["rows"]): TranslatedQuery {
    const expressions = new ExpressionTranslator(this.#context);
    const place = { ...plainPlace(this.#outer ?? EMPTY), known: this.#known };
    const values = rows.map((row) => row.map((expr) => expressions.value(expr, place)));
    const [first = []] = values;
    if (values.some((row) => row.length !== first.length)) {
      throw sqlError(1136, "21S01", "Column count doesn't match value count at row 1");
    }
    const types = first.map((_, at) => mergeTypes(values.map((row) => typeAt(row, at))));
    const selects = values.map((row) => {
      const list = row.map((value, at) => {
        const converted = convertTo(value, types[at] ?? value.type);
        return `${converted.sql} AS c${at + 1}`;
      });
      return `SELECT ${list.join(", ")}`;
    });
    const names =
      rows[0]?.map((expr) => itemName(expr, this.#context.text.slice(expr.start, expr.end))) ?? [];
    const columns = types.map((type, at) => ({ name: names[at] ?? "", type }));
    return { sql: selects.join(" UNION ALL "), columns, single: rows.length <= 1 };
  }

  #set(body: SetBody): TranslatedQuery {
    const left = this.#body(body.left);
    const right = this.#body(body.right);
    checkWidths(left, right);
    const types = left.columns.map((column, at) =>
      mergeTypes([column.type, right.columns[at]?.type ?? column.type])
    );
    const columns = left.columns.map((column, at) => ({
      ...column,
      type: types[at] ?? column.type,
    }));
    const [a = "", b = ""] = [left, right].map((part) => this.#converted(part, types));
    const merged: TranslatedQuery = { sql: "", columns, single: false };
    const sql = this.#combined(body, a, b, merged);
    return { ...merged, sql };
  }

  #combined(body: SetBody, left: string, right: string, query: TranslatedQuery): string {
    const values = query.columns.map((_, at) => outputValue(query, at));
    const keys = values.map(groupKey);
    const isPlain = keys.every((key, at) => key === `c${at + 1}`);
    if (body.operator === "union") {
      if (body.all) return `${left} UNION ALL ${right}`;
      if (isPlain) return `${left} UNION ${right}`;
      return `SELECT ${list(values)} FROM (${left} UNION ALL ${right}) GROUP BY ${keys.join(", ")}`;
    }
    if (body.all) throw unsupported(`Cannot run ${body.operator.toUpperCase()} ALL`);
    return this.#membership(body.operator, left, right, query);
  }

  /** INTERSECT and EXCEPT by comparing the keys, NULLs being the same. */
  #membership(
    operator: "intersect" | "except",
    left: string,
    right: string,
    query: TranslatedQuery,
  ): string {
    const [a, b] = [this.#context.alias(), this.#context.alias()];
    const side = (alias: string): readonly Value[] =>
      query.columns.map((_, at) => {
        const value = outputValue(query, at);
        return { ...value, sql: `${alias}.${value.sql}` };
      });
    const [outer, inner] = [side(a), side(b)];
    const same = outer.map((value, at) => {
      const other = inner[at];
      return other === undefined ? "1" : `${groupKey(value)} IS ${groupKey(other)}`;
    });
    const not = operator === "except" ? "NOT " : "";
    return `SELECT ${outer.map((value, at) => `${value.sql} AS c${at + 1}`).join(", ")} ` +
      `FROM (${left}) AS ${a} WHERE ${not}EXISTS (SELECT 1 FROM (${right}) AS ${b} ` +
      `WHERE ${same.join(" AND ")}) GROUP BY ${outer.map(groupKey).join(", ")}`;
  }

  /** A query with its columns in the types they have together with others. */
  #converted(query: TranslatedQuery, types: readonly ValueType[]): string {
    const values = query.columns.map((_, at) => {
      const value = outputValue(query, at);
      return convertTo(
        { ...value, type: query.columns[at]?.type ?? value.type },
        types[at] ?? value.type,
      );
    });
    const isSame = values.every((value, at) => value.sql === `c${at + 1}`);
    if (isSame) return isCompound(query.sql) ? `SELECT * FROM (${query.sql})` : query.sql;
    const columns = values.map((value, at) => `${value.sql} AS c${at + 1}`);
    return `SELECT ${columns.join(", ")} FROM (${query.sql})`;
  }
}

const EMPTY = new Scope(null, [], []);

function typeAt(row: readonly Value[], at: number): ValueType {
  const value = row[at];
  if (value === undefined) {
    throw sqlError(1136, "21S01", "Column count doesn't match value count at row 1");
  }
  return value.type;
}

function list(values: readonly Value[]): string {
  return values.map((value) => value.sql).join(", ");
}

function checkWidths(left: TranslatedQuery, right: TranslatedQuery): void {
  if (left.columns.length === right.columns.length) return;
  throw sqlError(
    1222,
    "21000",
    "The used SELECT statements have a different number of columns",
  );
}

/** Whether SQL could not be an operand of UNION as it stands. */
function isCompound(sql: string): boolean {
  return /^WITH /.test(sql) || / (UNION|ORDER BY|LIMIT) /.test(sql);
}

/** A recursive table's numbers grow beyond those it starts with. */
function grown(type: ValueType): ValueType {
  if (type.kind !== "integer") return type;
  return { ...type, min: -(2n ** 63n), max: 2n ** 63n - 1n, form: "native", unsigned: false };
}

/** Whether a part of a query reads a table of that name. */
function mentions(body: QueryBody, name: string): boolean {
  switch (body.kind) {
    case "select":
      return body.from !== null &&
        JSON.stringify(body.from, noBigints).includes(JSON.stringify(name));
    case "set":
      return mentions(body.left, name) || mentions(body.right, name);
    case "nested":
      return mentions(body.query.body, name);
    case "values":
      return false;
  }
}

function noBigints(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
