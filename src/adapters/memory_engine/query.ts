/** SELECT on one table or none, without groups, and several of them with UNION ALL. */
import type { Cell, Column, ColumnKind, Row } from "../../protocol/values.ts";
import { unknownColumn } from "../sqlite/schema_errors.ts";
import type { TableModel } from "../sqlite/schema_model.ts";
import type { Expr, Query, SelectBody, SelectItem, SetBody } from "../sqlite/translate_ast.ts";
import { columnKind, typeText } from "../sqlite/types.ts";
import { shown } from "./columns.ts";
import { evaluate, type Facts, placeOf, type Scope } from "./evaluate.ts";
import { rowsOf, type Source, sourceOf } from "./lookup.ts";
import type { StoredRow, Table } from "./table.ts";
import { compare, numberOf, unsupported, type Value } from "./values.ts";

export interface Found {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

interface Item {
  readonly expr: Expr;
  readonly column: Column;
}

export function select(query: Query, tableOf: (name: string) => Table, facts: Facts): Found {
  const { body, orderBy, limit } = query;
  if (body.kind === "set") return unionAll(query, body, tableOf, facts);
  if (body.kind !== "select" || query.with.length > 0) throw unsupported("such a query");
  if (body.groupBy.length > 0 || body.having !== null || body.distinct) {
    throw unsupported("a query with groups");
  }
  const source = sourceOf(body.from);
  const table = source === null ? null : tableOf(source.table);
  const items = body.items.flatMap((item) => itemsOf(item, table?.model ?? null));
  const columns = items.map(({ column }) => column);
  const isGrouped = items.some(({ expr }) => expr.kind === "aggregate");
  const rows = inputRows(
    body,
    source,
    table,
    isGrouped ? [] : orderBy,
    isGrouped ? null : limit,
    facts,
  );
  const model = table?.model ?? null;
  const scopes = rows.map((row): Scope => ({ model, row, alias: source?.alias ?? null }));
  if (isGrouped) return { columns, rows: [items.map(({ expr }) => total(expr, scopes, facts))] };
  return {
    columns,
    rows: scopes.map((scope) => items.map(({ expr }) => cell(expr, scope, facts))),
  };
}

/** Rows as they come; columns are the first query's. */
function unionAll(
  query: Query,
  { operator, all, left, right }: SetBody,
  tableOf: (name: string) => Table,
  facts: Facts,
): Found {
  const isPlain = query.with.length === 0 && query.orderBy.length === 0 && query.limit === null;
  if (operator !== "union" || !all || !isPlain) throw unsupported("such a query");
  const first = select({ ...query, body: left }, tableOf, facts);
  const second = select({ ...query, body: right }, tableOf, facts);
  return { columns: first.columns, rows: [...first.rows, ...second.rows] };
}

function cell(expr: Expr, scope: Scope, facts: Facts): Cell {
  const value = evaluate(expr, scope, facts);
  const column = expr.kind === "column" && scope.model !== null
    ? scope.model.columns[placeOf(scope.model, expr.name)]
    : undefined;
  return column === undefined ? value : shown(column, value);
}

function inputRows(
  body: SelectBody,
  source: Source | null,
  table: Table | null,
  orderBy: Query["orderBy"],
  limit: Query["limit"],
  facts: Facts,
): readonly (readonly Value[])[] {
  if (table === null) {
    const fits = body.where === null ||
      evaluate(body.where, { model: null, row: [] }, facts) === 1;
    return fits ? [[]] : [];
  }
  const selection = { where: body.where, orderBy, limit };
  return rowsOf(table, source?.alias ?? null, selection, facts).map((row: StoredRow) => row.cells);
}

function itemsOf(item: SelectItem, model: TableModel | null): readonly Item[] {
  if (!item.star) return [{ expr: item.expr, column: columnOf(item.expr, item.name, model) }];
  return (model?.columns ?? []).filter((column) => !column.invisible).map(({ name }) => {
    const expr: Expr = { kind: "column", start: 0, end: 0, database: null, table: null, name };
    return { expr, column: columnOf(expr, name, model) };
  });
}

function columnOf(expr: Expr, name: string, model: TableModel | null): Column {
  if (expr.kind !== "column") return { name, kind: kindOf(expr, model) };
  const column = model?.columns[placeOf(model, expr.name)];
  if (column === undefined) throw unknownColumn(expr.name, "field list");
  const { type, nullable } = column;
  return { name, kind: columnKind(type), type: typeText(type), nullable };
}

function kindOf(expr: Expr, model: TableModel | null): ColumnKind {
  switch (expr.kind) {
    case "literal":
      return expr.value.type === "text" ? "text" : expr.value.type === "null" ? "null" : "integer";
    case "column":
      return columnOf(expr, "", model).kind;
    case "aggregate":
      if (expr.name === "COUNT") return "integer";
      return expr.name === "SUM" ? "decimal" : argumentKind(expr.args, model);
    case "call":
      if (TEXT_CALLS.has(expr.name)) return "text";
      if (expr.name === "RAND") return "float";
      return /^(COALESCE|IFNULL|IF)$/.test(expr.name) ? argumentKind(expr.args, model) : "integer";
    default:
      return "integer";
  }
}

const TEXT_CALLS = new Set(["CONCAT", "MD5", "UUID", "NOW"]);

function argumentKind(args: readonly Expr[], model: TableModel | null): ColumnKind {
  const last = args.at(-1);
  return last === undefined ? "null" : kindOf(last, model);
}

/** COUNT, SUM, MIN, MAX over all rows; what is no aggregate is of the first. */
function total(expr: Expr, scopes: readonly Scope[], facts: Facts): Cell {
  if (expr.kind !== "aggregate") {
    const [first] = scopes;
    return first === undefined ? null : evaluate(expr, first, facts);
  }
  const [arg] = expr.args;
  if (expr.distinct) throw unsupported("DISTINCT");
  if (arg === undefined) return scopes.length;
  const values = scopes.flatMap((scope) => evaluate(arg, scope, facts) ?? []);
  switch (expr.name) {
    case "COUNT":
      return values.length;
    case "SUM":
      return values.length === 0 ? null : String(values.reduce(plus, 0));
    case "MIN":
      return extreme(values, -1);
    case "MAX":
      return extreme(values, 1);
    default:
      throw unsupported(expr.name);
  }
}

function plus(sum: number, value: number | string): number {
  return sum + numberOf(value);
}

function extreme(values: readonly (number | string)[], sign: 1 | -1): Cell {
  let best: Value = null;
  for (const value of values) {
    if (best === null || sign * (compare(value, best) ?? 0) > 0) best = value;
  }
  return best;
}
